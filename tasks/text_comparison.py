"""Comparing a text that a program wrote with the one that was expected, as contest judges do.

Numbers are compared as Kattis' default validator does: where the expected token is a number, the other has to
be one too, and be within the absolute tolerance, or the relative one of the expected number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from tasks.pairing import can_be_paired

TextKind = Literal["exact", "lines", "tokens", "unordered", "set"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 400
_MAX_PAIRINGS = 100  # of lines without a twin of the same text


@dataclass(frozen=True)
class TextComparison:
    """Which texts count as equal.

    ``tokens`` compares what stands between white space, ``lines`` each line without the space at its end,
    ``exact`` every character; ``unordered`` takes the lines, by their tokens, in any order, ``set`` without
    regard to how often each occurs. With a tolerance, tokens that are expected to be numbers are compared as
    numbers (but not in ``exact``). ``space_sensitive``: tokens are apart by the very same white space.
    """

    kind: TextKind = "tokens"
    relative_tolerance: float | None = None
    absolute_tolerance: float | None = None
    case_sensitive: bool = True
    space_sensitive: bool = False

    @property
    def tolerant(self) -> bool:
        """Whether numbers are compared as numbers."""
        return self.relative_tolerance is not None or self.absolute_tolerance is not None


def text_difference(comparison: TextComparison, expected: str, actual: str) -> str | None:
    """The first difference in words, or None. Both are compared to their ends, whichever is longer."""
    if not comparison.case_sensitive:
        expected, actual = expected.casefold(), actual.casefold()
    if comparison.kind == "exact":
        return None if expected == actual else _differs("output", expected, actual)
    if comparison.kind == "lines":
        return _in_order("line", _lines(expected), _lines(actual), comparison)
    if comparison.kind == "tokens":
        tokens = _spaced_tokens if comparison.space_sensitive else str.split
        return _in_order("token", tokens(expected), tokens(actual), comparison)
    return _in_any_order(expected, actual, comparison)


def _in_order(unit: str, expected: list[str], actual: list[str], comparison: TextComparison) -> str | None:
    for number, (left, right) in enumerate(zip_longest(expected, actual), start=1):
        equal = _lines_equal if unit == "line" else tokens_equal
        if left != right and not equal(left, right, comparison):
            return _differs(f"{unit} {number}", left, right)
    return None


def _in_any_order(expected: str, actual: str, comparison: TextComparison) -> str | None:
    left = [tuple(line.split()) for line in _lines(expected)]
    right = [tuple(line.split()) for line in _lines(actual)]
    if comparison.kind == "set":
        left, right = list(dict.fromkeys(left)), list(dict.fromkeys(right))
    elif len(left) != len(right):
        return f"expected {len(left)} lines, got {len(right)}"
    missing = list((Counter(left) - Counter(right)).elements())
    further = list((Counter(right) - Counter(left)).elements())
    if not missing and not further:
        return None
    if comparison.tolerant and max(len(missing), len(further)) <= _MAX_PAIRINGS:

        def equal(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
            return _tokens_equal(one, other, comparison)

        if comparison.kind == "set":
            missing = [line for line in missing if not any(equal(line, other) for other in right)]
            further = [line for line in further if not any(equal(other, line) for other in left)]
            if not missing and not further:
                return None
        elif can_be_paired(missing, further, equal):
            return None
    if missing:
        return f"a line {_shown(' '.join(missing[0]))} is missing"
    return f"a line {_shown(' '.join(further[0]))} was not expected"


def tokens_equal(expected: str | None, actual: str | None, comparison: TextComparison) -> bool:
    """Whether a token counts as the expected one; None stands for a missing one."""
    if expected == actual:
        return True
    if expected is None or actual is None or not comparison.tolerant:
        return False
    left, right = _number(expected), _number(actual)
    if left is None or right is None:
        return False
    apart = abs(left - right)
    return apart <= (comparison.absolute_tolerance or 0.0) or apart <= (
        comparison.relative_tolerance or 0.0
    ) * abs(left)


def _tokens_equal(expected: Sequence[str], actual: Sequence[str], comparison: TextComparison) -> bool:
    return all(tokens_equal(*pair, comparison) for pair in zip_longest(expected, actual))


def _lines_equal(expected: str | None, actual: str | None, comparison: TextComparison) -> bool:
    if expected is None or actual is None or not comparison.tolerant:
        return False
    return _tokens_equal(expected.split(), actual.split(), comparison)


def _number(token: str) -> float | None:
    if len(token) > _LONGEST_NUMBER or not _NUMBER.fullmatch(token):
        return None
    return float(token)


def _spaced_tokens(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text)


def _lines(text: str) -> list[str]:
    """Without the space at the ends of lines and the empty lines at the end of the text."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _differs(where: str, expected: str | None, actual: str | None) -> str:
    return f"{where}: expected {_shown(expected)}, got {_shown(actual)}"


def _shown(text: str | None) -> str:
    if text is None:
        return "nothing"
    return repr(text if len(text) <= 80 else text[:80] + "…")
