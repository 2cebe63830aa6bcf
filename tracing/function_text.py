"""A function's source as HumanEval needs it: signature, docstring and body, each as text."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from dataclasses import dataclass

from tasks.syntax_trees import parse_module
from tracing.dependencies import NotExtractable


@dataclass(frozen=True)
class FunctionText:
    """``signature`` ends with the colon's line; ``body`` is non-empty and indented by ``indent``."""

    signature: str
    docstring: str | None
    body: str
    indent: str


def split_function(source: str) -> FunctionText:
    """Split the source of one function definition; raises `NotExtractable`.

    The text is cut at line ends, comments and layout kept. Where that is not possible (a body on
    the signature's line, say) the parts are written anew from the syntax tree.
    """
    function = _parse(textwrap.dedent(source))
    if function is None:
        raise NotExtractable("not_parsable", "the function's own lines are no function definition")
    docstring = ast.get_docstring(function, clean=True)
    if docstring is not None:
        function.body = function.body[1:]
    if not function.body:
        raise NotExtractable("no_body", "nothing but a docstring")
    function.decorator_list = []
    cut = _cut(textwrap.dedent(source), docstring)
    if cut is not None:
        again = _parse(cut.signature + cut.body)
        if again is not None and ast.dump(again) == ast.dump(function):
            return cut
    body = textwrap.indent("\n".join(map(ast.unparse, function.body)), "    ") + "\n"
    function.body = [ast.Pass()]
    signature = ast.unparse(function).removesuffix("pass").rstrip() + "\n"
    return FunctionText(signature, docstring, body, "    ")


def _cut(source: str, docstring: str | None) -> FunctionText | None:
    function = _parse(source)
    colon = _colon_line(source)
    if function is None or colon is None:
        return None
    begin = colon + 1
    if docstring is not None:
        begin = (function.body[0].end_lineno or begin) + 1
    lines = source.split("\n")
    indent = " " * function.body[0].col_offset
    body = "\n".join(lines[begin - 1 :]).strip("\n") + "\n"
    return FunctionText("\n".join(lines[function.lineno - 1 : colon]) + "\n", docstring, body, indent)


def _colon_line(source: str) -> int | None:
    """The line on which the signature's colon ends the line, or None if something follows it."""
    depth = 0
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    try:
        for token in tokens:
            if token.type == tokenize.NAME and token.string in ("def", "async"):
                break
        for token in tokens:
            if token.string in ("(", "[", "{"):
                depth += 1
            elif token.string in (")", "]", "}"):
                depth -= 1
            elif token.type == tokenize.OP and token.string == ":" and not depth:
                following = next(tokens)
                return token.start[0] if following.type in (tokenize.NEWLINE, tokenize.COMMENT) else None
    except (tokenize.TokenError, StopIteration, IndentationError):
        pass
    return None


def _parse(source: str) -> ast.FunctionDef | None:
    try:
        nodes = parse_module(source).body
    except (SyntaxError, ValueError):
        return None
    return nodes[0] if len(nodes) == 1 and isinstance(nodes[0], ast.FunctionDef) else None
