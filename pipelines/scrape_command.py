"""The ``codex-sft scrape`` command."""

from __future__ import annotations

import inspect
import logging
import os
import sys
from pathlib import Path

import click
from rich.console import Console

from pipelines.counted_progress import shown_counts
from pipelines.problem_stages import ProblemOptions
from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.user_error import NOTHING_DONE, UserError
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter
from sandbox.selection import select_sandbox
from scraping.archives.formats import FORMATS
from scraping.problem_sources import OTHER_FORMATS, SourceUnreadable, check_source

_SOME_FAILED = 1


def _formats() -> str:
    """The formats of sources, as ``--help`` lists them."""
    known = {archive.name: archive.content for archive in FORMATS.values()} | OTHER_FORMATS
    width = max(map(len, known))
    return "\n".join(f"  {name:<{width}}  {content}" for name, content in known.items())


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run's folder.")
@click.option(
    "--generate-tests/--no-generate-tests",
    default=True,
    show_default=True,
    help="Add inputs that tell wrong solutions apart, with answers on which trusted solutions agree.",
)
@click.option(
    "--test-seconds",
    default=20.0,
    type=click.FloatRange(min=0),
    show_default=True,
    help="Processor time for measuring and generating one problem's tests.",
)
@click.option(
    "--workers",
    default=os.cpu_count() or 1,
    type=click.IntRange(min=1),
    show_default=True,
    help="Problems at a time.",
)
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap", "landlock"]),
    show_default=True,
    help="What contains the solutions; auto takes the strongest that works here.",
)
def scrape(
    sources: tuple[str, ...],
    output: Path,
    generate_tests: bool,
    test_seconds: float,
    workers: int,
    sandbox: str,
) -> None:
    """Turn contest and interview problems into function tasks with strong tests.

    \b
    SOURCE is a file or folder of one of these, recognised by what it holds, or FORMAT:PATH:
      FORMATS

    Nothing is fetched: pages come from `codex-sft crawl`, which asks sites politely and only where
    that is allowed. Reference solutions, checkers and validators run in the sandbox.

    \b
    A problem becomes a task if
      its statement is whole: no lost exponents, cut tests, pictures that matter
      a reference solution passes all its tests, as a program and as a function
      the tests refuse its wrong submissions' mistakes as far as they can be made to

    \b
    The output folder gets
      tasks.jsonl      the tasks                 manifest.json  the run's record and counts
      rejected.jsonl   every other problem,      problems/      what became of each, for a
                       with its reason                          run that goes on
    Run again with the same folder, finished problems are taken from there.

    Exit status: 0 if every source was read, 1 if some were not, 2 if nothing could be done.
    """
    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    run = RunFolder(output.absolute())
    try:
        for source in sources:
            check_source(source)
        backend = select_sandbox("samples", sandbox)
        with run.open():
            console.print(
                f"sandbox: {backend.name}; {len(sources)} source(s), {workers} worker(s)", highlight=False
            )
            options = ProblemOptions(generate_tests=generate_tests, test_seconds=test_seconds)
            _scrape(list(dict.fromkeys(sources)), run, options, workers, backend.name, console)
    except (SandboxUnavailable, NoInterpreter, OutputUnusable, SourceUnreadable) as error:
        raise UserError(str(error)) from error


def _scrape(
    sources: list[str],
    run: RunFolder,
    options: ProblemOptions,
    workers: int,
    sandbox: str,
    console: Console,
) -> None:
    from pipelines.problem_funnel import render_problem_funnels
    from pipelines.scrape_pipeline import run_scrape  # Beam takes seconds to import

    with shown_counts(run, "read", "done", "problems", console):
        manifest = run_scrape(sources, run.path, options, workers=workers, sandbox_name=sandbox)
    if manifest.funnels:
        console.print(render_problem_funnels(manifest.funnels))
        count = manifest.funnels[-1].tasks
        words = f"{count} task{'s' * (count != 1)}"
        console.print(f"{words}: {run.tasks}", highlight=False, soft_wrap=True)
    for failure in manifest.failures:
        click.echo(f"{failure.source}: {failure.message}", err=True)
    if manifest.failures:
        sys.exit(_SOME_FAILED if manifest.funnels else NOTHING_DONE)


assert scrape.help is not None
scrape.help = inspect.cleandoc(scrape.help).replace("  FORMATS", _formats())
