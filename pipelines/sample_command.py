"""The ``codex-sft sample`` command: a model's completions of tasks, into a file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation.evaluation_files import read_tasks
from pipelines.engine_options import ChosenEngine, ChosenParameters, engine_options
from pipelines.run_folder import RunFolder
from pipelines.user_error import NOTHING_DONE, UserError
from sampling.engine import Answer, EngineError, Request, Usage
from sampling.recorded import RecordingEngine
from sampling.sample_store import SampleStore
from tasks.files import BadFile

_SOME_MISSING = 1
_SHOWN = 5


@click.command()
@click.option(
    "--tasks",
    "task_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Tasks: HumanEval's form, a tasks.jsonl, or the folder of a run.",
)
@click.option("-n", "--n", "count", default=100, show_default=True, type=click.IntRange(min=1))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file of samples.")
@click.option("--every-token", is_flag=True, help="Keep each token's log-probability, not their sum alone.")
@engine_options(required=True)
def sample(
    task_path: Path,
    count: int,
    output: Path,
    every_token: bool,
    seed: int,
    engine: ChosenEngine,
    parameters: ChosenParameters,
) -> None:
    """Draw completions of tasks' prompts from a model.

    The file's lines hold task_id and completion, as openai/human-eval and `codex-sft evaluate` read them,
    with index, finish reason, sum and mean of the log-probabilities, tokens, engine, model, parameters, seed
    and time. Interrupted, the same command goes on where it stopped; a larger --n adds to what is there.

    Exit status: 0 if all samples were drawn, 1 if some are missing, 2 if nothing could be done.
    """
    console = Console()
    file = RunFolder(task_path).tasks if task_path.is_dir() else task_path
    started = time.monotonic()
    refused: Counter[str] = Counter()
    shown: list[str] = []
    usage = Usage()
    failure: EngineError | None = None
    try:
        tasks = read_tasks(file)
        with SampleStore(output) as store:
            there = len(store)
            requests = (
                Request(task.task_id, task.prompt, count, 0, parameters.of(task), seed)
                for task in tasks.values()
            )
            try:
                opened = engine.open()
            except EngineError as error:
                raise UserError(str(error)) from error
            drawing = RecordingEngine(opened, store, every_token=every_token)
            try:
                for answer in _with_progress(drawing.draw(requests), len(tasks), console):
                    usage += answer.usage
                    if answer.refused:
                        refused[answer.refused.partition(":")[0]] += 1
                        shown.append(f"{answer.request.task_id}: {answer.refused}")
            except EngineError as error:
                failure = error
            drawn, total = len(store) - there, len(store)
    except BadFile as error:
        raise UserError(str(error)) from error
    except KeyboardInterrupt:
        raise UserError("interrupted; the same command goes on where this one stopped") from None
    for line in shown[:_SHOWN]:
        click.echo(line, err=True)
    for reason, number in refused.items():
        click.echo(f"{number} tasks without all of their samples: {reason}", err=True)
    cost = f", cost {usage.cost:.4f}" if usage.cost else ""
    click.echo(
        f"{drawn} samples drawn in {time.monotonic() - started:.1f} s "
        f"({usage.prompt_tokens} tokens read, {usage.completion_tokens} written{cost}); {total} in {output}"
    )
    if failure is not None:
        click.echo(f"Error: {failure}\nwhat was drawn is kept; the same command goes on from there", err=True)
        raise SystemExit(_SOME_MISSING if total else NOTHING_DONE)
    if refused:
        raise SystemExit(_SOME_MISSING)


def _with_progress(items: Iterator[Answer], total: int, console: Console) -> Iterator[Answer]:
    columns = (TextColumn("sampling"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        bar = progress.add_task("sampling", total=total)
        for item in items:
            progress.advance(bar)
            yield item
