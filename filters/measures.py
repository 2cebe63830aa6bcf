"""What can be measured of a task, by name, in stages in the order of their cost."""

from __future__ import annotations

from typing import Any, Literal, get_args

from filters.docstring_quality import docstring_faults
from filters.task_size import task_size
from tasks.record import Contamination, Duplicate, Evidence, Task, TestStrength

Stage = Literal["text", "duplicates", "contamination", "stability", "strength", "samples"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""Cheapest first. A task that one of them rejects is not measured by those after it, unless that is asked."""

Kind = Literal["number", "text", "truth value", "list", "licence"]

MEASURES: dict[str, Kind] = {
    "text.documented": "truth value",
    "text.docstring_generated": "truth value",
    "text.docstring_faults": "list",
    "text.licence": "licence",
    "text.prompt_characters": "number",
    "text.solution_characters": "number",
    "text.solution_lines": "number",
    "text.decisions": "number",
    "text.test_characters": "number",
    "text.tests": "number",
    "text.needs_project": "truth value",
    "duplicates.kind": "text",
    "duplicates.similarity": "number",
    "contamination.layers": "list",
    "contamination.benchmarks": "list",
    "stability.axes": "list",
    "strength.reference_passes": "truth value",
    "strength.mutants": "number",
    "strength.mutation_score": "number",
    "strength.mutation_score_before": "number",
    "strength.branch_coverage": "number",
    "strength.trivial_passed": "list",
    "strength.tests_added": "number",
    "samples.decision": "text",
    "samples.reason": "text",
    "samples.drawn": "number",
    "samples.judged": "number",
    "samples.passed": "number",
    "samples.first_pass": "number",
    "samples.pass_rate": "number",
    "samples.pass_rate_low": "number",
    "samples.pass_rate_high": "number",
    "samples.logprob_mean": "number",
    "samples.unstable_axes": "list",
    "samples.diagnosis": "text",
}
"""The names of all measures; a name begins with its stage."""


def stage_of(measure: str) -> Stage:
    """The stage that makes a measure; raises `ValueError` for what is none."""
    stage = measure.partition(".")[0]
    return STAGES[STAGES.index(stage)]


def text_measures(task: Task) -> dict[str, Any]:
    """What a task's text says by itself. A whole program's statement is its prompt, which no docstring is."""
    faults = _faults(task)
    size = task_size(task)
    return {
        "text.documented": "missing" not in faults,
        "text.docstring_generated": task.provenance.generated_docstring is not None,
        "text.docstring_faults": faults,
        "text.licence": task.provenance.license or None,
        "text.prompt_characters": size.prompt_characters,
        "text.solution_characters": size.solution_characters,
        "text.solution_lines": size.solution_lines,
        "text.decisions": size.decisions,
        "text.test_characters": size.test_characters,
        "text.tests": len(task.tests) or len(task.stdio_tests) or int(task.check is not None),
        "text.needs_project": task.environment is not None,
    }


def text_evidence(task: Task) -> dict[str, Any]:
    """The columns of the record that hold the same."""
    faults = _faults(task)
    return {"documented": "missing" not in faults, "docstring_faults": faults, "size": task_size(task)}


def _faults(task: Task) -> list[str]:
    if task.stdio_tests:
        return [] if task.prompt.strip() else ["missing"]
    return docstring_faults(task)


def duplicate_measures(duplicate: Duplicate | None) -> dict[str, Any]:
    """Kind ``none`` is a task's that repeats no other."""
    if duplicate is None:
        return {"duplicates.kind": "none"}
    return {"duplicates.kind": duplicate.kind, "duplicates.similarity": duplicate.similarity}


def contamination_measures(found: list[Contamination]) -> dict[str, Any]:
    """By which layers a task is like one of a benchmark, and of which."""
    return {
        "contamination.layers": sorted({entry.layer for entry in found}),
        "contamination.benchmarks": sorted({entry.benchmark for entry in found}),
    }


def strength_measures(before: TestStrength | None, after: TestStrength | None, added: int) -> dict[str, Any]:
    """How much the tests tell, with those that were added."""
    if after is None:
        return {"strength.reference_passes": False}
    measures = {
        "strength.reference_passes": True,
        "strength.mutants": after.mutants,
        "strength.mutation_score": after.mutation_score,
        "strength.mutation_score_before": before.mutation_score if before else None,
        "strength.branch_coverage": after.branch_coverage,
        "strength.trivial_passed": after.trivial_passed,
        "strength.tests_added": added,
    }
    return {name: value for name, value in measures.items() if value is not None}


def evidence_is_measured(evidence: Evidence, tests: int) -> bool:
    """Whether the strength that stands in a record is that of as many tests as the task has now."""
    strength = evidence.strength
    return strength is not None and sum(strength.cases.values()) == tests
