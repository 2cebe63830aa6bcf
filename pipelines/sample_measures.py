"""The last stage: a model's samples, what they say of tasks, and why none solves some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filters.diagnosis import Diagnosis, diagnose
from filters.sample_filter import SampledTask, SampleFilterOptions, filter_by_samples
from filters.sample_verdicts import KnownVerdicts
from pipelines.engine_options import ChosenEngine, ChosenParameters
from pipelines.measure_store import MeasureStore, measure_key
from pipelines.task_measures import TaskMeasurer, TaskState
from sampling.engine import Engine
from sampling.recorded import RecordedEngine, RecordingEngine
from sampling.sample_store import SampleStore
from sandbox.installation import InstalledProject
from sandbox.task_judging import completed_program
from tasks.record import Samples, Task

_WATCHED = 3
"""Passing samples of a task whose stability is looked at."""


@dataclass(frozen=True)
class Sampling:
    """What draws samples, and how."""

    engine: ChosenEngine
    parameters: ChosenParameters
    options: SampleFilterOptions

    def key(self, task: Task) -> str:
        """Changes with all that the samples' verdicts depend on."""
        options = replace(self.options, workers=1)
        return measure_key(task, "samples", self.engine.identity, self.parameters.of(task), options)


@dataclass(frozen=True)
class SampledRecord:
    """What the samples say of a task, and the diagnosis if none solves it."""

    sampled: SampledTask
    diagnosis: Diagnosis | None = None


def sample_tasks(
    states: Sequence[TaskState],
    sampling: Sampling,
    open_engine: Callable[[], Engine],
    measurer: TaskMeasurer,
    installed: Mapping[str, InstalledProject],
    stores: tuple[MeasureStore, MeasureStore],
    files: tuple[Path, Path],
    on_task: Callable[[], None],
) -> dict[str, SampledRecord]:
    """Sample tasks that were not sampled so before, and see what passing samples depend on.

    ``installed`` is by tasks. ``stores`` are those of samples and of stability, ``files`` those of drawn
    samples and of verdicts. What is undecided is not kept: the next run tries again, with all that was
    drawn. Raises `sampling.engine.EngineError`, `tasks.files.BadFile`.
    """
    store, stable = stores
    options = sampling.options
    keys = {state.task.task_id: sampling.key(state.task) for state in states}
    found: dict[str, SampledRecord] = {}
    for state in states:
        record = store.find(keys[state.task.task_id], SampledRecord)
        if record:
            found[state.task.task_id] = record
            on_task()
    missing = {state.task.task_id: state.task for state in states if state.task.task_id not in found}
    if missing:
        opened = open_engine()
        with SampleStore(files[0]) as drawn, KnownVerdicts(files[1]) as verdicts:
            engine = opened if isinstance(opened, RecordedEngine) else RecordingEngine(opened, drawn)
            for sampled in filter_by_samples(
                missing.values(),
                engine,
                measurer.pool,
                options,
                sampling.parameters.of,
                verdicts,
                {
                    task.environment or task_id: installed[task_id]
                    for task_id, task in missing.items()
                    if task_id in installed
                },
            ):
                task = missing[sampled.task_id]
                record = SampledRecord(
                    sampled, _diagnosis(task, sampled, measurer, options, installed.get(task.task_id))
                )
                found[task.task_id] = record
                if sampled.decision != "undecided":
                    store.add(keys[task.task_id], record)
                on_task()
    for state in states:
        task = state.task
        record = found[task.task_id]
        place = installed.get(task.task_id)
        unstable, seconds = _unstable_axes(task, record.sampled, measurer, stable, place)
        measures = _measures(record, unstable)
        columns = _columns(record, sampling.engine.text, unstable or [])
        # equal programs were run once
        judging = {sample.completion: sample.verdict.cpu_seconds for sample in record.sampled.samples}
        state.learn("samples", measures, sum(judging.values()) + seconds, samples=columns)
    return found


def _diagnosis(
    task: Task,
    sampled: SampledTask,
    measurer: TaskMeasurer,
    options: SampleFilterOptions,
    installed: InstalledProject | None,
) -> Diagnosis | None:
    if sampled.reason != "no_sample_passes":
        return None
    texts = [sample.completion for sample in sampled.samples]
    return diagnose(task, texts, measurer.pool, options.judging, installed)


def _unstable_axes(
    task: Task,
    sampled: SampledTask,
    measurer: TaskMeasurer,
    store: MeasureStore,
    installed: InstalledProject | None,
) -> tuple[list[str] | None, float]:
    """What the first different programs that pass depend on; None if there are none to see it by."""
    passing = [
        completed_program(task, sample.completion) for sample in sampled.samples if sample.verdict.passed
    ]
    axes: set[str] = set()
    seconds, seen = 0.0, False
    for program in list(dict.fromkeys(passing))[:_WATCHED]:
        record = measurer.stability_of(task, program, store, installed)
        seconds += record.cpu_seconds
        seen = seen or record.found is not None
        axes |= {entry.axis for entry in record.found or ()}
    return (sorted(axes) if seen else None), seconds


def _measures(record: SampledRecord, unstable: list[str] | None) -> dict[str, Any]:
    sampled = record.sampled
    interval = sampled.pass_rate_interval or (None, None)
    means = [sample.logprob_mean for sample in sampled.samples if sample.logprob_mean is not None]
    return {
        "samples.decision": sampled.decision,
        "samples.reason": sampled.reason,
        "samples.drawn": len(sampled.samples),
        "samples.judged": _judged(sampled),
        "samples.passed": sampled.passed,
        "samples.first_pass": sampled.first_pass,
        "samples.pass_rate": sampled.pass_rate,
        "samples.pass_rate_low": interval[0],
        "samples.pass_rate_high": interval[1],
        "samples.logprob_mean": sum(means) / len(means) if means else None,
        "samples.unstable_axes": unstable,
        "samples.diagnosis": record.diagnosis and record.diagnosis.label,
    }


def _columns(record: SampledRecord, engine: str, unstable: list[str]) -> Samples:
    sampled = record.sampled
    return Samples(
        engine,
        len(sampled.samples),
        _judged(sampled),
        sampled.passed,
        sampled.pass_rate,
        sampled.pass_rate_interval,
        unstable,
        record.diagnosis.label if record.diagnosis else None,
    )


def _judged(sampled: SampledTask) -> int:
    return sum(sample.verdict.passed is not None for sample in sampled.samples)
