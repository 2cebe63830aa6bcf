"""The ``codex-sft compare`` command: results of models side by side, with intervals and figures."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from evaluation.comparison import differences, report_run
from evaluation.evaluation_files import read_tasks
from evaluation.intervals import LEVEL, RESAMPLES
from evaluation.judged_samples import Run, read_runs
from pipelines.comparison_tables import show_comparison
from pipelines.evaluate_command import parse_ks
from pipelines.run_folder import RunFolder
from pipelines.user_error import UserError
from tasks.files import BadFile, write_json

if TYPE_CHECKING:
    from evaluation.bleu_report import BleuReport, TaskBleu

REPORT = "report.json"
_EXTRA = ("matplotlib", "sacrebleu")


@dataclass(frozen=True)
class _Intervals:
    """How the intervals of a report were made."""

    level: float
    resamples: int
    seed: int
    over: str = "tasks"


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="[LABEL=]RESULTS...")
@click.option(
    "--tasks",
    "task_path",
    type=click.Path(path_type=Path),
    help="The tasks (a file, or the folder of a run), for BLEU against their reference solutions.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of report.json and the figures.",
)
@click.option("--k", default="1,10,100", show_default=True, help="The k of the tables, separated by commas.")
@click.option("--seed", default=0, show_default=True, help="The seed of the intervals.")
@click.option("--no-figures", is_flag=True, help="Write report.json alone.")
def compare(
    results: tuple[str, ...], task_path: Path | None, output: Path, k: str, seed: int, no_figures: bool
) -> None:
    """Compare runs by the result files of `codex-sft evaluate`, with intervals and figures.

    Each label is compared with those before it. Files of one label and different temperatures are searched
    for the best one; those of one temperature are repetitions with other training seeds, over which
    each task is averaged. Without a label, the file's name is one.

    \b
      codex-sft compare base=base_results.jsonl codex-s=s1_results.jsonl codex-s=s2_results.jsonl -o report

    Told are pass@k at each temperature and at the best one for each k (chosen on the same tasks), paired
    differences, how well samples are chosen by their log-probabilities or other `scores` on their lines,
    BLEU of passed and failed samples, pass@k among samples that pass the examples (`evaluate --examples`),
    and pass@1 by the number of chained building blocks. Intervals: 95 %, by bootstrap over tasks.

    Figures and BLEU need the extra: pip install codex-sft[report].
    """
    console = Console()
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing and not (no_figures and task_path is None):
        raise UserError(
            f"{' and '.join(missing)} not installed: pip install codex-sft[report], "
            "or leave out --tasks and give --no-figures"
        )
    try:
        ks = parse_ks(k)
        runs = read_runs([_labelled(each) for each in results])
        reports = [report_run(run, ks, seed) for run in runs]
        found = differences(runs, ks, seed)
        bleu, scored = _bleu(runs, task_path)
        content = {
            "intervals": _Intervals(LEVEL, RESAMPLES, seed),
            "runs": reports,
            "differences": found,
            "bleu": bleu,
        }
        output.mkdir(parents=True, exist_ok=True)
        write_json(output / REPORT, content)
        drawn: list[Path] = []
        if not no_figures:
            from evaluation.figures import draw_figures

            drawn = draw_figures(output, reports, scored)
    except BadFile as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    show_comparison(console, reports, found, bleu, ks)
    for path in (output / REPORT, *drawn):
        click.echo(path)


def _labelled(argument: str) -> tuple[str, Path]:
    label, equals, path = argument.partition("=")
    if equals and label and not Path(argument).exists():
        return label, Path(path)
    name = Path(argument).name
    for ending in (".gz", ".jsonl", "_results", ".jsonl"):
        name = name.removesuffix(ending)
    return name or argument, Path(argument)


def _bleu(
    runs: Sequence[Run], task_path: Path | None
) -> tuple[dict[str, BleuReport], dict[str, list[TaskBleu]]]:
    if task_path is None:
        return {}, {}
    from evaluation.bleu_report import report_bleu, score_run

    tasks = read_tasks(RunFolder(task_path).tasks if task_path.is_dir() else task_path)
    scored = {run.label: score_run(run, tasks) for run in runs}
    if not any(scored.values()):
        raise BadFile(f"{task_path}: none of the compared tasks is there with a reference solution")
    return {run.label: report_bleu(run, scored[run.label]) for run in runs}, scored
