"""pass@k among the samples that pass the examples."""

from __future__ import annotations

import pytest

from evaluation.filtered_pass_at_k import FilteredCounts, filtered_pass_at_k
from evaluation.pass_at_k import pass_at_k


def _samples(*groups: tuple[int, bool, bool]) -> FilteredCounts:
    return FilteredCounts.of((examples, passed) for count, examples, passed in groups for _ in range(count))


def test_only_samples_that_pass_the_examples_count() -> None:
    counts = _samples((990, False, False), (5, True, False), (5, True, True))
    assert counts == FilteredCounts(10, 5)
    assert filtered_pass_at_k(counts, 1) == pytest.approx(0.5)
    assert filtered_pass_at_k(counts, 3) == pytest.approx(pass_at_k(10, 5, 3))
    assert counts.kind(3) == "enough"


def test_without_survivors_a_task_scores_nothing() -> None:
    counts = _samples((1000, False, False))
    assert filtered_pass_at_k(counts, 5) == 0.0
    assert counts.kind(1) == "none"


@pytest.mark.parametrize(("passed", "expected"), [(0, 0.0), (1, 1.0)])
def test_fewer_survivors_than_k_are_all_taken(passed: int, expected: float) -> None:
    counts = FilteredCounts(3, passed)
    assert filtered_pass_at_k(counts, 100) == expected
    assert (counts.kind(3), counts.kind(4)) == ("enough", "fewer")


def test_a_k_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="not defined"):
        filtered_pass_at_k(FilteredCounts(3, 1), 0)
