"""What the pipeline costs besides the work: memory by number of tasks, processor time against a plain loop.

Everything is measured on processes of their own: peak resident memory of the one that runs the pipeline, and
the time of it with all that it starts.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.processor_time import Spent, spent_by
from filters.contamination import ContaminationFinder
from filters.default_recipe import DEFAULT
from filters.minimise import StrengthenOptions
from filters.recipe import Recipe
from pipelines import __version__
from pipelines.environments import environments_of, installed_project, is_traced, read_environments
from pipelines.filter_run import TaskFile, without_missing_stages
from pipelines.measure_store import MeasureStore
from pipelines.run_folder import RunFolder
from pipelines.task_measures import TaskMeasurer, TaskState
from pipelines.task_stages import verify_candidate
from pipelines.text_stages import measure_texts
from sandbox.installation import InstalledProject
from sandbox.interpreter import find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import write_json, write_json_lines
from tasks.record import Expected, Provenance, Rejection, Task, TestCase
from tracing.project_spec import parse_project
from tracing.trace_project import TraceOptions, trace_project

COMMAND = Path(sys.executable).with_name("codex-sft")
PROJECTS = (
    *("pypi:inflection==0.5.1", "pypi:tabulate==0.10.0", "pypi:toolz==1.2.0"),
    *("pypi:python-slugify==9.2.0", "pypi:isodate==0.7.2"),
)
_MEMORY_RECIPE = """\
sandbox = "bubblewrap"
[tasks]
files = ["tasks.jsonl"]
[filter]
[filter.thresholds]
unstable.apply = false
reference_fails.apply = false
weak_tests.apply = false
trivial_solution_passes.apply = false
[export.humaneval]
"""
"""Texts, duplicates, contamination and the export of what is left: the rest takes its tasks one by one."""


@click.group()
def main() -> None:
    """Measure what the pipeline costs besides the work."""


@main.command()
@click.option("--base", default=1000, show_default=True, help="Tasks at 1 x.")
@click.option("--factors", default="1,4,16", show_default=True)
def memory(base: int, factors: str) -> None:
    """Peak memory of a build over a file of tasks, of growing length."""
    click.echo("tasks     file MB   kept    peak MB   of 1 x   CPU s")
    first = 0.0
    for factor in map(int, factors.split(",")):
        with tempfile.TemporaryDirectory(prefix="codex-sft-memory-") as name:
            folder = Path(name)
            write_json_lines(folder / "tasks.jsonl", made_tasks(base * factor))
            (folder / "recipe.toml").write_text(_MEMORY_RECIPE)
            megabytes = (folder / "tasks.jsonl").stat().st_size / 1e6
            spent = measured([COMMAND, "build", folder / "recipe.toml", "-o", folder / "out"])
            manifest = json.loads((folder / "out" / "build.json").read_text())
            kept = manifest["stages"][-1]["kept"]
        peak = spent.peak_megabytes
        first = first or peak
        row = f"{base * factor:<9} {megabytes:<9.1f} {kept:<7} {peak:<9.0f} {peak / first:<8.2f}"
        click.echo(f"{row} {spent.processor_seconds:.1f}")


@main.command()
@click.argument("projects", nargs=-1)
@click.option("--output", type=click.Path(path_type=Path), required=True)
def overhead(projects: tuple[str, ...], output: Path) -> None:
    """Time of the tracing and the filtering stage, by the pipeline with one worker and by a plain loop."""
    projects = projects or PROJECTS
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    recipe = output / "recipe.toml"
    recipe.write_text(f'sandbox = "bubblewrap"\n[trace]\nprojects = {json.dumps(projects)}\n[filter]\n')
    built = [COMMAND, "build", recipe, "-o", output / "built", "--workers", "1"]
    loop = [sys.executable, "-m", "benchmarks.pipeline_overhead"]
    measured([*loop, "plain-trace", output / "warm", *projects])  # downloads are there for both
    traced = measured([*built, "--stage", "trace"])
    plain = measured([*loop, "plain-trace", output / "plain", *projects])
    _tell("tracing", traced, plain)
    measured([*built, "--stage", "gather"])
    tasks = output / "built" / "stages" / "gather" / "tasks.jsonl"
    filtered = measured([*built, "--stage", "filter"])
    plain = measured([*loop, "plain-filter", tasks, output / "built" / "stages" / "trace"])
    _tell("filtering", filtered, plain)
    nothing = measured([*built, "--stage", "filter"])
    click.echo(f"the command where nothing has changed: {nothing.processor_seconds:.1f} s")


def _tell(stage: str, pipeline: Spent, plain: Spent) -> None:
    for what, one, other in (
        ("processor time", pipeline.processor_seconds, plain.processor_seconds),
        ("wall time", pipeline.seconds, plain.seconds),
    ):
        click.echo(
            f"{stage}: pipeline {one:.1f} s, plain loop {other:.1f} s of {what}: {one / other - 1:+.1%}"
        )


@main.command("plain-trace")
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("projects", nargs=-1)
def plain_trace(output: Path, projects: tuple[str, ...]) -> None:
    """Trace and prove in a loop, without Beam and checkpoints."""
    sandbox, samples = select_sandbox("projects", "bubblewrap"), select_sandbox("samples", "bubblewrap")
    run, options = RunFolder(output.absolute()), TraceOptions()
    tasks: list[Task] = []
    for project in projects:
        spec = parse_project(project)
        folder = run.project(spec, options)
        traced = trace_project(spec, folder, sandbox, options, __version__)
        installed = installed_project(traced.installation, folder)
        with WorkerPool(samples, find_interpreter()) as pool:
            for candidate in traced.candidates:
                verified = verify_candidate(candidate, pool, installed)
                if not isinstance(verified, Rejection):
                    tasks.append(verified)
    write_json_lines(run.tasks, tasks)
    click.echo(f"{len(tasks)} tasks")


@main.command("plain-filter")
@click.argument("tasks", type=click.Path(path_type=Path))
@click.argument("traced", type=click.Path(path_type=Path))
def plain_filter(tasks: Path, traced: Path) -> None:
    """Measure in a loop, without Beam, shards and resumption."""
    from pipelines.benchmark_files import HUMANEVAL, default_benchmark_cache, prepare_benchmarks

    recipe = without_missing_stages(DEFAULT, None)
    environments = read_environments(traced) if is_traced(traced) else {}
    interpreter = find_interpreter()
    checks = OutputChecks(lambda: select_sandbox("projects"), interpreter)
    kept = []
    with (
        tempfile.TemporaryDirectory() as name,
        WorkerPool(select_sandbox("samples", "bubblewrap"), interpreter, checks) as pool,
        MeasureStore(Path(name) / "known.jsonl") as store,
    ):
        benchmarks = prepare_benchmarks(dict([HUMANEVAL]), default_benchmark_cache(), pool)
        finder = ContaminationFinder(benchmarks.read())
        measurer = TaskMeasurer(pool, finder, benchmarks.digest, StrengthenOptions(), True)
        for waiting in measure_texts(TaskFile(tasks), recipe):
            state = TaskState(waiting.task, waiting.measures)
            if _measured(state, measurer, store, recipe, environments):
                kept.append(state.task)
        write_json_lines(Path(name) / "tasks.jsonl", kept)
        write_json(Path(name) / "manifest.json", {"kept": len(kept)})
    click.echo(f"{len(kept)} tasks kept")


def _measured(
    state: TaskState,
    measurer: TaskMeasurer,
    store: MeasureStore,
    recipe: Recipe,
    environments: dict[str, InstalledProject],
) -> bool:
    """Measure a task until the recipe rejects it; whether it does not."""
    installed = environments_of([state.task], environments).get(state.task.task_id)
    for measure in (measurer.contamination, measurer.stability, measurer.strength):
        if recipe.objections(state.measures, ("text", "duplicates")) or _rejected(recipe, state):
            return False
        measure(state, store, installed)
    return not _rejected(recipe, state)


def _rejected(recipe: Recipe, state: TaskState) -> bool:
    reached = [stage for stage in ("contamination", "stability", "strength") if stage in state.cpu_seconds]
    return bool(recipe.objections(state.measures, reached))


def measured(command: list[object]) -> Spent:
    """Run a command of this project, and tell how long it takes."""
    spent = spent_by(command, Path(tempfile.gettempdir()) / f"pipeline-overhead-{os.getpid()}.log")
    click.echo(f"  ({spent.seconds:.0f} s of wall time)", err=True)
    return spent


def made_tasks(number: int) -> Iterator[Task]:
    """Documented tasks, no two alike, of about the size of traced ones."""
    for place in range(number):
        dice = random.Random(place)
        words = [
            f"{dice.choice(_SYLLABLES)}{dice.choice(_SYLLABLES)}{dice.randrange(1000)}" for _ in range(8)
        ]
        name = f"f_{words[0]}_{place}"
        body = "".join(
            f"    {word} = {dice.choice(['x', *words[:at]])} {dice.choice('+-*')} {dice.randrange(10**6)}\n"
            for at, word in enumerate(words)
        )
        prompt = f'def {name}(x):\n    """Return what {" and ".join(words)} make of the given number x."""\n'
        cases = [
            TestCase(
                [dice.randrange(10**9), "x" * 200],
                {},
                Expected("returned", [dice.random() for _ in range(12)]),
            )
            for _ in range(20)
        ]
        origin = Provenance("project", f"project{place % 50}", license="MIT")
        yield Task(
            f"project{place % 50}/{name}", prompt, name, body + f"    return {words[-1]}\n", cases, origin
        )


_SYLLABLES = ("ba", "co", "di", "fu", "ge", "ha", "ji", "ko", "lu", "me", "na", "po", "qui", "ra", "so", "tu")


if __name__ == "__main__":
    main()
