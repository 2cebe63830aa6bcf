"""Running programs and functions in the sandbox, to see whether both give the same answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.output_checks import CheckedOutput, OutputChecks
from sandbox.sample_jobs import SampleLimits, stdio_job, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import REFUSED, Judgement, Verdict, judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from scraping.answer_checkers import check_outputs
from scraping.problem import AnswerChecker, Problem, ProblemTest
from tasks.record import Provenance, StdioTest, Task, TestCase

_SECONDS_UNTOLD = 5.0
_TIMES_SLOWER = 4
"""Limits are often told with compiled languages in mind."""

_MAX_SECONDS = 300


@dataclass(frozen=True)
class Runner:
    """Runs a problem's programs, with the time that the problem gives them."""

    pool: WorkerPool
    seconds: float = _SECONDS_UNTOLD
    memory_bytes: int = 2**30

    @staticmethod
    def of(problem: Problem, pool: WorkerPool) -> Runner:
        """With a problem's own limits, where it has any."""
        limits = problem.limits
        memory = max(limits.memory_bytes or 0, 2**29) if limits.memory_bytes else 2**30
        return Runner(pool, limits.time_seconds or _SECONDS_UNTOLD, min(memory, 2**31))

    def outputs(self, program: str, inputs: list[str]) -> list[str] | str:
        """What a program prints for each input, or why it does not."""
        limits = self._limits(1)
        task = _task("", [], [StdioTest(text, "") for text in inputs])
        run = self._run(program, stdio_job(task, limits), limits)
        found: list[str] = []
        for ending, output in run.outputs:
            if ending.kind != "exited" or ending.code:
                return f"input {len(found)}: {ending.describe()}"
            text = _text(output)
            if text is None:
                return f"input {len(found)}: the output is not UTF-8"
            found.append(text)
        return found if len(found) == len(inputs) else run.ending.describe()

    def answers(self, program: str, inputs: list[str]) -> list[str | None]:
        """What a program prints for each input, None where it fails, also after too much time in all."""
        task = _task("", [], [StdioTest(text, "") for text in inputs])
        limits = self._limits(1)
        run = self._run(program, stdio_job(task, limits), limits)
        found = [
            _text(output) if ending.kind == "exited" and not ending.code else None
            for ending, output in run.outputs
        ]
        return [*found, *[None] * (len(inputs) - len(found))][: len(inputs)]

    def results(self, module: str, entry_point: str, cases: list[TestCase]) -> list[object]:
        """What a function returns in each case, encoded, None where it does not."""
        limits = self._limits(len(cases))
        run = self._run(module, values_job(_task(entry_point, cases, []), limits), limits)
        found = [outcome.value if outcome.kind == "returned" else None for outcome in run.outcomes]
        return [*found, *[None] * (len(cases) - len(found))]

    def judged(self, module: str, entry_point: str, cases: list[TestCase]) -> Judgement:
        """Whether a function has the expected outcomes."""
        limits = self._limits(len(cases))
        run = self._run(module, values_job(_task(entry_point, cases, []), limits), limits)
        return judge(cases, run)

    def _limits(self, calls: int) -> SampleLimits:
        seconds = int(min(_MAX_SECONDS, max(1.0, self.seconds) * _TIMES_SLOWER * max(1, calls)))
        return SampleLimits(
            cpu_seconds=seconds, wall_seconds=max(60.0, 3.0 * seconds), memory_bytes=self.memory_bytes
        )

    def _run(self, program: str, job: object, limits: SampleLimits) -> SampleRun:
        # the workers' own limits stay the same, so that one worker does for all jobs of a problem
        shared = replace(SampleLimits(), memory_bytes=limits.memory_bytes)
        (run,) = run_samples(self.pool, job, [program], WorkerSettings(limits=shared))  # type: ignore[arg-type]
        return run


def _text(output: bytes) -> str | None:
    try:
        return output.decode()
    except UnicodeDecodeError:
        return None


def _task(entry_point: str, cases: list[TestCase], tests: list[StdioTest]) -> Task:
    return Task("", "", entry_point, "", cases, Provenance("problem", ""), stdio_tests=tests)


def passed(judgement: Judgement) -> bool:
    """Whether a judgement is that everything is right."""
    return judgement.verdict is Verdict.PASSED


class CheckerFails(ValueError):
    """A problem's own checker cannot be run, or says nothing; the message says why."""


def first_fault(
    checker: AnswerChecker, tests: list[ProblemTest], outputs: list[str], checks: OutputChecks | None
) -> str | None:
    """Why a program's outputs are not all right answers, None where they are.

    Raises `CheckerFails`, and `scraping.answer_checkers.NoComparison`.
    """
    asked = [
        CheckedOutput(test.input, test.output or "", output.encode())
        for test, output in zip(tests, outputs, strict=True)
    ]
    said = check_outputs(checker, asked, checks)
    for number, (test, result) in enumerate(zip(tests, said, strict=True)):
        if result.accepted is None:
            raise CheckerFails(f"{test.name or f'test {number}'}: {result.detail}")
        if not result.accepted:
            return f"{test.name or f'test {number}'}: {result.detail or REFUSED}"
    return None
