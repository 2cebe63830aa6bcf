"""Telling whether a judge showed a case whole: nothing that is cut may become a test.

What is only suspect may be whole after all (there are problems about texts with dots at their ends): a probe
that answers it tells, for it meets the input that it was shown, or another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scraping.judges.judge import FailedCase

_CUT_BEHIND = re.compile(r"(\.\.\.|…|\[truncated\]|<truncated>)\s*\Z", re.IGNORECASE)
_CUT_INSIDE = re.compile(r"^\s*(\.\.\.|…)\s*$|\.\.\. ?\(?\d+ (more )?(characters|lines|items)", re.MULTILINE)
_CUT_WORDS = re.compile(r"\S(\.\.\.|…)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class ShownWhole:
    """Decides by marks of cutting, by the judge's limit on what it shows, and by counts in the inputs.

    ``examples`` are inputs that are known to be whole. ``shown_characters`` is the judge's limit, if known.
    """

    examples: Sequence[str]
    shown_characters: int | None = None

    def certainly_not(self, case: FailedCase) -> str | None:
        """Why the case cannot be answered, or None."""
        if case.truncated:
            return "cut_by_the_judge"
        return "no_expected_output" if case.expected is None else None

    def suspicion(self, case: FailedCase) -> str | None:
        """Why the case may have been cut, or None."""
        for text in (case.input, case.expected or ""):
            if self._marked(text):
                return "cut_mark"
            if self.shown_characters is not None and len(text) >= self.shown_characters:
                return "as_long_as_the_limit"
        if not self._counts_hold(case.input):
            return "count_does_not_hold"
        return None

    def _marked(self, text: str) -> bool:
        marks = (_CUT_BEHIND, _CUT_INSIDE, _CUT_WORDS)
        return any(mark.search(text) and not self._in_examples(mark) for mark in marks)

    def _in_examples(self, mark: re.Pattern[str]) -> bool:
        """Whether whole inputs hold it too, so that it belongs to the problem."""
        return any(mark.search(example) for example in self.examples)

    def _counts_hold(self, text: str) -> bool:
        """Whether the rules about counts that hold for every example, two at least, hold for the input."""
        if len(self.examples) < 2:
            return True
        return all(rule(text) for rule in _COUNTS if all(map(rule, self.examples)))


def _first_number(text: str) -> int | None:
    tokens = text.split(maxsplit=1)
    return int(tokens[0]) if tokens and re.fullmatch(r"[0-9]{1,9}", tokens[0]) else None


def _lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


def _rest(text: str) -> list[str]:
    return [token for line in _lines(text)[1:] for token in line.split()]


_COUNTS: tuple[Callable[[str], bool], ...] = (
    lambda text: _first_number(text) == len(_lines(text)) - 1,
    lambda text: _first_number(text) == len(_rest(text)),
    lambda text: _first_number(text) == len(" ".join(_lines(text)[1:2]).split()),
)
"""How many lines follow, how many tokens follow, how many tokens the second line has."""
