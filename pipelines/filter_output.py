"""What a recipe makes of the measurements: kept and rejected tasks, every sample, and the run's record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from filters.diagnosis import Diagnosis
from filters.measures import STAGES, Stage
from filters.recipe import Recipe
from filters.sample_filter import JudgedSample, SampleFilterOptions
from pipelines import __version__
from pipelines.engine_options import ChosenParameters
from pipelines.filter_folder import MeasuredTask, Measuring, Shard
from pipelines.run_folder import RunFolder
from pipelines.stored_lines import places_in, read_place
from sampling.engine import Usage
from sampling.sample_store import SampleStore
from tasks.files import atomic_writer, read_json_lines, write_json, write_json_lines
from tasks.record import Task

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class RejectedTask:
    """A task that the recipe does not keep: the first reason, and what each threshold said of it that the
    run came to; and the whole task, with all that was measured of it."""

    task_id: str
    stage: Stage
    reason: str
    objections: dict[str, str]
    task: Task
    diagnosis: str | None = None


@dataclass(frozen=True)
class MeasuredRow:
    """All that was measured of a task, the diagnosis with its witness, and processor time by stage."""

    task_id: str
    measures: dict[str, Any]
    cpu_seconds: dict[str, float]
    diagnosis: Diagnosis | None = None
    detail: str = ""


@dataclass(frozen=True)
class FunnelRow:
    """How many tasks a threshold rejected before any other did."""

    stage: Stage
    reason: str
    tasks: int


@dataclass(frozen=True)
class FilterManifest:
    """The record of a filter run. ``cost_per_kept`` is of what all tasks cost together; ``cpu_seconds`` by
    stage. ``tasks`` is ``kept`` and the tasks of the ``funnel`` in sum. ``generated_docstrings`` counts the
    tasks that had none, by what became of those that a model wrote for them.
    """

    tool_version: str
    sandbox: str
    benchmarks: tuple[str, ...]
    engine: str | None
    parameters: ChosenParameters | None
    options: SampleFilterOptions | None
    recipe: Recipe
    tasks: int
    kept: int
    funnel: list[FunnelRow]
    diagnoses: dict[str, int]
    samples: int
    samples_of_kept: int
    passed: int
    tests_added: int
    cpu_seconds: dict[str, float]
    usage: Usage
    cost_per_kept: dict[str, float] = field(default_factory=dict)
    generated_docstrings: dict[str, int] = field(default_factory=dict)

    @property
    def rejected(self) -> dict[str, int]:
        """Tasks by the first reason to reject them."""
        return {row.reason: row.tasks for row in self.funnel}


def apply_recipe(
    run: RunFolder,
    shards: list[Shard],
    order: Iterable[str],
    measuring: Measuring,
    generated_docstrings: Mapping[str, int],
) -> FilterManifest:
    """Write what the recipe makes of the measurements, in the order of the tasks, one by one."""
    places = {
        read_place(place, _Identified).task.task_id: place
        for shard in shards
        for place in places_in(shard.measured)
    }
    totals = _Totals()
    with ExitStack() as stack:
        rows, rejected, kept = (
            stack.enter_context(atomic_writer(path))
            for path in (run.path / "measured.jsonl", run.rejected, run.tasks)
        )
        for task_id in order:
            measured = read_place(places[task_id], MeasuredTask)
            rejection = _rejected(measured, measuring)
            totals.add(measured, rejection)
            rows.write(_encoder.encode(_row(measured)) + b"\n")
            if rejection:
                rejected.write(_encoder.encode(rejection) + b"\n")
            else:
                kept.write(_encoder.encode(measured.task) + b"\n")
    if measuring.sampling:
        write_json_lines(run.path / "samples.jsonl", _sample_rows(shards))
    manifest = replace(_manifest(shards, totals, measuring), generated_docstrings=dict(generated_docstrings))
    write_json(run.manifest, manifest)
    return manifest


class _TaskId(msgspec.Struct):
    task_id: str


class _Identified(msgspec.Struct):
    """What of a measured task tells which it is."""

    task: _TaskId


@dataclass
class _Totals:
    """What is counted while tasks go by."""

    tasks: int = 0
    kept: int = 0
    samples: int = 0
    samples_of_kept: int = 0
    passed: int = 0
    tests_added: int = 0
    losses: Counter[tuple[Stage, str]] = field(default_factory=Counter)
    diagnoses: Counter[str] = field(default_factory=Counter)
    cpu_seconds: Counter[str] = field(default_factory=Counter)

    def add(self, measured: MeasuredTask, rejection: RejectedTask | None) -> None:
        """Count a task."""
        measures, sampled = measured.measures, measured.sampled
        self.tasks += 1
        self.samples += measures.get("samples.drawn", 0)
        self.passed += measures.get("samples.passed", 0)
        self.cpu_seconds.update(measured.cpu_seconds)
        if sampled and sampled.diagnosis:
            self.diagnoses[sampled.diagnosis.label] += 1
        if rejection:
            self.losses[rejection.stage, rejection.reason] += 1
            return
        self.kept += 1
        self.samples_of_kept += measures.get("samples.drawn", 0)
        self.tests_added += measures.get("strength.tests_added", 0)


def _rejected(measured: MeasuredTask, measuring: Measuring) -> RejectedTask | None:
    """Of stages that the task did not come to nothing is said."""
    recipe, reached = measuring.recipe, measuring.stages
    if not measuring.everything:
        rejecting = (stage for stage in reached if recipe.objections(measured.measures, (stage,)))
        stopped = next(rejecting, reached[-1])
        # the first two are read off the texts of all tasks
        reached = reached[: max(reached.index(stopped) + 1, 2)]
    objections = recipe.objections(measured.measures, reached)
    if not objections:
        return None
    first = next(iter(objections))
    diagnosis = measured.sampled.diagnosis if measured.sampled else None
    return RejectedTask(
        measured.task.task_id,
        recipe.thresholds[first].stage,
        first,
        objections,
        measured.task,
        diagnosis.label if diagnosis else None,
    )


def _row(measured: MeasuredTask) -> MeasuredRow:
    sampled = measured.sampled
    return MeasuredRow(
        measured.task.task_id,
        measured.measures,
        {stage: round(seconds, 3) for stage, seconds in measured.cpu_seconds.items()},
        sampled.diagnosis if sampled else None,
        sampled.sampled.detail if sampled else "",
    )


def _manifest(shards: list[Shard], totals: _Totals, measuring: Measuring) -> FilterManifest:
    usage = _usage(shards)
    sampling, reasons = measuring.sampling, list(measuring.recipe.thresholds)
    ordered = sorted(totals.losses, key=lambda key: (STAGES.index(key[0]), reasons.index(key[1])))
    return FilterManifest(
        tool_version=__version__,
        sandbox=measuring.sandbox,
        benchmarks=measuring.benchmarks.names if measuring.benchmarks else (),
        engine=sampling.engine.text if sampling else None,
        parameters=sampling.parameters if sampling else None,
        options=sampling.options if sampling else None,
        recipe=measuring.recipe,
        tasks=totals.tasks,
        kept=totals.kept,
        funnel=[FunnelRow(stage, reason, totals.losses[stage, reason]) for stage, reason in ordered],
        diagnoses=dict(totals.diagnoses.most_common()),
        samples=totals.samples,
        samples_of_kept=totals.samples_of_kept,
        passed=totals.passed,
        tests_added=totals.tests_added,
        cpu_seconds={stage: round(total, 3) for stage, total in totals.cpu_seconds.items()},
        usage=usage,
        cost_per_kept=_per_kept(totals.kept, totals.samples, totals.cpu_seconds.total(), usage),
    )


def _sample_rows(shards: list[Shard]) -> Iterator[dict[str, object]]:
    for shard in shards:
        for sample in read_json_lines(shard.judged, JudgedSample):
            row = {name: getattr(sample, name) for name in sample.__dataclass_fields__ if name != "verdict"}
            verdict = sample.verdict
            yield row | {name: getattr(verdict, name) for name in verdict.__dataclass_fields__}


def _usage(shards: list[Shard]) -> Usage:
    """What drawing has cost, in this run and the ones before it."""
    usage = Usage()
    for shard in shards:
        if shard.samples.exists():
            with SampleStore(shard.samples, writable=False) as store:
                usage += store.usage
    return usage


def _per_kept(kept: int, samples: int, seconds: float, usage: Usage) -> dict[str, float]:
    if not kept:
        return {}
    totals = {
        "samples": samples,
        "CPU seconds": seconds,
        "prompt tokens": usage.prompt_tokens,
        "completion tokens": usage.completion_tokens,
        "cost": usage.cost,
    }
    return {name: round(total / kept, 4) for name, total in totals.items()}
