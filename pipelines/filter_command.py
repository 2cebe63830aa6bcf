"""The ``codex-sft filter`` command: tasks measured in stages, kept by a recipe."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from filters.default_recipe import DEFAULT
from filters.minimise import StrengthenOptions
from filters.recipe import read_recipe
from filters.sample_filter import SampleFilterOptions
from pipelines.benchmark_files import default_benchmark_cache, parse_benchmarks
from pipelines.engine_options import ChosenEngine, ChosenParameters, engine_options
from pipelines.environments import is_traced, needed_environments
from pipelines.filter_folder import Measuring
from pipelines.filter_output import FilterManifest
from pipelines.filter_run import (
    MeasuringFailed,
    TaskFile,
    documented_tasks,
    prepared_benchmarks,
    run_filter,
    without_missing_stages,
)
from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.runner_choice import Runner
from pipelines.sample_measures import Sampling
from pipelines.user_error import NOTHING_DONE, UserError
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter
from sandbox.selection import select_sandbox
from sandbox.task_judging import JudgingOptions
from tasks.files import BadFile

_SOME_MISSING = 1


@click.command("filter")
@click.option(
    "--tasks",
    "task_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Tasks: the folder of a run, a tasks.jsonl, or HumanEval's form.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder for it all.")
@click.option(
    "--docstrings",
    "docstring_file",
    type=click.Path(path_type=Path),
    help="Docstrings of `codex-sft describe --code-engine` for tasks that have none.",
)
@click.option("--recipe", "recipe_file", type=click.Path(path_type=Path), help="Thresholds; see below.")
@click.option(
    "--benchmark",
    "benchmark_files",
    multiple=True,
    metavar="NAME=FILE",
    help="A benchmark that no task may be of, in HumanEval's or MBPP's form. HumanEval is one in any case.",
)
@click.option(
    "--benchmark-cache",
    default=default_benchmark_cache,
    show_default="~/.cache/codex-sft/benchmarks",
    type=click.Path(path_type=Path),
    help="Where the answers of benchmarks' references are kept between runs.",
)
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    help="The run whose projects tasks need to be installed. [default: the folder of the tasks]",
)
@click.option(
    "--strengthen/--no-strengthen",
    default=True,
    show_default=True,
    help="Add inputs that tell wrong solutions apart, with the reference's answers.",
)
@click.option(
    "--test-seconds",
    default=30.0,
    type=click.FloatRange(min=0),
    show_default=True,
    help="Processor time for measuring one task's tests and adding to them.",
)
@click.option(
    "--measure-all", is_flag=True, help="Measure all of every task, whatever the recipe asks and rejects."
)
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
    help="What contains references and samples.",
)
@engine_options(required=False)
def filter_tasks(
    task_path: Path,
    output: Path,
    docstring_file: Path | None,
    recipe_file: Path | None,
    benchmark_files: tuple[str, ...],
    benchmark_cache: Path,
    environments: Path | None,
    strengthen: bool,
    test_seconds: float,
    measure_all: bool,
    limit: int,
    exhaustive: bool,
    half_width: float | None,
    timeout: float,
    workers: int,
    sandbox: str,
    seed: int,
    engine: ChosenEngine | None,
    parameters: ChosenParameters,
) -> None:
    """Keep the tasks that are well-posed, stable, strong and clean, and tell why the others are not.

    \b
    Stages, the cheapest first; a task that one rejects is not measured by the later ones, and stages that
    the recipe asks nothing of are left out (but with --measure-all):
      text           docstring, licence, lengths, branches
      duplicates     equal texts, equal trees, nearly the same tokens
      contamination  benchmarks' words, trees, and tests that the reference passes
      stability      what the reference's results depend on besides its arguments
      strength       mutants and trivial solutions against the tests, which are added to
      samples        with an --engine: does any of 100 pass (drawn until one does), and why not

    \b
    The output folder gets
      tasks.jsonl     the tasks that are kept        measured.jsonl  what was measured of every task
      rejected.jsonl  the others, with reasons       samples.jsonl   every sample with its verdict
      manifest.json   counts and costs               shards/         what a run goes on from

    \b
    A recipe is a TOML file that changes thresholds, takes some away, or adds others (docs/filtering.md):
      [weak_tests]                    [too_easy]
      minimum = 0.8                   measure = "samples.pass_rate"
      [undocumented]                  maximum = 0.95
      apply = false                   unknown = "keep"
    With --docstrings, tasks without a docstring get the best of those that a model wrote for them and from
    which another solved them (docs/docstrings.md); the provenance says so, and all stages apply as ever.
    What was measured is not measured again for another recipe, nor by a run that goes on after a kill.

    Exit status: 0 if all tasks were measured, 1 if the engine failed for some, 2 if nothing could be done.
    """
    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    run = RunFolder(output.absolute())
    sampling = None
    if engine:
        options = SampleFilterOptions(limit, exhaustive, half_width, seed, JudgingOptions(timeout))
        sampling = Sampling(engine, parameters, options)
    try:
        recipe = read_recipe(recipe_file, DEFAULT) if recipe_file else DEFAULT
        benchmarks = parse_benchmarks(benchmark_files)
        source = RunFolder(task_path).tasks if task_path.is_dir() else task_path
        tasks = TaskFile(source)
        traced = environments or source.parent
        number = sum(1 for _ in tasks)
        needed = needed_environments(tasks, traced)
        installed_in = (traced,) if needed or is_traced(traced) else ()
        backend = select_sandbox("samples", sandbox)
        with run.open():
            measuring = Measuring(
                without_missing_stages(recipe, sampling),
                backend.name,
                None,
                StrengthenOptions(cpu_seconds=test_seconds),
                strengthen,
                measure_all,
                sampling,
                installed_in,
            )
            if "contamination" in measuring.stages:
                prepared = prepared_benchmarks(benchmarks, benchmark_cache, backend, console)
                measuring = replace(measuring, benchmarks=prepared)
            console.print(f"sandbox: {backend.name}; {number} tasks, {workers} worker(s)", highlight=False)
            generated: dict[str, int] = {}
            if docstring_file:
                tasks, generated = documented_tasks(tasks, docstring_file, run)
            manifest = run_filter(
                tasks, run, measuring, workers, Runner(), console, generated_docstrings=generated
            )
    except MeasuringFailed as failed:
        for line in str(failed).splitlines():
            click.echo(f"Error: {line}", err=True)
        click.echo("what was drawn is kept; the same command goes on from there", err=True)
        raise SystemExit(_SOME_MISSING if failed.some else NOTHING_DONE) from None
    except (BadFile, SandboxUnavailable, NoInterpreter, OutputUnusable) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    _summarize(manifest, console)
    click.echo(f"{manifest.kept} of {manifest.tasks} tasks kept: {run.tasks}")


def _summarize(manifest: FilterManifest, console: Console) -> None:
    table = Table("stage", "", "tasks", "left", "share left")
    left = manifest.tasks
    table.add_row("", "tasks", str(left), str(left), "100.0%")
    for row in manifest.funnel:
        left -= row.tasks
        table.add_row(row.stage, row.reason, f"-{row.tasks}", str(left), f"{left / manifest.tasks:.1%}")
    table.add_row("", "kept", str(manifest.kept), str(manifest.kept), f"{manifest.kept / manifest.tasks:.1%}")
    console.print(table)
    if manifest.generated_docstrings:
        told = ", ".join(f"{reason} {number}" for reason, number in manifest.generated_docstrings.items())
        console.print(f"generated docstrings: {told}", highlight=False)
    if manifest.diagnoses:
        told = ", ".join(f"{label} {count}" for label, count in manifest.diagnoses.items())
        console.print(f"unsolved: {told}", highlight=False)
    times = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in manifest.cpu_seconds.items())
    console.print(f"CPU seconds of programs: {times or 'none'}", highlight=False)
    costs = ", ".join(f"{value:g} {name}" for name, value in manifest.cost_per_kept.items() if value)
    console.print(f"for each task that is kept: {costs or 'nothing'}", highlight=False)
