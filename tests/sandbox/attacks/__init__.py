"""Hostile sample programs, by family, with the verdicts that are fit for each on every backend."""

from __future__ import annotations

from tests.sandbox.attacks import (
    debuggers,
    exits,
    files,
    forged_equality,
    forged_lines,
    forged_results,
    kernel,
    leftovers,
    memory,
    network,
    output,
    processes,
    programs,
    result_descriptors,
    right_answers,
    right_with_resources,
    second_look,
    slowness,
    stolen_answers,
)
from tests.sandbox.attacks.attack import CANARY, Attack, Family

ATTACKS: tuple[Attack, ...] = (
    *forged_equality.ATTACKS,
    *exits.ATTACKS,
    *forged_results.ATTACKS,
    *stolen_answers.ATTACKS,
    *result_descriptors.ATTACKS,
    *forged_lines.ATTACKS,
    *slowness.ATTACKS,
    *memory.ATTACKS,
    *processes.ATTACKS,
    *programs.ATTACKS,
    *files.ATTACKS,
    *leftovers.ATTACKS,
    *network.ATTACKS,
    *output.ATTACKS,
    *debuggers.ATTACKS,
    *kernel.ATTACKS,
    *right_answers.ATTACKS,
    *right_with_resources.ATTACKS,
    *second_look.ATTACKS,
)

__all__ = ["ATTACKS", "CANARY", "Attack", "Family"]
