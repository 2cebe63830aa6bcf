"""Reading and writing JSON lines, plain or gzip-compressed, as typed records.

Reading streams and names file and line in every error. Writing is atomic: a reader sees either the
old file or the whole new one.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from tasks.json_decoders import json_decoder

Record = TypeVar("Record")


class BadFile(ValueError):
    """A file cannot be read as what it should be; the message says where and what to do."""


@contextlib.contextmanager
def atomic_writer(path: Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for writing under a temporary name; rename it into place on success.

    A name ending in ``.gz`` is compressed, without a timestamp, so that equal content gives equal
    bytes. On an exception nothing appears under ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with atomic_writer(path) as stream:
        stream.write(text.encode())


def write_json(path: Path, content: object) -> None:
    """Write one JSON document atomically, indented."""
    with atomic_writer(path) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def read_json(path: Path, kind: type[Record]) -> Record:
    """Read one JSON document as ``kind``; raises `BadFile`."""
    try:
        return json_decoder(kind).decode(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadFile(f"{path}: {error}") from error


def write_json_lines(path: Path, records: Iterable[Any]) -> int:
    """Write records as JSON lines, atomically; returns how many."""
    encoder = msgspec.json.Encoder()
    count = 0
    with atomic_writer(path) as stream:
        for count, record in enumerate(records, start=1):  # noqa: B007
            stream.write(encoder.encode(record) + b"\n")
    return count


def read_json_lines(path: Path, kind: type[Record]) -> Iterator[Record]:
    """Stream the records of a JSON lines file; raises `BadFile` with ``file:line``.

    Empty lines are passed over. Raises at the first use, not at the call.
    """
    decoder = json_decoder(kind)
    number = 0
    try:
        if path.suffix == ".gz" and path.stat().st_size == 0:
            raise BadFile(f"{path}:1: the file is empty, which no gzip stream is")
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    try:
                        yield decoder.decode(line)
                    except (ValueError, RecursionError) as error:
                        raise BadFile(f"{path}:{number}: {error}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadFile(f"{path}:{number + 1}: the gzip stream is damaged or cut off ({error})") from error
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}") from error
