"""Records in files, of which only their places travel through the pipeline: large values stay on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from tasks.json_decoders import json_decoder

Record = TypeVar("Record")


@dataclass(frozen=True)
class Place:
    """A line of a file: its first byte and its length."""

    file: str
    start: int
    size: int


class LineWriter:
    """Appends records to a new file and tells their places. Not for several threads at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._stream: BinaryIO = path.open("xb")

    def append(self, record: object) -> Place:
        """Write a record; it can be read at once."""
        line = msgspec.json.encode(record) + b"\n"
        start = self._stream.tell()
        self._stream.write(line)
        self._stream.flush()
        return Place(str(self._path), start, len(line))

    def close(self) -> None:
        self._stream.close()


def read_place(place: Place, kind: type[Record]) -> Record:
    """The record at a place."""
    with Path(place.file).open("rb") as stream:
        stream.seek(place.start)
        return json_decoder(kind).decode(stream.read(place.size))


def places_in(path: Path) -> Iterator[Place]:
    """The places of all lines of a file."""
    start = 0
    with path.open("rb") as stream:
        for line in stream:
            yield Place(str(path), start, len(line))
            start += len(line)
