"""Files of problems: JSON lines, each checked against one schema, which is also to be had as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from scraping.problem import Problem
from tasks.files import read_json_lines, write_json_lines


def read_problems(path: Path) -> Iterator[Problem]:
    """Stream the problems of a file; raises `tasks.files.BadFile` with ``file:line`` for one that is none."""
    return read_json_lines(path, Problem)


def write_problems(path: Path, problems: Iterable[Problem]) -> int:
    """Write problems as JSON lines, atomically; returns how many."""
    return write_json_lines(path, problems)


def problem_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line of a file of problems."""
    return msgspec.json.schema(Problem)
