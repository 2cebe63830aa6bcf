"""The unbiased estimator of pass@k (Chen et al. 2021, §2.1, equation 1)."""

from __future__ import annotations

import math
from collections.abc import Mapping


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """The chance that at least one of ``k`` samples passes, estimated from ``passed`` of ``samples``.

    It is 1 - C(n-c, k) / C(n, k), as a product that stays exact for large n. Raises ``ValueError``
    unless 0 <= passed <= samples and 1 <= k <= samples.
    """
    if not 0 <= passed <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} is not defined for {passed} passed of {samples} samples")
    if samples - passed < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / n for n in range(samples - passed + 1, samples + 1))


def mean_pass_at_k(counts: Mapping[str, tuple[int, int]], k: int) -> float | None:
    """The mean over tasks of samples drawn and passed; None where a task has fewer than k samples."""
    if not counts or any(samples < k for samples, _ in counts.values()):
        return None
    return math.fsum(pass_at_k(samples, passed, k) for samples, passed in counts.values()) / len(counts)
