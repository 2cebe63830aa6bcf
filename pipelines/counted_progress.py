"""Progress by counters in files: work items read and done, by whatever process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.background_display import displayed
from pipelines.run_folder import RunFolder

_INTERVAL = 0.25
_LINE_EVERY = 50


def count(run: RunFolder, counter: str) -> None:
    """Count one item. Appending a byte is atomic between processes."""
    run.progress.mkdir(parents=True, exist_ok=True)
    with (run.progress / counter).open("ab") as stream:
        stream.write(b".")


def counted(run: RunFolder, counter: str) -> int:
    """How many were counted so far."""
    try:
        return (run.progress / counter).stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def shown_counts(run: RunFolder, total: str, done: str, words: str, console: Console) -> Iterator[None]:
    """Show ``done`` of ``total`` until the block ends: a live bar, or lines where there is no terminal."""
    show = _show_live if console.is_terminal else _show_lines
    with displayed(run, lambda stop: show(run, total, done, words, console, stop)):
        yield


def _show_live(
    run: RunFolder, total: str, done: str, words: str, console: Console, stop: threading.Event
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as display:
        row = display.add_task(words, total=None)
        while not stop.wait(_INTERVAL):
            display.update(row, total=counted(run, total) or None, completed=counted(run, done))


def _show_lines(
    run: RunFolder, total: str, done: str, words: str, console: Console, stop: threading.Event
) -> None:
    shown = 0
    started = time.monotonic()
    while not stop.wait(_INTERVAL):
        now = counted(run, done)
        if now >= shown + _LINE_EVERY:
            shown = now
            elapsed = time.monotonic() - started
            console.print(f"[{elapsed:6.1f} s] {words}: {now} of {counted(run, total)}", markup=False)
