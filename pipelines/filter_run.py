"""A filter run over a file of tasks of any length: from texts over shards to what a recipe makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from docstring_gen.descriptions import Description
from docstring_gen.generated_docstrings import document
from evaluation.evaluation_files import stream_tasks
from filters.measures import STAGES
from filters.recipe import Recipe
from pipelines.benchmark_files import Benchmarks, prepare_benchmarks
from pipelines.counted_progress import count, shown_counts
from pipelines.filter_folder import TASKS_DONE, TASKS_READ, Measuring, Shard, WaitingTask, make_shards
from pipelines.filter_output import FilterManifest, apply_recipe
from pipelines.run_folder import RunFolder
from pipelines.runner_choice import Runner
from pipelines.sample_measures import Sampling
from pipelines.text_stages import measure_texts
from sandbox.interface import Sandbox
from sandbox.interpreter import find_interpreter
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, read_json_lines, write_json_lines
from tasks.record import Task


class MeasuringFailed(Exception):
    """Some tasks could not be measured; ``some`` tells whether others were."""

    def __init__(self, failures: list[str], some: bool) -> None:
        super().__init__("\n".join(failures))
        self.some = some


@dataclass(frozen=True)
class TaskFile:
    """The tasks of a file, read anew each time that they are gone through."""

    path: Path

    def __iter__(self) -> Iterator[Task]:
        return stream_tasks(self.path)


def run_filter(
    tasks: TaskFile,
    run: RunFolder,
    measuring: Measuring,
    workers: int,
    runner: Runner,
    console: Console,
    before: Callable[[list[Shard], Measuring], list[str]] = lambda shards, measuring: [],
    *,
    generated_docstrings: Mapping[str, int] = MappingProxyType({}),
) -> FilterManifest:
    """Measure tasks and write what the recipe makes of them; raises `MeasuringFailed`, `BadFile`.

    ``before`` may fill the shards with what is measured elsewhere, and tells what went wrong there.
    ``generated_docstrings`` are the counts of `documented_tasks`.
    """
    from pipelines.filter_pipeline import run_measuring  # Beam takes seconds to import

    with shown_counts(run, TASKS_READ, TASKS_DONE, "tasks measured", console):
        shards = make_shards(run.path, _counted(measure_texts(tasks, measuring.recipe), run))
        failures = before(shards, measuring) or run_measuring(
            shards, measuring, workers=workers, runner=runner
        )
    if failures:
        raise MeasuringFailed(failures, any(each.measured.exists() for each in shards))
    return apply_recipe(run, shards, (task.task_id for task in tasks), measuring, generated_docstrings)


def documented_tasks(tasks: TaskFile, file: Path, run: RunFolder) -> tuple[TaskFile, dict[str, int]]:
    """The tasks with generated docstrings where they have none, and what became of these.

    They are written into the run's folder. Raises `BadFile`.
    """
    counts: Counter[str] = Counter()
    target = run.path / "documented.jsonl"
    try:
        write_json_lines(target, document(tasks, read_json_lines(file, Description), counts))
    except ValueError as error:
        raise error if isinstance(error, BadFile) else BadFile(f"{file}: {error}") from error
    return TaskFile(target), dict(counts.most_common())


def _counted(waiting: Iterator[WaitingTask], run: RunFolder) -> Iterator[WaitingTask]:
    for each in waiting:
        count(run, TASKS_READ)
        yield each


def prepared_benchmarks(
    files: dict[str, Path], cache: Path, backend: Sandbox, console: Console
) -> Benchmarks:
    """The benchmarks, whose references are run once for all runs; raises `BadFile`."""
    console.print(f"benchmarks: {', '.join(files)}", highlight=False)
    with WorkerPool(backend, find_interpreter()) as pool:
        return prepare_benchmarks(files, cache.absolute(), pool)


def without_missing_stages(recipe: Recipe, sampling: Sampling | None) -> Recipe:
    """The recipe without thresholds for samples where none are drawn."""
    if sampling:
        return recipe
    return Recipe({name: each for name, each in recipe.thresholds.items() if each.stage != STAGES[-1]})
