"""What a program's outcomes depend on besides its arguments, by name: one condition is changed at a time.

`filters.replay` changes them all at once, which is quick and says only that something is wrong (Chen et
al. 2021, §4.3: problems whose outcome changes between runs are removed).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from filters.replay import Round
from sandbox.installation import PROJECT_MEMORY_BYTES, InstalledProject
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import CallOutcome, SampleRun, run_samples
from sandbox.verdicts import judge
from sandbox.worker_pool import WorkerPool
from tasks.record import Task, TestCase

Axis = Literal[
    "repetition",
    "hash_seed",
    "time_zone",
    "locale",
    "clock",
    "folder",
    "umask",
    "order",
    "earlier_calls",
    "threads",
]

_BASE = Round(1)
_CHANGED: tuple[tuple[Axis, tuple[Round, ...]], ...] = (
    ("hash_seed", (replace(_BASE, hash_seed=2), replace(_BASE, hash_seed=3))),
    (
        "clock",
        (replace(_BASE, clock_shift=400 * 86_400 + 3_601), replace(_BASE, clock_shift=-3_000 * 86_400)),
    ),
    ("time_zone", (replace(_BASE, time_zone="JST-9"), replace(_BASE, time_zone="EST5EDT"))),
    ("locale", (replace(_BASE, locale="C"),)),
    ("folder", (replace(_BASE, folder="/tmp"), replace(_BASE, folder="/usr"))),
    ("umask", (replace(_BASE, umask=0o077), replace(_BASE, umask=0o000))),
    ("order", (replace(_BASE, order="reversed"),)),
)
_REPETITIONS = 3
_OTHER_ADDRESSES = "\n_kept = [bytes(size) for size in range(480) for _ in range({count})]\n"
_OFTEN_SWITCHED = "\nimport sys as _sys; _sys.setswitchinterval(1e-6)\n"
_LIMITS = SampleLimits()


@dataclass(frozen=True)
class Instability:
    """A condition on which outcomes depend, and the cases whose verdict it changes."""

    axis: Axis
    cases: list[int]


def instabilities(
    task: Task, program: str, pool: WorkerPool, installed: InstalledProject | None = None
) -> list[Instability] | None:
    """The conditions that change what a program does on a task's cases, each with the cases.

    None if the program does not come to the first case, so that there is nothing to see; the cases that it
    ends before are passed over.

    ``repetition``: nothing was changed but the addresses of objects. ``hash_seed`` seeds `random` too.
    ``earlier_calls``: the same case, called a second time in one process. ``threads``: the interpreter
    switches between threads far more often. A case that reads the clock counts as depending on it. A case
    is named once, with the first axis that changes it.
    """
    found: list[Instability] = []
    base = _Prober(task, program, pool, installed).run(_BASE, task.tests, watch_clock=True)
    if not base.outcomes:
        return None
    stable = set(range(len(base.outcomes)))
    # a sample need not pass: what it did once is what it has to do again
    told = [_told(case, outcome) for case, outcome in zip(task.tests, base.outcomes, strict=False)]
    prober = _Prober(replace(task, tests=told), program, pool, installed)

    def note(axis: Axis, changed: set[int]) -> None:
        if changed & stable:
            found.append(Instability(axis, sorted(changed & stable)))
            stable.difference_update(changed)

    note("clock", {place for place, outcome in enumerate(base.outcomes) if outcome.reads_clock})
    note("repetition", prober.changed_by_repeating())
    note("threads", prober.changed_by_switching())
    for axis, rounds in _CHANGED:
        changed = set().union(*(prober.changed(conditions) for conditions in rounds)) & stable
        if changed:  # by the condition, or by chance?
            note("repetition", prober.changed_by_repeating())
        note(axis, changed)
    note("earlier_calls", prober.changed_when_called_again())
    return found


class _Prober:
    """One program on one task, under conditions."""

    def __init__(
        self, task: Task, program: str, pool: WorkerPool, installed: InstalledProject | None
    ) -> None:
        self._task = task
        self._program = program
        self._pool = pool
        self._installed = installed
        self._limits = replace(_LIMITS, memory_bytes=PROJECT_MEMORY_BYTES) if installed else _LIMITS

    def run(
        self,
        conditions: Round,
        cases: list[TestCase],
        *,
        watch_clock: bool = False,
        program: str = "",
        worker: int = 0,
    ) -> SampleRun:
        job = values_job(replace(self._task, tests=cases), self._limits, watch_clock=watch_clock)
        settings = conditions.settings(self._installed)
        if (
            worker
        ):  # forks of one worker share the addresses of objects: a limit that is never reached parts them
            limits = replace(settings.limits, open_files=settings.limits.open_files + worker)
            settings = replace(settings, limits=limits)
        (run,) = run_samples(self._pool, job, [program or self._program], settings)
        return run

    def changed(self, conditions: Round) -> set[int]:
        """The cases whose verdict is another one under these conditions."""
        places = list(range(len(self._task.tests)))
        if conditions.order == "reversed":
            places.reverse()
        cases = [self._task.tests[place] for place in places]
        run = self.run(conditions, cases)
        if run.ending.kind == "infrastructure":
            return set()
        return {place for place, held in zip(places, _held(cases, run), strict=True) if not held}

    def changed_by_repeating(self) -> set[int]:
        changed: set[int] = set()
        for worker in range(_REPETITIONS):
            program = self._program + _OTHER_ADDRESSES.format(count=worker + 1)
            run = self.run(_BASE, self._task.tests, program=program, worker=worker)
            if run.ending.kind != "infrastructure":
                changed |= {place for place, held in enumerate(_held(self._task.tests, run)) if not held}
        return changed

    def changed_when_called_again(self) -> set[int]:
        cases = [case for case in self._task.tests for _ in range(2)]
        run = self.run(_BASE, cases)
        if run.ending.kind == "infrastructure":
            return set()
        return {index // 2 for index, held in enumerate(_held(cases, run)) if not held}

    def changed_by_switching(self) -> set[int]:
        if "thread" not in self._program and "concurrent" not in self._program:
            return set()
        changed: set[int] = set()
        for _ in range(3):
            run = self.run(_BASE, self._task.tests, program=self._program + _OFTEN_SWITCHED)
            if run.ending.kind != "infrastructure":
                changed |= {place for place, held in enumerate(_held(self._task.tests, run)) if not held}
        return changed


def _told(case: TestCase, outcome: CallOutcome) -> TestCase:
    """A case that expects what has just been seen, where that can be expected."""
    if outcome.kind not in ("returned", "yielded", "raised"):
        return case
    expected = replace(
        case.expected,
        kind=outcome.kind,
        value=outcome.value,
        exhausted=outcome.exhausted,
        exception=outcome.exception,
        arguments_after=outcome.arguments_after,
        source="replayed",
    )
    return replace(case, expected=expected)


def _held(cases: list[TestCase], run: SampleRun) -> list[bool]:
    return [difference is None for difference in judge(cases, run).differences]
