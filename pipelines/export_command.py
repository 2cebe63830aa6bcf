"""The ``codex-sft export`` command: a run's tasks in other tools' formats."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from pipelines.export import humaneval_row
from pipelines.run_folder import RunFolder
from pipelines.user_error import UserError
from tasks.files import BadFile, read_json_lines, write_json_lines
from tasks.humaneval import HumanEvalRow
from tasks.record import Rejection, Task


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--format", "format_", type=click.Choice(["humaneval"]), required=True, help="The file format.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file; .gz compresses. [default: RUN/humaneval.jsonl]",
)
@click.option("--include-undocumented", is_flag=True, help="Also tasks whose prompt is only a signature.")
def export(run_folder: Path, format_: str, output: Path | None, include_undocumented: bool) -> None:
    """Write a run's tasks as a task set that other tools read.

    humaneval: the JSON lines of openai/human-eval, with each recorded call as an assertion in
    check(candidate). Values that have no Python expression leave their task out, with a message.
    """
    source = RunFolder(run_folder).tasks
    target = output or run_folder / f"{format_}.jsonl"
    rows: list[HumanEvalRow] = []
    left_out: list[Rejection] = []
    try:
        for task in read_json_lines(source, Task):
            row = humaneval_row(task, include_undocumented=include_undocumented)
            if isinstance(row, Rejection):
                left_out.append(row)
            else:
                rows.append(row)
        write_json_lines(target, rows)
    except BadFile as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}") from error
    for reason, count in Counter(rejection.reason for rejection in left_out).items():
        click.echo(f"left out: {count} tasks, {reason}", err=True)
    click.echo(f"{len(rows)} tasks exported: {target}")
