"""Scopes: where a statement of a module reads, binds or deletes names that are not its own.

The rules are those of the language reference, §4.2, without running or compiling anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

ImportAlias = tuple[ast.Import | ast.ImportFrom, ast.alias]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(eq=False)
class Scope:
    """A block of names. ``imported`` holds names that nothing but one import of the block binds."""

    kind: Literal["module", "class", "function"]
    outer: Scope | None = None
    bound: set[str] = field(default_factory=set)
    imported: dict[str, ImportAlias] = field(default_factory=dict)
    declared_global: set[str] = field(default_factory=set)
    declared_nonlocal: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    """Of a class: what its body has bound so far, in the order of execution."""

    def owner(self, name: str) -> Scope | None:
        """The scope whose variable ``name`` means here; None: the module's."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "module":
            if name in scope.declared_global:
                return None
            if scope.kind == "class":
                if scope is self and name in scope.assigned:
                    return scope
            elif name in scope.bound:
                return scope
            scope = scope.outer
        return None


@dataclass(frozen=True, eq=False)
class Occurrence:
    """A place where a name of the module stands, seen from a statement of it.

    ``node`` carries the name: a `Name`, a definition, a ``global`` statement or an import.
    ``deferred``: inside a function, so that it counts when that is called. ``annotation``: in an
    annotation, which nothing needs under postponed evaluation. ``through`` is the import inside a
    function or class that gives the name.
    """

    name: str
    node: ast.AST
    scope: Scope
    is_read: bool
    deferred: bool
    annotation: bool
    through: ImportAlias | None = None


def global_occurrences(statement: ast.stmt) -> list[Occurrence]:
    """All places in a top-level statement that mean names of its module, or builtin names."""
    module = Scope("module")
    visitor = _Visitor()
    visitor.visit_in(module, [statement])
    return visitor.found


def free_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    """Names that a function takes from around it, be it from functions or from the module."""
    visitor = _Visitor()
    visitor.visit_in(Scope("module"), [function])
    return frozenset(
        found.name
        for found in visitor.found
        if found.is_read and found.node is not function and not found.annotation
    )


def scope_of(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Scope:
    """What a function binds by itself."""
    scope = Scope("function")
    scope.bound.update(_parameter_names(function.args))
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    _collect(scope, body)
    return scope


class _Visitor:
    def __init__(self) -> None:
        self.found: list[Occurrence] = []
        self._scope = Scope("module")
        self._deferred = False
        self._annotation = False

    def visit_in(self, scope: Scope, nodes: Iterable[ast.AST]) -> None:
        outer, self._scope = self._scope, scope
        for node in nodes:
            self._visit(node)
        self._scope = outer

    def _add(self, name: str, node: ast.AST, *, is_read: bool) -> None:
        if self._scope.kind == "class" and not is_read:
            self._scope.assigned.add(name)
        owner = self._scope.owner(name)
        through = None
        if owner is not None:
            through = owner.imported.get(name)
            if through is None:
                return
        self.found.append(
            Occurrence(name, node, self._scope, is_read, self._deferred, self._annotation, through)
        )

    def _visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self._add(node.id, node, is_read=isinstance(node.ctx, ast.Load))
        elif isinstance(node, _Function):
            self._visit_function(node)
        elif isinstance(node, ast.Lambda):
            self._visit_all(defaults(node.args))
            self._visit_body(scope_of(node), [node.body])
        elif isinstance(node, ast.ClassDef):
            self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
            scope = Scope("class", self._scope)
            _collect(scope, node.body)
            self.visit_in(scope, node.body)
            self._add(node.name, node, is_read=False)
        elif isinstance(node, _Comprehension):
            self._visit_comprehension(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                self._add(alias.asname or alias.name.partition(".")[0], node, is_read=False)
        elif isinstance(node, ast.Global):
            for name in node.names:
                self._add(name, node, is_read=False)
        elif isinstance(node, ast.AnnAssign):
            self._visit_all([node.value] if node.value else [])
            self._visit_annotations([node.annotation])
            self._visit(node.target)
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self._add(node.target.id, node.target, is_read=True)
            self._visit(node.value)
            self._visit_all(node.targets if isinstance(node, ast.Assign) else [node.target])
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._visit_all([node.iter, node.target, *node.body, *node.orelse])
        else:
            bound = _pattern_name(node)
            if bound is not None:
                self._add(bound, node, is_read=False)
            self._visit_all(ast.iter_child_nodes(node))

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self._visit(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all([*node.decorator_list, *defaults(node.args)])
        annotations = [argument.annotation for argument in _parameters(node.args) if argument.annotation]
        self._visit_annotations([*annotations, *([node.returns] if node.returns else [])])
        scope = scope_of(node)
        scope.bound.update(parameter.name for parameter in getattr(node, "type_params", []))
        self._visit_body(scope, node.body)
        self._add(node.name, node, is_read=False)

    def _visit_annotations(self, annotations: list[ast.expr]) -> None:
        before, self._annotation = self._annotation, True
        self._visit_all(annotations)
        self._annotation = before

    def _visit_body(self, scope: Scope, body: Iterable[ast.AST]) -> None:
        scope.outer = self._scope
        before, self._deferred = self._deferred, True
        self.visit_in(scope, body)
        self._deferred = before

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        self._visit(node.generators[0].iter)
        scope = Scope("function", self._scope)
        for generator in node.generators:
            scope.bound.update(
                name.id
                for name in ast.walk(generator.target)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            )
        parts: list[ast.AST] = []
        for number, generator in enumerate(node.generators):
            parts += [generator.iter] * (number > 0) + [generator.target, *generator.ifs]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_in(scope, parts)


def _collect(scope: Scope, body: Iterable[ast.AST]) -> None:
    """Note what the statements of a block bind, without entering the blocks inside it."""
    imported: dict[str, ImportAlias | None] = dict.fromkeys(scope.bound)
    for name, through in _bindings(body):
        if isinstance(through, ast.Global):
            scope.declared_global.add(name)
        elif isinstance(through, ast.Nonlocal):
            scope.declared_nonlocal.add(name)
        else:
            scope.bound.add(name)
            known = imported.setdefault(name, through)
            if known is None or through is None or not _same_import(known, through):
                imported[name] = None
    scope.bound -= scope.declared_global | scope.declared_nonlocal
    if scope.kind == "function":  # an import in a class makes an attribute too
        scope.imported = {
            name: through for name, through in imported.items() if through and name in scope.bound
        }


def _same_import(one: ImportAlias, other: ImportAlias) -> bool:
    return (
        type(one[0]) is type(other[0])
        and ast.dump(one[1]) == ast.dump(other[1])
        and (
            not isinstance(one[0], ast.ImportFrom)
            or not isinstance(other[0], ast.ImportFrom)
            or (one[0].module, one[0].level) == (other[0].module, other[0].level)
        )
    )


_Binding = tuple[str, ImportAlias | ast.Global | ast.Nonlocal | None]


def _bindings(body: Iterable[ast.AST]) -> Iterator[_Binding]:
    todo: list[tuple[ast.AST, bool]] = [(node, False) for node in body]
    while todo:
        node, in_comprehension = todo.pop()
        children: list[ast.AST] = []
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load) and not in_comprehension:
                yield node.id, None
        elif isinstance(node, ast.NamedExpr):
            yield node.target.id, None
            children = [node.value]
        elif isinstance(node, _Function):
            yield node.name, None
            children = [*node.decorator_list, *defaults(node.args)]
        elif isinstance(node, ast.ClassDef):
            yield node.name, None
            children = [*node.decorator_list, *node.bases, *node.keywords]
        elif isinstance(node, ast.Lambda):
            children = defaults(node.args)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                yield name, node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], (node, alias)
        else:
            bound = _pattern_name(node)
            if bound is not None:
                yield bound, None
            children = list(ast.iter_child_nodes(node))
            in_comprehension = in_comprehension or isinstance(node, _Comprehension)
        todo += [(child, in_comprehension) for child in children]


def _pattern_name(node: ast.AST) -> str | None:
    """The name that an exception handler or a pattern of ``match`` binds."""
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return node.name
    return node.rest if isinstance(node, ast.MatchMapping) else None


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return arguments.posonlyargs + arguments.args + arguments.kwonlyargs + rest


def _parameter_names(arguments: ast.arguments) -> list[str]:
    return [argument.arg for argument in _parameters(arguments)]


def defaults(arguments: ast.arguments) -> list[ast.AST]:
    """The default values of a function's parameters, which are computed outside of it."""
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
