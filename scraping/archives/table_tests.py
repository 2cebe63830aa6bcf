"""Tests that tables give as pairs of texts, or of arguments and results."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from scraping.archives.python_literals import Call, NotLiteral, encoded, returned
from scraping.archives.reading import (
    MAX_PROBLEM_BYTES,
    MAX_TEST_BYTES,
    MAX_TESTS,
    UnusableProblem,
)
from scraping.problem import ProblemTest, Signature
from tasks.record import Expected, TestCase

_Kind = Literal["example", "secret", "extracted", "generated"]


def is_cut(text: str) -> bool:
    """Whether a site that shows the beginning of long tests only has cut a text."""
    return text.rstrip().endswith(("...", "…"))


def stream_tests(
    pairs: Iterable[tuple[object, object]], kind: _Kind, name: str, statement: str = ""
) -> list[ProblemTest]:
    """Tests of a program's streams. Those that ``statement`` shows are its examples.

    A text that a table has as a list is that of its lines. Raises `UnusableProblem` for tests beyond the
    limits.
    """
    shown = _normal(statement)
    tests = []
    left = MAX_PROBLEM_BYTES
    for number, (given, wanted) in enumerate(pairs, start=1):
        if number > MAX_TESTS:
            raise UnusableProblem("too_many_tests", f"more than {MAX_TESTS} {name}", stage="tests")
        source, output = _text(given), _text(wanted)
        if max(len(source), len(output)) > MAX_TEST_BYTES:
            raise UnusableProblem("test_too_large", f"{name} {number}", stage="tests")
        left -= len(source) + len(output)
        if left < 0:
            raise UnusableProblem("tests_too_large", f"more than {MAX_PROBLEM_BYTES} bytes", stage="tests")
        in_statement = (
            bool(shown) and _normal(source) in shown and _normal(output) in shown and bool(output.strip())
        )
        tests.append(
            ProblemTest(
                "example" if in_statement else kind,
                f"{name}/{number}",
                source,
                output,
                truncated=is_cut(source) or is_cut(output),
            )
        )
    return tests


def call_tests(
    pairs: Sequence[tuple[Any, Any]], kind: _Kind, name: str, signature: Signature
) -> tuple[list[ProblemTest], dict[str, int]]:
    """Tests of a function, and how many make none, by reason."""
    tests = []
    dropped: Counter[str] = Counter()
    origin: Literal["example", "extracted", "generated"] = "extracted" if kind == "secret" else kind
    for number, (arguments, result) in enumerate(pairs, start=1):
        if not isinstance(arguments, list) or len(arguments) > len(signature.parameters):
            dropped["arguments_do_not_fit"] += 1
            continue
        try:
            case = returned(Call(signature.name, arguments, {}), result, origin)
        except NotLiteral as error:
            dropped[str(error)] += 1
        else:
            tests.append(ProblemTest(kind, f"{name}/{number}", case=case))
    return tests, dict(dropped)


def positional(case: TestCase, signature: Signature) -> TestCase:
    """A case whose keyword arguments stand at their parameters' places, where that is possible."""
    names = [parameter.name for parameter in signature.parameters]
    rest = names[len(case.arguments) :]
    if list(case.keyword_arguments) != rest[: len(case.keyword_arguments)]:
        return case
    arguments = [*case.arguments, *case.keyword_arguments.values()]
    return TestCase(arguments, {}, case.expected, case.comparator, case.origin)


def changed_first_argument(case: TestCase, value: Any) -> TestCase:
    """The case of a function that returns nothing but leaves ``value`` in its first argument."""
    after = [encoded(value), *case.arguments[1:]]
    expected = Expected("returned", None, arguments_after=after)
    return TestCase(case.arguments, {}, expected, case.comparator, case.origin)


def _text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    return value.replace("\r\n", "\n") if isinstance(value, str) else str(value)


def _normal(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
