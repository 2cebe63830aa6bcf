"""The measures of one task that run its programs, each kept so that it is made once.

What the sandbox fails to measure is not kept: it is tried again by the next run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from filters.contamination import ContaminationFinder
from filters.measures import contamination_measures, evidence_is_measured, strength_measures
from filters.minimise import StrengthenOptions, strengthen
from filters.stability import Instability, instabilities
from filters.strength import measure_strength
from pipelines.measure_store import MeasureStore, measure_key
from sandbox.installation import InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.worker_pool import WorkerPool
from tasks.record import Contamination, Task, TestCase, TestStrength


@dataclass(frozen=True)
class ContaminationRecord:
    """Benchmark tasks that a task is like, and the processor time of asking."""

    found: list[Contamination]
    cpu_seconds: float


@dataclass(frozen=True)
class StabilityRecord:
    """What a program's outcomes depend on. None: there are no recorded calls to see it by."""

    found: list[Instability] | None
    cpu_seconds: float


@dataclass(frozen=True)
class StrengthRecord:
    """A task's strength before and after the tests that were added."""

    before: TestStrength | None
    after: TestStrength | None
    added: list[TestCase]
    cpu_seconds: float
    detail: str = ""


@dataclass
class TaskState:
    """A task on its way through the stages: as it is now, what is known, and what that took."""

    task: Task
    measures: dict[str, Any]
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    def learn(self, stage: str, measures: dict[str, Any], cpu_seconds: float, **evidence: object) -> None:
        """Add measures, and columns of the record."""
        self.measures |= {name: value for name, value in measures.items() if value is not None}
        self.cpu_seconds[stage] = self.cpu_seconds.get(stage, 0.0) + cpu_seconds
        changed = replace(self.task.evidence, **evidence)  # type: ignore[arg-type]
        self.task = replace(self.task, evidence=changed)


class TaskMeasurer:
    """Measures tasks with a pool of its own, one at a time. ``digest`` is of the finder's benchmarks."""

    def __init__(
        self,
        pool: WorkerPool,
        finder: ContaminationFinder,
        digest: str,
        options: StrengthenOptions,
        add_tests: bool,
    ) -> None:
        self.pool = pool
        self._finder = finder
        self._digest = digest
        self._options = options
        self._add_tests = add_tests

    def contamination(
        self, state: TaskState, store: MeasureStore, installed: InstalledProject | None
    ) -> None:
        """Compare a task with those of the benchmarks."""
        key = measure_key(state.task, "contamination", self._digest)
        record = store.find(key, ContaminationRecord)
        if record is None:
            before = self.pool.cpu_seconds
            interpreter = installed.interpreter if installed else None
            found = self._finder.find(state.task, self.pool, interpreter)
            record = ContaminationRecord(found, self._since(before))
            store.add(key, record)
        measures = contamination_measures(record.found)
        state.learn("contamination", measures, record.cpu_seconds, contamination=record.found)

    def stability(self, state: TaskState, store: MeasureStore, installed: InstalledProject | None) -> None:
        """What the reference's outcomes depend on."""
        record = self.stability_of(state.task, state.task.program, store, installed)
        if record.found is None:
            state.learn("stability", {}, record.cpu_seconds)
            return
        axes = sorted({entry.axis for entry in record.found})
        cases = {entry.axis: entry.cases for entry in record.found}
        state.learn("stability", {"stability.axes": axes}, record.cpu_seconds, unstable=cases)

    def stability_of(
        self, task: Task, program: str, store: MeasureStore, installed: InstalledProject | None
    ) -> StabilityRecord:
        """The same of any program in the place of the reference."""
        if not task.tests or task.check is not None:
            return StabilityRecord(None, 0.0)
        key = measure_key(task, "stability", program)
        record = store.find(key, StabilityRecord)
        if record is None:
            before = self.pool.cpu_seconds
            try:
                found = instabilities(task, program, self.pool, installed)
            except SandboxUnavailable:
                if task.environment is None:
                    raise
                return StabilityRecord(None, self._since(before))
            record = StabilityRecord(found, self._since(before))
            if found is not None:
                store.add(key, record)
        return record

    def strength(self, state: TaskState, store: MeasureStore, installed: InstalledProject | None) -> None:
        """How much the tests tell, and more of them where they tell too little."""
        task = state.task
        known = task.evidence.strength if evidence_is_measured(task.evidence, len(task.tests)) else None
        if known is not None:  # by what made the task, with programs that it alone had
            state.learn("strength", strength_measures(None, known, 0), 0.0)
            return
        key = measure_key(task, "strength", self._options, self._add_tests)
        record = store.find(key, StrengthRecord)
        if record is None:
            before = self.pool.cpu_seconds
            try:
                record = replace(self._strengthened(task, installed), cpu_seconds=self._since(before))
            except SandboxUnavailable:
                if task.environment is None:
                    raise
                return
            store.add(key, record)
        state.task = replace(task, tests=[*task.tests, *record.added])
        measures = strength_measures(record.before, record.after, len(record.added))
        state.learn("strength", measures, record.cpu_seconds, strength=record.after)

    def _strengthened(self, task: Task, installed: InstalledProject | None) -> StrengthRecord:
        if not self._add_tests:
            measured = measure_strength(
                task, self.pool, mutant_limit=self._options.mutants, installed=installed
            )
            return StrengthRecord(measured.strength, measured.strength, [], 0.0, measured.detail)
        made = strengthen(task, self.pool, options=self._options, installed=installed)
        added = made.task.tests[len(task.tests) :]
        kept = self._stable(task, added, installed)
        if len(kept) == len(added):
            return StrengthRecord(made.before, made.after, added, 0.0, made.detail)
        more = replace(task, tests=[*task.tests, *kept])
        measured = measure_strength(more, self.pool, mutant_limit=self._options.mutants, installed=installed)
        if measured.strength is None:
            return StrengthRecord(made.before, made.before, [], 0.0, measured.detail)
        return StrengthRecord(made.before, measured.strength, kept, 0.0)

    def _stable(
        self, task: Task, added: list[TestCase], installed: InstalledProject | None
    ) -> list[TestCase]:
        """Those of the added tests that depend on nothing but their arguments."""
        if not added:
            return []
        found = instabilities(replace(task, tests=added), task.program, self.pool, installed)
        if found is None:
            return []
        unstable = {place for entry in found for place in entry.cases}
        return [case for place, case in enumerate(added) if place not in unstable]

    def _since(self, before: float) -> float:
        return round(self.pool.cpu_seconds - before, 4)
