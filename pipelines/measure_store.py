"""What was measured of tasks, in a file that grows as it comes, so that nothing is measured twice."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from pipelines import __version__
from tasks.files import BadFile
from tasks.json_decoders import json_decoder
from tasks.record import Evidence, Task

Record = TypeVar("Record")
_LINE = json_decoder(tuple[str, msgspec.Raw])


class MeasureStore:
    """Records by what they depend on. A last line that was cut off by a kill is passed over.

    Only their places are in memory. For one process and one thread at a time. Raises `BadFile` where the
    file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[int, int]] = {}
        self._end = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream: BinaryIO = path.open("a+b")
            self._stream.seek(0)
            line = b"\n"
            for line in self._stream:
                self._learn(line)
            if not line.endswith(b"\n"):
                self._stream.write(b"\n")
                self._end += 1
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror or error}") from error

    def __enter__(self) -> MeasureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def find(self, key: str, kind: type[Record]) -> Record | None:
        """What is known for a key; raises `BadFile` for a record of another kind."""
        place = self._known.get(key)
        if place is None:
            return None
        self._stream.seek(place[0])
        line = self._stream.read(place[1])
        try:
            return json_decoder(kind).decode(_LINE.decode(line)[1])
        except msgspec.ValidationError as error:
            raise BadFile(f"{self._path}: {error}; delete it to measure again") from error

    def add(self, key: str, record: object) -> None:
        """Keep a record; it is in the file when this returns."""
        line = msgspec.json.encode((key, record)) + b"\n"
        self._stream.write(line)
        self._stream.flush()
        self._learn(line)

    def _learn(self, line: bytes) -> None:
        with contextlib.suppress(msgspec.DecodeError):  # cut off
            self._known[_LINE.decode(line)[0]] = (self._end, len(line))
        self._end += len(line)


def measure_key(task: Task, *options: object) -> str:
    """Changes with the task, but for its evidence, with the version of this tool and with the options."""
    depends_on = (__version__, replace(task, evidence=Evidence()), options)
    return hashlib.sha256(msgspec.json.encode(depends_on)).hexdigest()[:32]
