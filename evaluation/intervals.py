"""Bootstrap intervals of means over tasks: the tasks are drawn anew, the samples of each stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean over tasks and its interval, by percentiles of the bootstrap; ``tasks`` is how many."""

    value: float
    low: float
    high: float
    tasks: int


@dataclass(frozen=True)
class BestOf:
    """The best of several settings, by its mean, with which of them it is.

    The choice is made anew in each resample, so the interval holds what choosing on these tasks does to it.
    """

    setting: int
    estimate: Estimate


class Resamples:
    """How often each of ``tasks`` tasks is in each of the resamples; the same for the same ``seed``.

    Means of different things over one set of resamples are paired. Raises ``ValueError`` for no tasks.
    """

    def __init__(self, tasks: int, count: int = RESAMPLES, seed: int = 0, level: float = LEVEL) -> None:
        if tasks < 1:
            raise ValueError("there is no interval over no tasks")
        generator = np.random.default_rng(seed)
        self._counts = generator.multinomial(tasks, np.full(tasks, 1 / tasks), size=count).astype(float)
        self._tails = (50 * (1 - level), 50 * (1 + level))
        self.tasks = tasks

    def mean(self, values: Sequence[float] | NDArray[np.float64]) -> Estimate:
        """The mean of one value per task. That of differences is the paired difference of two means."""
        column = np.asarray(values, dtype=float)
        return self._estimate(float(column.mean()), self._means(column[:, None])[:, 0])

    def best(self, settings: Sequence[Sequence[float]]) -> BestOf:
        """The best mean of several settings, each with one value per task; the first of equals."""
        columns = np.asarray(settings, dtype=float).T
        means = columns.mean(axis=0)
        chosen = int(means.argmax())
        return BestOf(chosen, self._estimate(float(means[chosen]), self._means(columns).max(axis=1)))

    def difference_of_bests(
        self, ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
    ) -> Estimate:
        """How much higher our best mean is than theirs, over the same resamples."""
        mine, others = (np.asarray(settings, dtype=float).T for settings in (ours, theirs))
        value = float(mine.mean(axis=0).max() - others.mean(axis=0).max())
        return self._estimate(value, self._means(mine).max(axis=1) - self._means(others).max(axis=1))

    def _means(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        if len(columns) != self.tasks:
            raise ValueError(f"{len(columns)} values for {self.tasks} tasks")
        sums: NDArray[np.float64] = self._counts @ columns
        return sums / self.tasks

    def _estimate(self, value: float, means: NDArray[np.float64]) -> Estimate:
        low, high = np.percentile(means, self._tails)
        return Estimate(value, float(low), float(high), self.tasks)
