"""How surely a pass rate is known after some samples."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_interval(passed: int, samples: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval for a share (Wilson 1927): it holds for few samples too, and for shares of 0 and 1.

    Raises `ValueError` unless 0 <= passed <= samples and 0 < confidence < 1. Without samples it is (0, 1).
    """
    if not 0 <= passed <= samples or not 0 < confidence < 1:
        raise ValueError(f"no interval for {passed} of {samples} at {confidence}")
    if not samples:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = passed / samples
    center = (share + z * z / (2 * samples)) / (1 + z * z / samples)
    spread = z / (1 + z * z / samples)
    spread *= math.sqrt(share * (1 - share) / samples + z * z / (4 * samples * samples))
    return max(0.0, center - spread), min(1.0, center + spread)
