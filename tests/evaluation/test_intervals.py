"""Bootstrap intervals over tasks."""

from __future__ import annotations

import random

import pytest

from evaluation.intervals import Resamples


def test_they_hold_the_true_mean_about_as_often_as_they_say() -> None:
    draw = random.Random(3)
    resamples = Resamples(80, count=400)
    held = 0
    for _ in range(200):
        found = resamples.mean([float(draw.random() < 0.3) for _ in range(80)])
        held += found.low <= 0.3 <= found.high
    assert 0.88 < held / 200 < 0.99


def test_they_are_the_same_for_the_same_seed_and_of_no_width_for_equal_tasks() -> None:
    values = [0.0, 0.25, 1.0, 0.5]
    assert Resamples(4, seed=5).mean(values) == Resamples(4, seed=5).mean(values)
    constant = Resamples(4).mean([0.25] * 4)
    assert (constant.low, constant.value, constant.high, constant.tasks) == (0.25, 0.25, 0.25, 4)


def test_a_paired_difference_is_narrower_than_the_means_where_tasks_differ_much() -> None:
    base = [i / 50 for i in range(50)]
    better = [value + 0.05 for value in base]
    resamples = Resamples(50)
    difference = resamples.mean([b - a for a, b in zip(base, better, strict=True)])
    assert 0.049 < difference.low <= difference.high < 0.051
    assert resamples.mean(better).low < resamples.mean(base).high


def test_the_best_setting_is_chosen_anew_in_each_resample() -> None:
    # each alone has the mean 0.5; what is best among them by chance is higher
    settings = [[1.0, 0.0] * 10, [0.0, 1.0] * 10]
    best = Resamples(20).best(settings)
    assert (best.setting, best.estimate.value) == (0, 0.5)
    assert best.estimate.low >= 0.5
    assert Resamples(20).mean(settings[0]).low < 0.4


def test_no_tasks_and_the_wrong_number_of_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no tasks"):
        Resamples(0)
    with pytest.raises(ValueError, match="2 values for 3 tasks"):
        Resamples(3).mean([1.0, 2.0])
