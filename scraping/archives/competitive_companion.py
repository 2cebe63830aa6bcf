"""JSON of Competitive Companion: what a person's own browser made of a problem's page.

Source: README of jmerle/competitive-companion. There is no statement in it: such a problem gives a task
only together with its page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.identifiers import problem_identifier
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import stream_tests
from scraping.problem import (
    AnswerChecker,
    InputOutputMode,
    Problem,
    ProblemLimits,
    ProblemRejection,
    Rights,
    Source,
)

_NOTE = "read by a person's browser; the statement's owner is the site's author"


def read_competitive_companion(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of a JSON file, or of all those in a folder; a file may hold one problem or a list."""
    folder = ArchiveFolder(path if path.is_dir() else path.parent)
    for file in folder.files(path, "*.json") if path.is_dir() else [path]:
        name = folder.name(file)
        try:
            content = json.loads(folder.read_text(file))
        except (UnusableProblem, ValueError, RecursionError) as error:
            yield ProblemRejection(
                f"competitive-companion:{name}", str(file), "read", "malformed", str(error)[:300]
            )
            continue
        for number, item in enumerate(_items(content), start=1):
            url = str(item.get("url", "")) if isinstance(item, dict) else ""
            yield problem_or_rejection(
                problem_identifier(url)[1] if url else f"competitive-companion:{name}#{number}",
                str(file),
                partial(_problem, item, name),
            )


def _items(content: Any) -> list[Any]:
    """The problems in a file; the extension's own recordings have them under ``result``."""
    if isinstance(content, dict) and "result" in content:
        content = content["result"]
    return content if isinstance(content, list) else [content]


def _problem(item: dict[str, Any], file: str) -> Problem:
    url = str(item["url"])
    site, identifier = problem_identifier(url)
    source, sink = item.get("input") or {}, item.get("output") or {}
    input_file = source.get("fileName") if source.get("type") == "file" else source.get("pattern")
    mode: InputOutputMode = "interactive" if item.get("interactive") else "file" if input_file else "stdio"
    return Problem(
        problem_id=identifier,
        title=str(item["name"]),
        source=Source(
            site, "competitive_companion", url, contest=str(item.get("group") or "") or None, file=file
        ),
        rights=Rights(note=_NOTE),
        mode=mode,
        limits=ProblemLimits(
            float(item["timeLimit"]) / 1000 if item.get("timeLimit") else None,
            int(item["memoryLimit"] * 2**20) if item.get("memoryLimit") else None,
            input_file,
            sink.get("fileName") if sink.get("type") == "file" else None,
        ),
        tests=stream_tests(((test["input"], test["output"]) for test in item["tests"]), "example", "sample"),
        checker=AnswerChecker("tokens"),
    )
