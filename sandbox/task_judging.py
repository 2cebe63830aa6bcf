"""Judging programs against a task's tests: the job, the limits of its reference, a verdict for each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.installation import PROJECT_MEMORY_BYTES, InstalledProject
from sandbox.sample_jobs import SampleJob, SampleLimits, in_process_job, proxy_job, stdio_job, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import Judgement, judge_task
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Task

_TIMES_REFERENCE = 10
_WALL_FACTOR = 5
_WALL_AT_LEAST = 10.0


@dataclass(frozen=True)
class JudgingOptions:
    """``cpu_seconds`` is what every program may use at least; where ten times the processor time of the
    task's own reference solution is more, it gets that. ``in_process`` runs check texts beside the
    programs, which can then forge their verdicts. ``wall_seconds`` ends programs that wait, whatever the
    processor time; by default it is five times that and at least ten seconds."""

    cpu_seconds: float = 3.0
    in_process: bool = False
    hash_seed: int = 0
    wall_seconds: float | None = None


@dataclass(frozen=True)
class PreparedTask:
    """A task whose programs can be judged, and what its own reference solution came to, if it has one."""

    task: Task
    job: SampleJob
    settings: WorkerSettings
    reference: Judgement | None = None


def prepare_task(
    task: Task, pool: WorkerPool, options: JudgingOptions, installed: InstalledProject | None = None
) -> PreparedTask:
    """Run the task's reference solution, whose processor time bounds that of the programs."""
    job = _job(task, options)
    settings = worker_settings(options, installed)
    if not task.canonical_solution:
        return PreparedTask(task, job, settings)
    generous = replace(job, cpu_seconds=_TIMES_REFERENCE * job.cpu_seconds)
    (run,) = run_samples(pool, generous, [task.program], settings)
    seconds = max(options.cpu_seconds, _TIMES_REFERENCE * run.ending.cpu_seconds)
    limits = _limits(seconds, options.wall_seconds)
    job = replace(job, cpu_seconds=limits.cpu_seconds, wall_seconds=limits.wall_seconds)
    return PreparedTask(task, job, settings, judge_task(task, run, job.mode, pool.checks))


def judge_programs(
    prepared: PreparedTask, pool: WorkerPool, programs: list[str]
) -> Iterator[tuple[Judgement, SampleRun]]:
    """The verdict on each program, in order, with what it did."""
    for run in run_samples(pool, prepared.job, programs, prepared.settings):
        yield judge_task(prepared.task, run, prepared.job.mode, pool.checks), run


def completed_program(task: Task, completion: str) -> str:
    """The program that a completion of the task's prompt stands for."""
    return completion if task.stdio_tests else task.prompt + completion


def worker_settings(options: JudgingOptions, project: InstalledProject | None) -> WorkerSettings:
    """What the workers of programs share that are judged so, with their project if they need one."""
    limits = _limits(options.cpu_seconds, options.wall_seconds)
    if project is None:
        return WorkerSettings(options.hash_seed, limits=limits)
    return WorkerSettings(
        options.hash_seed,
        limits=replace(limits, memory_bytes=PROJECT_MEMORY_BYTES),
        packages=project.packages,
        modules=project.modules,
        interpreter=project.interpreter,
    )


def _job(task: Task, options: JudgingOptions) -> SampleJob:
    limits = _limits(options.cpu_seconds, options.wall_seconds)
    if task.stdio_tests:
        return stdio_job(task, limits)
    if task.tests:
        return values_job(task, limits)
    return in_process_job(task, limits) if options.in_process else proxy_job(task, limits)


def _limits(seconds: float, wall_seconds: float | None) -> SampleLimits:
    whole = max(1, math.ceil(seconds))
    wall = wall_seconds or max(_WALL_AT_LEAST, _WALL_FACTOR * whole)
    return SampleLimits(cpu_seconds=whole, wall_seconds=wall)
