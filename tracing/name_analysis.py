"""What a statement of a module binds, and whether it can change what other statements bound."""

from __future__ import annotations

import ast
import builtins
import copy
import symtable
from collections.abc import Iterable, Iterator

from tracing.scopes import Occurrence

BUILTIN_NAMES = frozenset(dir(builtins))


def names_bound(occurrences: Iterable[Occurrence]) -> list[str]:
    """Names that executing a module-level statement binds, in compound statements too."""
    return list(
        dict.fromkeys(
            found.name
            for found in occurrences
            if not (found.is_read or found.deferred or found.through)
            and not isinstance(found.node, ast.Global)
            and not isinstance(getattr(found.node, "ctx", None), ast.Del)
        )
    )


def writes_globals(node: ast.AST) -> bool:
    """Whether a function declares a global name, which it then can rebind."""
    return any(isinstance(inner, ast.Global) for inner in ast.walk(node))


_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def names_read(node: ast.stmt) -> frozenset[str]:
    """Names that executing ``node``, or calling what it defines, looks up at module level.

    Annotations of functions do not count: they are never looked up under postponed evaluation.
    Raises `SyntaxError` or `RecursionError` for what cannot be analysed.
    """
    source = ast.unparse(_WithoutFunctionAnnotations().visit(copy.deepcopy(node)))
    table = symtable.symtable(source, "statement", "exec")
    return frozenset(_globals_of(table)) - BUILTIN_NAMES | _builtins_rebound(node)


def names_in_annotations(node: ast.AST) -> frozenset[str]:
    """Names that occur in the annotations of functions in ``node``."""
    found: set[str] = set()
    for function in ast.walk(node):
        annotations: list[ast.expr | None] = []
        if isinstance(function, _FunctionNode):
            annotations.append(function.returns)
            annotations += [argument.annotation for argument in _parameters(function.args)]
        for annotation in annotations:
            if annotation is not None:
                found |= {name.id for name in ast.walk(annotation) if isinstance(name, ast.Name)}
    return frozenset(found)


def _globals_of(table: symtable.SymbolTable) -> Iterator[str]:
    at_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (at_top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_of(child)


def _builtins_rebound(node: ast.stmt) -> frozenset[str]:
    """Builtin names that ``node`` reads: a module may have put something else in their place."""
    return frozenset(
        name.id
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load) and name.id in BUILTIN_NAMES
    )


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return arguments.posonlyargs + arguments.args + arguments.kwonlyargs + rest


class _WithoutFunctionAnnotations(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in _parameters(node.args):
            argument.annotation = None
        self.generic_visit(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.visit_FunctionDef(node)  # type: ignore[arg-type]
