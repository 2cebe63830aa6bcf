"""The order in which Python would execute the statements of a project's modules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from tracing.project_modules import Module, ProjectModules


class ImportOrder:
    """Ranks statements by when they are executed if ``first`` is imported, and then the others.

    A module's statements stop at each import until what is imported is through, and modules that
    import each other see what is there by then: so the order is Python's own.
    """

    def __init__(self, modules: ProjectModules, first: Module, others: Iterable[Module]) -> None:
        self._modules = modules
        self._count = 0
        self._imports: dict[str, tuple[list[int], list[int]]] = {}
        for module in (first, *others):
            self._enter_by_name(module.name)
            self._enter(module)

    def rank(self, module: Module, position: int) -> tuple[int, int]:
        """A sort key for the statement at ``position`` of a module, behind what it imports."""
        positions, counts = self._imports[module.name]
        return counts[bisect_right(positions, position) - 1], position

    def _enter_by_name(self, name: str) -> None:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            module = self._modules.by_name(".".join(parts[:length]))
            if module is not None:
                self._enter(module)

    def _enter(self, module: Module) -> None:
        if module.name in self._imports:
            return
        positions, counts = self._imports[module.name] = ([-1], [self._next()])
        for position, names in module.imports:
            for name in names:
                self._enter_by_name(name)
            positions.append(position)
            counts.append(self._next())

    def _next(self) -> int:
        self._count += 1
        return self._count
