"""Verdicts, decided on the trusted side by comparing encoded outcomes with recorded ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sandbox.samples import CallOutcome, SampleRun, printable
from tasks.equality import first_difference
from tasks.record import TestCase


class Verdict(StrEnum):
    """What is said of a sample. ``INFRASTRUCTURE`` faults never count against it."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    OUTPUT_LIMIT = "output_limit"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason, and for each case why it did not hold (None where it did)."""

    verdict: Verdict
    detail: str
    differences: list[str | None]


def judge(cases: list[TestCase], run: SampleRun) -> Judgement:
    """Compare a run's outcomes with the recorded ones, case by case."""
    if not cases:
        return Judgement(Verdict.INFRASTRUCTURE, "there are no cases to compare", [])
    unreached = f"not reached: {run.program_error or run.ending.describe()}"
    differences: list[str | None] = [
        outcome_difference(case, run.outcomes[index]) if index < len(run.outcomes) else unreached
        for index, case in enumerate(cases)
    ]
    if not run.started:
        return Judgement(
            Verdict.INFRASTRUCTURE, f"the worker did not start: {run.ending.describe()}", differences
        )
    if run.program_error is not None:
        return Judgement(Verdict.ERROR, run.program_error, differences)
    if len(run.outcomes) < len(cases):
        return Judgement(_early_ending(run), unreached, differences)
    first = next((difference for difference in differences if difference), None)
    if first is None:
        return Judgement(Verdict.PASSED, "", differences)
    return Judgement(Verdict.FAILED, first, differences)


def outcome_difference(case: TestCase, outcome: CallOutcome) -> str | None:
    """Why an outcome is not the expected one, or None where it is.

    Arguments that the call changed are compared where the recorded call changed them too.
    """
    difference = _difference(case, outcome)
    return None if difference is None else printable(difference)


def _difference(case: TestCase, outcome: CallOutcome) -> str | None:
    expected = case.expected
    if outcome.kind != expected.kind:
        detail = f" ({outcome.detail})" if outcome.detail else ""
        return f"expected that it {expected.kind}, but it {outcome.kind.replace('_', ' ')}{detail}"
    if expected.kind == "raised":
        if expected.exception != outcome.exception:
            return f"expected {expected.exception}, got {outcome.exception}"
    elif expected.kind == "yielded":
        difference = _yields_difference(case, outcome)
        if difference:
            return difference
    else:
        difference = first_difference(expected.value, outcome.value, case.comparator)
        if difference:
            return difference
    if expected.arguments_after is not None and expected.exhausted:
        return first_difference(
            expected.arguments_after,
            case.arguments if outcome.arguments_after is None else outcome.arguments_after,
            case.comparator,
            "arguments afterwards",
        )
    return None


def _yields_difference(case: TestCase, outcome: CallOutcome) -> str | None:
    """A generator that was not followed to its end is compared as far as it was."""
    expected, actual = case.expected, outcome.value
    if not isinstance(actual, list):
        return "expected yielded values"
    if not expected.exhausted:
        return first_difference(expected.value, actual[: len(expected.value)], case.comparator)
    if not outcome.exhausted:
        return f"expected {len(expected.value)} values, got more than {len(actual)}"
    return first_difference(expected.value, actual, case.comparator)


def _early_ending(run: SampleRun) -> Verdict:
    ending = run.ending.ending
    if ending == "timeout":
        return Verdict.TIMEOUT
    if ending == "output_limit":
        return Verdict.OUTPUT_LIMIT
    if ending == "signalled":
        # RLIMIT_CPU ends a process by SIGXCPU, or by SIGKILL where that is ignored
        return Verdict.TIMEOUT if run.ending.signal == 24 else Verdict.CRASHED
    return Verdict.CRASHED
