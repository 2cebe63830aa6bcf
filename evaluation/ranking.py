"""Choosing one of k samples without a test to help: the curves of Chen et al. 2021, §3.3, figure 7.

Log-probabilities are the model's own, at temperature 1 and before top-p, of the tokens before the stop,
without one that ends the text: as `sampling.sample_store` keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Scored = tuple[float | None, bool]
"""The score of a sample, None where it has none, and whether it passed."""


def chosen_passes(samples: Sequence[Scored], k: int) -> float:
    """The chance that the best scored of ``k`` samples passes, over all choices of ``k`` of them.

    It is exact: the sample with ``r`` better ones is the best of k in C(n-r-1, k-1) of the C(n, k) choices.
    Of equal scores, each is as likely; a sample without a score comes after all that have one. Raises
    ``ValueError`` unless 1 <= k <= the number of samples, and for a score that is not a number.
    """
    return float(chosen_passes_for_each(samples, (k,))[0])


def chosen_passes_for_each(samples: Sequence[Scored], ks: tuple[int, ...]) -> NDArray[np.float64]:
    """The same for several k."""
    if any(score is not None and math.isnan(score) for score, _ in samples):
        raise ValueError("a score that is not a number has no rank")
    chances = _chances_to_be_best(len(samples), ks)
    by_rank: list[float] = []
    for _, group in groupby(sorted(samples, key=_rank), key=_rank):
        passed = [each_passed for _, each_passed in group]
        by_rank += [sum(passed) / len(passed)] * len(passed)
    chosen: NDArray[np.float64] = chances @ np.array(by_rank)
    return chosen


def _rank(sample: Scored) -> tuple[bool, float]:
    score = sample[0]
    return (True, 0.0) if score is None else (False, -score)


@lru_cache(maxsize=64)
def _chances_to_be_best(samples: int, ks: tuple[int, ...]) -> NDArray[np.float64]:
    """C(n-r-1, k-1) / C(n, k) for each k (rows) and r = 0, 1, ... (columns), each from the one before it."""
    chances = np.zeros((len(ks), samples))
    for row, k in enumerate(ks):
        if not 1 <= k <= samples:
            raise ValueError(f"no choice of {k} among {samples} samples")
        chance = k / samples
        for better in range(samples - k + 1):
            chances[row, better] = chance
            left = samples - better - 1
            chance *= (left - k + 1) / left if left else 0.0
    return chances
