"""Problems that ask for a function: what of a solution's module comes along, and how cases compare."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox.worker_pool import WorkerPool
from scraping.input_formats.function_problem import FunctionProblem
from scraping.input_formats.functions import to_function
from scraping.input_formats.native import native_parts
from scraping.input_formats.needed_statements import needed_statements
from scraping.problem import AnswerChecker, Parameter, Problem, ProblemTest, Signature
from tasks.equality import EXACT, LIKE_PYTHON, Comparator, equal
from tasks.record import Expected, TestCase
from tests.scraping.input_formats.problems import solution, stdio_problem

_MODULE = """\
import sys
import random
from typing import *
from operator import *
from math import *

sys.setrecursionlimit(10_000)
base = 2

class ListNode:
    pass

def power(value):
    return pow(base, value)

class Solution:
    def total(self, items: List[int]) -> int:
        return int(sum(map(power, items)))
"""
_SIGNATURE = Signature("total", [Parameter("items", "List[int]")], "int")


def _problem(code: str, *cases: TestCase, checker: AnswerChecker | None = None) -> Problem:
    return dataclasses.replace(
        stdio_problem([], solution(code)),
        mode="function",
        signature=_SIGNATURE,
        tests=[ProblemTest("secret", str(number), case=case) for number, case in enumerate(cases)],
        checker=checker or AnswerChecker("exact"),
    )


def _case(result: object, how: Comparator = EXACT) -> TestCase:
    return TestCase([[1, 2]], {}, Expected("returned", result), how)


def test_only_what_a_solution_needs_comes_along_and_the_last_star_import_gives_a_name() -> None:
    found = needed_statements(_MODULE, {"Solution"})
    assert found.imports == ["from math import pow", "from typing import List", "import sys"]
    assert [text.split("(")[0].split(":")[0] for text in found.others] == [
        "sys.setrecursionlimit",
        "base = 2",
        "def power",
        "class Solution",
    ]


def test_a_solution_with_star_imports_runs_as_a_function(quick_pool: WorkerPool) -> None:
    parts = native_parts(_MODULE, _SIGNATURE)
    assert parts is not None
    assert parts[0].startswith("from math import pow\n")
    made = to_function(_problem(_MODULE, _case(6)), quick_pool)
    assert isinstance(made, FunctionProblem), made


@pytest.mark.parametrize(
    ("how", "result", "accepted", "by_value"),
    [(EXACT, 3, False, False), (LIKE_PYTHON, 3, True, True), (LIKE_PYTHON, 3.0, True, False)],
)
def test_numbers_are_compared_by_value_where_the_archive_does_and_the_reference_has_another_type(
    quick_pool: WorkerPool, how: Comparator, result: object, accepted: bool, by_value: bool
) -> None:
    made = to_function(
        _problem("def total(items):\n    return sum(items) / 1\n", _case(result, how)), quick_pool
    )
    assert isinstance(made, FunctionProblem) == accepted
    if isinstance(made, FunctionProblem):
        assert [case.comparator.numbers_by_value for case in made.tests] == [by_value]


def test_an_order_that_the_statement_leaves_open_does_not_count(quick_pool: WorkerPool) -> None:
    code = "def total(items):\n    return items[::-1]\n"
    problem = _problem(code, _case([1, 2]), checker=AnswerChecker("unordered", case_sensitive=True))
    made = to_function(problem, quick_pool)
    assert isinstance(made, FunctionProblem), made
    assert made.tests[0].comparator.kind == "unordered"


def test_booleans_and_texts_are_no_numbers() -> None:
    assert equal(1, 1.0, LIKE_PYTHON) and equal([1, {"a": 2.0}], [1.0, {"a": 2}], LIKE_PYTHON)
    assert not equal(1, 1.0) and not equal(1, True, LIKE_PYTHON) and not equal(1, "1", LIKE_PYTHON)
    assert not equal(1, 1.5, LIKE_PYTHON)
