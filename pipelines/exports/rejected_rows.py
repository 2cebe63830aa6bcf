"""What became no task, and what was left out: rows with a reason, whatever lost them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from pipelines.exports.options import LeftOut
from tasks.files import read_json_lines


class _Rejected(msgspec.Struct):
    """A line of the `rejected.jsonl` of `trace`, `scrape` or `filter`, which have different forms."""

    reason: str
    stage: str = ""
    detail: str = ""
    task_id: str | None = None
    problem_id: str | None = None
    project: str | None = None
    function: str | None = None
    objections: dict[str, str] = msgspec.field(default_factory=dict)


def rejected_row(task_id: str, stage: str, reason: str, detail: str) -> dict[str, str]:
    """A row of the table."""
    return {"task_id": task_id, "stage": stage, "reason": reason, "detail": detail}


def left_out_row(task_id: str, left_out: LeftOut) -> dict[str, str]:
    """The row of a task that was left out by the export itself."""
    return rejected_row(task_id, "export", left_out.reason, left_out.detail)


def rejected_rows(files: Sequence[Path]) -> Iterator[dict[str, str]]:
    """A row for each line of such files; raises `BadFile`."""
    for file in files:
        for each in read_json_lines(file, _Rejected):
            named = each.task_id or each.problem_id or f"{each.project}/{each.function}"
            detail = each.detail or "; ".join(each.objections.values())
            yield rejected_row(named, each.stage, each.reason, detail)
