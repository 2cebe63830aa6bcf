"""A checker for functions from text to text, where numbers may differ a little."""

from __future__ import annotations

from scraping.problem import AnswerChecker
from tasks.record import OutputChecker


def tokens_checker(checker: AnswerChecker) -> OutputChecker:
    """A checker for texts that compares words, and numbers by the tolerances."""
    text = _TOKENS_CHECKER.format(
        relative=checker.relative_tolerance or 0.0,
        absolute=checker.absolute_tolerance or 0.0,
        folded="" if checker.case_sensitive else ".casefold()",
    )
    return OutputChecker("python3", {"checker.py": text}, "checker.py")


_TOKENS_CHECKER = """import math
import sys


def close(expected, found):
    try:
        return math.isclose(float(expected), float(found), rel_tol={relative}, abs_tol={absolute})
    except ValueError:
        return False


with open(sys.argv[2], encoding="utf-8") as answer:
    expected = answer.read(){folded}.split()
found = sys.stdin.read(){folded}.split()
alike = len(expected) == len(found) and all(a == b or close(a, b) for a, b in zip(expected, found))
sys.exit(42 if alike else 43)
"""
