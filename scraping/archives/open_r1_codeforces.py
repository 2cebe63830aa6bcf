"""``open-r1/codeforces``: statements by their parts, official tests where the site shows them whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.licences import rights_of_collection
from scraping.archives.reading import UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import stream_tests
from scraping.archives.tables import TableRow, json_column, read_rows
from scraping.problem import (
    AnswerChecker,
    InputOutputMode,
    Problem,
    ProblemLimits,
    ProblemRejection,
    ProblemTest,
    Sections,
    Source,
)
from scraping.statements.mathematics import usual_delimiters

LICENSE = "CC-BY-4.0"
_NOTE = "the licence is the data set's; statements belong to Codeforces and the problem authors"


def read_open_r1_codeforces(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of its files. Identifiers are ``codeforces:CONTESTINDEX``.

    A ``generated_checker`` is evidence that several answers are right; it is no official program, and is
    not taken.
    """
    yield from open_r1_codeforces_problems(read_rows(path))


def open_r1_codeforces_problems(rows: Iterable[TableRow]) -> Iterator[Problem | ProblemRejection]:
    """As `read_open_r1_codeforces`, of rows at hand."""
    for row in rows:
        yield problem_or_rejection(_identifier(row), row.where, partial(_problem, row))


def _identifier(row: TableRow) -> str:
    return f"codeforces:{row.content.get('contest_id')}{row.content.get('index')}"


def _problem(row: TableRow) -> Problem:
    content = row.content
    parts = {
        name: usual_delimiters(str(content.get(column) or "").strip())
        for name, column in (
            ("legend", "description"),
            ("input", "input_format"),
            ("output", "output_format"),
            ("interaction", "interaction_format"),
            ("notes", "note"),
        )
    }
    if not parts["legend"]:
        raise UnusableProblem("no_statement", stage="statement")
    tests = _tests(row)
    if not tests and not parts["interaction"]:
        raise UnusableProblem("no_tests", stage="tests")
    mode: InputOutputMode = "interactive" if parts["interaction"] else "stdio"
    if content.get("input_mode") == "file":
        mode = "file"
    return Problem(
        problem_id=_identifier(row),
        title=row.text("title"),
        source=Source(
            "codeforces",
            "open_r1_codeforces",
            f"https://codeforces.com/contest/{content.get('contest_id')}/problem/{content.get('index')}",
            contest=content.get("contest_name"),
            index=str(content.get("index")),
            file=row.where,
        ),
        rights=rights_of_collection(LICENSE, "Codeforces", _NOTE, "https://codeforces.com/blog/entry/967"),
        mode=mode,
        statement_markdown=_markdown(parts),
        sections=Sections(**parts),
        limits=ProblemLimits(
            float(content["time_limit"]) if content.get("time_limit") else None,
            int(float(content["memory_limit"]) * 2**20) if content.get("memory_limit") else None,
        ),
        tests=tests,
        checker=(
            AnswerChecker("pending", evidence=["the data set has a generated checker"])
            if content.get("generated_checker")
            else AnswerChecker("tokens")
        ),
        tags=[str(tag) for tag in content.get("tags") or []],
        difficulty=str(int(content["rating"])) if content.get("rating") else None,
        published_at=str(content["contest_start_year"]) if content.get("contest_start_year") else None,
    )


def _tests(row: TableRow) -> list[ProblemTest]:
    """Examples and official tests; of the latter, those that the former show are left out."""
    examples = stream_tests(_pairs(json_column(row, "examples")), "example", "examples")
    official = stream_tests(_pairs(json_column(row, "official_tests")), "secret", "official_tests")
    shown = {test.input.strip() for test in examples}
    return examples + [test for test in official if test.input.strip() not in shown]


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    return [(test["input"], test["output"]) for test in value or []]


def _markdown(parts: dict[str, str]) -> str:
    titles = {"input": "Input", "output": "Output", "interaction": "Interaction", "notes": "Note"}
    texts = [
        parts["legend"],
        *(f"## {title}\n\n{parts[name]}" for name, title in titles.items() if parts[name]),
    ]
    return "\n\n".join(texts)
