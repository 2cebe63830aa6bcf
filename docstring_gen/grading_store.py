"""Grades in an SQLite file: each is on the disk before `GradeStore.grade` returns, and none is ever changed.

Another grade of a docstring by the same grader, or its withdrawal, is a further row; the last one counts.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from docstring_gen.grading_items import GradingItem, ItemKey
from tasks.files import BadFile

Category = Literal["correct", "missing_detail", "invented_problem", "copies_code", "other"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
MAX_NOTE = 10_000

_FORMAT = 1
_TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE items (
    item_id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    task_id TEXT NOT NULL,
    sample_index INTEGER NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (model, task_id, sample_index)
) STRICT;
CREATE TABLE grades (
    grade_id INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id INTEGER NOT NULL REFERENCES items,
    grader TEXT NOT NULL,
    category TEXT CHECK (category IN ({categories})),
    note TEXT NOT NULL,
    graded_at TEXT NOT NULL
) STRICT;
CREATE INDEX grades_by_grader ON grades (grader, item_id);
"""


@dataclass(frozen=True)
class Grade:
    """One judgement of one grader; without a category it withdraws the one before. Times are UTC."""

    grade_id: int
    item_id: int
    grader: str
    category: Category | None
    note: str
    graded_at: str


class GradeStore:
    """The grades of one file of docstrings, for any number of graders and servers at once.

    ``items`` are by their ids. Raises `BadFile` where the file cannot be used, where a docstring that has
    grades is gone or another one now, or where the order was shuffled by another ``seed``.
    """

    def __init__(self, path: Path, items: Sequence[GradingItem], seed: int | None = None) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise BadFile(
                f"{path}: grades cannot be kept there ({error}); choose another --grades"
            ) from error
        try:
            # FULL: a grade is in the log on the disk, flushed, when it is committed
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("BEGIN IMMEDIATE")
            self._make_tables(path)
            self.seed = self._settle_seed(path, seed)
            self.items = self._settle_items(path, items)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._connection.close()
            raise BadFile(f"{path}: no file of grades ({error}); choose another --grades") from error
        except BadFile:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; what was graded is in it anyway."""
        self._connection.close()

    def _make_tables(self, path: Path) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == _FORMAT:
            return
        if version or self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise BadFile(f"{path}: another program's file, or another version's; choose another --grades")
        for statement in _TABLES.format(categories=", ".join(map(repr, CATEGORIES))).split(";"):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version = {_FORMAT}")

    def _settle_seed(self, path: Path, seed: int | None) -> int:
        row = self._connection.execute("SELECT value FROM settings WHERE name = 'seed'").fetchone()
        if row is None:
            self._connection.execute("INSERT INTO settings VALUES ('seed', ?)", (str(seed or 0),))
            return seed or 0
        if seed is not None and seed != int(row[0]):
            raise BadFile(f"{path}: its order is shuffled by the seed {row[0]}; leave out --seed")
        return int(row[0])

    def _settle_items(self, path: Path, items: Sequence[GradingItem]) -> dict[int, GradingItem]:
        kept = {
            ItemKey(*row[1:4]): (row[0], row[4], row[5])
            for row in self._connection.execute(
                "SELECT item_id, model, task_id, sample_index, digest, "
                "EXISTS (SELECT 1 FROM grades WHERE grades.item_id = items.item_id) FROM items"
            )
        }
        given = {item.key: item for item in items}
        for key, (item_id, digest, graded) in kept.items():
            if key in given and given[key].digest == digest:
                continue
            if graded:
                what = "has another docstring or code now" if key in given else "is gone from the file"
                raise BadFile(
                    f"{path}: sample {key.sample_index} of {key.task_id} has grades, but {what}; "
                    "grade the new file into another --grades"
                )
            self._connection.execute("DELETE FROM items WHERE item_id = ?", (item_id,))
        self._connection.executemany(
            "INSERT OR IGNORE INTO items (model, task_id, sample_index, digest) VALUES (?, ?, ?, ?)",
            ((item.key.model, item.key.task_id, item.key.sample_index, item.digest) for item in items),
        )
        rows = self._connection.execute("SELECT item_id, model, task_id, sample_index FROM items")
        return {item_id: given[ItemKey(*key)] for item_id, *key in rows}

    def order(self, grader: str) -> list[int]:
        """The ids of the items as this grader sees them: by a hash, so that further items change nothing."""

        def place(item_id: int) -> bytes:
            key = self.items[item_id].key
            parts = (str(self.seed), grader, key.model, key.task_id, str(key.sample_index))
            return hashlib.sha256("\0".join(parts).encode()).digest()

        return sorted(self.items, key=place)

    def grade(self, item_id: int, grader: str, category: Category | None, note: str = "") -> Grade:
        """Keep a grade; raises ``sqlite3.Error`` where it could not be kept."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            cursor = self._connection.execute(
                "INSERT INTO grades (item_id, grader, category, note, graded_at) VALUES (?, ?, ?, ?, ?)",
                (item_id, grader, category, note, now),
            )
        return Grade(cursor.lastrowid or 0, item_id, grader, category, note, now)

    def withdraw_last(self, grader: str) -> Grade | None:
        """Withdraw the newest of a grader's grades that count, keeping its note; None where there is none."""
        standing = self.standing(grader)
        if not standing:
            return None
        last = max(standing.values(), key=lambda grade: grade.grade_id)
        return self.grade(last.item_id, grader, None, last.note)

    def standing(self, grader: str) -> dict[int, Grade]:
        """The grades of a grader that count, by item."""
        last = "SELECT max(grade_id) FROM grades WHERE grader = ? GROUP BY item_id"
        found = self._grades(f"grade_id IN ({last}) AND category IS NOT NULL", grader)
        return {grade.item_id: grade for grade in found}

    def all_standing(self) -> list[Grade]:
        """The grades of all graders that count, in the order in which they were given."""
        last = "SELECT max(grade_id) FROM grades GROUP BY grader, item_id"
        return self._grades(f"grade_id IN ({last}) AND category IS NOT NULL")

    def history(self, item_id: int, grader: str) -> list[Grade]:
        """All that a grader said of an item, the newest last."""
        return self._grades("item_id = ? AND grader = ?", item_id, grader)

    def graders(self) -> list[str]:
        """Who has graded anything, by name."""
        with self._lock:
            rows = self._connection.execute("SELECT DISTINCT grader FROM grades ORDER BY grader").fetchall()
        return [name for (name,) in rows]

    def _grades(self, condition: str, *values: int | str) -> list[Grade]:
        query = (
            "SELECT grade_id, item_id, grader, category, note, graded_at FROM grades "
            f"WHERE {condition} ORDER BY grade_id"
        )
        with self._lock, closing(self._connection.execute(query, values)) as cursor:
            return [Grade(*row) for row in cursor]
