"""The folder of a filter run, and the measuring of one of its shards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from filters.diagnosis import Diagnosis, diagnose
from filters.sample_filter import SampledTask, SampleFilterOptions, filter_by_samples
from filters.sample_verdicts import KnownVerdicts
from pipelines.engine_options import ChosenEngine, ChosenParameters
from sampling.engine import Engine
from sampling.recorded import RecordedEngine, RecordingEngine
from sampling.sample_store import SampleStore
from sandbox.installation import InstalledProject
from sandbox.worker_pool import WorkerPool
from tasks.files import read_json_lines, write_json_lines
from tasks.record import Task

SHARDS = 16
"""Tasks are spread over so many shards by their names, so that tasks that are added move no others."""


@dataclass(frozen=True)
class Measuring:
    """How tasks are measured. ``environments`` is the run whose projects tasks may need."""

    engine: ChosenEngine
    parameters: ChosenParameters
    options: SampleFilterOptions
    sandbox: str
    environments: Path | None = None


@dataclass(frozen=True)
class MeasuredTask:
    """What was measured of a task: values by name, to which recipes apply thresholds, and the diagnosis if no
    sample solves it."""

    task_id: str
    measures: dict[str, Any]
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True)
class Shard:
    """Some of the tasks of a run, and where the parts of their measuring lie.

    ``digest`` is of all that the measurements depend on: what was measured with another one is not found.
    """

    folder: Path
    number: int
    digest: str

    @property
    def tasks(self) -> Path:
        return self._file("tasks", self.digest)

    @property
    def samples(self) -> Path:
        """What was drawn: the file says itself how, and is continued."""
        return self._file("samples", "drawn")

    @property
    def verdicts(self) -> Path:
        return self._file("verdicts", "known")

    @property
    def judged(self) -> Path:
        return self._file("judged", self.digest)

    @property
    def measured(self) -> Path:
        """The last that is written: with it, the shard is finished."""
        return self._file("measured", self.digest)

    @property
    def failure(self) -> Path:
        return self._file("failure", self.digest)

    def _file(self, name: str, which: str) -> Path:
        return self.folder / "shards" / f"{self.number:02}-{name}-{which}.jsonl"


def make_shards(folder: Path, tasks: list[Task], measuring: Measuring) -> list[Shard]:
    """Spread tasks over shards and write them there, but for shards without any."""
    spread: dict[int, list[Task]] = {}
    for task in tasks:
        number = hashlib.sha256(task.task_id.encode()).digest()[0] % SHARDS
        spread.setdefault(number, []).append(task)
    shards = []
    for number, some in sorted(spread.items()):
        depends_on = (
            some,
            measuring.engine.identity,
            measuring.parameters,
            replace(measuring.options, workers=1),
        )
        digest = hashlib.sha256(msgspec.json.encode(depends_on)).hexdigest()[:12]
        shard = Shard(folder, number, digest)
        if not shard.measured.exists():
            write_json_lines(shard.tasks, some)
        shards.append(shard)
    return shards


def measure_shard(
    shard: Shard,
    engine: Engine,
    measuring: Measuring,
    pool: WorkerPool,
    environments: Mapping[str, InstalledProject],
) -> None:
    """Sample, judge and diagnose a shard's tasks.

    Samples and verdicts are kept as they come: done again, this does only what is missing, and gives the
    same. Raises `sampling.engine.EngineError`, `tasks.files.BadFile`.
    """
    tasks = {task.task_id: task for task in read_json_lines(shard.tasks, Task)}
    found: dict[str, SampledTask] = {}
    drawing: Engine
    with SampleStore(shard.samples) as store, KnownVerdicts(shard.verdicts) as verdicts:
        drawing = engine if isinstance(engine, RecordedEngine) else RecordingEngine(engine, store)
        for sampled in filter_by_samples(
            tasks.values(), drawing, pool, measuring.options, measuring.parameters.of, verdicts, environments
        ):
            found[sampled.task_id] = sampled
    measured = []
    for task_id, task in tasks.items():
        sampled, diagnosis = found[task_id], None
        if sampled.reason == "no_sample_passes":
            installed = environments.get(task.environment) if task.environment else None
            texts = [sample.completion for sample in sampled.samples]
            diagnosis = diagnose(task, texts, pool, measuring.options.judging, installed)
        measured.append(MeasuredTask(task_id, _measures(sampled, diagnosis), diagnosis))
    write_json_lines(shard.judged, (sample for task_id in tasks for sample in found[task_id].samples))
    write_json_lines(shard.measured, measured)
    shard.tasks.unlink()


def _measures(sampled: SampledTask, diagnosis: Diagnosis | None) -> dict[str, Any]:
    judged = [sample for sample in sampled.samples if sample.verdict.passed is not None]
    interval = sampled.pass_rate_interval or (None, None)
    means = [sample.logprob_mean for sample in sampled.samples if sample.logprob_mean is not None]
    measures = {
        "samples.decision": sampled.decision,
        "samples.reason": sampled.reason,
        "samples.detail": sampled.detail or None,
        "samples.drawn": len(sampled.samples),
        "samples.judged": len(judged),
        "samples.passed": sampled.passed,
        "samples.first_pass": sampled.first_pass,
        "samples.pass_rate": sampled.pass_rate,
        "samples.pass_rate_low": interval[0],
        "samples.pass_rate_high": interval[1],
        "samples.logprob_mean": sum(means) / len(means) if means else None,
        "diagnosis.label": diagnosis and diagnosis.label,
    }
    return {name: value for name, value in measures.items() if value is not None}
