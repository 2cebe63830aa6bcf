"""The ``codex-sft grade`` command: docstrings graded by hand, on a page of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docstring_gen.grading_items import read_grading_items
from docstring_gen.grading_results import KS, GradingResults, exported_grades, grading_results
from docstring_gen.grading_store import CATEGORIES, GradeStore
from docstring_gen.grading_text import visible
from evaluation.evaluation_files import read_tasks
from pipelines.run_folder import RunFolder
from pipelines.user_error import UserError
from tasks.files import BadFile, write_json_lines


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--tasks",
    "task_path",
    type=click.Path(path_type=Path),
    help="The described tasks (a file, or the folder of a run): their code and recorded examples are shown.",
)
@click.option(
    "--grades",
    "grades_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where grades are kept. [default: FILE.grades]",
)
@click.option(
    "--grader",
    "graders",
    multiple=True,
    metavar="NAME",
    help="Only they grade; else names are given on the page.",
)
@click.option(
    "--seed", type=int, help="Shuffles the order, another one for each grader. [default: 0, or what was used]"
)
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="The port on 127.0.0.1. [default: any free one]"
)
@click.option(
    "--export",
    "export_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the grades to this JSON lines file, print the results, and serve nothing.",
)
def grade(
    file: Path,
    task_path: Path | None,
    grades_path: Path | None,
    graders: tuple[str, ...],
    seed: int | None,
    port: int,
    export_path: Path | None,
) -> None:
    """Grade generated docstrings by hand, by the paper's rules, on a page in the browser.

    FILE is what `codex-sft describe` writes: JSON lines with task_id, sample_index and docstring, and with
    model where there are several. Lines may hold code and examples themselves; else --tasks is needed.

    \b
      codex-sft grade docstrings.jsonl --tasks runs/one                          then open the printed address
      codex-sft grade docstrings.jsonl --tasks runs/one --export grades.jsonl    grades, pass@k, agreement

    Grading is blind: neither model nor original docstring is shown, and each grader has their own order.
    Every grade is on the disk before the next docstring is shown; interrupted, or killed, the same command
    goes on where it stopped. The page is bound to this machine; for a grader elsewhere forward the port by
    ssh.
    """
    try:
        tasks = None
        if task_path is not None:
            tasks = read_tasks(RunFolder(task_path).tasks if task_path.is_dir() else task_path)
        items = read_grading_items(file, tasks)
        store = GradeStore(grades_path or file.with_name(f"{file.name}.grades"), items, seed)
    except BadFile as error:
        raise UserError(str(error)) from error
    try:
        if export_path is not None:
            _export(store, export_path)
        else:
            _serve(store, port, graders)
    finally:
        store.close()


def _serve(store: GradeStore, port: int, graders: tuple[str, ...]) -> None:
    from docstring_gen.grading_pages import BadGrader, grader_name  # web server and templates take a while
    from docstring_gen.grading_server import serve_grading

    def tell(address: str) -> None:
        click.echo(f"docstrings to grade: {len(store.items)}. Open this address in a browser; ctrl-C ends.")
        click.echo(address)

    try:
        names = list(dict.fromkeys(grader_name(name) for name in graders))
        serve_grading(store, port, names, tell)
    except BadGrader as error:
        raise UserError(f"--grader: {error}") from error
    except OSError as error:
        raise UserError(
            f"port {port} cannot be used: {os.strerror(error.errno or 0)}; leave out --port"
        ) from error
    except KeyboardInterrupt:
        pass
    click.echo(f"grades kept: {len(store.all_standing())}; the same command goes on")


def _export(store: GradeStore, path: Path) -> None:
    try:
        count = write_json_lines(path, exported_grades(store))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    console = Console()
    results = grading_results(store)
    console.print(_score_table(results))
    if results.agreement:
        console.print(_agreement_table(results))
    click.echo(f"grades exported: {count}, {path}")


def _score_table(results: GradingResults) -> Table:
    table = Table("model", "grader", *("graded", *CATEGORIES, *(f"pass@{k}" for k in KS)))
    for score in results.scores:
        counts = [str(score.categories.get(category, 0)) for category in CATEGORIES]
        rates = [
            "-" if each is None else f"{100 * each.value:.1f} [{100 * each.low:.1f}, {100 * each.high:.1f}]"
            for each in score.pass_at_k.values()
        ]
        table.add_row(
            escape(visible(score.model)) or "-",
            score.grader,
            f"{score.graded}/{score.items}",
            *counts,
            *rates,
        )
    return table


def _agreement_table(results: GradingResults) -> Table:
    table = Table("graders", "items", "agree", "kappa", "correct or not: agree", "kappa")
    for pair in results.agreement:
        table.add_row(
            " and ".join(pair.graders),
            str(pair.items),
            f"{100 * pair.share:.1f} %",
            _kappa(pair.kappa),
            f"{100 * pair.share_correct:.1f} %",
            _kappa(pair.kappa_correct),
        )
    if len(results.agreement) > 1:
        table.add_row("mean", "", "", _kappa(results.mean_kappa), "", _kappa(results.mean_kappa_correct))
    return table


def _kappa(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
