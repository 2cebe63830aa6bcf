"""Tables of a build for the terminal: its funnel, and how far it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.box import SIMPLE
from rich.table import Table

from pipelines.build_folder import Loss, StageRecord
from pipelines.build_status import BuildStatus

ITEMS = {
    "trace": "functions that tests called",
    "scrape": "problems",
    "gather": "tasks of all sources",
    "filter": "tasks",
    "export": "tasks, for each export",
}
"""What the items of each stage are."""

_SHOWN_LOSSES = 6


def funnel_table(records: Sequence[StageRecord], unchanged: Collection[str]) -> Table:
    """What came into each stage, what was lost there and why, and what was kept."""
    table = _table("Items of each stage")
    for record in records:
        _add(table, record.stage, record.read, record.kept, record.losses, record.stage in unchanged)
    return table


def status_table(status: BuildStatus) -> Table:
    """The same of a build that may be running: of its running stage what was counted so far."""
    table = _table(f"{status.started_at} to {status.updated_at}, runner {status.runner}")
    for stage in status.stages:
        if stage.state in ("done", "unchanged"):
            _add(table, stage.stage, stage.read, stage.kept, stage.losses, stage.state == "unchanged")
        else:
            counts = ", ".join(f"{number} {words}" for words, number in stage.progress.items())
            table.add_row(stage.stage, f"{stage.state}{': ' if counts else ''}{counts}", "", "")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("stage")
    table.add_column("", overflow="fold")
    table.add_column("items", justify="right")
    table.add_column("share", justify="right")
    return table


def _add(table: Table, stage: str, read: int, kept: int, losses: Sequence[Loss], unchanged: bool) -> None:
    table.add_row(stage, ITEMS[stage] + (", unchanged" if unchanged else ""), str(read), "")
    largest = sorted(losses, key=lambda loss: (-loss.items, loss.step, loss.reason))
    for loss in largest[:_SHOWN_LOSSES]:
        table.add_row("", f"  {loss.step}: {loss.reason}", f"-{loss.items}", f"{loss.items / read:.1%}")
    rest = sum(loss.items for loss in largest[_SHOWN_LOSSES:])
    if rest:
        words = f"  {len(largest) - _SHOWN_LOSSES} more reasons"
        table.add_row("", words, f"-{rest}", f"{rest / read:.1%}")
    table.add_row("", "kept", str(kept), f"{kept / read:.1%}" if read else "", end_section=True)
