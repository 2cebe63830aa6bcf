"""Verdicts, decided on the trusted side by comparing encoded outcomes with recorded ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from sandbox.endings import Ending, printable
from sandbox.inside.sample import OUT_OF_MEMORY
from sandbox.output_checks import CheckedOutput, OutputChecks
from sandbox.output_comparison import output_difference
from sandbox.samples import CallOutcome, CheckReport, SampleRun
from tasks.equality import first_difference
from tasks.record import OutputChecker, StdioTest, Task, TestCase

REFUSED = "the checker refuses it"


class Verdict(StrEnum):
    """What is said of a sample. ``INFRASTRUCTURE`` faults never count against it."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason, and for each case why it did not hold (None where it did).

    ``integrity`` is ``low`` where the sample shared a process with the text that judged it. ``only_slow``
    says of a time-out that nothing failed that was reached in time.
    """

    verdict: Verdict
    detail: str = ""
    differences: list[str | None] = field(default_factory=list)
    integrity: Literal["high", "low"] = "high"
    only_slow: bool = False


def judge(cases: list[TestCase], run: SampleRun) -> Judgement:
    """Compare a run's outcomes with the recorded ones, case by case."""
    if not cases:
        return Judgement(Verdict.INFRASTRUCTURE, "there are no cases to compare")
    unreached = f"not reached: {run.program_error or run.ending.describe()}"
    differences: list[str | None] = [
        outcome_difference(case, run.outcomes[index]) if index < len(run.outcomes) else unreached
        for index, case in enumerate(cases)
    ]
    broken = _broken(run)
    if broken:
        return Judgement(*broken, differences)
    if len(run.outcomes) < len(cases) or run.ending.kind != "exited":
        verdict = _VERDICTS.get(run.ending.kind, Verdict.CRASHED)
        return Judgement(verdict, unreached, differences, only_slow=_only_slow(run, differences))
    wrong = [index for index, difference in enumerate(differences) if difference]
    if not wrong:
        return Judgement(Verdict.PASSED, "", differences)
    verdict = _wrong_verdict(cases[wrong[0]], run.outcomes[wrong[0]])
    return Judgement(verdict, f"case {wrong[0]}: {differences[wrong[0]]}", differences)


def judge_checked(
    cases: list[TestCase], run: SampleRun, checker: OutputChecker, checks: OutputChecks | None
) -> Judgement:
    """Ask the checker about every text that was returned, unless it is the answer that the case has.

    A checker that fails is an infrastructure fault, unless another case tells that the program is wrong.
    """
    exact = judge(cases, run)
    if exact.verdict in (Verdict.PASSED, Verdict.INFRASTRUCTURE) or len(exact.differences) < len(cases):
        return exact
    asked = {
        index: CheckedOutput(case.arguments[0], case.expected.value, outcome.value.encode(errors="replace"))
        for index, (case, outcome) in enumerate(zip(cases, run.outcomes, strict=False))
        if exact.differences[index] and _is_text_for_text(case, outcome)
    }
    if checks is None and asked:
        return Judgement(Verdict.INFRASTRUCTURE, "there is nothing that runs this task's checker")
    said = checks.check(checker, list(asked.values())) if checks else []
    differences = list(exact.differences)
    failures = []
    for index, result in zip(asked, said, strict=True):
        detail = f": {printable(result.detail)}" if result.detail else ""
        differences[index] = None if result.accepted else f"{REFUSED}{detail}"
        if result.accepted is None:
            differences[index] = printable(result.detail)
            failures.append(index)
    wrong = [index for index, difference in enumerate(differences) if difference and index not in failures]
    if not wrong and failures:
        return Judgement(
            Verdict.INFRASTRUCTURE, f"case {failures[0]}: {differences[failures[0]]}", differences
        )
    if not wrong:
        return Judgement(Verdict.PASSED, "", differences)
    if len(run.outcomes) < len(cases) or run.ending.kind != "exited":
        return replace(exact, differences=differences, only_slow=_only_slow(run, differences))
    verdict = _wrong_verdict(cases[wrong[0]], run.outcomes[wrong[0]])
    return Judgement(verdict, f"case {wrong[0]}: {differences[wrong[0]]}", differences)


def _is_text_for_text(case: TestCase, outcome: CallOutcome) -> bool:
    """Whether the case gives a text and has an answer, and the call returned a text too."""
    texts = [*case.arguments, case.expected.value, outcome.value]
    return outcome.kind == "returned" and len(texts) == 3 and all(isinstance(text, str) for text in texts)


def judge_check(run: SampleRun, *, low_integrity: bool = False) -> Judgement:
    """Judge a run in which ``check`` text decided, elsewhere (`proxy`) or beside the sample."""
    integrity: Literal["high", "low"] = "low" if low_integrity else "high"
    broken = _broken(run)
    if broken:
        return Judgement(*broken, integrity=integrity)
    report = run.check
    if report is None:
        verdict = _VERDICTS.get(run.ending.kind, Verdict.CRASHED)
        slow = verdict is Verdict.TIMEOUT
        return Judgement(verdict, run.ending.describe(), integrity=integrity, only_slow=slow)
    if report.kind == "check_passed":
        return Judgement(Verdict.PASSED, integrity=integrity)
    if report.kind == "check_unusable":
        detail = f"the check itself cannot be executed: {report.detail}"
        return Judgement(Verdict.INFRASTRUCTURE, detail, integrity=integrity)
    if report.kind == "not_crossable":
        detail = f"this check needs the mode in_process: {report.detail}"
        return Judgement(Verdict.INFRASTRUCTURE, detail, integrity=integrity)
    if report.kind == "candidate_ended":
        verdict = _VERDICTS.get(run.ending.kind, Verdict.CRASHED)
        detail = f"{run.ending.describe()}, {report.detail}"
        return Judgement(verdict, detail, integrity=integrity, only_slow=verdict is Verdict.TIMEOUT)
    return Judgement(_check_verdict(report), _check_detail(report), integrity=integrity)


def judge_outputs(tests: list[StdioTest], run: SampleRun) -> Judgement:
    """Compare what a whole program wrote on each input with what was expected."""
    if not tests:
        return Judgement(Verdict.INFRASTRUCTURE, "there are no cases to compare")
    if run.ending.kind == "infrastructure":
        return Judgement(Verdict.INFRASTRUCTURE, run.ending.describe())
    differences: list[str | None] = []
    verdicts = []
    for test, (ending, output) in zip(tests, run.outputs, strict=False):
        verdict, difference = _output_verdict(test, ending, output)
        verdicts.append(verdict)
        differences.append(difference)
    differences += ["not reached"] * (len(tests) - len(differences))
    wrong = next((index for index, difference in enumerate(differences) if difference), None)
    if wrong is None:
        return Judgement(Verdict.PASSED, "", differences)
    unlike = [verdict for verdict in verdicts if verdict is not Verdict.PASSED]
    return Judgement(
        unlike[0] if unlike else Verdict.PASSED,
        f"input {wrong}: {differences[wrong]}",
        differences,
        only_slow=set(unlike) == {Verdict.TIMEOUT},
    )


def judge_task(task: Task, run: SampleRun, mode: str, checks: OutputChecks | None = None) -> Judgement:
    """Judge a run of a task's sample in the mode that it was run in; ``checks`` runs its checker, if any."""
    if mode == "values":
        if task.checker is not None:
            return judge_checked(task.tests, run, task.checker, checks)
        return judge(task.tests, run)
    if mode == "stdio":
        return judge_outputs(task.stdio_tests, run)
    return judge_check(run, low_integrity=mode == "in_process")


_VERDICTS = {
    "timeout": Verdict.TIMEOUT,
    "out_of_memory": Verdict.OUT_OF_MEMORY,
    "output_limit": Verdict.OUTPUT_LIMIT,
    "infrastructure": Verdict.INFRASTRUCTURE,
}
_MEMORY_ERROR = "builtins:MemoryError"


def _broken(run: SampleRun) -> tuple[Verdict, str] | None:
    """The verdict where there is nothing to compare."""
    if run.ending.kind == "infrastructure":
        return Verdict.INFRASTRUCTURE, run.ending.describe()
    if run.program_error is not None:
        memory = run.program_error.startswith("MemoryError")
        return Verdict.OUT_OF_MEMORY if memory else Verdict.ERROR, run.program_error
    return None


def _only_slow(run: SampleRun, differences: list[str | None]) -> bool:
    return run.ending.kind == "timeout" and not any(differences[: len(run.outcomes)])


def _wrong_verdict(case: TestCase, outcome: CallOutcome) -> Verdict:
    if outcome.kind != "raised" or case.expected.kind == "raised":
        return Verdict.FAILED
    return Verdict.OUT_OF_MEMORY if outcome.exception == _MEMORY_ERROR else Verdict.ERROR


def _check_verdict(report: CheckReport) -> Verdict:
    if report.exception == _MEMORY_ERROR:
        return Verdict.OUT_OF_MEMORY
    return Verdict.FAILED if report.exception in (None, "builtins:AssertionError") else Verdict.ERROR


def _check_detail(report: CheckReport) -> str:
    line = f"line {report.line} of the check: " if report.line else ""
    return line + report.detail


def _output_verdict(test: StdioTest, ending: Ending, output: bytes) -> tuple[Verdict, str | None]:
    if ending.kind != "exited":
        return _VERDICTS.get(ending.kind, Verdict.CRASHED), ending.describe()
    if ending.code:
        verdict = Verdict.OUT_OF_MEMORY if ending.code == OUT_OF_MEMORY else Verdict.ERROR
        return verdict, ending.describe()
    difference = output_difference(test, output)
    return (Verdict.FAILED, printable(difference)) if difference else (Verdict.PASSED, None)


def outcome_difference(case: TestCase, outcome: CallOutcome) -> str | None:
    """Why an outcome is not the expected one, or None where it is.

    Arguments that the call changed are compared where the recorded call changed them too.
    """
    difference = _difference(case, outcome)
    return None if difference is None else printable(difference)


def kind_of_difference(case: TestCase, outcome: CallOutcome) -> str | None:
    """The same without any value, for records that must hold none."""
    if _difference(case, outcome) is None:
        return None
    expected = case.expected
    raised = f" {outcome.exception}" if outcome.exception else ""
    if outcome.kind != expected.kind or expected.kind == "raised":
        name = f" {expected.exception}" if expected.exception else ""
        kind = outcome.kind.replace("_", " ")
        return printable(f"expected that it {expected.kind}{name}, but it {kind}{raised}")
    if expected.kind == "returned" and first_difference(expected.value, outcome.value, case.comparator):
        return "another value"
    if expected.kind == "yielded" and _yields_difference(case, outcome):
        return "other values"
    return "other arguments afterwards"


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
            case.comparator.inside,
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
