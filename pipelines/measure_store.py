"""What was measured of tasks, in a file that grows as it comes, so that nothing is measured twice."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from pipelines import __version__
from tasks.files import BadFile
from tasks.record import Evidence, Task

Record = TypeVar("Record")


class MeasureStore:
    """Records by what they depend on. A last line that was cut off by a kill is passed over.

    For one process and one thread at a time. Raises `BadFile` where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, msgspec.Raw] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes() if path.exists() else b""
            self._stream: BinaryIO = path.open("ab")
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror or error}") from error
        decoder = msgspec.json.Decoder(tuple[str, msgspec.Raw])
        for line in content.splitlines():
            try:
                key, record = decoder.decode(line)
            except msgspec.DecodeError:
                continue  # cut off
            self._known[key] = msgspec.Raw(bytes(record))
        if content and not content.endswith(b"\n"):
            self._stream.write(b"\n")

    def __enter__(self) -> MeasureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def find(self, key: str, kind: type[Record]) -> Record | None:
        """What is known for a key; raises `BadFile` for a record of another kind."""
        record = self._known.get(key)
        try:
            return None if record is None else msgspec.json.decode(record, type=kind)
        except msgspec.ValidationError as error:
            raise BadFile(f"{self._path}: {error}; delete it to measure again") from error

    def add(self, key: str, record: object) -> None:
        """Keep a record; it is in the file when this returns."""
        encoded = msgspec.json.encode(record)
        self._known[key] = msgspec.Raw(encoded)
        self._stream.write(msgspec.json.encode((key, msgspec.Raw(encoded))) + b"\n")
        self._stream.flush()


def measure_key(task: Task, *options: object) -> str:
    """Changes with the task, but for its evidence, with the version of this tool and with the options."""
    depends_on = (__version__, replace(task, evidence=Evidence()), options)
    return hashlib.sha256(msgspec.json.encode(depends_on)).hexdigest()[:32]
