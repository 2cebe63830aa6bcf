"""The steps of describing tasks: drawing, checking, the round trip, each going on from what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from docstring_gen.descriptions import DescribedTask, Description, describe, described_task
from docstring_gen.round_trips import round_trips
from filters.sample_filter import SampleFilterOptions
from filters.sample_verdicts import KnownVerdicts
from pipelines.engine_options import ChosenEngine
from sampling.engine import Answer, Engine, Parameters, Request
from sampling.recorded import RecordedEngine, RecordingEngine
from sampling.sample_store import SampleStore
from sandbox.installation import InstalledProject
from sandbox.task_judging import JudgingOptions
from sandbox.worker_pool import WorkerPool
from sft.row_texts import RefusedRow
from tasks.record import Task


@dataclass(frozen=True)
class DescribeParts:
    """What describing keeps, to go on from."""

    folder: Path

    @property
    def drawn(self) -> Path:
        """Completions of the describing model: a file of samples."""
        return self.folder / "drawn.jsonl"

    @property
    def solved(self) -> Path:
        """Samples of the round trip."""
        return self.folder / "solved.jsonl"

    @property
    def verdicts(self) -> Path:
        return self.folder / "verdicts.jsonl"


@dataclass(frozen=True)
class Describing:
    """The tasks to describe by their ids, and with what their programs are run. ``installed`` is by task."""

    tasks: Mapping[str, DescribedTask]
    parts: DescribeParts
    installed: Mapping[str, InstalledProject]
    judging: JudgingOptions


def chosen_tasks(tasks: Iterable[Task], only: str, refused: Counter[str]) -> dict[str, DescribedTask]:
    """The tasks that can be described, by their ids; the others are counted by reason.

    ``only``: ``documented`` or ``undocumented`` ones, or ``all``.
    """
    found = {}
    for task in tasks:
        described = described_task(task)
        if isinstance(described, RefusedRow):
            refused[described.reason] += 1
        elif only == "all" or (only == "documented") == bool(described.cut.docstring):
            found[task.task_id] = described
        else:
            refused["undocumented" if only == "documented" else "documented"] += 1
    return found


def draw_descriptions(
    describing: Describing,
    engine: ChosenEngine,
    parameters: Parameters,
    count: int,
    seed: int,
    on_answer: Callable[[], None],
) -> list[Answer]:
    """An answer for each task. Raises `sampling.engine.EngineError`, `tasks.files.BadFile`."""
    requests = (
        Request(task_id, each.prompt, count, 0, parameters, seed)
        for task_id, each in describing.tasks.items()
    )
    with SampleStore(describing.parts.drawn) as store:
        answers = []
        for answer in _recorded(engine.open(), store, every_token=True).draw(requests):
            answers.append(answer)
            on_answer()
    return answers


def check_descriptions(
    describing: Describing,
    answers: Iterable[Answer],
    pool: WorkerPool,
    on_task: Callable[[], None],
    *,
    every_token: bool = False,
) -> dict[str, list[Description]]:
    """The descriptions of each task, checked by all but the round trip."""
    found: dict[str, list[Description]] = {task_id: [] for task_id in describing.tasks}
    for answer in answers:
        task_id = answer.request.task_id
        found[task_id] = describe(
            describing.tasks[task_id],
            answer,
            pool,
            describing.judging,
            describing.installed.get(task_id),
            every_token=every_token,
        )
        on_task()
    return found


def try_round_trips(
    describing: Describing,
    descriptions: Mapping[str, list[Description]],
    engine: ChosenEngine,
    parameters: Parameters,
    options: SampleFilterOptions,
    pool: WorkerPool,
    on_trip: Callable[[], None],
) -> dict[str, list[Description]]:
    """The same with their round trips. Raises `sampling.engine.EngineError`, `tasks.files.BadFile`."""
    parts = describing.parts
    with SampleStore(parts.solved) as store, KnownVerdicts(parts.verdicts) as verdicts:
        return round_trips(
            descriptions,
            describing.tasks,
            _recorded(engine.open(), store),
            pool,
            options,
            lambda task: parameters,
            verdicts,
            describing.installed,
            on_trip,
        )


def _recorded(engine: Engine, store: SampleStore, *, every_token: bool = False) -> Engine:
    """An engine that keeps what it draws, unless it is a recording itself."""
    if isinstance(engine, RecordedEngine):
        return engine
    return RecordingEngine(engine, store, every_token=every_token)
