"""Running programs and functions in the sandbox, to see whether both give the same answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.output_comparison import output_difference
from sandbox.sample_jobs import SampleLimits, stdio_job, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import Judgement, Verdict, judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from scraping.answer_checkers import stdio_test
from scraping.problem import AnswerChecker, Problem
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
            try:
                found.append(output.decode())
            except UnicodeDecodeError:
                return f"input {len(found)}: the output is not UTF-8"
        return found if len(found) == len(inputs) else run.ending.describe()

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


def _task(entry_point: str, cases: list[TestCase], tests: list[StdioTest]) -> Task:
    return Task("", "", entry_point, "", cases, Provenance("problem", ""), stdio_tests=tests)


def passed(judgement: Judgement) -> bool:
    """Whether a judgement is that everything is right."""
    return judgement.verdict is Verdict.PASSED


def answer_difference(checker: AnswerChecker, expected: str, output: str) -> str | None:
    """Why an output is no right answer, None where it is. Raises `scraping.answer_checkers.NoComparison`."""
    return output_difference(stdio_test(checker, "", expected), output.encode())
