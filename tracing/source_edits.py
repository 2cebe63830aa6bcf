"""Cutting pieces out of a module's text, and replacing the text of syntax nodes in them."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """Replace the text of ``node`` by ``text``."""

    node: ast.expr | ast.stmt
    text: str


def first_line(node: ast.stmt) -> int:
    """The first line of a statement, decorators included, counted from 1."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno] + [decorator.lineno for decorator in decorators])


def statement_text(text: str, node: ast.stmt, edits: list[Edit], *, start: int | None = None) -> str:
    """The lines of a statement, from line ``start`` on, with edits applied.

    Whole lines are taken when the statement has them for itself; of a line that holds several
    statements, only its own part.
    """
    lines = [line.encode() for line in text.split("\n")]
    begin = first_line(node) if start is None else start
    end = node.end_lineno or begin
    for edit in sorted(edits, key=lambda edit: (edit.node.lineno, edit.node.col_offset), reverse=True):
        _apply(lines, edit)
    if start is None and node.lineno == begin and lines[begin - 1][: node.col_offset].strip():
        # a statement behind a semicolon
        return (ast.get_source_segment(text, node) or "") + "\n"
    chosen = b"\n".join(line for line in lines[begin - 1 : end] if line is not _DELETED).decode()
    return (textwrap.dedent(chosen) if node.col_offset else chosen) + "\n"


_DELETED = b"\0"


def _apply(lines: list[bytes], edit: Edit) -> None:
    first, last = edit.node.lineno - 1, (edit.node.end_lineno or edit.node.lineno) - 1
    tail = lines[last][edit.node.end_col_offset :]
    lines[first] = lines[first][: edit.node.col_offset] + edit.text.encode() + tail
    for index in range(first + 1, last + 1):
        lines[index] = _DELETED
