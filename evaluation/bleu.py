"""BLEU of samples against the reference solution: a score that does not tell whether they are right.

Chen et al. 2021, §3.3, do not say which BLEU. Here it is sacrebleu's sentence BLEU (effective order,
exponential smoothing) divided by 100, over words, numbers and single other characters; white space counts
for nothing.
It imports sacrebleu, of the extra `report`, so import it late.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from sacrebleu.metrics.bleu import BLEU

TOKENISATION = r"sacrebleu sentence BLEU / 100, tokens \w+|[^\w\s]"
_TOKEN = re.compile(r"\w+|[^\w\s]")


class BleuAgainst:
    """BLEU of texts against one reference."""

    def __init__(self, reference: str) -> None:
        tokens = _tokens(reference)
        self._empty = not tokens
        self._metric = BLEU(tokenize="none", force=True, effective_order=True, references=[[tokens]])

    def of(self, text: str) -> float:
        """Between 0 and 1; 0 for a text or reference without tokens."""
        tokens = _tokens(text)
        if self._empty or not tokens:
            return 0.0
        return float(self._metric.corpus_score([tokens], None).score) / 100


def chance_of_higher(passed: Sequence[float], failed: Sequence[float]) -> float | None:
    """How often a passed sample has the higher score of a pair with a failed one; equal ones count half.

    0.5 is a score that tells nothing, 1 one that tells all. None where either kind is lacking.
    """
    if not passed or not failed:
        return None
    in_order = sorted(failed)
    below = sum(bisect_left(in_order, each) + bisect_right(in_order, each) for each in passed)
    return below / (2 * len(passed) * len(failed))


def chance_of_higher_within(tasks: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float | None:
    """The same for pairs of samples of one task, each task with samples of both kinds counting alike."""
    chances = [found for passed, failed in tasks if (found := chance_of_higher(passed, failed)) is not None]
    return sum(chances) / len(chances) if chances else None


def _tokens(text: str) -> str:
    return " ".join(_TOKEN.findall(text))
