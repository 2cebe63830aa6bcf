"""The ``codex-sft`` command."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pipelines import __version__
from pipelines.back_translate_command import back_translate
from pipelines.build_command import build
from pipelines.building_blocks_command import building_blocks
from pipelines.compare_command import compare
from pipelines.corpus_command import corpus
from pipelines.crawl_command import crawl
from pipelines.evaluate_command import evaluate
from pipelines.export_command import export
from pipelines.filter_command import filter_tasks
from pipelines.grade_command import grade
from pipelines.replay_command import replay
from pipelines.report_command import report
from pipelines.reveal_command import reveal
from pipelines.run_folder import OutputUnusable, RunFolder
from pipelines.sample_command import sample
from pipelines.scrape_command import scrape
from pipelines.status_command import status
from pipelines.tokenizer_command import tokenizer
from pipelines.train_command import train
from pipelines.user_error import NOTHING_DONE, UserError
from sandbox.control_groups import explain_control_groups
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter, find_interpreter
from sandbox.selection import select_sandbox, try_backends
from tracing.index_gateway import default_downloads
from tracing.injection import Tracer
from tracing.project_metadata import read_metadata
from tracing.project_spec import BadProject, FolderSpec, parse_project
from tracing.projects_file import ProjectRequest, read_projects_file
from tracing.python_choice import installed_interpreter, installed_interpreters
from tracing.trace_project import TraceOptions

_SOME_FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="codex-sft")
def main() -> None:
    """Build executable, verified training tasks for code models.

    \b
    A first run:
      codex-sft doctor                                    what this machine can do
      codex-sft trace pypi:inflection==0.5.1 -o runs/one  a project's tests into tasks
      codex-sft scrape ARCHIVE -o runs/problems           contest problems into tasks
      codex-sft export runs/one --format humaneval        a set for harnesses; other formats for trainers
      codex-sft evaluate --tasks FILE --samples FILE      verdicts and pass@k of a model's samples
      codex-sft compare base=FILE tuned=FILE -o report    results side by side, with intervals and figures
      codex-sft replay runs/one                           do the tasks still hold?
      codex-sft sample --tasks FILE --engine openai:URL -o samples.jsonl   a model's completions
      codex-sft filter --tasks runs/one -o runs/kept      what is well-posed, stable, strong and clean
      codex-sft grade FILE --tasks runs/one               generated docstrings, graded by hand
    """


main.add_command(back_translate)
main.add_command(build)
main.add_command(building_blocks)
main.add_command(compare)
main.add_command(corpus)
main.add_command(crawl)
main.add_command(evaluate)
main.add_command(export)
main.add_command(filter_tasks)
main.add_command(grade)
main.add_command(replay)
main.add_command(report)
main.add_command(reveal)
main.add_command(scrape)
main.add_command(sample)
main.add_command(status)
main.add_command(tokenizer)
main.add_command(train)


@main.command()
def doctor() -> None:
    """Show which sandboxes work on this machine, and which Python runs the projects."""
    console = Console()
    works = {}
    for purpose in ("projects", "samples"):
        table = Table("sandbox", "works", "what was found", title=f"for {purpose}", title_justify="left")
        trials = try_backends(purpose)
        works[purpose] = [trial.name for trial in trials if trial.sandbox]
        for trial in trials:
            table.add_row(trial.name, "yes" if trial.sandbox else "no", trial.explanation)
        console.print(table)
    console.print(f"limits on whole sandboxes: {explain_control_groups()}", highlight=False)
    interpreter = find_interpreter()
    console.print(f"Python {interpreter.version_text} at {interpreter.executable}", highlight=False)
    versions = ", ".join(found.version_text for found in installed_interpreters())
    console.print(f"Pythons for projects: {versions}", highlight=False)
    if not works["samples"]:
        raise UserError("no sandbox works here, so nothing can be traced or evaluated")
    if not works["projects"]:
        raise UserError("no sandbox for projects works here, so nothing can be traced")


@main.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]...")
@click.option(
    "--projects",
    "projects_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file that lists projects; see below.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The run's folder.")
@click.option(
    "--python",
    metavar="VERSION|PATH",
    help="The Python that runs the projects. [default: for each the newest here that its CI, or else its "
    "classifiers, name; this one if they name none]",
)
@click.option(
    "--test-command",
    metavar="COMMAND",
    help='What runs the tests, in place of the CI\'s commands, such as "pytest tests/unit".',
)
@click.option(
    "--build-timeout",
    default=900.0,
    type=click.FloatRange(min=1),
    show_default=True,
    help="Seconds for a project's environment.",
)
@click.option(
    "--test-timeout",
    default=900.0,
    type=click.FloatRange(min=1),
    show_default=True,
    help="Seconds for a project's test run.",
)
@click.option(
    "--disk-limit",
    default=10.0,
    type=click.FloatRange(min=0.01),
    show_default=True,
    help="GiB that a project's folders may hold.",
)
@click.option(
    "--download-cache",
    default=default_downloads,
    show_default="~/.cache/codex-sft/packages",
    type=click.Path(path_type=Path),
    help="Where downloaded packages are kept between runs.",
)
@click.option(
    "--workers",
    default=os.cpu_count() or 1,
    type=click.IntRange(min=1),
    show_default=True,
    help="Projects or tasks at a time.",
)
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap"]),
    show_default=True,
    help="What contains the projects; auto takes the strongest that works here.",
)
@click.option(
    "--tracer",
    default="auto",
    type=click.Choice(["auto", "setprofile", "monitoring"]),
    show_default=True,
    help="The hook: sys.monitoring needs Python 3.12; auto takes it where it exists.",
)
@click.option(
    "--methods/--no-methods",
    default=True,
    show_default=True,
    help="Trace methods too; their tasks need the project installed.",
)
@click.option(
    "--keep-workspace", is_flag=True, help="Keep sources, environment and recordings, for debugging."
)
def trace(
    projects: tuple[str, ...],
    projects_files: tuple[Path, ...],
    output: Path,
    python: str | None,
    test_command: str | None,
    build_timeout: float,
    test_timeout: float,
    disk_limit: float,
    download_cache: Path,
    workers: int,
    sandbox: str,
    tracer: Tracer,
    methods: bool,
    keep_workspace: bool,
) -> None:
    """Run projects' tests under the tracer and turn their functions into proven tasks.

    \b
    PROJECT is one of
      pypi:NAME or pypi:NAME==VERSION   a source distribution of the package index
      git+URL or git+URL@REVISION       a repository at a commit, tag or branch
      PATH                              a folder

    \b
    A projects FILE holds one PROJECT to a line, with comments after #, or a table, parted by commas
    or tabs, whose first line names its columns:
      project,python,test_command
      pypi:humanize==4.9.0,,
      git+https://host/name.git@v1.2,3.12,pytest tests/unit

    \b
    A project's tests are run as its CI does, by the first of these that runs any:
      tox, GitHub Actions, .travis.yml, nox, make test or check, pytest, unittest
    Builds reach the package index only; tests reach no network. manifest.json tells what was tried.

    \b
    The output folder gets
      tasks.jsonl      the proven tasks          manifest.json  the run's record and counts
      rejected.jsonl   every other function,     projects/      logs and checkpoints
                       with its reason
    Run again with the same folder, finished projects are taken from there.

    Exit status: 0 if every project was traced, 1 if some failed, 2 if nothing could be done.
    """
    console = Console()
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns through the root logger
    requests = _checked_projects(projects, projects_files)
    options = TraceOptions(
        python=python,
        test_command=test_command,
        build_seconds=build_timeout,
        test_seconds=test_timeout,
        disk_bytes=int(disk_limit * 2**30),
        downloads=download_cache.absolute(),
        keep_workspace=keep_workspace,
        tracer=tracer,
        methods=methods,
    )
    run = RunFolder(output.absolute())
    try:
        for wanted in {python, *(request.python for request in requests)}:
            installed_interpreter(wanted)
        for_projects = select_sandbox("projects", sandbox)
        for_samples = select_sandbox("samples", "auto" if sandbox == "auto" else sandbox)
        with run.open():
            console.print(
                f"sandbox: {for_projects.name} for projects, {for_samples.name} for replays; "
                f"{len(requests)} project(s), {workers} worker(s)",
                highlight=False,
            )
            _trace(requests, run, options, workers, for_projects.name, for_samples.name, console)
    except (SandboxUnavailable, NoInterpreter, OutputUnusable) as error:
        raise UserError(str(error)) from error


def _checked_projects(projects: tuple[str, ...], files: tuple[Path, ...]) -> list[ProjectRequest]:
    try:
        requests = [ProjectRequest(str(parse_project(project))) for project in projects]
        for file in files:
            requests += read_projects_file(file)
    except BadProject as error:
        raise UserError(str(error)) from error
    if not requests:
        raise UserError("no project is named; give some, or a file of them with --projects")
    known: dict[str, ProjectRequest] = {}
    for request in requests:
        if known.setdefault(request.project, request) != request:
            raise UserError(f"{request.project} is named twice, with different options")
    specs = [parse_project(project) for project in known]
    named: dict[tuple[str, str | None], Path] = {}
    for spec in specs:
        if isinstance(spec, FolderSpec):
            metadata = read_metadata(spec.path)
            name = (metadata.name or spec.path.name, metadata.version)
            if name in named:
                raise UserError(
                    f"{named[name]} and {spec.path} are both {' '.join(filter(None, name))}, so their tasks "
                    "could not be told apart; trace them into different folders"
                )
            named[name] = spec.path
    return list(known.values())


def _trace(
    projects: list[ProjectRequest],
    run: RunFolder,
    options: TraceOptions,
    workers: int,
    sandbox: str,
    sample_sandbox: str,
    console: Console,
) -> None:
    from pipelines.funnel import render_funnels
    from pipelines.progress import shown_progress
    from pipelines.trace_pipeline import run_trace  # Beam takes seconds to import

    with shown_progress(run, [request.project for request in projects], console):
        manifest = run_trace(
            projects,
            run.path,
            options,
            workers=workers,
            sandbox_name=sandbox,
            sample_sandbox_name=sample_sandbox,
        )
    if manifest.funnels:
        console.print(render_funnels(manifest.funnels))
        console.print(
            f"{manifest.funnels[-1].proven} proven tasks: {run.tasks}", highlight=False, soft_wrap=True
        )
    for entry in manifest.projects:
        if entry.test_ending != "exit status 0":
            logs = run.path / entry.folder / "logs"
            click.echo(f"{entry.project}: its test run ended with: {entry.test_ending}; log: {logs}/test.log")
    for failure in manifest.failures:
        log = f"\n  log: {failure.log}" if failure.log else ""
        click.echo(f"{failure.project}: {failure.stage}: {failure.message}{log}", err=True)
    if manifest.failures:
        sys.exit(_SOME_FAILED if manifest.projects else NOTHING_DONE)
