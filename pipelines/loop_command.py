"""The ``codex-sft loop`` command: filter, fine-tune, sample and evaluate, next to a control."""

from __future__ import annotations

import importlib.util
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.user_error import UserError
from tasks.files import BadFile, read_json, write_json

_DEFAULT_WORKERS = 2
_NEEDED = ("torch", "transformers", "trl")


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The loop's folder.")
@click.option("--base", metavar="MODEL", help="The base model's folder. [default: the one shipped]")
@click.option(
    "--corpus",
    metavar="FOLDER",
    help="More of the base's data, of codex-sft corpus, for the control. [default: like the shipped one's]",
)
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(min=1), help="Of training.")
@click.option("-n", "--samples", default=5, show_default=True, type=click.IntRange(min=1), help="Of a task.")
@click.option(
    "--train-project",
    "train_projects",
    multiple=True,
    metavar="PROJECT",
    help="Traced for training; may be repeated. [default: tabulate]",
)
@click.option(
    "--held-out-project",
    "held_out_projects",
    multiple=True,
    metavar="PROJECT",
    help="Traced for the test; may be repeated. [default: inflection]",
)
@click.option("--no-projects", is_flag=True, help="Building blocks alone: nothing is traced.")
@click.option(
    "--train-chains",
    default=120,
    show_default=True,
    type=click.IntRange(min=1),
    help="Building blocks' tasks of each length, before the filter.",
)
@click.option(
    "--test-chains",
    default=30,
    show_default=True,
    type=click.IntRange(1, 40),
    help="Held-out ones of each length.",
)
@click.option("--passes", default=12.0, show_default=True, type=click.FloatRange(min=0, min_open=True))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="Filter's samples.")
@click.option(
    "--workers",
    default=min(os.cpu_count() or 1, _DEFAULT_WORKERS),
    show_default="2",
    type=click.IntRange(min=1),
    help="Stages at a time, of one thread each.",
)
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap"]),
    show_default=True,
    help="What contains projects and samples.",
)
def loop(
    output: Path, base: str | None, corpus: str | None, no_projects: bool, workers: int, **chosen: Any
) -> None:
    """Run the whole loop on a CPU, from tasks to the table that tells whether Codex-S is better.

    \b
    Tasks      chains of building blocks, and functions traced from projects; for the tests longer chains,
               with blocks that are never together in training, and a project of their own
    Filter     what the base model solves in one of 100 samples
    Codex-S    the base fine-tuned on these, at a tenth of its rate, once for each seed
    Control    the base after as many further steps at the same rate, on more of its own data
    Codex-D    code to docstring, by the same trainer
    Tests      samples of base, control and Codex-S, judged in the sandbox

    Told are pass@k with 95 % intervals over tasks, and differences paired by task. Each stage is a command
    of codex-sft; its log is in stages/. Stopped or killed, the same command goes on.

    \b
    The output folder gets
      report.json   every number      codex-s/, control/, codex-d/   the models and their curves
      report/       figures           samples/                       every sample and its verdict
    """
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"{', '.join(missing)} not installed: pip install 'codex-sft[models,sft]'")
    from transformers.utils.logging import disable_progress_bar

    from pipelines.loop_recipe import LoopFolder, LoopSettings, run_loop
    from pipelines.loop_report import LoopReport, show_report, write_report
    from pipelines.loop_stages import StageRecord, StageRunner

    disable_progress_bar()
    console = Console()
    figures = all(importlib.util.find_spec(name) for name in ("matplotlib", "sacrebleu"))
    given = {name: value for name, value in chosen.items() if value != ()}
    places = {"base": base, "corpus": corpus}
    given |= {name: str(Path(place).absolute()) for name, place in places.items() if place is not None}
    if no_projects:
        given |= {"train_projects": (), "held_out_projects": ()}
    settings = LoopSettings(**given, figures=figures)
    folder = LoopFolder(output.absolute())
    run = RunFolder(folder.path)

    def tell(record: StageRecord, known: bool) -> None:
        cost = "done before" if known else f"{record.seconds:.0f} s, {record.cpu_seconds:.0f} of processors"
        console.print(f"{record.name:<28} {cost}", highlight=False)

    started = time.monotonic()
    try:
        with run.open():
            _claim(folder.settings, settings)
            if folder.report.exists():
                report = read_json(folder.report, LoopReport)
            else:
                with StageRunner(folder.path, workers, tell) as runner:
                    run_loop(settings, folder.path, runner)
                    report = write_report(settings, folder, runner.records, started)
    except (BadFile, OutputUnusable) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; choose another --output") from error
    except KeyboardInterrupt:
        raise UserError("interrupted; the same command goes on from there") from None
    show_report(report, console)
    click.echo(f"all numbers: {folder.report}")


def _claim(file: Path, settings: Any) -> None:
    """Write what the loop is, or compare it with what is there."""
    wanted = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()
    }
    if not file.exists():
        write_json(file, wanted)
        return
    found = read_json(file, dict[str, Any])
    changed = [
        f"{name} was {found.get(name)}, is {wanted[name]}"
        for name in wanted
        if found.get(name) != wanted[name]
    ]
    if changed:
        raise UserError(f"{file.parent} holds another loop ({'; '.join(changed)}); choose another --output")
