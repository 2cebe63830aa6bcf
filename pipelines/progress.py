"""Progress of a run while it runs, read from files that its workers leave, in whatever process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipelines.background_display import displayed
from pipelines.counted_progress import count, counted
from pipelines.run_folder import RunFolder

_STAGES = ("waiting", "fetch", "unpack", "build", "test", "extract", "traced")
_VERIFIED = "verified"
_INTERVAL = 0.25


def count_verified(run: RunFolder) -> None:
    """Count one verified candidate."""
    count(run, _VERIFIED)


@contextmanager
def shown_progress(run: RunFolder, projects: list[str], console: Console) -> Iterator[None]:
    """Show a run's progress until the block ends: a live display, or lines where there is no terminal."""
    target = _show_live if console.is_terminal else _show_lines
    with displayed(run, lambda stop: target(run, projects, console, stop)):
        yield


def read_stages(run: RunFolder) -> dict[str, str]:
    """The stage that each project is at, as far as it was told."""
    stages = {}
    try:
        files = [entry for entry in os.scandir(run.progress) if entry.name != _VERIFIED]
    except FileNotFoundError:
        return {}
    for file in files:
        with open(file.path) as stream:  # noqa: PTH123
            stage, _, project = stream.read().partition("\n")
        if project:  # else it is being written
            stages[project] = stage
    return stages


def _show_live(run: RunFolder, projects: list[str], console: Console, stop: threading.Event) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(20),
        TextColumn("{task.fields[stage]}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console) as display:
        rows: dict[str, TaskID] = {
            project: display.add_task(project, total=len(_STAGES) - 1, stage="waiting")
            for project in projects
        }
        verifying = display.add_task("verify tasks", total=None, stage="", visible=False)
        while not stop.wait(_INTERVAL):
            for project, stage in read_stages(run).items():
                done = len(_STAGES) - 1 if stage == "failed" else _STAGES.index(stage)
                if project in rows:
                    display.update(rows[project], completed=done, stage=stage)
            verified = counted(run, _VERIFIED)
            if verified:
                display.update(verifying, visible=True, stage=f"{verified} verified")


def _show_lines(run: RunFolder, projects: list[str], console: Console, stop: threading.Event) -> None:
    known: dict[str, str] = {}
    shown = 0
    started = time.monotonic()
    while not stop.wait(_INTERVAL):
        for project, stage in read_stages(run).items():
            if known.get(project) != stage:
                known[project] = stage
                console.print(f"[{time.monotonic() - started:6.1f} s] {project}: {stage}", markup=False)
        verified = counted(run, _VERIFIED)
        if verified >= shown + 50:
            shown = verified
            console.print(f"[{time.monotonic() - started:6.1f} s] {verified} tasks verified", markup=False)
