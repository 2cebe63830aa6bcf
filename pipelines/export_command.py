"""The ``codex-sft export`` command: tasks as the files that trainers, harnesses and people read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from pipelines.benchmark_files import parse_benchmarks
from pipelines.export import export_tasks
from pipelines.exports.formats import FORMATS
from pipelines.exports.options import SPLITS, ExportOptions, ExportSummary, Shares, Split
from pipelines.exports.task_source import TaskSource
from pipelines.user_error import UserError
from tasks.files import BadFile
from tracing.extraction import MAX_HEADER_CHARACTERS

_FORMATS = "\n".join(f"  {name:<19} {kind.summary}" for name, kind in FORMATS.items())
_HELP = f"""Write a run's tasks as a task set that other tools read.

SOURCE is the folder of a run (of trace, scrape or filter), a tasks.jsonl, or a file in HumanEval's form;
several are exported together.

\b
Formats:
{_FORMATS}

Left out, each with its reason and a count: tasks of public benchmarks (by what `filter` found out, and in
any case by their words and their tree), those without a docstring, those whose terms do not permit what the
format is for, and what the options below ask for.

Tasks of one project or contest are always in one split, and so are programs that are nearly the same; a
task's split is the same in every format. Equal tasks and options give equal bytes.

Exit status: 0 if anything was exported, 2 if nothing could be.
"""


def _as_shares(context: click.Context, parameter: click.Parameter, value: str) -> Shares:
    try:
        validation, test = map(float, value.split(","))
        return Shares(validation, test)
    except ValueError as error:
        told = str(error) if isinstance(error, BadFile) else f"{value!r}: give two numbers, such as 0.05,0.05"
        raise UserError(f"--held-out {told}") from error


@click.command(help=_HELP)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True, help="What to write.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file (.gz compresses) or folder. [default: SOURCE/FORMAT, or SOURCE/FORMAT.jsonl]",
)
@click.option(
    "--documented-only/--include-undocumented",
    default=True,
    show_default=True,
    help="Whether to leave out tasks whose prompt is only a signature.",
)
@click.option("--max-tasks", type=click.IntRange(min=1), help="So many at most, drawn by the seed.")
@click.option("--min-tests", default=0, type=click.IntRange(min=0), help="Tasks with so many tests at least.")
@click.option(
    "--max-prompt-characters",
    type=click.IntRange(min=1),
    help=f"Tasks with prompts so long at most; extracted ones may have {MAX_HEADER_CHARACTERS:,} characters.",
)
@click.option(
    "--licence",
    "--license",
    "licences",
    multiple=True,
    metavar="SPDX",
    help="Allowed licences. [default: any]",
)
@click.option("--allow-contaminated", is_flag=True, help="Also tasks that are like those of benchmarks.")
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="NAME=FILE",
    help="Benchmarks besides HumanEval, in its form or MBPP's.",
)
@click.option(
    "--held-out",
    default="0.05,0.05",
    show_default=True,
    callback=_as_shares,
    metavar="VALIDATION,TEST",
    help="The shares of tasks that are not for training.",
)
@click.option("--split", type=click.Choice(SPLITS), help="Only the tasks of this split.")
@click.option("--seed", default=0, show_default=True, help="Chooses what is drawn and held out.")
@click.option(
    "--samples",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Result files of evaluate, or samples of filter. [default: SOURCE/samples.jsonl, where it is]",
)
@click.option(
    "--pairs", default=4, show_default=True, type=click.IntRange(min=1), help="Preferences per task."
)
@click.option("--name", help="What the task, package or data set is called. [default: as the folder]")
def export(
    sources: tuple[Path, ...],
    format_: str,
    output: Path | None,
    documented_only: bool,
    max_tasks: int | None,
    min_tests: int,
    max_prompt_characters: int | None,
    licences: tuple[str, ...],
    allow_contaminated: bool,
    benchmarks: tuple[str, ...],
    held_out: Shares,
    split: Split | None,
    seed: int,
    samples: tuple[Path, ...],
    pairs: int,
    name: str | None,
) -> None:
    source = TaskSource(sources)
    first = sources[0] if sources[0].is_dir() else sources[0].parent
    options = ExportOptions(
        documented_only=documented_only,
        max_tasks=max_tasks,
        min_tests=min_tests,
        max_prompt_characters=max_prompt_characters,
        licences=licences,
        allow_contaminated=allow_contaminated,
        benchmarks=parse_benchmarks(benchmarks),
        shares=held_out,
        split=split,
        seed=seed,
        samples=samples or source.beside("samples.jsonl"),
        rejected=source.beside("rejected.jsonl"),
        pairs=pairs,
        name=name,
    )
    target = output or first / (f"{format_}.jsonl" if FORMATS[format_].file else format_)
    try:
        summary = export_tasks(format_, sources, target, options)
    except BadFile as error:
        raise UserError(str(error)) from error
    _tell(summary)


def _tell(summary: ExportSummary) -> None:
    _tell_counts("left out: {count} tasks, {what}", summary.left_out)
    _tell_counts("not in a table: {count}, {what}", summary.refused)
    if summary.uncompared:
        click.echo(
            f"{summary.uncompared} tasks were compared with benchmarks by their words and trees alone; "
            "codex-sft filter also compares what they do",
            err=True,
        )
    if set(summary.rows) != {summary.format}:
        _tell_counts("{count} rows: {what}", summary.rows, err=False)
    click.echo(f"{summary.exported} tasks exported: {summary.output}")


def _tell_counts(line: str, counts: Mapping[str, int], *, err: bool = True) -> None:
    for what, count in counts.items():
        click.echo(line.format(count=count, what=what), err=err)
