"""newfacade/LeetCodeDataset, v0.1.0 to v0.3.1, in its column layouts with and without ``meta``.

Its statements lost their exponents (``10^5`` reads ``105``); nothing is guessed about them here. Most
inputs were written by a model, the results are the reference's own.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.leetcode_examples import (
    checker_of_statement,
    example_tests,
    examples_of_text,
    require_plain_values,
)
from scraping.archives.leetcode_solution import signature_of_class
from scraping.archives.licences import rights_of_collection
from scraping.archives.python_literals import NotLiteral, literal_call, literal_value, returned
from scraping.archives.python_signature import parsed
from scraping.archives.reading import UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import changed_first_argument, positional
from scraping.archives.tables import TableRow, read_rows
from scraping.problem import Problem, ProblemRejection, ProblemTest, Signature, Solution, Source
from scraping.statements.sections import split_sections
from tasks.equality import LIKE_PYTHON
from tasks.record import TestCase
from tasks.value_encoding import to_text

LICENSE = "MIT"
"""Declared by the repository; the statements are LeetCode's."""
_NOTE = "the licence is the repository's; statements are LeetCode's"


def read_leetcode_dataset(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of its files, with the asserts as tests: ``example`` those that the statement shows.

    Identifiers are ``leetcode:SLUG``.
    """
    yield from leetcode_dataset_problems(read_rows(path))


def leetcode_dataset_problems(rows: Iterable[TableRow]) -> Iterator[Problem | ProblemRejection]:
    """As `read_leetcode_dataset`, of rows at hand."""
    for row in rows:
        slug = str(row.content.get("task_id") or row.number)
        yield problem_or_rejection(f"leetcode:{slug}", row.where, partial(_problem, row, slug))


def _problem(row: TableRow, slug: str) -> Problem:
    meta = row.content.get("meta")
    facts: dict[str, Any] = meta if isinstance(meta, dict) else row.content
    statement = str(
        row.content.get("problem_description") or facts.get("question_title") or row.text("query")
    )
    statement = statement.replace("\xa0", " ").strip()
    entry = row.text("entry_point").rpartition(".")[2]
    completion = row.text("completion")
    starter = str(row.content.get("starter_code") or facts.get("lang_code") or "")
    signature = signature_of_class(starter or completion, entry=entry, starter_code=starter or None)
    require_plain_values(signature)
    printed, _ = example_tests(examples_of_text(statement), signature)
    tests, dropped = _asserts(row.text("test"), signature, printed)
    if not tests:
        raise UnusableProblem("no_literal_tests", str(dropped), stage="tests")
    return Problem(
        problem_id=f"leetcode:{slug}",
        title=slug.replace("-", " ").title(),
        source=Source(
            "leetcode",
            "leetcode_dataset",
            f"https://leetcode.com/problems/{slug}/",
            index=str(facts["question_id"]) if facts.get("question_id") is not None else None,
            file=row.where,
        ),
        rights=rights_of_collection(LICENSE, "LeetCode", _NOTE),
        mode="function",
        statement_markdown=statement,
        sections=split_sections(statement),
        signature=signature,
        tests=tests,
        checker=checker_of_statement(statement, signature.returns),
        solutions=[
            Solution(
                "completion",
                "python3",
                {"solution.py": f"{row.content.get('prompt') or ''}\n{completion}"},
                license=LICENSE,
            )
        ],
        tags=[str(tag) for tag in facts.get("tags") or []],
        difficulty=facts.get("difficulty") or None,
        published_at=row.content.get("estimated_date") or None,
        tests_dropped=dropped,
    )


def _asserts(
    source: str, signature: Signature, printed: list[ProblemTest]
) -> tuple[list[ProblemTest], dict[str, int]]:
    """The tests in ``def check(candidate)``: asserts that a call equals a value."""
    shown = {_call_text(test.case) for test in printed if test.case is not None}
    tests: list[ProblemTest] = []
    dropped: Counter[str] = Counter()
    for node in ast.walk(parsed(source, "test")):
        if isinstance(node, ast.Assert):
            try:
                case = _case(node.test, signature)
            except NotLiteral as error:
                dropped[str(error)] += 1
            else:
                kind = "example" if _call_text(case) in shown else "generated"
                tests.append(ProblemTest(kind, str(len(tests) + 1), case=case))  # type: ignore[arg-type]
    return tests, dict(dropped)


def _case(test: ast.expr, signature: Signature) -> TestCase:
    match test:
        case ast.Compare(left=ast.Call() as call, ops=[ast.Eq() | ast.Is()], comparators=[wanted]):
            value = literal_value(wanted)
        case _:
            raise NotLiteral("other_assertion")
    found = positional(returned(literal_call(call), value, "generated", LIKE_PYTHON), signature)
    return changed_first_argument(found, value) if signature.returns == "None" else found


def _call_text(case: TestCase) -> str:
    return to_text([case.arguments, case.keyword_arguments])
