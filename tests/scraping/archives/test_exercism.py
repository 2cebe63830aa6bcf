from __future__ import annotations

import ast
import json
from pathlib import Path

from scraping.archives.exercism import read_exercism
from scraping.archives.unittest_cases import unittest_cases
from scraping.problem import Problem
from tests.scraping.archives.making import only, problems, reason, rejections, shared, written

_TESTS = """
import unittest
from sums import (add, spread)


class SumsTest(unittest.TestCase):
    def test_two_numbers(self):
        self.assertEqual(add(1, 2), 3)

    def test_names(self):
        numbers = [1, 2]
        expected = -(2 ** 3)
        self.assertEqual(add(*numbers), 3)
        self.assertEqual(add(numbers[0], 1), 2)
        self.assertEqual(expected, add(-9, second=1))

    def test_nothing(self):
        self.assertIsNone(add(None, None))
        self.assertIs(add(1, 1), True)
        self.assertTrue(add(2, 2))

    def test_close(self):
        self.assertAlmostEqual(add(0.1, 0.2), 0.3, places=2)

    def test_error(self):
        with self.assertRaises(ValueError) as err:
            add(1, "x")
        self.assertEqual(type(err.exception), ValueError)
        self.assertEqual(err.exception.args[0], "bad")

    def test_own_error(self):
        with self.assertRaises(SumError):
            add(1, "x")

    def test_any_order(self):
        self.assertCountEqual(spread(3), {1, 2} and [1, 2])
        self.assertCountEqual(spread(2), [1, 1])
"""
_EXERCISE = {
    "exercises/practice/sums/.docs/instructions.md": "# Instructions\n\nAdd numbers.\n",
    "exercises/practice/sums/.docs/instructions.append.md": "# Instructions append\n\nRaise `ValueError`.\n",
    "exercises/practice/sums/.meta/config.json": json.dumps(
        {"files": {"solution": ["sums.py"], "test": ["sums_test.py"], "example": [".meta/example.py"]}}
    ),
    "exercises/practice/sums/.meta/example.py": "def add(first, second):\n    return first + second\n",
    "exercises/practice/sums/sums.py": "def add(first, second):\n    pass\ndef spread(n):\n    pass\n",
    "exercises/practice/sums/sums_test.py": _TESTS,
    "config.json": json.dumps(
        {"exercises": {"practice": [{"slug": "sums", "name": "Sums!", "difficulty": 2, "topics": ["math"]}]}}
    ),
    "LICENSE": "Permission is hereby granted, free of charge, to any person obtaining a copy of this",
}


def test_a_checkout_gives_a_problem_for_each_function(tmp_path: Path) -> None:
    add, spread = problems(read_exercism(written(tmp_path, _EXERCISE)))
    assert (add.problem_id, spread.problem_id) == ("exercism:python/sums#add", "exercism:python/sums#spread")
    assert add.title == "Sums!" and add.difficulty == "2" and add.tags == ["math"]
    assert "Add numbers." in add.statement_markdown and "Raise `ValueError`" in add.statement_markdown
    assert add.rights.license == "MIT" and add.rights.training == "yes"
    assert add.signature is not None and [p.name for p in add.signature.parameters] == ["first", "second"]
    assert add.mode == "function" and add.solutions[0].code.startswith("def add")
    assert (add.checker.kind, spread.checker.kind) == ("exact", "exact")


def test_assertions_become_cases() -> None:
    found = unittest_cases(ast.parse(_TESTS), "sums")
    cases = {test.name: test.case for test in found.tests if test.function == "add"}
    assert cases["test_two_numbers"].arguments == [1, 2] and cases["test_two_numbers"].expected.value == 3
    assert cases["test_names"].arguments == [-9] and cases["test_names"].keyword_arguments == {"second": 1}
    assert cases["test_names"].expected.value == -8
    assert cases["test_close"].comparator.atol == 0.005
    assert cases["test_error"].expected.exception == "builtins:ValueError"
    assert [test.case.expected.value for test in found.tests if test.name == "test_nothing"] == [None, True]
    assert [test.case.comparator.kind for test in found.tests if test.function == "spread"] == ["unordered"]
    assert all(test.case.comparator.numbers_by_value for test in found.tests if test.function == "spread")
    assert found.dropped == {"not_literal": 3, "only_truth": 1, "own_exception": 1}


def test_names_that_were_assigned_something_else_are_unknown() -> None:
    source = (
        "from m import f\nclass T:\n  def test_a(self):\n"
        "    x = 1\n    x = g()\n    self.assertEqual(f(x), 2)\n"
        "    y = [1]\n    for y in z:\n      pass\n    self.assertEqual(f(y), 3)\n"
    )
    assert unittest_cases(ast.parse(source), "m").dropped == {"not_literal": 2}


def test_classes_to_write_are_rejected(tmp_path: Path) -> None:
    name = "exercises/practice/sums/"
    tests = (
        "import unittest\nfrom sums import Sum\nclass T(unittest.TestCase):\n"
        "  def test_a(self):\n    self.assertEqual(Sum(1).get(), 1)\n"
    )
    changes = {name + "sums.py": "class Sum:\n    pass\n", name + "sums_test.py": tests}
    assert reason(read_exercism(written(tmp_path, {**_EXERCISE, **changes}))) == "class_tested"


def test_descriptions_come_from_the_specification_beside_the_track(tmp_path: Path) -> None:
    canonical = {"cases": [{"description": "group", "cases": [{"description": "Two numbers"}]}]}
    specification = "problem-specifications/exercises/sums/canonical-data.json"
    written(tmp_path, {specification: json.dumps(canonical)})
    add = problems(read_exercism(written(tmp_path / "python", _EXERCISE)))[0]
    assert add.tests[0].explanation == "Two numbers"


def test_rows(tmp_path: Path) -> None:
    row = {
        "id": "exercism/python/sums",
        "statement_markdown": "Add.",
        "stub": "def add(a, b):\n    pass\n",
        "solution_path": "sums.py",
        "tests": "from sums import add\nclass T:\n  def test_a(self):\n    self.assertEqual(add(1, 2), 3)\n",
        "reference_solution": "def add(a, b):\n    return a + b\n",
        "license": "MIT",
        "canonical_data": None,
    }
    lines = [json.dumps(row), json.dumps({**row, "tests": "def"}), json.dumps({"id": "exercism/python/x"})]
    found = list(read_exercism(written(tmp_path, {"e.jsonl": "\n".join(lines)}) / "e.jsonl"))
    assert [item.reason for item in rejections(found)] == ["unparsable_python", "missing_column"]
    assert isinstance(found[0], Problem) and found[0].problem_id == "exercism:python/sums"


def test_real_rows() -> None:
    found = list(read_exercism(shared("exercism/exercism_python.jsonl.gz")))
    made = [item for item in found if isinstance(item, Problem)]
    assert len(made) == 108 and len({problem.source.url for problem in made}) == 92
    assert {item.reason for item in rejections(found)} == {"class_tested", "no_literal_tests"}
    assert len(rejections(found)) == 48
    assert only(p for p in made if p.problem_id == "exercism:python/wordy").tests[0].case is not None
