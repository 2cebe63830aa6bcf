"""Cutting pieces out of a module's text, and replacing the text of syntax nodes in them."""

from __future__ import annotations

import ast
import copy
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.syntax_trees import parse_expression

_F_STRING_PLACES = sys.version_info >= (3, 12)
"""Whether syntax nodes inside f-strings know where they stand (python/cpython#102856)."""


@dataclass(frozen=True)
class Edit:
    """Replace the text of ``node`` by ``text``."""

    node: ast.expr | ast.stmt
    text: str


def first_line(node: ast.stmt) -> int:
    """The first line of a statement, decorators included, counted from 1."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno] + [decorator.lineno for decorator in decorators])


def statement_text(text: str, node: ast.stmt, edits: Sequence[Edit] = (), *, start: int | None = None) -> str:
    """The lines of a statement, from line ``start`` on, with edits applied and not indented.

    Whole lines are taken when the statement has them for itself; of a line that holds several
    statements, only its own part. Raises `ValueError` for an edit that cannot be written.
    """
    begin = first_line(node) if start is None else start
    lines = _lines(text, begin, node)
    first, last = lines[0], lines[-1]
    assert first is not None and last is not None
    indent = first[: node.col_offset]
    is_whole = not first[: node.col_offset].strip()
    if last[node.end_col_offset :].lstrip().startswith(b";"):
        lines[-1] = last[: node.end_col_offset]
    _apply_all(lines, node, edits, begin)
    if not is_whole and node.lineno == begin:
        assert lines[0] is not None
        lines[0] = lines[0][node.col_offset :]
    elif node.col_offset:
        _dedent(lines, node, begin, indent)
    return b"\n".join(line for line in lines if line is not None).decode() + "\n"


def expression_text(text: str, node: ast.expr, edits: Sequence[Edit] = ()) -> str:
    """The text of an expression, with edits applied; raises `ValueError` as `statement_text` does."""
    lines = _lines(text, node.lineno, node)
    assert lines[-1] is not None
    lines[-1] = lines[-1][: node.end_col_offset]
    _apply_all(lines, node, edits, node.lineno)
    assert lines[0] is not None
    lines[0] = lines[0][node.col_offset :]
    return b"\n".join(line for line in lines if line is not None).decode()


def name_node(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, text: str) -> ast.Name | None:
    """Where the name of a definition stands in its module's text."""
    line = text.split("\n")[node.lineno - 1].encode()
    found = re.compile(rb"(?:async\s+)?(?:def|class)\s+(%b)" % re.escape(node.name).encode()).match(
        line, node.col_offset
    )
    if found is None:
        return None
    place = {"lineno": node.lineno, "end_lineno": node.lineno}
    return ast.Name(node.name, ast.Store(), col_offset=found.start(1), end_col_offset=found.end(1), **place)


_Lines = list[bytes | None]
"""Encoded, since syntax nodes count bytes; None where an edit took a line away."""


def _lines(text: str, begin: int, node: ast.expr | ast.stmt) -> _Lines:
    return [line.encode() for line in text.split("\n")[begin - 1 : node.end_lineno or begin]]


def _apply_all(lines: _Lines, node: ast.AST, edits: Sequence[Edit], begin: int) -> None:
    placed = sorted(
        _placed(node, edits), key=lambda edit: (edit.node.lineno, edit.node.col_offset), reverse=True
    )
    for edit in placed:
        first, last = edit.node.lineno - begin, (edit.node.end_lineno or edit.node.lineno) - begin
        head, tail = lines[first] or b"", lines[last] or b""
        changed = head[: edit.node.col_offset] + edit.text.encode() + tail[edit.node.end_col_offset :]
        lines[first] = changed if edit.text or changed.strip() else None
        lines[first + 1 : last + 1] = [None] * (last - first)


def _dedent(lines: _Lines, node: ast.stmt, begin: int, indent: bytes) -> None:
    """Take the statement's indentation away, but not inside of its strings."""
    inside_strings = {
        number
        for inner in ast.walk(node)
        if isinstance(inner, ast.JoinedStr)
        or (isinstance(inner, ast.Constant) and isinstance(inner.value, str))
        for number in range(inner.lineno + 1, (inner.end_lineno or inner.lineno) + 1)
    }
    for index, line in enumerate(lines):
        if line is not None and begin + index not in inside_strings:
            lines[index] = line.removeprefix(indent)


def _placed(node: ast.AST, edits: Sequence[Edit]) -> list[Edit]:
    """Edits inside f-strings as edits of the whole f-strings, where their own places are not known."""
    if _F_STRING_PLACES or not edits:
        return list(edits)
    texts = {id(edit.node): edit.text for edit in edits}
    placed = []
    inside: set[int] = set()
    for string in _outermost_f_strings(node):
        nodes = {id(inner) for inner in ast.walk(string)}
        if nodes & texts.keys():
            inside |= nodes
            placed.append(Edit(string, ast.unparse(_rebuilt(string, texts))))
    return placed + [edit for edit in edits if id(edit.node) not in inside]


def _outermost_f_strings(node: ast.AST) -> list[ast.JoinedStr]:
    if isinstance(node, ast.JoinedStr):
        return [node]
    return [string for child in ast.iter_child_nodes(node) for string in _outermost_f_strings(child)]


def _rebuilt(node: ast.AST, texts: dict[int, str]) -> ast.AST:
    if id(node) in texts:
        return parse_expression(texts[id(node)]).body
    rebuilt = copy.copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            setattr(rebuilt, name, _rebuilt(value, texts))
        elif isinstance(value, list):
            setattr(rebuilt, name, [_rebuilt(v, texts) if isinstance(v, ast.AST) else v for v in value])
    return rebuilt
