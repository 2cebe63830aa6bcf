"""Running a submission on a problem's tests, in the sandbox, up to the first that it fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.endings import Ending
from sandbox.output_checks import CheckedOutput, OutputChecks
from sandbox.program_build import DoesNotCompile, ProgramSource
from sandbox.program_runs import ProgramLimits, ProgramRun, run_program
from scraping.answer_checkers import check_outputs
from scraping.judges.judge import Status
from scraping.problem import Problem, ProblemTest, Solution

_AT_ONCE = 16
_MEMORY_BYTES = 2 * 2**30
_LEAST_MEMORY_BYTES, _MOST_MEMORY_BYTES = 2**20, 16 * 2**30
_STATUS: dict[str, Status] = {
    "timeout": "time_limit_exceeded",
    "output_limit": "output_limit_exceeded",
    "out_of_memory": "memory_limit_exceeded",
    "infrastructure": "judge_error",
}


@dataclass(frozen=True)
class CaseRun:
    """What a submission did on one test. ``cpu_seconds`` is None where it did not run."""

    status: Status
    output: str = ""
    detail: str = ""
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class SubmissionRun:
    """What a submission did on the tests in turn; the last is the first that it failed, if any.

    ``status`` is the worst that was seen, ``compile_error`` with no case at all.
    """

    status: Status
    cases: list[CaseRun] = field(default_factory=list)
    detail: str = ""

    @property
    def slowest(self) -> float:
        """Processor time of the slowest test, in seconds."""
        return max((case.cpu_seconds for case in self.cases), default=0.0)


def run_submission(
    problem: Problem,
    solution: Solution,
    checks: OutputChecks,
    cpu_seconds: float,
    *,
    to_the_end: bool = False,
) -> SubmissionRun:
    """Run a submission on every test that has an answer, until one fails, or ``to_the_end``.

    Raises `sandbox.interface.SandboxUnavailable`, and `sandbox.program_build.CannotBuild` for a language
    that is not run here.
    """
    builder = checks.builder()
    try:
        program = builder.build(ProgramSource(solution.language, solution.files))
    except DoesNotCompile as error:
        return SubmissionRun("compile_error", detail=str(error))
    limits = ProgramLimits(cpu_seconds, _memory(problem))
    tests = judged_tests(problem)
    cases: list[CaseRun] = []
    for start in range(0, len(tests), _AT_ONCE):
        group = tests[start : start + _AT_ONCE]
        runs = [ProgramRun(test.input.encode(errors="surrogateescape")) for test in group]
        results = list(
            run_program(
                builder.backend, builder.interpreter, program, runs, limits, until_failure=not to_the_end
            )
        )
        good = [
            CheckedOutput(test.input, test.output or "", result.output)
            for test, result in zip(group, results, strict=False)
            if result.ok
        ]
        said = iter(check_outputs(problem.checker, good, checks))
        for result in results:
            text = result.output.decode(errors="replace")
            seconds = result.ending.cpu_seconds
            if not result.ok:
                cases.append(CaseRun(_status(result.ending), text, result.ending.describe(), seconds))
            else:
                check = next(said)
                status: Status = "accepted" if check.accepted else "wrong_answer"
                cases.append(
                    CaseRun("judge_error" if check.accepted is None else status, text, check.detail, seconds)
                )
            if cases[-1].status != "accepted" and not to_the_end:
                return SubmissionRun(cases[-1].status, cases, cases[-1].detail)
    failed = next((case for case in cases if case.status != "accepted"), None)
    if failed:
        return SubmissionRun(failed.status, cases, failed.detail)
    return SubmissionRun("accepted", cases)


def _memory(problem: Problem) -> int:
    """What the package allows, within what a machine has; packages may say anything."""
    declared = problem.limits.memory_bytes or _MEMORY_BYTES
    return min(max(declared, _LEAST_MEMORY_BYTES), _MOST_MEMORY_BYTES)


def judged_tests(problem: Problem) -> list[ProblemTest]:
    """The tests that a submission is run on, in their order: those with an answer that is not cut."""
    return [test for test in problem.tests if test.output is not None and not test.truncated]


def _status(ending: Ending) -> Status:
    return _STATUS.get(ending.kind, "run_time_error")
