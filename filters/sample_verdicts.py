"""What was found out about samples, kept in a file, so that no program is ever judged twice."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from sandbox.task_judging import JudgingOptions
from tasks.files import BadFile
from tasks.json_decoders import json_decoder
from tasks.record import Evidence, Task


@dataclass(frozen=True)
class ProgramVerdict:
    """The verdict on a program. ``passed`` is None where the fault is not the program's.

    ``cpu_seconds`` is what it used, ``integrity`` is ``low`` where it could have forged the verdict.
    """

    verdict: str
    passed: bool | None
    detail: str = ""
    cpu_seconds: float = 0.0
    integrity: str = "high"


class KnownVerdicts:
    """Verdicts by what they depend on, in memory and, with a path, in a file that grows as they come.

    A last line that was cut off by a kill is passed over. For several threads at a time. Raises
    `BadFile` where the file cannot be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._known: dict[str, ProgramVerdict] = {}
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes() if path.exists() else b""
            self._stream = path.open("ab")
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror or error}") from error
        decoder = json_decoder(tuple[str, ProgramVerdict])
        for line in content.splitlines():
            try:
                key, verdict = decoder.decode(line)
            except msgspec.DecodeError:
                continue  # cut off
            self._known[key] = verdict
        if content and not content.endswith(b"\n"):
            self._stream.write(b"\n")

    def __enter__(self) -> KnownVerdicts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all programs that were judged."""
        return sum(verdict.cpu_seconds for verdict in self._known.values())

    def find(self, key: str) -> ProgramVerdict | None:
        """What is known for a key."""
        return self._known.get(key)

    def add(self, key: str, verdict: ProgramVerdict) -> None:
        """Keep a verdict; it is in the file when this returns."""
        with self._lock:
            self._known[key] = verdict
            if self._stream is not None:
                self._stream.write(msgspec.json.encode((key, verdict)) + b"\n")
                self._stream.flush()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._stream is not None:
            self._stream.close()


class VerdictKeys:
    """The keys of a task's programs: they change with the task, but for its evidence, and the options."""

    def __init__(self, task: Task, options: JudgingOptions) -> None:
        depends_on = (replace(task, evidence=Evidence()), options)
        self._start = hashlib.sha256(msgspec.json.encode(depends_on)).digest()

    def key(self, program: str) -> str:
        """The key of one program."""
        return hashlib.sha256(self._start + program.encode("utf-8", "surrogatepass")).hexdigest()[:32]
