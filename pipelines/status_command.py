"""The ``codex-sft status`` command: how far a build is, from any terminal."""

from __future__ import annotations

import fcntl
from pathlib import Path

import click
from rich.console import Console

from pipelines.build_folder import BuildFolder
from pipelines.build_status import BuildStatus
from pipelines.build_tables import status_table
from pipelines.user_error import UserError
from tasks.json_decoders import json_decoder


@click.command()
@click.argument("build", metavar="DIR|URL")
def status(build: str) -> None:
    """Show how far a build is, with its funnel so far. DIR is its --output, on this machine or elsewhere.

    Exit status: 0 if it is running or done, 1 if it failed or was killed, 2 if there is no build.
    """
    found = _read(build)
    console = Console()
    state: str = found.state
    if state == "running" and "://" not in build and not _is_held(Path(build)):
        state = "killed; the same command goes on from there"
    console.print(f"{build}: {state}", highlight=False, markup=False)
    if found.message:
        console.print(found.message, highlight=False, markup=False)
    console.print(status_table(found))
    if state not in ("running", "done"):
        raise SystemExit(1)


def _read(build: str) -> BuildStatus:
    try:
        if "://" in build:
            from pipelines.published_files import read_published  # Beam takes seconds to import

            content = read_published(build, "status.json")
        else:
            content = BuildFolder(Path(build)).status.read_bytes()
        return json_decoder(BuildStatus).decode(content)
    except (OSError, ValueError) as error:
        raise UserError(f"{build}: there is no status of a build ({error})") from error


def _is_held(folder: Path) -> bool:
    """Whether a process of this machine is at work there; True where that cannot be told."""
    try:
        with (folder / ".lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return (folder / ".lock").exists()
    return False
