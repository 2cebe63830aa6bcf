"""What a name in a project's module stands for: a statement there, another module, or an import."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass

from tracing.project_modules import Module, ProjectModules
from tracing.test_paths import is_test_path

_Places = frozenset[tuple[str, str]]
"""Names in modules that are being resolved: what comes back to them leads nowhere."""


class NotExtractable(Exception):
    """A function cannot stand alone; ``reason`` is a stable name, ``detail`` the particulars."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Definition:
    """A name that top-level statements of a project's module bind, by their positions."""

    module: Module
    name: str
    statements: tuple[int, ...]


@dataclass(frozen=True)
class OutsideImport:
    """A name that an import from outside the project binds.

    ``text`` is the import statement, ``source`` what it imports whatever the name;
    ``package`` names the top-level package where that is not the standard library's.
    """

    name: str
    text: str
    source: str
    package: str | None = None


@dataclass(frozen=True)
class ModuleReference:
    """A name that stands for a module of the project."""

    module: Module


Meaning = Definition | OutsideImport | ModuleReference


def is_standard(module: str) -> bool:
    """Whether a module belongs to the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names


def resolve_name(modules: ProjectModules, module: Module, name: str) -> Meaning | None:
    """What a global name of a module stands for, followed through imports to its origin.

    None: nothing in the module binds it. Raises `NotExtractable` for what cannot be followed.
    """
    return _resolve(modules, module, name, frozenset())


def resolve_reference(modules: ProjectModules, reference: str) -> Definition | None:
    """The definition behind ``module:qualified.name`` of an encoded value, if the project has it."""
    module_name, _, qualified = reference.partition(":")
    module = modules.by_name(module_name)
    if module is None:
        return None
    meaning = resolve_name(modules, module, qualified.partition(".")[0])
    if not isinstance(meaning, Definition):
        return None
    if is_test_path(meaning.module.path) and any(
        _holds_tests(meaning.module.tree.body[position]) for position in meaning.statements
    ):
        return None
    return meaning


def resolve_import(
    modules: ProjectModules,
    module: Module,
    node: ast.Import | ast.ImportFrom,
    alias: ast.alias,
    on_the_way: _Places = frozenset(),
) -> Meaning:
    """What one alias of an import statement of ``module`` binds; raises `NotExtractable`."""
    if isinstance(node, ast.Import):
        target = alias.name if alias.asname else alias.name.partition(".")[0]
        found = None if is_standard(target) else modules.by_name(target)
        if found is not None:
            return ModuleReference(found)
        suffix = f" as {alias.asname}" if alias.asname else ""
        return OutsideImport(
            alias.asname or target, f"import {alias.name}{suffix}", target, _package_of(alias.name)
        )
    source = module.source_of(node)
    origin = modules.by_name(source)
    if origin is None and not node.level:
        suffix = f" as {alias.asname}" if alias.asname else ""
        text = f"from {source} import {alias.name}{suffix}"
        return OutsideImport(alias.asname or alias.name, text, f"{source}:{alias.name}", _package_of(source))
    if origin is not None:
        meaning = _resolve(modules, origin, alias.name, on_the_way)
        if meaning is not None:
            return meaning
    submodule = modules.by_name(f"{source}.{alias.name}")
    if submodule is not None:
        return ModuleReference(submodule)
    raise NotExtractable("unresolved_import", f"{source}.{alias.name}")


def _package_of(module: str) -> str | None:
    return None if is_standard(module) else module.partition(".")[0]


def _resolve(modules: ProjectModules, module: Module, name: str, on_the_way: _Places) -> Meaning | None:
    if (module.name, name) in on_the_way:
        return None
    on_the_way |= {(module.name, name)}
    positions = module.bindings.get(name)
    if positions is None:
        return _through_star_imports(modules, module, name, on_the_way)
    meanings: list[Meaning] = []
    for position in positions:
        node = module.tree.body[position]
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            return Definition(module, name, _without_overloads(module, positions))
        alias = next(a for a in node.names if (a.asname or a.name.partition(".")[0]) == name)
        meanings.append(resolve_import(modules, module, node, alias, on_the_way))
    return _together(meanings)


def _without_overloads(module: Module, positions: tuple[int, ...]) -> tuple[int, ...]:
    """Positions of statements, but for those that only tell types (``@typing.overload``)."""
    real = [
        position
        for position in positions
        if not any(
            ast.unparse(decorator).rpartition(".")[2] == "overload"
            for decorator in getattr(module.tree.body[position], "decorator_list", [])
        )
    ]
    return tuple(real) or positions


def _together(meanings: list[Meaning]) -> Meaning:
    """The last of several imports of one name; ``import a.b`` and ``import a.c`` both count."""
    last = meanings[-1]
    if isinstance(last, OutsideImport):
        same = [
            other for other in meanings if isinstance(other, OutsideImport) and other.source == last.source
        ]
        texts = dict.fromkeys(line for other in same for line in other.text.split("\n"))
        return OutsideImport(last.name, "\n".join(texts), last.source, last.package)
    return last


def _holds_tests(node: ast.stmt) -> bool:
    """Whether a definition of a test module is a test itself, and not a helper of the tests."""
    names = [inner.name for inner in ast.walk(node) if isinstance(inner, (ast.FunctionDef, ast.ClassDef))]
    return any(name.startswith("test") for name in names)


def _through_star_imports(
    modules: ProjectModules, module: Module, name: str, on_the_way: _Places
) -> Meaning | None:
    for node in reversed(module.tree.body):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            origin = modules.by_name(module.source_of(node))
            if origin is not None and origin is not module and _is_exported(origin, name):
                try:
                    meaning = _resolve(modules, origin, name, on_the_way)
                except NotExtractable:
                    continue
                if meaning is not None:
                    return meaning
    return None


def _is_exported(module: Module, name: str) -> bool:
    """Whether ``from module import *`` takes a name, as far as its ``__all__`` can be read."""
    positions = module.bindings.get("__all__", ())
    if len(positions) == 1:
        node = module.tree.body[positions[0]]
        if isinstance(node, ast.Assign):
            try:
                return name in ast.literal_eval(node.value)
            except ValueError:
                return True
    return bool(positions) or not name.startswith("_")
