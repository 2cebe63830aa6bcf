"""Rows of the files that data sets come in: JSON lines, Parquet, Arrow, or a folder of those."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.ipc
import pyarrow.parquet

from scraping.archives.reading import UnusableProblem
from tasks.files import BadFile, read_json_lines

SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet", ".arrow")
_BATCH_ROWS = 16


@dataclass(frozen=True)
class TableRow:
    """A row and where it stands: ``file:number``, from 1 on."""

    content: dict[str, Any]
    where: str
    number: int

    def text(self, column: str) -> str:
        """The text in a column; raises `UnusableProblem` where there is none."""
        value = self.content.get(column)
        if not isinstance(value, str):
            raise UnusableProblem("missing_column", f"{column} is no text in {self.where}")
        return value


def is_table(path: Path) -> bool:
    """Whether a file's name is that of a table."""
    return path.name.lower().endswith(SUFFIXES)


def tables(path: Path) -> list[Path]:
    """The files of tables that a path stands for: itself, or those of the folder."""
    if path.is_dir():
        return sorted(
            file for file in path.rglob("*") if is_table(file) and file.is_file() and not file.is_symlink()
        )
    return [path]


def read_rows(path: Path) -> Iterator[TableRow]:
    """Stream the rows of a file or folder; raises `tasks.files.BadFile`.

    A folder may be one that the ``datasets`` library saved.
    """
    for file in tables(path):
        name = file.name.lower()
        if name.endswith((".jsonl", ".jsonl.gz")):
            rows: Iterable[Any] = read_json_lines(file, dict)
        else:
            rows = _arrow_rows(file, parquet=name.endswith(".parquet"))
        for number, row in enumerate(rows, start=1):
            yield TableRow(row, f"{file}:{number}", number)


def rows_of_dataset(dataset: Iterable[Mapping[str, Any]], name: str) -> Iterator[TableRow]:
    """The rows of a `datasets.Dataset`, streamed or not."""
    for number, row in enumerate(dataset, start=1):
        yield TableRow(dict(row), f"{name}:{number}", number)


def columns(path: Path) -> set[str]:
    """The columns of the first table of a path; empty where there is no row. Raises `BadFile`."""
    found = tables(path)
    if not found:
        return set()
    if found[0].name.lower().endswith(".parquet"):
        try:
            return set(pyarrow.parquet.read_schema(found[0]).names)
        except (OSError, pyarrow.ArrowException) as error:
            raise BadFile(f"{found[0]}: no Parquet file ({error})") from error
    return set(next((row.content.keys() for row in read_rows(found[0])), ()))


def _arrow_rows(file: Path, *, parquet: bool) -> Iterator[dict[str, Any]]:
    try:
        if parquet:
            with pyarrow.parquet.ParquetFile(file) as table:
                for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                    yield from _rows(batch)
            return
        with pyarrow.memory_map(str(file)) as source:
            for batch in _arrow_batches(source):
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    yield from _rows(batch.slice(start, _BATCH_ROWS))
    except (OSError, pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise BadFile(f"{file}: the table cannot be read ({error})") from error


def _rows(batch: Any) -> Iterator[dict[str, Any]]:
    """The rows; of one with what Python has no value for (no UTF-8, years beyond 9999), its other columns."""
    try:
        yield from batch.to_pylist()
        return
    except (ValueError, OverflowError):
        pass
    for number in range(batch.num_rows):
        row = {}
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            with contextlib.suppress(ValueError, OverflowError):
                row[name] = column[number].as_py()
        yield row


def _arrow_batches(source: Any) -> Iterator[Any]:
    """The record batches of an Arrow file, in the stream form (as `datasets` writes it) or the file form."""
    try:
        yield from pyarrow.ipc.open_stream(source)
    except pyarrow.ArrowInvalid:
        source.seek(0)
        reader = pyarrow.ipc.open_file(source)
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)


def json_column(row: TableRow, column: str) -> Any:
    """What a column holds as JSON text, or as it is where the table has it structured already."""
    value = row.content.get(column)
    if isinstance(value, str):
        try:
            return msgspec.json.decode(value) if value.strip() else None
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnusableProblem("malformed_json", f"{column} in {row.where}: {error}"[:300]) from error
    return value
