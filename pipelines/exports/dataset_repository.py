"""A Hugging Face data set repository: Parquet files by config and split, with card and attributions.

The layout is what `datasets.load_dataset(folder, config)` and the viewer of the hub read: plain columns,
small row groups, names as ``data/CONFIG/SPLIT-00000-of-00001.parquet``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.exports.dataset_card import Attribution, CardFacts, attributions_text, card_text
from pipelines.exports.options import Split
from pipelines.exports.tables import TableRow
from tasks.files import write_text

_ROWS_AT_A_TIME = 1_000
_CHARACTERS_AT_A_TIME = 4 * 2**20
"""A row group is written when so much waits: the viewer refuses those above some hundred megabytes."""

_TEXT, _NUMBER, _WHOLE, _TRUTH = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_PROVENANCE = dict.fromkeys(("source", "version", "url", "license", "copyright"), _TEXT)
_METADATA = pa.struct(
    {"tests": _WHOLE, "mutation_score": _NUMBER, "pass_rate": _NUMBER, "reference_seconds": _NUMBER}
)

SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema(columns)
    for name, columns in {
        "sft": {**dict.fromkeys(("task_id", "prompt", "completion"), _TEXT), **_PROVENANCE},
        "humaneval": {
            **dict.fromkeys(("task_id", "prompt", "entry_point", "canonical_solution", "test"), _TEXT),
            **_PROVENANCE,
        },
        "docstring": {**dict.fromkeys(("task_id", "prompt", "completion"), _TEXT), **_PROVENANCE},
        "rl": {
            **dict.fromkeys(("task_id", "prompt", "entry_point", "tests"), _TEXT),
            "metadata": _METADATA,
            **_PROVENANCE,
        },
        "samples": {
            **dict.fromkeys(("task_id", "completion", "solution"), _TEXT),
            "passed": _TRUTH,
            **dict.fromkeys(("verdict", "detail", "model"), _TEXT),
            "logprob_mean": _NUMBER,
            **_PROVENANCE,
        },
        "rejected": dict.fromkeys(("task_id", "stage", "reason", "detail"), _TEXT),
    }.items()
}
"""The columns of each config: one type each, no unions."""


class _ParquetFile:
    """One file, written in row groups as rows come."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._waiting: list[dict[str, Any]] = []
        self._characters = 0

    def __enter__(self) -> _ParquetFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._write()
        self._writer.close()

    def add(self, row: dict[str, Any]) -> None:
        self._waiting.append(row)
        self._characters += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(self._waiting) >= _ROWS_AT_A_TIME or self._characters >= _CHARACTERS_AT_A_TIME:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=self._schema))
        self._waiting, self._characters = [], 0


def write_repository(folder: Path, name: str, rows: Iterable[TableRow]) -> None:
    """Write the repository of a data set; a config without rows is not there."""
    files: dict[tuple[str, Split], _ParquetFile] = {}
    counts: Counter[tuple[str, Split]] = Counter()
    licences: Counter[str | None] = Counter()
    attributions: set[Attribution] = set()
    with ExitStack() as stack:
        for each in rows:
            key = (each.table, each.split)
            if key not in files:
                path = folder / data_file(*key)
                files[key] = stack.enter_context(_ParquetFile(path, SCHEMAS[each.table]))
            files[key].add(each.row)
            counts[key] += 1
            if "license" in each.row:
                attributions.add(Attribution.of(each.row))
                licences[each.row["license"]] += each.table == "sft"
    facts = CardFacts(name, dict(counts), licences, [table for table in SCHEMAS if _has(counts, table)])
    write_text(folder / "README.md", card_text(facts))
    write_text(folder / "NOTICE", attributions_text(attributions))


def data_file(table: str, split: Split) -> str:
    """Where the rows of a config's split are."""
    return f"data/{table}/{split}-00000-of-00001.parquet"


def _has(counts: Counter[tuple[str, Split]], table: str) -> bool:
    return any(name == table for name, _ in counts)
