"""pass@k among the samples that pass a statement's examples (Chen et al. 2021, §3.5, on APPS)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.pass_at_k import pass_at_k


@dataclass(frozen=True)
class FilteredCounts:
    """Of a task's samples: how many pass the examples, and how many of those pass all tests."""

    survivors: int
    passed: int

    @classmethod
    def of(cls, samples: Iterable[tuple[bool, bool]]) -> FilteredCounts:
        """Counted from pairs of whether a sample passes the examples, and whether it passes all tests."""
        kept = [passed for examples, passed in samples if examples]
        return cls(len(kept), sum(kept))

    def kind(self, k: int) -> str:
        """``none``, ``fewer`` or ``enough`` survivors for ``k``."""
        return "none" if not self.survivors else "fewer" if self.survivors < k else "enough"


def filtered_pass_at_k(counts: FilteredCounts, k: int) -> float:
    """pass@k with the survivors as the samples.

    The paper leaves open what too few survivors mean: none score 0, and of fewer than ``k`` all are taken,
    so that one that passes is enough. Raises ``ValueError`` for k < 1.
    """
    if k < 1:
        raise ValueError(f"filtered pass@{k} is not defined")
    if not counts.survivors:
        return 0.0
    return pass_at_k(counts.survivors, counts.passed, min(k, counts.survivors))
