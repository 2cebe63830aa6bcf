"""``deepmind/code_contests``, in its columns (``contest_problem.proto``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.licences import rights_of_collection
from scraping.archives.reading import UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import stream_tests
from scraping.archives.tables import TableRow, read_rows
from scraping.problem import (
    AnswerChecker,
    Problem,
    ProblemLimits,
    ProblemRejection,
    ProblemTest,
    Solution,
    Source,
)
from scraping.statements.sections import split_sections

LICENSE = "CC-BY-4.0"
MAX_SOLUTIONS = 20
"""Kept of each verdict in each language: the first ones. The table has hundreds."""
_NOTE = "the licence is the data set's; statements belong to the contest sites and their authors"
_SITES = {
    1: "codechef",
    2: "codeforces",
    3: "hackerearth",
    4: "codejam",
    5: "unknown",
    6: "atcoder",
    7: "aizu",
}
_LANGUAGES = {1: "python2", 2: "cpp", 3: "python3", 4: "java"}
_DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard", 4: "harder", 5: "hardest", 6: "external"}


def read_code_contests(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of its Parquet files. Identifiers are ``codeforces:1575A`` or ``code_contests:NAME``.

    Descriptions with ``<image>`` in the place of a picture are kept, with the picture among the images.
    """
    yield from code_contests_problems(read_rows(path))


def code_contests_problems(rows: Iterable[TableRow]) -> Iterator[Problem | ProblemRejection]:
    """As `read_code_contests`, of rows at hand."""
    for row in rows:
        yield problem_or_rejection(_identifier(row), row.where, partial(_problem, row))


def _identifier(row: TableRow) -> str:
    contest, index = row.content.get("cf_contest_id"), row.content.get("cf_index")
    return f"codeforces:{contest}{index}" if contest and index else f"code_contests:{row.content.get('name')}"


def _problem(row: TableRow) -> Problem:
    content = row.content
    site = _SITES.get(int(content.get("source") or 0), "unknown")
    statement = row.text("description").strip()
    contest, index = content.get("cf_contest_id"), content.get("cf_index")
    known = bool(contest and index)
    tests = _tests(content)
    if not tests:
        raise UnusableProblem("no_tests", stage="tests")
    input_file, output_file = content.get("input_file") or None, content.get("output_file") or None
    return Problem(
        problem_id=_identifier(row),
        title=re.sub(r"^\d+_\w+\. ", "", row.text("name")),
        source=Source(
            site,
            "code_contests",
            f"https://codeforces.com/contest/{contest}/problem/{index}" if known else None,
            contest=str(contest) if known else None,
            index=str(index) if known else None,
            file=row.where,
        ),
        rights=rights_of_collection(LICENSE, site, _NOTE),
        mode="file" if input_file or output_file else "stdio",
        statement_markdown=statement,
        sections=split_sections(_with_headings(statement)),
        limits=ProblemLimits(
            _seconds(content.get("time_limit")),
            content.get("memory_limit_bytes") or None,
            input_file,
            output_file,
        ),
        tests=tests,
        checker=AnswerChecker("tokens"),
        solutions=[
            *_solutions(content.get("solutions"), "accepted"),
            *_solutions(content.get("incorrect_solutions"), "wrong"),
        ],
        tags=[str(tag) for tag in content.get("cf_tags") or [] if tag],
        difficulty=(
            str(content["cf_rating"])
            if content.get("cf_rating")
            else _DIFFICULTIES.get(int(content.get("difficulty") or 0))
        ),
    )


def _tests(content: dict[str, Any]) -> list[ProblemTest]:
    return [
        test
        for column, kind in (
            ("public_tests", "example"),
            ("private_tests", "secret"),
            ("generated_tests", "generated"),
        )
        for test in stream_tests(_pairs(content.get(column), "input", "output"), kind, column)  # type: ignore[arg-type]
    ]


def _pairs(value: Any, first: str, second: str) -> list[tuple[Any, Any]]:
    """Pairs out of a structure of two lists, or a list of structures: tables have either."""
    if isinstance(value, dict):
        return list(zip(value.get(first) or [], value.get(second) or [], strict=True))
    return [(item[first], item[second]) for item in value or []]


def _solutions(value: Any, claimed: str) -> list[Solution]:
    kept: dict[str, list[Solution]] = {}
    for language, text in _pairs(value, "language", "solution"):
        name = _LANGUAGES.get(int(language)) if language is not None else None
        if name is not None and len(kept.setdefault(name, [])) < MAX_SOLUTIONS:
            number = len(kept[name]) + 1
            kept[name].append(Solution(f"{claimed}/{name}/{number}", name, {"solution": text}, claimed))
    return [solution for name in ("python3", "cpp", "java", "python2") for solution in kept.get(name, [])]


def _seconds(limit: Any) -> float | None:
    if not isinstance(limit, dict):
        return float(limit) if limit else None
    total = float(limit.get("seconds") or 0) + float(limit.get("nanos") or 0) / 1e9
    return total or None


def _with_headings(statement: str) -> str:
    """The description with the one-word lines that name its parts as headings."""
    return re.sub(
        r"^(Input|Output|Interaction|Constraints|Notes?|Examples?|Sample Input|Sample Output)\s*$",
        r"## \1",
        statement,
        flags=re.MULTILINE,
    )
