"""Running variants of a task's program on its cases: which cases each of them fails, at what cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from filters.replay import ROUNDS, Round
from sandbox.endings import Ending
from sandbox.installation import InstalledProject
from sandbox.sample_jobs import SampleJob, SampleLimits, proxy_job, stdio_job, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import judge_task
from sandbox.worker_pool import WorkerPool
from tasks.record import Task, TestCase

_LEAST_SECONDS = 0.1
_TIMES_REFERENCE = 5
_AT_A_TIME = 10
_TIMER = "__import__('signal').setitimer(2, {:.3f})\n"
"""Ends the process after so much processor time (ITIMER_PROF), which for a variant need not be a whole
second; against programs that would switch it off, the sandbox's own limit stands behind it."""


@dataclass(frozen=True)
class VariantRun:
    """What came of one program: the cases that it failed, and those that it ended too early to reach.

    ``passed`` is None where the sandbox failed or time had run out, which says nothing about the program.
    """

    passed: bool | None
    failed: frozenset[int] = frozenset()
    unreached: frozenset[int] = frozenset()


class TaskRunner:
    """Runs programs in the place of a task's solution, within some times the reference's own time.

    ``cpu_seconds`` sums what all of them took; when that exceeds the budget, no more variants are run.
    ``mode`` is how the task is judged.
    """

    def __init__(
        self,
        task: Task,
        pool: WorkerPool,
        installed: InstalledProject | None = None,
        cpu_budget: float = math.inf,
    ) -> None:
        self.task = task
        self.mode: Literal["values", "stdio", "proxy"] = (
            "stdio" if task.stdio_tests else "proxy" if task.check is not None else "values"
        )
        self.cpu_seconds = 0.0
        self._pool = pool
        self._given = installed
        self._installed = installed if task.environment else None
        self._interpreter = installed.interpreter if installed else None
        self._cpu_budget = cpu_budget

    def on(self, task: Task) -> TaskRunner:
        """A runner of the same kind for another task, with a budget as large as this one's was."""
        return TaskRunner(task, self._pool, self._given, self._cpu_budget)

    @property
    def out_of_time(self) -> bool:
        """Whether the budget is spent."""
        return self.cpu_seconds > self._cpu_budget

    def outcomes(
        self,
        cases: Sequence[TestCase],
        conditions: Round = ROUNDS[0],
        program: str | None = None,
        *,
        watch_clock: bool = False,
        watch_branches: int | None = None,
        seconds: float | None = None,
    ) -> SampleRun:
        """What a program, by default the reference, does on some cases, within limits of processor time."""
        task = replace(self.task, tests=list(cases))
        limits = _LIMITS
        if seconds is not None:
            task, limits = _timed(task, seconds)
        job = values_job(task, limits, watch_clock=watch_clock, watch_branches=watch_branches)
        return self._run(job, [self.task.program if program is None else program], conditions)[0]

    def variants(
        self, programs: Sequence[str], cases: Sequence[TestCase] | None = None, *, always: bool = False
    ) -> list[VariantRun]:
        """Which cases, by default the task's, each of some programs fails; ``always``: whatever it costs."""
        if not programs:
            return []
        task = self.task if cases is None else replace(self.task, tests=list(cases))
        seconds = self._reference_seconds(task)
        timed, limits = _timed(task, seconds)
        if self.mode == "values":
            job = values_job(timed, limits)
        else:
            job = stdio_job(task, limits) if self.mode == "stdio" else proxy_job(task, limits)
        found: list[VariantRun] = []
        for start in range(0, len(programs), _AT_A_TIME):
            some = list(programs[start : start + _AT_A_TIME])
            if self.out_of_time and not always:
                found += [VariantRun(None)] * len(some)
            else:
                found += [self._variant(task, run) for run in self._run(job, some, ROUNDS[0])]
        return found

    def _reference_seconds(self, task: Task) -> float:
        """Processor time that a variant gets."""
        if self.mode == "values":
            (run,) = self._run(values_job(task, _LIMITS), [task.program], ROUNDS[0])
        else:
            job = stdio_job(task, _LIMITS) if self.mode == "stdio" else proxy_job(task, _LIMITS)
            (run,) = self._run(job, [task.program], ROUNDS[0])
        each = max((ending.cpu_seconds for ending, _ in run.outputs), default=run.ending.cpu_seconds)
        return _LEAST_SECONDS + _TIMES_REFERENCE * each

    def _run(self, job: SampleJob, programs: list[str], conditions: Round) -> list[SampleRun]:
        settings = conditions.settings(self._installed, self._interpreter)
        runs = list(run_samples(self._pool, job, programs, settings))
        self.cpu_seconds += sum(map(_seconds, runs))
        return runs

    def _variant(self, task: Task, run: SampleRun) -> VariantRun:
        if run.ending.kind == "infrastructure":
            return VariantRun(None)
        judgement = judge_task(task, run, self.mode)
        if judgement.verdict == "infrastructure":
            return VariantRun(None)
        differences = judgement.differences
        reached = len(differences)
        if run.program_error is None and self.mode != "proxy":
            # the first one that was not reached is where the program ended
            reached = len(run.outcomes) + 1 if self.mode == "values" else len(run.outputs)
        failed = {index for index, difference in enumerate(differences[:reached]) if difference is not None}
        unreached = range(reached, len(differences))
        return VariantRun(judgement.verdict == "passed", frozenset(failed), frozenset(unreached))


def _timed(task: Task, seconds: float) -> tuple[Task, SampleLimits]:
    """The task with a timer that starts when a program has been loaded, and the limits behind it."""
    timed = replace(task, test_helpers=_TIMER.format(seconds) + task.test_helpers)
    return timed, replace(_LIMITS, cpu_seconds=min(_LIMITS.cpu_seconds, math.ceil(seconds) + 1))


def _seconds(run: SampleRun) -> float:
    endings: list[Ending] = [ending for ending, _ in run.outputs] or [run.ending]
    return sum(ending.cpu_seconds for ending in endings)


_LIMITS = SampleLimits()
