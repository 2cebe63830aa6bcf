"""The formats that a build writes, in one table: what each is called, its options, and what writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pipelines.export import humaneval_row
from tasks.files import read_json_lines, write_json_lines
from tasks.humaneval import HumanEvalRow
from tasks.record import Rejection, Task


class ExportOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a format that has none of its own."""

    include_undocumented: bool = False


@dataclass(frozen=True)
class Export:
    """An export that a recipe asks for: its name is that of its file or folder."""

    name: str
    format: str
    options: ExportOptions


@dataclass(frozen=True)
class Exported:
    """What was written: rows, and tasks left out by reason."""

    rows: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class Format:
    """How a format is written: from a file of tasks into a folder, under a name, with its options."""

    options: type[ExportOptions]
    write: Callable[[Path, Path, str, Any], Exported]


def _humaneval(tasks: Path, folder: Path, name: str, options: ExportOptions) -> Exported:
    left_out = Counter[str]()

    def rows() -> Iterator[HumanEvalRow]:
        for task in read_json_lines(tasks, Task):
            row = humaneval_row(task, include_undocumented=options.include_undocumented)
            if isinstance(row, Rejection):
                left_out[row.reason] += 1
            else:
                yield row

    written = write_json_lines(folder / f"{name}.jsonl", rows())
    return Exported(written, dict(sorted(left_out.items())))


FORMATS = {"humaneval": Format(ExportOptions, _humaneval)}
"""Every format, by its name in recipes."""
