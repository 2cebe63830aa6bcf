"""What decorators do to a function, as far as their source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from tracing.dependencies import Definition, OutsideImport
from tracing.references import Reference

_TRANSPARENT = frozenset(
    {
        *("deprecated", "deprecate", "overload", "override", "final", "no_type_check", "typechecked"),
        *("beartype", "jit", "njit", "register", "route", "command", "fixture", "export", "public"),
    }
)
"""Names of decorators of other packages that leave what a function does as it is."""


def is_transparent(decorator: ast.expr, references: Iterable[Reference]) -> bool:
    """Whether a function stays itself under a decorator: it registers, announces, checks types.

    Decorators of the project are read, those of other packages known by their names.
    ``references`` are the decorator's own.
    """
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    places = {reference.node: reference.meaning for reference in references}
    meaning = next((places[node] for node in ast.walk(called) if node in places), None)
    if isinstance(meaning, Definition) and isinstance(called, ast.Name | ast.Attribute):
        if called not in places:  # a method of something in the project
            return False
        node = meaning.module.tree.body[meaning.statements[-1]]
        if not isinstance(node, ast.FunctionDef):
            return False
        return _returns_argument(node, depth=2 if isinstance(decorator, ast.Call) else 1)
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return isinstance(meaning, OutsideImport) and meaning.package is not None and name in _TRANSPARENT


def _returns_argument(function: ast.FunctionDef, depth: int) -> bool:
    """Whether all that a decorator (depth 1) or a maker of decorators (2) returns is its argument."""
    returned = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    if depth == 1:
        first = function.args.args[0].arg if function.args.args else None
        assigned = any(
            isinstance(node, ast.Name) and node.id == first and isinstance(node.ctx, ast.Store)
            for node in ast.walk(function)
        )
        return (
            bool(returned)
            and not assigned
            and all(isinstance(value, ast.Name) and value.id == first for value in returned)
        )
    inner = {node.name: node for node in _own_nodes(function) if isinstance(node, ast.FunctionDef)}
    return bool(returned) and all(
        isinstance(value, ast.Name) and value.id in inner and _returns_argument(inner[value.id], depth - 1)
        for value in returned
    )


def _own_nodes(function: ast.FunctionDef) -> Iterable[ast.AST]:
    """The nodes of a function's body, without those of functions inside it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
