"""Syntax trees of Python source, made one at a time.

CPython 3.11 counts its own recursion while it makes a tree, for all threads together, and ends with a
``SystemError`` where two of them are at it at once (python/cpython#106905).
"""

from __future__ import annotations

import ast
import threading

_ONE_AT_A_TIME = threading.RLock()


def parse_module(source: str | bytes) -> ast.Module:
    """The tree of a program; raises what ``ast.parse`` does."""
    with _ONE_AT_A_TIME:
        return ast.parse(source)


def parse_expression(source: str) -> ast.Expression:
    """The tree of an expression; raises what ``ast.parse`` does."""
    with _ONE_AT_A_TIME:
        return ast.parse(source, mode="eval")
