"""The ``codex-sft filter`` command: tasks measured by a model's samples, kept by a recipe."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from evaluation.evaluation_files import read_tasks
from filters.recipe import PAPER, read_recipe
from filters.sample_filter import SampleFilterOptions
from pipelines.engine_options import ChosenEngine, ChosenParameters, engine_options
from pipelines.environments import read_environments
from pipelines.filter_folder import Measuring, Shard, make_shards
from pipelines.filter_output import FilterManifest, apply_recipe
from pipelines.run_folder import RunFolder
from pipelines.user_error import UserError
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter
from sandbox.selection import select_sandbox
from sandbox.task_judging import JudgingOptions
from tasks.files import BadFile

_SOME_MISSING = 1
_INTERVAL = 0.25


@click.command("filter")
@click.option(
    "--tasks",
    "task_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Tasks: the folder of a run, a tasks.jsonl, or HumanEval's form.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder for it all.")
@click.option("--recipe", "recipe_file", type=click.Path(path_type=Path), help="Thresholds; see below.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="Samples at most.")
@click.option("--exhaustive", is_flag=True, help="Draw all samples, not only until one passes.")
@click.option(
    "--half-width",
    type=click.FloatRange(0.01, 0.5),
    help="Draw until the pass rate is known so well (half of its 95 % interval).",
)
@click.option(
    "--timeout",
    default=3.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds of processor time for a sample; ten times the reference's where that is more.",
)
@click.option(
    "--workers", default=os.cpu_count() or 1, type=click.IntRange(min=1), show_default=True, help="At a time."
)
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap", "landlock"]),
    show_default=True,
    help="What contains the samples.",
)
@engine_options
def filter_tasks(
    task_path: Path,
    output: Path,
    recipe_file: Path | None,
    limit: int,
    exhaustive: bool,
    half_width: float | None,
    timeout: float,
    workers: int,
    sandbox: str,
    seed: int,
    engine: ChosenEngine,
    parameters: ChosenParameters,
) -> None:
    """Keep the tasks that a model can solve, and tell why the others are not solved.

    The paper draws 100 samples of each task. Here they are drawn in portions of 1, 3, 6, 10, 20 and 60, until
    one passes: what is kept is the same. Tasks that none solves are diagnosed by what their samples agree on.

    \b
    The output folder gets
      tasks.jsonl     the tasks that are kept        measured.jsonl  what was measured of every task
      rejected.jsonl  the others, with reasons       samples.jsonl   every sample with its verdict
      manifest.json   counts and costs               shards/         what a run goes on from

    \b
    A recipe is a TOML file with a table for each reason to reject; in place of the paper's:
      [no_sample_passes]              [too_easy]
      measure = "samples.passed"      measure = "samples.pass_rate"
      minimum = 1                     maximum = 0.95
                                      unknown = "keep"
    What was measured is not measured again for another recipe.

    Exit status: 0 if all tasks were measured, 1 if the engine failed for some, 2 if nothing could be done.
    """
    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    options = SampleFilterOptions(limit, exhaustive, half_width, seed, JudgingOptions(timeout))
    run = RunFolder(output.absolute())
    try:
        recipe = read_recipe(recipe_file) if recipe_file else PAPER
        source = RunFolder(task_path).tasks if task_path.is_dir() else task_path
        tasks = read_tasks(source)
        backend = select_sandbox("samples", sandbox).name
        with run.open():
            from pipelines.filter_pipeline import run_measuring  # Beam takes seconds to import

            needed = any(task.environment for task in tasks.values())
            environments = source.parent if needed else None
            if environments:
                read_environments(environments)  # what is missing is told before anything is drawn
            measuring = Measuring(engine, parameters, options, backend, environments)
            shards = make_shards(run.path, list(tasks.values()), measuring)
            console.print(f"sandbox: {backend}; {len(tasks)} tasks, {workers} worker(s)", highlight=False)
            with _shown_progress(shards, console):
                failures = run_measuring(shards, measuring, workers=workers)
            if failures:
                click.echo("\n".join(f"Error: {failure}" for failure in failures), err=True)
                click.echo("what was drawn is kept; the same command goes on from there", err=True)
                raise SystemExit(_SOME_MISSING if any(each.measured.exists() for each in shards) else 2)
            manifest = apply_recipe(recipe, run, shards, tasks, measuring)
    except (BadFile, SandboxUnavailable, NoInterpreter) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    _summarize(manifest, console)
    click.echo(f"{manifest.kept} of {manifest.tasks} tasks kept: {run.tasks}")


@contextmanager
def _shown_progress(shards: list[Shard], console: Console) -> Iterator[None]:
    """Show how many shards are measured, told from their files, until the block ends."""
    columns = (TextColumn("measuring shards"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    stop = threading.Event()
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        bar = progress.add_task("", total=len(shards))

        def follow() -> None:
            while not stop.wait(_INTERVAL):
                progress.update(bar, completed=sum(shard.measured.exists() for shard in shards))

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _summarize(manifest: FilterManifest, console: Console) -> None:
    table = Table("", "tasks", "share")
    rows = {"tasks": manifest.tasks, **{f"- {name}": n for name, n in manifest.rejected.items()}}
    for name, count in {**rows, "kept": manifest.kept}.items():
        table.add_row(name, str(count), f"{count / manifest.tasks:.1%}")
    console.print(table)
    if manifest.diagnoses:
        told = ", ".join(f"{label} {count}" for label, count in manifest.diagnoses.items())
        console.print(f"unsolved: {told}", highlight=False)
    costs = ", ".join(f"{value:g} {name}" for name, value in manifest.cost_per_kept.items() if value)
    console.print(f"for each task that is kept: {costs or 'nothing'}", highlight=False)
