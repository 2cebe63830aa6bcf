"""Rankings of a run's samples, as curves against the number of samples to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.intervals import Estimate, Resamples
from evaluation.judged_samples import JudgedSample, SampleSet
from evaluation.ranking import chosen_passes_for_each

RANDOM, ORACLE = "random", "oracle"
MEAN, SUM = "mean log-probability", "sum of log-probabilities"
_GAIN_UP_TO = 100

Score = Callable[[JudgedSample], float | None]


@dataclass(frozen=True)
class RankingCurve:
    """The chance that the sample chosen among k passes.

    ``gain`` is what it has over a random choice, as the mean over k = 1, 2, ... up to ``gain_up_to``, 100 or
    the number of samples (Chen et al. 2021, §4.5). ``unscored`` samples had no score and came last.
    """

    score: str
    temperature: float | None
    points: dict[int, Estimate]
    gain: Estimate
    gain_up_to: int
    unscored: int


def ranking_curves(drawn: SampleSet, ks: Sequence[int], seed: int = 0) -> list[RankingCurve]:
    """A curve for each score that the samples have, with random choice below and an oracle above them."""
    everything = [each for samples in drawn.files for task in drawn.tasks for each in samples[task]]
    scores: dict[str, Score] = {
        ORACLE: lambda each: float(bool(each.passed)),
        MEAN: lambda each: each.logprob_mean,
        SUM: lambda each: each.logprob_sum,
        **{name: _named(name) for name in sorted({name for each in everything for name in each.scores})},
        RANDOM: lambda _: 0.0,
    }
    up_to = min(_GAIN_UP_TO, drawn.smallest)
    all_ks = tuple(sorted({*ks, *range(1, up_to + 1)}))
    resamples = Resamples(len(drawn.tasks), seed=seed)
    at_random = _table(drawn, scores[RANDOM], all_ks)
    curves = []
    for name, score in scores.items():
        unscored = sum(score(each) is None for each in everything)
        if unscored == len(everything):
            continue
        table = _table(drawn, score, all_ks)
        gains = (table - at_random)[:, [all_ks.index(k) for k in range(1, up_to + 1)]].mean(axis=1)
        points = {k: resamples.mean(table[:, all_ks.index(k)]) for k in ks}
        gain = resamples.mean(gains)
        curves.append(RankingCurve(name, drawn.temperature, points, gain, up_to, unscored))
    return curves


def _named(name: str) -> Score:
    return lambda each: each.scores.get(name)


def _table(drawn: SampleSet, score: Score, ks: tuple[int, ...]) -> NDArray[np.float64]:
    """Tasks by k, as the mean over the files."""
    files = [
        [
            chosen_passes_for_each([(score(each), bool(each.passed)) for each in samples[task]], ks)
            for task in drawn.tasks
        ]
        for samples in drawn.files
    ]
    means: NDArray[np.float64] = np.array(files).mean(axis=0)
    return means
