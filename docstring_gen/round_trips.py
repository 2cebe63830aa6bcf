"""The round trip: does a code model solve a task from the docstring that another wrote for its code?

A proxy: a docstring may pass that says too little for a reader, if the model guesses the rest from the
function's name, and a right one may fail for a weak model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from docstring_gen.descriptions import DescribedTask, Description, RoundTrip, distinct
from docstring_gen.documented_tasks import with_docstring
from filters.sample_filter import SampledTask, SampleFilterOptions, filter_by_samples
from filters.sample_verdicts import KnownVerdicts
from filters.well_formed import without_answers_in_prompt
from sampling.engine import Engine, Origin, Parameters
from sandbox.installation import InstalledProject
from sandbox.worker_pool import WorkerPool
from sft.row_texts import RefusedRow
from tasks.record import Task

_PLACE = "{}#docstring-{}"


def round_trips(
    descriptions: Mapping[str, list[Description]],
    tasks: Mapping[str, DescribedTask],
    engine: Engine,
    pool: WorkerPool,
    options: SampleFilterOptions,
    parameters_for: Callable[[Task], Parameters],
    verdicts: KnownVerdicts,
    environments: Mapping[str, InstalledProject],
    on_trip: Callable[[], None] = lambda: None,
) -> dict[str, list[Description]]:
    """The descriptions of tasks, with what the engine makes of them; equal ones of a task are tried once.

    What is marked wrong or cannot stand in the prompt is not tried. Tests whose results can be read off the
    docstring are left out. ``environments`` are by task. Raises `sampling.engine.EngineError`.
    """
    trips: dict[tuple[str, str], RoundTrip] = {}
    documented: dict[str, tuple[Task, tuple[str, str]]] = {}
    installed: dict[str, InstalledProject] = {}
    for task_id, found in descriptions.items():
        for text, first in distinct(found).items():
            if first.marked_wrong is not None or first.refused is not None:
                continue
            task = _documented(tasks[task_id], first)
            if isinstance(task, str):
                trips[task_id, text] = RoundTrip(*_named(engine.origin), undecided=task)
                continue
            documented[task.task_id] = (task, (task_id, text))
            if task_id in environments:
                installed[task.environment or task.task_id] = environments[task_id]
    for sampled in filter_by_samples(
        (task for task, _ in documented.values()),
        engine,
        pool,
        options,
        parameters_for,
        verdicts,
        installed,
    ):
        trips[documented[sampled.task_id][1]] = _trip(engine.origin, sampled)
        on_trip()
    return {
        task_id: [replace(each, round_trip=trips.get((task_id, each.docstring))) for each in found]
        for task_id, found in descriptions.items()
    }


def trip_count(descriptions: Iterable[list[Description]]) -> int:
    """How many docstrings are to be tried at most."""
    return sum(len(distinct(found)) for found in descriptions)


def _documented(described: DescribedTask, description: Description) -> Task | str:
    """The task to solve, or the reason why there is none."""
    task = with_docstring(described.task, described.cut, description.docstring)
    if isinstance(task, RefusedRow):
        return task.reason
    hidden = without_answers_in_prompt(task)
    if task.tests and not hidden.tests:
        return "answer_in_prompt"
    return replace(hidden, task_id=_PLACE.format(task.task_id, description.sample_index))


def _trip(origin: Origin, sampled: SampledTask) -> RoundTrip:
    judged = sum(sample.verdict.passed is not None for sample in sampled.samples)
    return RoundTrip(
        *_named(origin),
        len(sampled.samples),
        judged,
        sampled.passed,
        sampled.reason if sampled.decision == "undecided" or not judged else "",
    )


def _named(origin: Origin) -> tuple[str, str]:
    return origin.engine, origin.model
