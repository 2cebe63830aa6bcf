"""Small problems of our own, with programs that solve them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from scraping.problem import (
    AnswerChecker,
    Problem,
    ProblemTest,
    Rights,
    Sections,
    Solution,
    Source,
)


def solution(code: str, claimed: str = "accepted", language: str = "python3", name: str = "a.py") -> Solution:
    """A program of one file."""
    return Solution(name, language, {name: textwrap.dedent(code)}, claimed)


def stdio_problem(
    tests: Sequence[tuple[str, str]],
    *solutions: Solution | str,
    title: str = "Some Title",
    input_section: str = "",
    checker: AnswerChecker | None = None,
) -> Problem:
    """A problem whose first test is its example, the others being secret."""
    return Problem(
        "own:problem",
        title,
        Source("own", "tests"),
        Rights(),
        "stdio",
        sections=Sections(input=input_section),
        tests=[
            ProblemTest("secret" if number else "example", f"test {number}", stdin, stdout)
            for number, (stdin, stdout) in enumerate(tests)
        ],
        checker=checker or AnswerChecker(),
        solutions=[each if isinstance(each, Solution) else solution(each) for each in solutions],
    )


def notation(text: str) -> str:
    """An input section with nothing but a format."""
    return f"The input is given as follows:\n\n```\n{text}\n```\n"
