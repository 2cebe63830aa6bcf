"""The folder of a filter run, and the measuring of one of its shards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import msgspec

from filters.measures import STAGES, Stage
from filters.minimise import StrengthenOptions
from filters.recipe import Recipe
from pipelines.benchmark_files import Benchmarks
from pipelines.counted_progress import count
from pipelines.environments import environments_of
from pipelines.measure_store import MeasureStore
from pipelines.run_folder import RunFolder
from pipelines.sample_measures import SampledRecord, Sampling, sample_tasks
from pipelines.stored_lines import Place, places_in, read_place
from pipelines.task_measures import TaskMeasurer, TaskState
from sampling.engine import Engine
from sandbox.installation import InstalledProject
from tasks.files import atomic_writer
from tasks.record import Task

SHARDS = 16
"""Tasks are spread over so many shards by their names, so that tasks that are added move no others; those of
one installed project are together, for it takes many starts of workers that have it."""

_AT_A_TIME = 64
"""Tasks of a shard that are in memory, and sampled, together."""

TASKS_READ = "read"
TASKS_DONE = "done"


@dataclass(frozen=True)
class Measuring:
    """How tasks are measured. ``environments`` are the runs whose projects tasks may need.

    ``everything``: stages that the recipe asks nothing of measure too, and tasks that a stage rejects are
    measured by those after it all the same.
    """

    recipe: Recipe
    sandbox: str
    benchmarks: Benchmarks | None
    strengthening: StrengthenOptions
    add_tests: bool = True
    everything: bool = False
    sampling: Sampling | None = None
    environments: tuple[Path, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that this run has."""
        wanted = {each.stage for each in self.recipe.thresholds.values()}
        able = STAGES if self.sampling else STAGES[:-1]
        return tuple(stage for stage in able if self.everything or stage in {*wanted, *STAGES[:2]})


@dataclass(frozen=True)
class WaitingTask:
    """A task with what is known of it before any program is run."""

    task: Task
    measures: dict[str, Any]


@dataclass(frozen=True)
class MeasuredTask:
    """What was measured of a task, with its columns filled and its tests strengthened: values by name, to
    which recipes apply thresholds, and the processor time that this took by stage."""

    task: Task
    measures: dict[str, Any]
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    sampled: SampledRecord | None = None


@dataclass(frozen=True)
class Shard:
    """Some of the tasks of a run, and where the parts of their measuring lie."""

    folder: Path
    number: int

    @property
    def tasks(self) -> Path:
        return self._file("tasks")

    @property
    def samples(self) -> Path:
        """What was drawn: the file says itself how, and is continued."""
        return self._file("drawn")

    @property
    def verdicts(self) -> Path:
        return self._file("verdicts")

    def known(self, stage: Stage) -> Path:
        """What a stage has measured, in this run and in those before it."""
        return self._file(stage)

    @property
    def judged(self) -> Path:
        return self._file("judged")

    @property
    def measured(self) -> Path:
        """The last that is written: with it, the shard is finished."""
        return self._file("measured")

    @property
    def failure(self) -> Path:
        return self._file("failure")

    def _file(self, name: str) -> Path:
        return self.folder / "shards" / f"{self.number:02}-{name}.jsonl"


def make_shards(folder: Path, waiting: Iterable[WaitingTask]) -> list[Shard]:
    """Spread tasks over shards and write them there as they come, but for shards without any.

    The largest is the first, so that none of them is begun last.
    """
    shards: dict[int, Shard] = {}
    with ExitStack() as stack:
        streams: dict[int, IO[bytes]] = {}
        for each in waiting:
            together = each.task.environment or each.task.task_id
            number = hashlib.sha256(together.encode()).digest()[0] % SHARDS
            if number not in shards:
                shard = shards[number] = Shard(folder, number)
                for file in (shard.measured, shard.judged, shard.failure):
                    file.unlink(missing_ok=True)
                streams[number] = stack.enter_context(atomic_writer(shard.tasks))
            streams[number].write(msgspec.json.encode(each) + b"\n")
    return sorted(shards.values(), key=lambda shard: (-shard.tasks.stat().st_size, shard.number))


def measure_shard(
    shard: Shard,
    measuring: Measuring,
    measurer: TaskMeasurer,
    environments: Mapping[str, InstalledProject],
    open_engine: Callable[[], Engine],
) -> None:
    """Measure a shard's tasks, stage by stage, those that the stages before do not reject.

    Everything is kept as it comes: done again, this does only what is missing, and gives the same. Raises
    `sampling.engine.EngineError`, `tasks.files.BadFile`.
    """
    # tasks of one project together: their workers are kept warm
    places = sorted(places_in(shard.tasks), key=_environment_at)
    with ExitStack() as stack:
        stores = {stage: stack.enter_context(MeasureStore(shard.known(stage))) for stage in STAGES[2:]}
        measured = stack.enter_context(atomic_writer(shard.measured))  # the last to appear
        judged = stack.enter_context(atomic_writer(shard.judged))
        for first in range(0, len(places), _AT_A_TIME):
            states = []
            for place in places[first : first + _AT_A_TIME]:
                waiting = read_place(place, WaitingTask)
                states.append(TaskState(waiting.task, waiting.measures))
            sampled = _measure(states, shard, measuring, measurer, environments, open_engine, stores)
            for state in states:
                record = sampled.get(state.task.task_id)
                if record:
                    for sample in record.sampled.samples:
                        judged.write(msgspec.json.encode(sample) + b"\n")
                    record = replace(record, sampled=replace(record.sampled, samples=()))
                row = MeasuredTask(state.task, state.measures, state.cpu_seconds, record)
                measured.write(msgspec.json.encode(row) + b"\n")
    shard.tasks.unlink()


class _Environment(msgspec.Struct):
    environment: str | None = None


class _Whereabouts(msgspec.Struct):
    """What of a waiting task tells where it is run."""

    task: _Environment


def _environment_at(place: Place) -> str:
    return read_place(place, _Whereabouts).task.environment or ""


def _measure(
    states: list[TaskState],
    shard: Shard,
    measuring: Measuring,
    measurer: TaskMeasurer,
    environments: Mapping[str, InstalledProject],
    open_engine: Callable[[], Engine],
    stores: Mapping[Stage, MeasureStore],
) -> dict[str, SampledRecord]:
    """Measure some of a shard's tasks; what their samples say, of those that came so far."""
    run = RunFolder(shard.folder)
    known = environments_of((state.task for state in states), environments)
    to_sample = []
    for state in states:
        installed = known.get(state.task.task_id)
        if _open(state, measuring, "contamination"):
            measurer.contamination(state, stores["contamination"], installed)
        if _open(state, measuring, "stability"):
            measurer.stability(state, stores["stability"], installed)
        if _open(state, measuring, "strength"):
            measurer.strength(state, stores["strength"], installed)
        if _open(state, measuring, "samples"):
            to_sample.append(state)
        else:
            count(run, TASKS_DONE)
    if not (measuring.sampling and to_sample):
        return {}
    return sample_tasks(
        to_sample,
        measuring.sampling,
        open_engine,
        measurer,
        known,
        (stores["samples"], stores["stability"]),
        (shard.samples, shard.verdicts),
        lambda: count(run, TASKS_DONE),
    )


def _open(state: TaskState, measuring: Measuring, stage: Stage) -> bool:
    """Whether this run has the stage, and no stage before it rejects the task, or all are wanted."""
    if stage not in measuring.stages:
        return False
    before = STAGES[: STAGES.index(stage)]
    return measuring.everything or not measuring.recipe.objections(state.measures, before)
