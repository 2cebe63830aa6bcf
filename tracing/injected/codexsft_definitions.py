"""Qualified names of a file's functions, for Pythons before 3.11, whose code does not know its own.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

import ast

_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.ExceptHandler)


def definitions_in(filename: str) -> dict[tuple[str, int], str]:
    """From name and first line of each function outside of other functions to its qualified name."""
    try:
        with open(filename, "rb") as stream:
            module = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[tuple[str, int], str] = {}
    todo: list[tuple[ast.AST, str]] = [(module, "")]
    while todo:
        parent, prefix = todo.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
                found[node.name, first] = prefix + node.name
            elif isinstance(node, ast.ClassDef):
                todo.append((node, prefix + node.name + "."))
            elif isinstance(node, _BLOCKS):
                todo.append((node, prefix))
    return found
