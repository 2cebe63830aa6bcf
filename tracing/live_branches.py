"""Which branch of a module's version checks is the live one."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def live_statements(body: Sequence[ast.stmt], version: tuple[int, ...]) -> Iterator[ast.stmt]:
    """Top-level statements, those of ``if sys.version_info >= (3, 9):`` put in its place.

    ``if TYPE_CHECKING:`` never runs. Conditions of any other kind stay as they are.
    """
    for node in body:
        holds = _holds(node.test, version) if isinstance(node, ast.If) else None
        if holds is None:
            yield node
        else:
            assert isinstance(node, ast.If)
            yield from live_statements(node.body if holds else node.orelse, version)


def _holds(test: ast.expr, version: tuple[int, ...]) -> bool | None:
    if ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        return False
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    compare = _COMPARISONS.get(type(test.ops[0]))
    try:
        wanted = ast.literal_eval(test.comparators[0])
    except ValueError:
        return None
    left = ast.unparse(test.left)
    if compare is None:
        return None
    if left == "sys.version_info" and isinstance(wanted, tuple):
        return compare(version, wanted)
    if left in ("sys.version_info[0]", "sys.version_info.major") and isinstance(wanted, int):
        return compare(version[0], wanted)
    if left == "sys.version_info[:2]" and isinstance(wanted, tuple):
        return compare(version[:2], wanted)
    return None
