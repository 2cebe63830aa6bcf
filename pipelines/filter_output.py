"""What a recipe makes of the measurements: kept and rejected tasks, every sample, and the run's record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from filters.recipe import Recipe
from filters.sample_filter import JudgedSample, SampleFilterOptions
from filters.sample_verdicts import KnownVerdicts
from pipelines import __version__
from pipelines.engine_options import ChosenParameters
from pipelines.filter_folder import MeasuredTask, Measuring, Shard
from pipelines.run_folder import RunFolder
from sampling.engine import Usage
from sampling.sample_store import SampleStore
from tasks.files import read_json_lines, write_json, write_json_lines
from tasks.record import Task


@dataclass(frozen=True)
class RejectedTask:
    """A task that the recipe does not keep: the first reason, and what each threshold said."""

    task_id: str
    reason: str
    objections: dict[str, str]
    diagnosis: str | None = None


@dataclass(frozen=True)
class FilterManifest:
    """The record of a filter run. ``cost_per_kept`` is of what all tasks cost together."""

    tool_version: str
    sandbox: str
    engine: str
    parameters: ChosenParameters
    options: SampleFilterOptions
    recipe: Recipe
    tasks: int
    kept: int
    rejected: dict[str, int]
    diagnoses: dict[str, int]
    samples: int
    samples_of_kept: int
    passed: int
    cpu_seconds: float
    usage: Usage
    cost_per_kept: dict[str, float] = field(default_factory=dict)


def apply_recipe(
    recipe: Recipe, run: RunFolder, shards: list[Shard], tasks: dict[str, Task], measuring: Measuring
) -> FilterManifest:
    """Write what the recipe makes of the measurements, in the order of the tasks."""
    measured = {
        each.task_id: each for shard in shards for each in read_json_lines(shard.measured, MeasuredTask)
    }
    in_order = [measured[task_id] for task_id in tasks]
    rejected: dict[str, RejectedTask] = {}
    for each in in_order:
        objections = recipe.objections(each.measures)
        if objections:
            label = each.diagnosis.label if each.diagnosis else None
            rejected[each.task_id] = RejectedTask(each.task_id, next(iter(objections)), objections, label)
    kept = [task for task_id, task in tasks.items() if task_id not in rejected]
    write_json_lines(run.path / "measured.jsonl", in_order)
    write_json_lines(run.path / "samples.jsonl", _sample_rows(shards))
    write_json_lines(run.rejected, rejected.values())
    write_json_lines(run.tasks, kept)
    usage, seconds = _costs(shards)
    drawn = {each.task_id: each.measures.get("samples.drawn", 0) for each in in_order}
    manifest = FilterManifest(
        __version__,
        measuring.sandbox,
        measuring.engine.text,
        measuring.parameters,
        measuring.options,
        recipe,
        len(tasks),
        len(kept),
        dict(Counter(each.reason for each in rejected.values()).most_common()),
        dict(Counter(each.diagnosis.label for each in in_order if each.diagnosis).most_common()),
        sum(drawn.values()),
        sum(drawn[task.task_id] for task in kept),
        sum(each.measures.get("samples.passed", 0) for each in in_order),
        round(seconds, 3),
        usage,
        _per_kept(len(kept), sum(drawn.values()), seconds, usage),
    )
    write_json(run.manifest, manifest)
    return manifest


def _sample_rows(shards: list[Shard]) -> Iterator[dict[str, object]]:
    for shard in shards:
        for sample in read_json_lines(shard.judged, JudgedSample):
            row = {name: getattr(sample, name) for name in sample.__dataclass_fields__ if name != "verdict"}
            verdict = sample.verdict
            yield row | {name: getattr(verdict, name) for name in verdict.__dataclass_fields__}


def _costs(shards: list[Shard]) -> tuple[Usage, float]:
    """What all samples cost, in this run and the ones before it, and the processor time of judging them."""
    usage, seconds = Usage(), 0.0
    for shard in shards:
        with SampleStore(shard.samples, writable=False) as store, KnownVerdicts(shard.verdicts) as verdicts:
            usage += store.usage
            seconds += verdicts.cpu_seconds
    return usage, seconds


def _per_kept(kept: int, samples: int, seconds: float, usage: Usage) -> dict[str, float]:
    if not kept:
        return {}
    totals = {
        "samples": samples,
        "cpu_seconds": seconds,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost": usage.cost,
    }
    return {name: round(total / kept, 4) for name, total in totals.items()}
