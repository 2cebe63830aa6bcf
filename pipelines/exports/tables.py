"""Rows on their way into files: of which table, in which split."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from pipelines.exports.options import LeftOut, Split
from tasks.files import atomic_writer, write_json_lines
from tasks.record import Task


@dataclass(frozen=True)
class Table:
    """A kind of rows, made from tasks one by one."""

    name: str
    rows: Callable[[Task], list[dict[str, Any]] | LeftOut]


@dataclass(frozen=True)
class TableRow:
    """A row and where it belongs."""

    table: str
    split: Split
    row: dict[str, Any]


Write = Callable[[Path, str, Iterable[TableRow]], None]
"""Writes all rows below a folder, in files that are called by a name; rows come as they are read."""


def write_lines(folder: Path, name: str, rows: Iterable[TableRow]) -> None:
    """One file of JSON lines, called as given."""
    write_json_lines(folder / name, (each.row for each in rows))


def write_lines_by_split(folder: Path, name: str, rows: Iterable[TableRow]) -> None:
    """A file of JSON lines for each split that has rows; `datasets.load_dataset` finds them by name."""
    encoder = msgspec.json.Encoder()
    streams: dict[Split, IO[bytes]] = {}
    with ExitStack() as stack:
        for each in rows:
            if each.split not in streams:
                streams[each.split] = stack.enter_context(atomic_writer(folder / f"{each.split}.jsonl"))
            streams[each.split].write(encoder.encode(each.row) + b"\n")
