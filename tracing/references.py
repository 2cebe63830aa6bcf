"""What the names in a statement stand for: definitions of the project, imports, builtin names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tracing.dependencies import (
    Definition,
    Meaning,
    ModuleReference,
    NotExtractable,
    OutsideImport,
    resolve_import,
    resolve_name,
)
from tracing.live_branches import catches_import_fault
from tracing.name_analysis import BUILTIN_NAMES
from tracing.project_modules import Module, ProjectModules
from tracing.scopes import Occurrence, Scope, scope_of

_FILE_NAMES = frozenset({"__file__", "__path__", "__spec__", "__loader__"})
_IMPLICIT_NAMES = frozenset(
    {"__name__", "__doc__", "__debug__", "__builtins__", "__annotations__", "__class__"}
)

Key = tuple[str, str]
"""What a module-level name of the extracted program stands for, whatever it is called there."""


@dataclass(frozen=True)
class Reference:
    """A place in a statement that stands for a definition, an import, or (None) a builtin name.

    ``node`` is what has to be written anew if the meaning gets another name: the name itself, or
    ``module.name``. ``deferred``: it counts when a function is called. ``through`` is the import
    inside a function that gives the name.
    """

    name: str
    node: ast.AST
    scope: Scope
    meaning: Definition | OutsideImport | None
    is_read: bool
    deferred: bool
    through: ast.alias | None = None

    @property
    def key(self) -> Key:
        if self.meaning is None:
            return "builtins", self.name
        return key_of(self.meaning)


@dataclass(frozen=True)
class InnerImport:
    """One name of an import statement that stands inside a statement, or is one of several.

    ``place``: "local" where nothing else binds the name in its function, so that it can go,
    "shared" where something else does, "module" at module level. ``guarded``: a ``try`` around it
    goes on without it. ``deferred``: it is in a function. ``is_alone``: nothing else is in its block.
    ``fault`` tells why what it imports cannot travel.
    """

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    meaning: Definition | OutsideImport | None
    place: Literal["local", "shared", "module"]
    guarded: bool
    deferred: bool
    is_alone: bool
    fault: NotExtractable | None = None

    @property
    def bound_name(self) -> str:
        return self.alias.asname or self.alias.name.partition(".")[0]

    @property
    def is_outside(self) -> bool:
        return isinstance(self.meaning, OutsideImport)


@dataclass(frozen=True)
class References:
    """All that the names in a statement stand for; annotations apart, since they can be postponed.

    ``module_variables`` are statements like ``variable = module``, which nothing needs any more when
    ``variable.name`` is written anew; with each, whether it is all that its block holds.
    """

    names: list[Reference]
    annotations: list[Reference]
    unknown_annotations: list[str]
    imports: list[InnerImport]
    module_variables: list[tuple[ast.Assign, bool]]


def key_of(meaning: Definition | OutsideImport) -> Key:
    """The same for all names and modules under which something is known."""
    if isinstance(meaning, OutsideImport):
        return "", meaning.source
    return meaning.module.name, meaning.name


def references_of(
    modules: ProjectModules, module: Module, position: int, within: ast.AST | None = None
) -> References:
    """Resolve the names in a top-level statement of a module; raises `NotExtractable`.

    ``within`` is the part of the statement that counts, where that is not the whole: it may be a
    copy of a node that has fewer children.
    """
    key = ("references", position, within)
    if key not in module.known:
        statement = module.tree.body[position]
        occurrences = module.occurrences[position]
        if within is not None:
            inside = {id(inner) for inner in ast.walk(within)}
            occurrences = [found for found in occurrences if id(found.node) in inside]
        finder = _Finder(modules, module, position, module.parents(position), occurrences)
        module.known[key] = finder.find(within or statement)
    found: References = module.known[key]
    return found


class _Finder:
    def __init__(
        self,
        modules: ProjectModules,
        module: Module,
        position: int,
        parents: dict[ast.AST, ast.AST],
        occurrences: list[Occurrence],
    ) -> None:
        self._modules = modules
        self._module = module
        self._position = position
        self._statement = module.tree.body[position]
        self._occurrences = occurrences
        self._parents = parents
        self._module_variables: list[tuple[ast.Assign, bool]] = []

    def find(self, within: ast.AST) -> References:
        found = References([], [], [], list(self._imports(within)), [])
        for occurrence in self._occurrences:
            if isinstance(occurrence.node, (ast.Import, ast.ImportFrom)):
                continue
            if not occurrence.annotation:
                found.names.extend(self._resolve(occurrence))
                continue
            try:
                found.annotations.extend(self._resolve(occurrence))
            except NotExtractable:
                found.unknown_annotations.append(occurrence.name)
        found.module_variables.extend(self._module_variables)
        return found

    def _resolve(self, occurrence: Occurrence) -> Iterator[Reference]:
        for node, meaning in self._meanings(occurrence):
            through = occurrence.through[1] if occurrence.through else None
            yield Reference(
                occurrence.name,
                node,
                occurrence.scope,
                meaning,
                occurrence.is_read,
                occurrence.deferred,
                through,
            )

    def _meanings(self, occurrence: Occurrence) -> list[tuple[ast.AST, Definition | OutsideImport | None]]:
        name, node = occurrence.name, occurrence.node
        meaning: Meaning | None
        if occurrence.through is not None:
            try:
                meaning = resolve_import(self._modules, self._module, *occurrence.through)
            except NotExtractable:
                return []  # as its import tells
            if isinstance(meaning, OutsideImport):
                return []  # the import stays where it is
        elif not occurrence.is_read and name in self._module.bindings:
            meaning = Definition(self._module, name, self._module.bindings[name])
        elif name in BUILTIN_NAMES and self._is_before_binding(occurrence):
            return [(node, None)]
        else:
            meaning = resolve_name(self._modules, self._module, name)
        if isinstance(meaning, ModuleReference):
            return list(self._through_module(node, meaning))
        if meaning is None:
            if name in _FILE_NAMES:
                raise NotExtractable("needs_its_file", name)
            if name in _IMPLICIT_NAMES or name not in BUILTIN_NAMES:
                is_dead = name in self._module.dead_names and not occurrence.annotation
                if name in _IMPLICIT_NAMES or not occurrence.is_read or is_dead:
                    return []
                raise NotExtractable("unresolved_name", name)
        return [(node, meaning)]

    def _is_before_binding(self, occurrence: Occurrence) -> bool:
        """Whether a name is read when the module has not bound it yet, as in ``_map = map``."""
        first = self._module.bindings.get(occurrence.name, (-1,))[0]
        if occurrence.deferred or not occurrence.is_read:
            return False
        is_simple = isinstance(self._statement, ast.Assign | ast.FunctionDef | ast.ClassDef)
        return first > self._position or (first == self._position and is_simple)

    def _through_module(
        self, node: ast.AST, meaning: ModuleReference
    ) -> Iterator[tuple[ast.AST, Definition | OutsideImport]]:
        """Follow ``module.sub.name`` to what it means, also by way of ``variable = module.sub``."""
        above = self._parents.get(node)
        if not isinstance(above, ast.Attribute):
            for used in self._uses_of_variable(node, above):
                yield from self._through_module(used, meaning)
            return
        if not isinstance(above.ctx, ast.Load):
            raise NotExtractable("writes_global", ast.unparse(above))
        inside = resolve_name(self._modules, meaning.module, above.attr)
        if inside is None:
            submodule = self._modules.by_name(f"{meaning.module.name}.{above.attr}")
            if submodule is None:
                raise NotExtractable("unresolved_name", f"{meaning.module.name}.{above.attr}")
            inside = ModuleReference(submodule)
        if isinstance(inside, ModuleReference):
            yield from self._through_module(above, inside)
        else:
            yield above, inside

    def _uses_of_variable(self, value: ast.AST, assignment: ast.AST | None) -> list[ast.Name]:
        """Where a local variable stands that holds a module and nothing else."""
        fault = NotExtractable("module_as_value", ast.unparse(value))
        if not isinstance(assignment, ast.Assign) or not isinstance(assignment.targets[0], ast.Name):
            raise fault
        variable = assignment.targets[0]
        functions = (above for _, above in self._around(assignment) if isinstance(above, ast.FunctionDef))
        function = next(functions, None)
        if function is None or len(assignment.targets) > 1:
            raise fault
        if variable.id not in scope_of(function).bound or variable.id in scope_of(function).imported:
            raise fault
        places = [
            inner for inner in ast.walk(function) if isinstance(inner, ast.Name) and inner.id == variable.id
        ]
        if any(inner is not variable and not isinstance(inner.ctx, ast.Load) for inner in places):
            raise fault
        parameters = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
        uses = [inner for inner in places if inner is not variable]
        if variable.id in parameters or not all(
            isinstance(self._parents[use], ast.Attribute) for use in uses
        ):
            raise fault
        self._module_variables.append((assignment, self._is_alone(assignment)))
        return uses

    def _imports(self, within: ast.AST) -> Iterator[InnerImport]:
        places: dict[tuple[int, str], Literal["local", "module"]] = {
            (id(occurrence.node), occurrence.name): "local" if occurrence.through else "module"
            for occurrence in self._occurrences
            if not occurrence.is_read
        }
        for node in ast.walk(within):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    yield self._inner_import(node, alias, places)

    def _inner_import(
        self,
        node: ast.Import | ast.ImportFrom,
        alias: ast.alias,
        places: dict[tuple[int, str], Literal["local", "module"]],
    ) -> InnerImport:
        around = list(self._around(node))
        inner = InnerImport(
            node,
            alias,
            None,
            places.get((id(node), alias.asname or alias.name.partition(".")[0]), "shared"),
            guarded=any(isinstance(above, ast.Try) and _guards(above, below) for below, above in around),
            deferred=any(isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef) for _, above in around),
            is_alone=self._is_alone(node),
        )
        try:
            meaning = resolve_import(self._modules, self._module, node, alias)
        except NotExtractable as error:
            return replace(inner, fault=error)
        if not isinstance(meaning, ModuleReference):
            return replace(inner, meaning=meaning)
        if inner.place != "local":
            return replace(inner, fault=NotExtractable("module_as_value", ast.unparse(node)))
        return inner

    def _around(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """The nodes around a node, each with the one below it."""
        while node in self._parents:
            yield node, self._parents[node]
            node = self._parents[node]

    def _is_alone(self, node: ast.stmt) -> bool:
        above = self._parents.get(node)
        blocks = [getattr(above, name, []) for name in ("body", "orelse", "finalbody")]
        return not any(node in block and len(block) > 1 for block in blocks if isinstance(block, list))


def _guards(node: ast.Try, below: ast.AST) -> bool:
    """Whether ``try: import x / except ImportError: ...`` works without ``x`` by its own words."""
    return below in node.body and catches_import_fault(node)
