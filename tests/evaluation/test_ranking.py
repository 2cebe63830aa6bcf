"""Choosing one of k samples by a score, against the count of all choices."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest

from evaluation.pass_at_k import pass_at_k
from evaluation.ranking import Scored, chosen_passes


def _counted(samples: Sequence[Scored], k: int) -> float:
    """Each choice of k samples looked at: the share of passed ones among its best."""
    total = 0.0
    choices = list(itertools.combinations(samples, k))
    for choice in choices:
        values = [-math.inf if score is None else score for score, _ in choice]
        best = [passed for value, (_, passed) in zip(values, choice, strict=True) if value == max(values)]
        total += sum(best) / len(best)
    return total / len(choices)


@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_share_over_all_choices_with_ties_and_missing_scores(seed: int) -> None:
    draw = random.Random(seed)
    size = draw.randint(1, 8)
    samples: list[Scored] = [
        (draw.choice([None, -3.0, -1.5, -1.0, -0.5, 0.0]), draw.random() < 0.5) for _ in range(size)
    ]
    for k in range(1, size + 1):
        assert math.isclose(chosen_passes(samples, k), _counted(samples, k), abs_tol=1e-12)


def test_scores_that_are_all_equal_choose_at_random_and_an_oracle_as_pass_at_k() -> None:
    passed = [True] * 7 + [False] * 93
    for k in (1, 10, 50, 100):
        assert math.isclose(chosen_passes([(0.5, each) for each in passed], k), 0.07)
        oracle = chosen_passes([(float(each), each) for each in passed], k)
        assert math.isclose(oracle, pass_at_k(100, 7, k), abs_tol=1e-9)


def test_what_cannot_be_ranked_is_refused() -> None:
    for k in (0, 3):
        with pytest.raises(ValueError, match="no choice"):
            chosen_passes([(1.0, True), (2.0, False)], k)
    with pytest.raises(ValueError, match="not a number"):
        chosen_passes([(math.nan, True), (2.0, False)], 1)
