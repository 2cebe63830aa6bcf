"""The ``codex-sft describe`` command: docstrings for tasks' code by a model, with automatic checks."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from docstring_gen.descriptions import STOPS
from docstring_gen.round_trips import trip_count
from evaluation.evaluation_files import read_tasks
from filters.sample_filter import SampleFilterOptions
from pipelines.describe_run import (
    DescribeParts,
    Describing,
    check_descriptions,
    chosen_tasks,
    draw_descriptions,
    try_round_trips,
)
from pipelines.describe_table import show_descriptions
from pipelines.engine_options import ChosenEngine, ChosenParameters, engine_options
from pipelines.environments import environments_of, is_traced, needed_environments, read_environments
from pipelines.run_folder import RunFolder
from pipelines.user_error import NOTHING_DONE, UserError
from sampling.engine import EngineError, Parameters
from sampling.engine_choice import KINDS
from sandbox.installation import InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter, find_interpreter
from sandbox.selection import select_sandbox
from sandbox.task_judging import JudgingOptions
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, write_json_lines
from tasks.record import Task

_SOME_MISSING = 1


@click.command()
@click.option(
    "--tasks",
    "task_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Tasks: HumanEval's form, a tasks.jsonl, or the folder of a run.",
)
@click.option("-n", "--n", "count", default=10, show_default=True, type=click.IntRange(min=1))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The file of docstrings."
)
@click.option(
    "--only",
    default="all",
    show_default=True,
    type=click.Choice(["all", "documented", "undocumented"]),
    help="Which tasks are described, by whether they have a docstring.",
)
@click.option("--every-token", is_flag=True, help="Keep each token's log-probability, not their sum alone.")
@click.option(
    "--code-engine",
    metavar="KIND:WHERE",
    help=f"For the round trip, what writes code from the docstrings: {', '.join(KINDS)}.",
)
@click.option("--code-model", help="The model of that server. [default: its only one]")
@click.option(
    "--code-samples", default=10, show_default=True, type=click.IntRange(min=1), help="For each docstring."
)
@click.option("--code-temperature", default=0.8, show_default=True, type=click.FloatRange(min=0))
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    help="The run whose projects tasks need to be installed. [default: the folder of the tasks]",
)
@click.option(
    "--timeout",
    default=3.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds of processor time for a docstring's doctests, and for a sample of the round trip.",
)
@click.option(
    "--workers", default=os.cpu_count() or 1, type=click.IntRange(min=1), show_default=True, help="At a time."
)
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap", "landlock"]),
    show_default=True,
    help="What contains references, doctests and samples.",
)
@engine_options(required=True, stops=STOPS, stops_told='the closing """')
def describe(
    task_path: Path,
    count: int,
    output: Path,
    only: str,
    every_token: bool,
    code_engine: str | None,
    code_model: str | None,
    code_samples: int,
    code_temperature: float,
    environments: Path | None,
    timeout: float,
    workers: int,
    sandbox: str,
    seed: int,
    engine: ChosenEngine,
    parameters: ChosenParameters,
) -> None:
    """Write docstrings for tasks' code by a model (Codex-D), and check them automatically.

    The model reads a task's program without its docstring, as in training. Each line of the output has a
    docstring, its log-probability and finish reason, and what can be told without a reader:

    \b
      marked_wrong   empty, or merely a copy of the code: not correct, by the paper's rules
      test_lines     lines of tests that came along; `docstring` is without them
      doctests       of those tests, how many the reference holds to and how many contradict it
      contradictions of types and defaults that it states, by recorded calls and the signature
      unmentioned_arguments, faults (as `codex-sft filter` names them)
      round_trip     with --code-engine: how many samples from the docstring pass the task's tests

    All but the first are proxies: none says that a docstring specifies its code. That is for readers to say.
    The folder OUTPUT.parts keeps what was drawn and judged: interrupted, the same command goes on, and a
    larger --n adds to what is there.

    Exit status: 0 if all was drawn, 1 if some is missing, 2 if nothing could be done.
    """
    console = Console()
    refused: Counter[str] = Counter()
    parts = DescribeParts(output.with_name(f"{output.name}.parts"))
    drawing = parameters.for_functions
    judging = JudgingOptions(timeout)
    try:
        tasks = read_tasks(RunFolder(task_path).tasks if task_path.is_dir() else task_path)
        described = chosen_tasks(tasks.values(), only, refused)
        if not described:
            reasons = ", ".join(f"{number} {reason}" for reason, number in refused.items())
            raise UserError(f"{task_path}: no task to describe ({reasons})")
        source = task_path if task_path.is_dir() else task_path.parent
        installed = _installed([each.task for each in described.values()], environments or source)
        describing = Describing(described, parts, installed, judging)
        backend = select_sandbox("samples", sandbox)
        with WorkerPool(backend, find_interpreter()) as pool, _progress(console) as shown:
            step = _row(shown, "describing", len(described))
            answers = draw_descriptions(describing, engine, drawing, count, seed, step)
            step = _row(shown, "checking", len(answers))
            found = check_descriptions(describing, answers, pool, step, every_token=every_token)
            if code_engine:
                chosen = ChosenEngine(code_engine, replace(engine.options, model=code_model))
                options = SampleFilterOptions(code_samples, True, None, seed, judging, workers)
                code = Parameters(code_temperature, drawing.top_p)
                step = _row(shown, "round trips", trip_count(found.values()))
                found = try_round_trips(describing, found, chosen, code, options, pool, step)
        written = write_json_lines(output, (each for task_id in described for each in found[task_id]))
    except EngineError as error:
        click.echo(f"Error: {error}\nwhat was drawn is kept; the same command goes on from there", err=True)
        some = parts.drawn.exists() and parts.drawn.stat().st_size
        raise SystemExit(_SOME_MISSING if some else NOTHING_DONE) from error
    except (BadFile, SandboxUnavailable, NoInterpreter) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    except KeyboardInterrupt:
        raise UserError("interrupted; the same command goes on where this one stopped") from None
    missing = Counter(answer.refused.partition(":")[0] for answer in answers if answer.refused)
    show_descriptions([each for some in found.values() for each in some], refused + missing, console)
    click.echo(f"{written} docstrings of {len(described)} tasks: {output}")
    if missing:
        raise SystemExit(_SOME_MISSING)


def _installed(tasks: Sequence[Task], run: Path) -> dict[str, InstalledProject]:
    needed = needed_environments(tasks, run)
    return environments_of(tasks, read_environments(run)) if needed or is_traced(run) else {}


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, refresh_per_second=4)


def _row(shown: Progress, words: str, total: int) -> Callable[[], None]:
    """Adds a bar; what comes back moves it on."""
    bar = shown.add_task(words, total=total)
    return lambda: shown.advance(bar)
