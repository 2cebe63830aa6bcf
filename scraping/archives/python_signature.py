"""Signatures that stand in Python source."""

from __future__ import annotations

import ast
from typing import Literal

from scraping.archives.reading import UnusableProblem
from scraping.problem import Parameter, Signature
from tasks.syntax_trees import parse_module

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def signature_of(
    function: _Function,
    origin: Literal["snippet", "canonical", "source"],
    *,
    method: bool = False,
    starter_code: str | None = None,
) -> Signature:
    """The signature of a definition; raises `UnusableProblem` for what a plain function is not.

    ``starter_code`` is, unless given, the head of the definition, which also has defaults and decorators'
    absence.
    """
    if isinstance(function, ast.AsyncFunctionDef):
        raise UnusableProblem("coroutine", function.name, stage="function")
    given = function.args
    if given.vararg or given.kwarg or given.kwonlyargs:
        raise UnusableProblem("variadic_parameters", function.name, stage="function")
    parameters = [
        Parameter(argument.arg, ast.unparse(argument.annotation) if argument.annotation else "")
        for argument in [*given.posonlyargs, *given.args][int(method) :]
    ]
    returns = ast.unparse(function.returns) if function.returns else ""
    head = f"def {function.name}({ast.unparse(given)}){f' -> {returns}' if returns else ''}:\n    ..."
    return Signature(
        function.name, parameters, returns, head if starter_code is None else starter_code, origin
    )


def parsed(source: str, name: str) -> ast.Module:
    """The tree of a module; raises `UnusableProblem`."""
    try:
        return parse_module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnusableProblem("unparsable_python", f"{name}: {error}"[:300]) from error


def top_level_functions(tree: ast.Module) -> dict[str, _Function]:
    """The functions that a module defines, the last of each name."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
