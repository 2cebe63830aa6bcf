"""``livecodebench/code_generation_lite``, whose private tests are pickled: a plain text in there is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.leetcode_examples import checker_of_statement, require_plain_values
from scraping.archives.leetcode_solution import signature_of_class
from scraping.archives.leetcode_values import UnreadableValue, read_value
from scraping.archives.licences import rights_of_collection
from scraping.archives.pickled_text import compressed_pickled_text
from scraping.archives.python_literals import Call, NotLiteral, returned
from scraping.archives.reading import UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import stream_tests
from scraping.archives.tables import TableRow, json_column, read_rows
from scraping.problem import (
    AnswerChecker,
    Problem,
    ProblemRejection,
    ProblemTest,
    Signature,
    Source,
)
from scraping.statements.sections import split_sections

_NOTE = "the data set declares no SPDX licence; statements belong to the sites and their authors"


def read_livecodebench(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of its files. Identifiers are ``atcoder:abc301_a``, ``leetcode:2727`` or ``codeforces:…``.

    It has no solutions.
    """
    yield from livecodebench_problems(read_rows(path))


def livecodebench_problems(rows: Iterable[TableRow]) -> Iterator[Problem | ProblemRejection]:
    """As `read_livecodebench`, of rows at hand."""
    for row in rows:
        identifier = f"{row.content.get('platform') or 'unknown'}:{row.content.get('question_id')}"
        yield problem_or_rejection(
            identifier,
            row.where,
            partial(_problem, row, identifier),
        )


def _problem(row: TableRow, identifier: str) -> Problem:
    content = row.content
    statement = row.text("question_content").strip()
    public = json_column(row, "public_test_cases") or []
    private = _private(content.get("private_test_cases"))
    functional = any(test.get("testtype") == "functional" for test in [*public, *private])
    signature, dropped = None, Counter[str]()
    if functional:
        metadata = json_column(row, "metadata") or {}
        starter = row.text("starter_code")
        signature = signature_of_class(starter, entry=metadata.get("func_name"), starter_code=starter)
        require_plain_values(signature)
        tests = [
            *_calls(public, "example", signature, dropped),
            *_calls(private, "secret", signature, dropped),
        ]
        checker = checker_of_statement(statement, signature.returns)
    else:
        tests = [
            *stream_tests(((test["input"], test["output"]) for test in public), "example", "public"),
            *stream_tests(((test["input"], test["output"]) for test in private), "secret", "private"),
        ]
        checker = AnswerChecker("tokens")
    if not tests:
        raise UnusableProblem("no_tests", str(dict(dropped)), stage="tests")
    return Problem(
        problem_id=identifier,
        title=row.text("question_title"),
        source=Source(
            row.text("platform"),
            "livecodebench",
            contest=str(content["contest_id"]) if content.get("contest_id") else None,
            index=str(content.get("question_id")),
            file=row.where,
        ),
        rights=rights_of_collection(None, row.text("platform"), _NOTE),
        mode="function" if functional else "stdio",
        statement_markdown=statement,
        sections=split_sections(statement),
        signature=signature,
        tests=tests,
        checker=checker,
        difficulty=content.get("difficulty") or None,
        published_at=str(content["contest_date"]) if content.get("contest_date") else None,
        tests_dropped=dict(dropped),
    )


def _private(packed: Any) -> list[dict[str, Any]]:
    """The private tests: JSON, or JSON in a text that was pickled and packed."""
    if not packed:
        return []
    text = str(packed)
    if not text.lstrip().startswith("["):
        text = compressed_pickled_text(text)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableProblem(
            "malformed_json", f"private_test_cases: {error}"[:300], stage="tests"
        ) from error
    return found if isinstance(found, list) else []


def _calls(
    tests: list[dict[str, Any]], kind: str, signature: Signature, dropped: Counter[str]
) -> Iterator[ProblemTest]:
    """Tests of a function: an argument on each line of the input."""
    for number, test in enumerate(tests, start=1):
        lines = str(test["input"]).strip("\n").split("\n")
        try:
            if len(lines) != len(signature.parameters):
                raise UnreadableValue("arguments_do_not_fit")
            arguments = [
                read_value(line, parameter.type)
                for line, parameter in zip(lines, signature.parameters, strict=True)
            ]
            value = read_value(str(test["output"]), signature.returns)
            case = returned(
                Call(signature.name, arguments, {}), value, "example" if kind == "example" else "extracted"
            )
        except (UnreadableValue, NotLiteral) as error:
            dropped[str(error)] += 1
        else:
            yield ProblemTest("example" if kind == "example" else "secret", f"{kind}/{number}", case=case)
