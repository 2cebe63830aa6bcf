"""The ``codex-sft replay`` command: do a run's tasks hold here, today, as they did when they were proven?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from filters.replay import replay_again
from pipelines.environments import read_environments
from pipelines.run_folder import RunFolder
from pipelines.user_error import UserError
from sandbox.installation import InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.interpreter import NoInterpreter, find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, read_json_lines
from tasks.record import Task

_SHOWN = 20


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    help="Another run, whose environments of the same projects are used. [default: RUN]",
)
@click.option(
    "--workers", default=os.cpu_count() or 1, type=click.IntRange(min=1), show_default=True, help="At a time."
)
@click.option(
    "--sandbox",
    default="auto",
    type=click.Choice(["auto", "gvisor", "bubblewrap", "landlock"]),
    show_default=True,
    help="What contains the reference solutions.",
)
def replay(run_folder: Path, environments: Path | None, workers: int, sandbox: str) -> None:
    """Replay the reference solutions of a run's tasks, under every condition of their proof.

    Each task is run again in fresh processes with other hash seeds, time zones, locales, clocks, folders
    and orders of the calls. With --environments, tasks that need their project get it from another run,
    for which it was built anew.

    Exit status: 0 if every case of every task held every time, 1 if some did not, 2 if nothing could be done.
    """
    console = Console()
    try:
        tasks = list(read_json_lines(RunFolder(run_folder).tasks, Task))
        installed = read_environments(environments or run_folder)
        checks = OutputChecks(lambda: select_sandbox("projects"))
        with WorkerPool(select_sandbox("samples", sandbox), find_interpreter(), checks) as pool:
            broken = dict(_broken(tasks, pool, installed, workers, console))
    except (BadFile, SandboxUnavailable, NoInterpreter) as error:
        raise UserError(str(error)) from error
    for task_id, why in list(broken.items())[:_SHOWN]:
        click.echo(f"{task_id}: {why}", err=True)
    if len(broken) > _SHOWN:
        click.echo(f"... and {len(broken) - _SHOWN} more", err=True)
    held = len(tasks) - len(broken)
    share = f" ({held / len(tasks):.2%})" if tasks else ""
    click.echo(f"{held} of {len(tasks)} tasks{share} gave the same verdicts as when they were proven")
    if broken:
        raise SystemExit(1)


def _broken(
    tasks: list[Task],
    pool: WorkerPool,
    environments: dict[str, InstalledProject],
    workers: int,
    console: Console,
) -> Iterator[tuple[str, str]]:
    """The tasks whose verdicts differ from those of their proof, with what differs."""

    def replay_task(task: Task) -> str | None:
        label = task.environment or task.task_id.partition("/")[0]
        project = environments.get(label)
        if project is None and task.environment is not None:
            return f"{task.environment} is not installed in that run"
        for again in replay_again(task, pool, project):
            if "f" in again.verdicts or len(again.verdicts) != len(task.tests):
                seed = f"hash seed {again.hash_seed}, {again.time_zone}, locale {again.locale}"
                return f"{again.verdicts.count('f')} of {len(task.tests)} cases fail with {seed}"
        return None

    with ThreadPoolExecutor(workers) as executor:
        found = executor.map(replay_task, tasks)
        for task, why in zip(
            tasks, track(found, "replaying", total=len(tasks), console=console, transient=True), strict=True
        ):
            if why is not None:
                yield task.task_id, why
