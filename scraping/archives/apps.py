"""``codeparrot/apps`` and ``BAAI/TACO``, which has the same columns and more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.identifiers import problem_identifier
from scraping.archives.leetcode_solution import signature_of_class
from scraping.archives.licences import rights_of_collection
from scraping.archives.programs import parses_as_python3
from scraping.archives.python_signature import parsed, signature_of, top_level_functions
from scraping.archives.reading import UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import call_tests, stream_tests
from scraping.archives.tables import TableRow, json_column, read_rows
from scraping.problem import (
    AnswerChecker,
    Image,
    Problem,
    ProblemLimits,
    ProblemRejection,
    Signature,
    Solution,
    Source,
)
from scraping.statements.sections import split_sections

MAX_SOLUTIONS = 20
"""Kept of each problem: the first ones."""
_LICENSES = {"apps": "MIT", "taco": "Apache-2.0"}
_NOTE = "the licence is the data set's; statements belong to the sites and their authors"
_RULED_HEADING = re.compile(r"^-{3,}\s*(\w[\w ]*?)\s*-{3,}\s*$", re.MULTILINE)


def read_apps(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of files in APPS' columns. Identifiers are ``SITE:ID`` by the URL, or ``apps:NUMBER``."""
    yield from apps_problems(read_rows(path))


def read_taco(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of files in TACO's columns. Identifiers are ``SITE:ID`` by the URL, or ``taco:NUMBER``."""
    yield from taco_problems(read_rows(path))


def apps_problems(rows: Iterable[TableRow]) -> Iterator[Problem | ProblemRejection]:
    """As `read_apps`, of rows at hand."""
    return _problems(rows, "apps")


def taco_problems(rows: Iterable[TableRow]) -> Iterator[Problem | ProblemRejection]:
    """As `read_taco`, of rows at hand."""
    return _problems(rows, "taco")


def _problems(rows: Iterable[TableRow], collection: str) -> Iterator[Problem | ProblemRejection]:
    for row in rows:
        identifier = _identifier(row, collection)
        yield problem_or_rejection(
            identifier,
            row.where,
            partial(_problem, row, identifier, collection),
        )


def _identifier(row: TableRow, collection: str) -> str:
    url = row.content.get("url")
    if url:
        return problem_identifier(str(url))[1]
    number = row.content.get("problem_id", row.content.get("id"))
    return f"{collection}:{row.number if number is None else number}"


def _problem(row: TableRow, identifier: str, collection: str) -> Problem:
    content = row.content
    question = row.text("question").replace("\r\n", "\n").strip()
    given = json_column(row, "input_output") or {}
    inputs, outputs = given.get("inputs") or [], given.get("outputs") or []
    if not inputs:
        raise UnusableProblem("no_tests", stage="tests")
    if len(inputs) != len(outputs):
        raise UnusableProblem(
            "tests_do_not_match", f"{len(inputs)} inputs, {len(outputs)} outputs", stage="tests"
        )
    signature, dropped = None, dict[str, int]()
    if given.get("fn_name"):
        signature = _signature(str(given["fn_name"]), str(content.get("starter_code") or ""))
        tests, dropped = call_tests(_unwrapped(inputs, outputs), "secret", "tests", signature)
    else:
        tests = stream_tests(zip(inputs, outputs, strict=True), "secret", "tests", question)
    if not tests:
        raise UnusableProblem("no_literal_tests", str(dropped), stage="tests")
    markdown = _RULED_HEADING.sub(r"## \1", question)
    url = str(content["url"]) if content.get("url") else None
    site = identifier.partition(":")[0]
    return Problem(
        problem_id=identifier,
        title=str(content.get("name") or identifier),
        source=Source(str(content.get("source") or site), collection, url, file=row.where),
        rights=rights_of_collection(_LICENSES[collection], site, _NOTE),
        mode="function" if signature else "stdio",
        statement_markdown=markdown,
        sections=split_sections(markdown),
        limits=ProblemLimits(_number(content.get("time_limit")), _bytes(content.get("memory_limit"))),
        signature=signature,
        tests=tests,
        checker=AnswerChecker("exact", case_sensitive=True) if signature else AnswerChecker("tokens"),
        solutions=_solutions(json_column(row, "solutions")),
        images=[Image("", f"picture {number + 1}") for number in range(int(content.get("picture_num") or 0))],
        tags=_listed(content.get("tags")),
        difficulty=content.get("difficulty") or None,
        published_at=str(content["date"]) if content.get("date") else None,
        tests_dropped=dropped,
    )


def _signature(name: str, starter: str) -> Signature:
    """The signature by the starter code, a function or a method of ``Solution``; raises `UnusableProblem`."""
    if "class Solution" in starter:
        return signature_of_class(starter, entry=name, starter_code=starter)
    if starter.strip() and not parses_as_python3(starter):
        starter = starter.rstrip() + "\n    pass\n"
    function = top_level_functions(parsed(starter, "starter_code")).get(name)
    if function is None:
        raise UnusableProblem("no_signature", name, stage="function")
    return signature_of(function, "snippet", starter_code=starter)


def _unwrapped(inputs: list[Any], outputs: list[Any]) -> list[tuple[Any, Any]]:
    """Arguments and results; where each result stands in a list of its own, it is taken out."""
    if all(isinstance(output, list) and len(output) == 1 for output in outputs):
        outputs = [output[0] for output in outputs]
    return list(zip(inputs, outputs, strict=True))


def _solutions(value: Any) -> list[Solution]:
    """The first solutions; they are Python, some of it Python 2."""
    found = []
    for number, text in enumerate((value if isinstance(value, list) else [])[:MAX_SOLUTIONS], start=1):
        if isinstance(text, str) and text.strip():
            language = "python3" if parses_as_python3(text) else "python2"
            found.append(Solution(str(number), language, {"solution.py": text.replace("\r\n", "\n")}))
    return found


def _number(value: Any) -> float | None:
    """Seconds, as the tables write them: a number, or ``2.0 seconds``."""
    found = re.match(r"[\d.]+", str(value or "").strip())
    return float(found[0]) if found else None


def _bytes(value: Any) -> int | None:
    found = re.match(r"([\d.]+)\s*([KMG]?)i?(?:B|bytes)?", str(value or "").strip(), re.IGNORECASE)
    if found is None:
        return None
    scale = {"": 0, "K": 10, "M": 20, "G": 30}[found[2].upper()]
    return int(float(found[1]) * 2**scale)


def _listed(value: Any) -> list[str]:
    """A list that the table has as such, or as the text of a Python list."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return [first or second for first, second in re.findall(r"'([^']*)'|\"([^\"]*)\"", str(value))]
