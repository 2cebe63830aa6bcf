"""Progress of a crawl while it runs, read from files that its workers leave, in whatever process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.background_display import displayed
from pipelines.counted_progress import count, counted
from pipelines.run_folder import RunFolder
from scraping.crawl.outcomes import CrawledPage, Moved, Outcome

_KINDS = ("fetched", "from store", "refused", "failed")
_INTERVAL = 0.25
_LINES_APART = 5.0


def count_outcome(run: RunFolder, outcome: Outcome) -> None:
    """Count one outcome by its kind."""
    if isinstance(outcome, Moved):
        return
    if isinstance(outcome, CrawledPage):
        kind = "from store" if outcome.from_store else "fetched"
    else:
        kind = outcome.kind
    count(run, kind)


@contextmanager
def shown_crawl(run: RunFolder, requests: int, console: Console) -> Iterator[None]:
    """Show a crawl's progress until the block ends: a bar, or lines where there is no terminal."""
    target = _show_bar if console.is_terminal else _show_lines
    with displayed(run, lambda stop: target(run, requests, console, stop)):
        yield


def _counts(run: RunFolder) -> dict[str, int]:
    return {kind: counted(run, kind) for kind in _KINDS}


def _in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)


def _show_bar(run: RunFolder, requests: int, console: Console, stop: threading.Event) -> None:
    columns = (TextColumn("crawling"), BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as display:
        bar = display.add_task("", total=requests)
        while not stop.wait(_INTERVAL):
            counts = _counts(run)
            display.update(bar, completed=sum(counts.values()), description=_in_words(counts))


def _show_lines(run: RunFolder, requests: int, console: Console, stop: threading.Event) -> None:
    shown = dict.fromkeys(_KINDS, 0)
    started = time.monotonic()
    while not stop.wait(_LINES_APART):
        counts = _counts(run)
        if counts != shown:
            shown = counts
            line = f"[{time.monotonic() - started:6.1f} s] of {requests} requests: {_in_words(counts)}"
            console.print(line, markup=False, highlight=False)
