"""Comparing what a program wrote with what was expected. Neither text is executed or decoded further."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import zip_longest

from tasks.record import StdioTest

_TIMES_LONGER = 4
_BYTES_LONGER = 2**16


def output_difference(test: StdioTest, output: bytes) -> str | None:
    """The first difference, or None. Both are compared to their ends, whichever is longer.

    White space that does not count may make an output longer, but not without bounds.
    """
    if len(output) > _TIMES_LONGER * len(test.stdout) + _BYTES_LONGER:
        return f"the output is much too long ({len(output)} bytes)"
    try:
        actual = output.decode()
    except UnicodeDecodeError as error:
        return f"the output is not UTF-8 (byte {error.start})"
    if test.comparison == "exact":
        pairs: Iterable[tuple[str | None, str | None]] = [(test.stdout, actual)]
        unit = "output"
    elif test.comparison == "lines":
        pairs, unit = zip_longest(_lines(test.stdout), _lines(actual)), "line"
    else:
        pairs, unit = zip_longest(test.stdout.split(), actual.split()), "token"
    for number, (expected, found) in enumerate(pairs, start=1):
        if expected != found and not _close(expected, found, test.tolerance):
            where = unit if unit == "output" else f"{unit} {number}"
            return f"{where}: expected {_shown(expected)}, got {_shown(found)}"
    return None


def _lines(text: str) -> list[str]:
    """Without the space at the ends of lines and the empty lines at the end of the text."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _close(expected: str | None, found: str | None, tolerance: float | None) -> bool:
    if tolerance is None or expected is None or found is None:
        return False
    try:
        return math.isclose(float(expected), float(found), rel_tol=tolerance, abs_tol=tolerance)
    except ValueError:
        return False


def _shown(text: str | None) -> str:
    if text is None:
        return "nothing"
    return repr(text if len(text) <= 80 else text[:80] + "…")
