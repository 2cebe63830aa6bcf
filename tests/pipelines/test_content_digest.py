"""Digests say whether files say the same, whenever and however fast they were made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from pipelines.content_digest import file_digest
from tasks.files import write_json, write_json_lines
from tasks.record import Evidence, Task
from tests.pipelines.build_recipes import task

_TASK = task("double", "    return n + n\n", [-10, 6, 16, 24])


def _made(moment: str | None, seconds: float | None, one: Task = _TASK) -> Task:
    provenance = replace(one.provenance, retrieved_at=moment)
    return replace(one, provenance=provenance, evidence=Evidence(reference_seconds=seconds))


_EARLY, _LATE = _made("2026-01-01T00:00:00+00:00", 0.25), _made("2027-12-31T00:00:00+00:00", 1e-05)


def _lines(folder: Path, name: str, one: Task) -> Path:
    write_json_lines(folder / name, [one, {"text": '"retrieved_at":"said by the text"'}])
    return folder / name


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks.jsonl.gz"])
def test_lines_that_differ_in_times_alone_are_equal(tmp_path: Path, name: str) -> None:
    early = file_digest(_lines(tmp_path, f"early-{name}", _EARLY))
    assert early == file_digest(_lines(tmp_path, f"late-{name}", _LATE))
    assert early == file_digest(_lines(tmp_path, f"none-{name}", _made(None, None)))
    other = _made("2026-01-01T00:00:00+00:00", 0.25, replace(_TASK, entry_point="other"))
    assert early != file_digest(_lines(tmp_path, f"other-{name}", other))


def test_tables_and_folders_are_compared_by_what_they_say(tmp_path: Path) -> None:
    for name, moment, rows in ("one", "2026", 2), ("same", "2027", 2), ("other", "2026", 3):
        (tmp_path / name / "data").mkdir(parents=True)
        columns = {
            "text": ["x"] * rows,
            "retrieved_at": [moment] * rows,
            "provenance": [f'{{"retrieved_at":"{moment}","n":1}}'] * rows,
            "evidence": [{"reference_seconds": float(moment), "documented": True}] * rows,
        }
        pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / name / "data" / "rows.parquet")
        (tmp_path / name / "README.md").write_text("the same")
    digests = {name: file_digest(tmp_path / name) for name in ("one", "same", "other")}
    assert digests["one"] == digests["same"] != digests["other"]
    (tmp_path / "same" / "README.md").rename(tmp_path / "same" / "OTHER.md")
    assert file_digest(tmp_path / "same") != digests["one"]


def test_other_files_are_compared_by_their_bytes(tmp_path: Path) -> None:
    for name, text in ("a.py", '"retrieved_at":"1"'), ("b.py", '"retrieved_at":"2"'):
        (tmp_path / name).write_text(text)
    assert file_digest(tmp_path / "a.py") != file_digest(tmp_path / "b.py")
    write_json(tmp_path / "a.json", {"cpu_seconds": {"text": 1.5}, "n": 1})
    write_json(tmp_path / "b.json", {"cpu_seconds": {"text": 2.5}, "n": 1})
    assert file_digest(tmp_path / "a.json") == file_digest(tmp_path / "b.json")
