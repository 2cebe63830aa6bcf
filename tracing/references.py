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
from tracing.name_analysis import BUILTIN_NAMES
from tracing.project_modules import Module, ProjectModules
from tracing.scopes import Occurrence, Scope

_FILE_NAMES = frozenset({"__file__", "__path__", "__spec__", "__loader__"})
_IMPLICIT_NAMES = frozenset({"__name__", "__doc__", "__debug__", "__builtins__", "__annotations__"})
_IMPORT_FAULTS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

Key = tuple[str, str]
"""What a module-level name of the extracted program stands for, whatever it is called there."""


@dataclass(frozen=True)
class Reference:
    """A place in a statement that stands for a definition, an import, or (None) a builtin name.

    ``node`` is what has to be written anew if the meaning gets another name: the name itself, or
    ``module.name``. ``deferred``: it counts when a function is called.
    """

    name: str
    node: ast.AST
    scope: Scope
    meaning: Definition | OutsideImport | None
    is_read: bool
    deferred: bool

    @property
    def key(self) -> Key:
        if self.meaning is None:
            return "builtins", self.name
        return key_of(self.meaning)


@dataclass(frozen=True)
class InnerImport:
    """One name of an import statement that stands inside a statement, or is one of several.

    ``place``: "local" where nothing else binds the name in its function, so that it can go,
    "shared" where something else does, "module" at module level.
    """

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    meaning: Definition | OutsideImport | None
    place: Literal["local", "shared", "module"]
    guarded: bool

    @property
    def bound_name(self) -> str:
        return self.alias.asname or self.alias.name.partition(".")[0]

    @property
    def is_outside(self) -> bool:
        return isinstance(self.meaning, OutsideImport)


@dataclass(frozen=True)
class References:
    """All that the names in a statement stand for; annotations apart, since they can be postponed."""

    names: list[Reference]
    annotations: list[Reference]
    unknown_annotations: list[str]
    imports: list[InnerImport]


def key_of(meaning: Definition | OutsideImport) -> Key:
    """The same for all names and modules under which something is known."""
    if isinstance(meaning, OutsideImport):
        return "", meaning.source
    return meaning.module.name, meaning.name


def find_references(
    modules: ProjectModules,
    module: Module,
    statement: ast.stmt,
    occurrences: list[Occurrence],
    within: ast.AST | None = None,
) -> References:
    """Resolve the names that occur in a statement of a module; raises `NotExtractable`.

    ``within`` is the part of the statement that counts, where that is not the whole.
    """
    return _Finder(modules, module, statement, occurrences).find(within or statement)


class _Finder:
    def __init__(
        self, modules: ProjectModules, module: Module, statement: ast.stmt, occurrences: list[Occurrence]
    ) -> None:
        self._modules = modules
        self._module = module
        self._statement = statement
        self._occurrences = occurrences
        self._parents = {child: node for node in ast.walk(statement) for child in ast.iter_child_nodes(node)}

    def find(self, within: ast.AST) -> References:
        found = References([], [], [], list(self._imports(within)))
        for occurrence in self._occurrences:
            if isinstance(occurrence.node, (ast.Import, ast.ImportFrom)):
                continue
            if not occurrence.annotation:
                reference = self._resolve(occurrence)
                if reference is not None:
                    found.names.append(reference)
                continue
            try:
                reference = self._resolve(occurrence)
            except NotExtractable:
                found.unknown_annotations.append(occurrence.name)
            else:
                found.annotations.extend([reference] if reference else [])
        return found

    def _resolve(self, occurrence: Occurrence) -> Reference | None:
        name, node = occurrence.name, occurrence.node
        meaning: Meaning | None
        if occurrence.through is not None:
            meaning = resolve_import(self._modules, self._module, *occurrence.through)
            if isinstance(meaning, OutsideImport):
                return None  # the import stays where it is
        elif not occurrence.is_read and name in self._module.bindings:
            meaning = Definition(self._module, name, self._module.bindings[name])
        else:
            meaning = resolve_name(self._modules, self._module, name)
        if isinstance(meaning, ModuleReference):
            node, meaning = self._through_module(node, meaning)
        elif meaning is None:
            if name in _FILE_NAMES:
                raise NotExtractable("needs_its_file", name)
            if name in _IMPLICIT_NAMES or name not in BUILTIN_NAMES:
                if name in _IMPLICIT_NAMES or not occurrence.is_read:
                    return None
                raise NotExtractable("unresolved_name", name)
        return Reference(name, node, occurrence.scope, meaning, occurrence.is_read, occurrence.deferred)

    def _through_module(
        self, node: ast.AST, meaning: ModuleReference
    ) -> tuple[ast.AST, Definition | OutsideImport]:
        """Follow ``module.sub.name`` to what it means."""
        written = node
        while True:
            above = self._parents.get(written)
            if not isinstance(above, ast.Attribute):
                raise NotExtractable("module_as_value", ast.unparse(written))
            written = above
            if not isinstance(above.ctx, ast.Load):
                raise NotExtractable("writes_global", ast.unparse(above))
            inside = resolve_name(self._modules, meaning.module, above.attr)
            if inside is None:
                submodule = self._modules.by_name(f"{meaning.module.name}.{above.attr}")
                if submodule is None:
                    raise NotExtractable("unresolved_name", f"{meaning.module.name}.{above.attr}")
                inside = ModuleReference(submodule)
            if not isinstance(inside, ModuleReference):
                return written, inside
            meaning = inside

    def _imports(self, within: ast.AST) -> Iterator[InnerImport]:
        places: dict[tuple[int, str], Literal["local", "module"]] = {
            (id(occurrence.node), occurrence.name): "local" if occurrence.through else "module"
            for occurrence in self._occurrences
            if not occurrence.is_read
        }
        for node in ast.walk(within):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                guarded = self._is_guarded(node)
                for alias in node.names:
                    meaning = resolve_import(self._modules, self._module, node, alias)
                    inner = InnerImport(node, alias, None, "shared", guarded)
                    inner = replace(inner, place=places.get((id(node), inner.bound_name), "shared"))
                    if not isinstance(meaning, ModuleReference):
                        inner = replace(inner, meaning=meaning)
                    elif inner.place != "local":
                        raise NotExtractable("module_as_value", ast.unparse(node))
                    yield inner

    def _is_guarded(self, node: ast.AST) -> bool:
        """Whether ``try: import x / except ImportError: ...`` works without ``x`` by its own words."""
        while node is not self._statement:
            above = self._parents[node]
            if isinstance(above, ast.Try) and node in above.body and catches_import_fault(above):
                return True
            node = above
        return False


def catches_import_fault(node: ast.Try) -> bool:
    """Whether a ``try`` goes on when an import in it fails."""
    return any(
        handler.type is None
        or any(isinstance(name, ast.Name) and name.id in _IMPORT_FAULTS for name in ast.walk(handler.type))
        for handler in node.handlers
    )
