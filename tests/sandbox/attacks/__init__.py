"""Hostile sample programs, by family, with the verdicts that are fit for each on every backend."""

from __future__ import annotations

from tests.sandbox.attacks import (
    debuggers,
    exits,
    files,
    forged_equality,
    forged_results,
    memory,
    output,
    processes,
    result_descriptors,
    right_answers,
    slowness,
)
from tests.sandbox.attacks.attack import CANARY, Attack, Family

ATTACKS: tuple[Attack, ...] = (
    *forged_equality.ATTACKS,
    *exits.ATTACKS,
    *forged_results.ATTACKS,
    *result_descriptors.ATTACKS,
    *slowness.ATTACKS,
    *memory.ATTACKS,
    *processes.ATTACKS,
    *files.ATTACKS,
    *output.ATTACKS,
    *debuggers.ATTACKS,
    *right_answers.ATTACKS,
)

__all__ = ["ATTACKS", "CANARY", "Attack", "Family"]
