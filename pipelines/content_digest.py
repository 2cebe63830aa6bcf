"""Digests of what files say, whatever the time at which, and the speed with which, it was made."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import msgspec
import pyarrow.parquet

from pipelines.export import RECORD

_TIMES = re.compile(
    rb'(\\*")(reference_seconds|retrieved_at|cpu_seconds)\1:'
    rb"(null|-?[\d.e+-]+|\\*\"[^\"\\]*\\*\"|\{[^{}]*\})"
)
"""Fields of records that hold times, also where a record is a text in another."""


def file_digest(path: Path) -> str:
    """Of a file, or of all files of a folder with their names. Times in records of JSON and Parquet are left
    out, and compressed files are those that they hold."""
    digest = hashlib.sha256()
    if path.is_dir():
        # a record of an export is of digests with times
        for file in sorted(each for each in path.rglob("*") if each.is_file() and each.name != RECORD):
            digest.update(f"{file.relative_to(path)}\0{file_digest(file)}\0".encode())
    elif path.suffix == ".parquet":
        for row in _parquet_rows(path):
            digest.update(_TIMES.sub(b"", msgspec.json.encode(row, enc_hook=str)) + b"\n")
    elif path.suffix == ".json":
        digest.update(_document(path.read_bytes()))
    elif ".jsonl" in path.suffixes:
        with _opened(path) as stream:
            for line in stream:
                digest.update(_TIMES.sub(b"", line))
    else:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _document(content: bytes) -> bytes:
    try:
        return _TIMES.sub(b"", msgspec.json.format(content, indent=-1))
    except msgspec.DecodeError:
        return content


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _parquet_rows(path: Path) -> Iterator[object]:
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=256):
            yield from batch.to_pylist()
