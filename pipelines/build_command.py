"""The ``codex-sft build`` command: from a recipe's sources to its exports."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from pipelines.build_folder import STAGE_NAMES, BuildFolder, StageName
from pipelines.build_recipe import read_build_recipe
from pipelines.build_run import Build, BuildOrder, Built
from pipelines.build_tables import funnel_table
from pipelines.filter_run import MeasuringFailed
from pipelines.run_folder import OutputUnusable
from pipelines.runner_choice import RUNNER_NAMES, DryRun, Runner, choose_runner
from pipelines.user_error import NOTHING_DONE, UserError
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter
from scraping.problem_sources import SourceUnreadable
from tasks.files import BadFile

_SOME_FAILED = 1


@click.command()
@click.argument("recipe_file", metavar="RECIPE", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="DIR|URL", help="The build's folder, or gs://...")
@click.option(
    "--stage",
    "only",
    multiple=True,
    type=click.Choice(STAGE_NAMES),
    help="Run this stage only; may be repeated. [default: all of the recipe]",
)
@click.option("--retry-faults", is_flag=True, help="Run stages again of which some inputs gave nothing.")
@click.option(
    "--runner",
    "runner_name",
    default="fn-api",
    show_default=True,
    metavar="NAME",
    help=f"What runs the pipelines: {', '.join(RUNNER_NAMES)}.",
)
@click.option(
    "--runner-options",
    "options_file",
    type=click.Path(path_type=Path),
    help="A TOML file of Beam's options, by their names.",
)
@click.option(
    "--beam-option",
    "given_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="One of Beam's options, which goes before those of the file; may be repeated.",
)
@click.option(
    "--workers", default=os.cpu_count() or 1, type=click.IntRange(min=1), show_default=True, help="At a time."
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    help="The folder of this machine for an --output that is none. [default: in ~/.cache/codex-sft/builds]",
)
@click.option(
    "--shared",
    metavar="DIR|URL",
    help="Where workers that do not see this disk find their work. [default: an --output that is a URL]",
)
@click.option(
    "--dry-run", is_flag=True, help="Write the Dataflow job of the next stage, without asking Google; end."
)
def build(
    recipe_file: Path,
    output: str,
    only: tuple[StageName, ...],
    retry_faults: bool,
    runner_name: str,
    options_file: Path | None,
    given_options: tuple[str, ...],
    workers: int,
    work: Path | None,
    shared: str | None,
    dry_run: bool,
) -> None:
    """Build a set of tasks by a recipe: trace, scrape, gather, filter, export.

    \b
    RECIPE is a TOML file (docs/build.md); paths in it go from its folder. For example:
      [trace]
      projects = ["pypi:inflection==0.5.1", "../my-project"]
      [scrape]
      sources = ["exercism.jsonl.gz"]
      [filter.thresholds.weak_tests]
      minimum = 0.8
      [export.humaneval]

    \b
    The output folder gets
      build.json     counts by stage and reason,    exports/  what the recipe asks for
                     files and their digests        stages/   each stage's folder, as its
      times.json     how long it took                         own command writes it
      status.json    how far it is: `codex-sft status DIR`
      report.html    all of it on one page: `codex-sft report DIR` draws it again
    Stages of which nothing has changed are not run again. Killed at any moment, the same command goes
    on, and ends with the same build.json.

    Exit status: 0 if all went well, 1 if some inputs gave nothing, 2 if nothing could be done.
    """
    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    runner = choose_runner(runner_name, _options(options_file, given_options))
    place = _shared_place(runner, output, shared)
    if dry_run and runner.name != "dataflow":
        raise UserError("--dry-run: only a job of --runner dataflow can be written to a file")
    try:
        recipe = read_build_recipe(recipe_file)
        text = recipe_file.read_text(encoding="utf-8")
        order = BuildOrder(text, runner, workers, only, retry_faults)
        with _destination(output, work, dry_run) as (folder, publish):
            remote = None
            if place is not None:
                from pipelines.remote_stages import RemoteStages  # Beam takes seconds to import

                remote = RemoteStages(folder, place, runner, workers, dry_run)
            built = Build(folder, recipe, order, console, remote, publish).run()
    except DryRun as ended:
        click.echo(f"job written, nothing was run: {ended.template}")
        return
    except MeasuringFailed as failed:
        click.echo(f"Error: {failed}", err=True)
        click.echo("what was done is kept; the same command goes on from there", err=True)
        raise SystemExit(_SOME_FAILED if failed.some else NOTHING_DONE) from None
    except (BadFile, SandboxUnavailable, NoInterpreter, OutputUnusable, SourceUnreadable) as error:
        raise UserError(str(error)) from error
    _summarize(built, folder, console)
    faults = [fault for record in built.records for fault in record.faults]
    for fault in faults:
        click.echo(f"{fault.source}: {fault.step}: {fault.reason}", err=True)
    if faults:
        raise SystemExit(_SOME_FAILED if built.records[-1].kept else NOTHING_DONE)


def _shared_place(runner: Runner, output: str, shared: str | None) -> str | None:
    """Through what work goes to machines that do not see this one's disk; None if they do."""
    if shared is None and runner.shares_disk:
        return None
    place = shared or output
    if "://" not in place:
        if shared is None:
            raise UserError(
                f"--runner {runner.name}: its workers do not see {output}; give --shared, which they do see"
            )
        return str(Path(place).absolute())
    return place


def _options(file: Path | None, given: tuple[str, ...]) -> dict[str, str | list[str]]:
    """Beam's options of a file, with those of the command line in their place."""
    found: dict[str, str | list[str]] = {}
    if file is not None:
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{file}: {error}") from error
        for name, value in written.items():
            if isinstance(value, dict):
                raise UserError(f"{file}: {name}: an option is a text, a number, a truth value or a list")
            found[name] = [str(each) for each in value] if isinstance(value, list) else str(value)
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--beam-option {text}: give NAME=VALUE")
        found[name.lstrip("-")] = value
    return found


@contextmanager
def _destination(
    output: str, work: Path | None, dry_run: bool
) -> Iterator[tuple[BuildFolder, Callable[[list[Path]], None]]]:
    """The folder of this machine that a build is made in, and what takes its files to where it is wanted."""
    if "://" not in output:
        folder = BuildFolder(Path(output).absolute())
        with folder.open():
            yield folder, lambda files: None
        return
    from pipelines.published_files import Publisher, default_work  # Beam takes seconds to import

    folder = BuildFolder((work or default_work(output)).absolute())
    with folder.open():
        yield folder, (lambda files: None) if dry_run else Publisher(folder.path, output)


def _summarize(built: Built, folder: BuildFolder, console: Console) -> None:
    console.print(funnel_table(built.records, built.unchanged))
    for record in built.records:
        if record.stage == "export":
            for output in record.outputs:
                click.echo(f"{output.rows} tasks exported: {folder.path / output.path}")
    if built.manifest:
        click.echo(f"manifest: {folder.manifest}")
        click.echo(f"report: {folder.report}")
