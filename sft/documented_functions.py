"""Prompt and solution of documented functions, cut out of source text: signature and docstring, then body."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tasks.syntax_trees import parse_module


def documented_functions(text: str) -> Iterator[tuple[str, str]]:
    """Prompts and solutions of the functions at the top of a module that have a docstring and a body.

    A prompt ends with the line of the docstring's end. What is no Python of this version has none.
    """
    try:
        module = parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = text.split("\n")
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
            documentation, first = node.body[:2]
            alone = first.lineno > (documentation.end_lineno or 0) and documentation.lineno > node.lineno
            if ast.get_docstring(node, clean=False) and alone:
                cut = documentation.end_lineno or 0
                prompt = "\n".join(lines[node.lineno - 1 : cut]) + "\n"
                yield prompt, "\n".join(lines[cut : node.end_lineno]) + "\n"
