"""Grades are kept, in another order for each grader; nothing that was graded changes unseen."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from docstring_gen.grading_items import read_grading_items
from docstring_gen.grading_store import GradeStore
from tasks.files import BadFile
from tests.docstring_gen.grading_session import line, write_lines


def _store(folder: Path, rows: list[dict[str, Any]] | int = 5, seed: int | None = None) -> GradeStore:
    rows = [line(index) for index in range(rows)] if isinstance(rows, int) else rows
    return GradeStore(folder / "grades", read_grading_items(write_lines(folder / "d.jsonl", rows)), seed)


def test_the_last_grade_counts_and_all_of_them_are_kept(tmp_path: Path) -> None:
    store = _store(tmp_path)
    first, second = store.order("anna")[:2]
    store.grade(first, "anna", "correct", "good")
    store.grade(second, "anna", "other")
    store.grade(first, "anna", "missing_detail", "no, the unit")
    store.grade(first, "berta", "copies_code")
    store.close()
    store = _store(tmp_path)
    assert {item: each.category for item, each in store.standing("anna").items()} == {
        first: "missing_detail",
        second: "other",
    }
    said = [(each.category, each.note) for each in store.history(first, "anna")]
    assert said == [("correct", "good"), ("missing_detail", "no, the unit")]
    assert store.graders() == ["anna", "berta"]


def test_withdrawing_goes_back_grade_by_grade(tmp_path: Path) -> None:
    store = _store(tmp_path)
    order = store.order("anna")
    for item_id in order[:3]:
        store.grade(item_id, "anna", "correct", "a note")
    store.grade(order[0], "berta", "other")
    withdrawn = [store.withdraw_last("anna") for _ in range(4)]
    assert [each and each.item_id for each in withdrawn] == [order[2], order[1], order[0], None]
    assert store.standing("anna") == {}
    assert [each.grader for each in store.all_standing()] == ["berta"]
    last = store.history(order[1], "anna")[-1]
    assert (last.category, last.note) == (None, "a note")


def test_each_grader_has_an_order_that_further_docstrings_do_not_change(tmp_path: Path) -> None:
    store = _store(tmp_path, 40)
    keys = [store.items[item_id].key for item_id in store.order("anna")]
    assert sorted(keys, key=lambda key: key.sample_index) != keys
    others = [store.items[item_id].key for item_id in store.order("berta")]
    assert others != keys
    assert set(others) == set(keys)
    store.close()
    more = _store(tmp_path, 60)
    again = [more.items[item_id].key for item_id in more.order("anna")]
    assert [key for key in again if key in set(keys)] == keys
    (tmp_path / "other").mkdir()
    reseeded = _store(tmp_path / "other", 60, seed=1)
    assert [reseeded.items[item_id].key for item_id in reseeded.order("anna")] != again


def test_every_grade_is_flushed_to_the_disk(tmp_path: Path) -> None:
    store = _store(tmp_path)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
    store.grade(store.order("anna")[0], "anna", "correct")
    with sqlite3.connect(tmp_path / "grades") as other:
        assert other.execute("SELECT count(*) FROM grades").fetchone() == (1,)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([line(0, docstring="Another.")], "has another docstring or code now"),
        ([line(0, code="def f(): ...\n")], "has another docstring or code now"),
        ([line(1)], "is gone from the file"),
    ],
)
def test_what_has_grades_may_not_change(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    store = _store(tmp_path, 1)
    _store(tmp_path, [line(0, docstring="Not graded yet.")]).close()  # until then it may
    store = _store(tmp_path, 1)
    store.grade(store.order("anna")[0], "anna", "correct")
    store.close()
    with pytest.raises(BadFile, match=words):
        _store(tmp_path, rows)
    assert len(_store(tmp_path, 1).all_standing()) == 1


def test_another_seed_or_another_file_is_refused(tmp_path: Path) -> None:
    _store(tmp_path, seed=3).close()
    assert _store(tmp_path).seed == 3
    with pytest.raises(BadFile, match="shuffled by the seed 3"):
        _store(tmp_path, seed=4)
    for name, content in (("text", b"no database at all, but long enough" * 40), ("folder", None)):
        path = tmp_path / name
        path.mkdir() if content is None else path.write_bytes(content)
        with pytest.raises(BadFile, match="choose another --grades"):
            GradeStore(path, [])
    with sqlite3.connect(tmp_path / "foreign") as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(BadFile, match="another program's file"):
        GradeStore(tmp_path / "foreign", [])


def test_a_category_that_there_is_not_is_refused_by_the_file_itself(tmp_path: Path) -> None:
    store = _store(tmp_path)
    with pytest.raises(sqlite3.IntegrityError):
        store.grade(store.order("anna")[0], "anna", "perfect")  # type: ignore[arg-type]
