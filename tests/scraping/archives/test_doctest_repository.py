from __future__ import annotations

import json
from pathlib import Path

import pytest

from scraping.archives.doctest_cases import doctest_cases
from scraping.archives.doctest_repository import read_doctest_repository
from scraping.problem import Problem
from tests.scraping.archives.making import only, reason, rejections, shared, written

_MODULE = '''
"""About sums."""

def add(first: int, second: int = 1) -> int:
    """
    Add two numbers.

    >>> add(1, 2)
    3
    >>> add(-(2 ** 70))
    -1180591620717411303423
    >>> add(1, 2)
    3
    >>> add("a", 2)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    TypeError: ...
    >>> add(None, 2)
    Traceback (most recent call last):
        ...
    TypeError: nothing to add

    The end.
    """
    return first + second


def few(x):
    """
    >>> few(1)
    1
    """


class Adder:
    def add(self):
        """
        >>> 1
        1
        >>> 2
        2
        >>> 3
        3
        """
'''

_LICENSE = (
    "MIT License\n\nCopyright (c) 2016 Ann and others\n\n"
    "Permission is hereby granted, free of charge, to any person obtaining a copy"
)


def test_functions_with_three_literal_examples(tmp_path: Path) -> None:
    root = written(tmp_path, {"maths/sums.py": _MODULE, "LICENSE": _LICENSE})
    problem = only(read_doctest_repository(root))
    assert (
        problem.problem_id == "doctest:maths/sums.py:add"
        and problem.statement_markdown == "Add two numbers.\n\nThe end."
    )
    assert (problem.rights.license, problem.rights.owner) == ("MIT", "Ann and others")
    assert problem.signature is not None
    assert problem.signature.starter_code == "def add(first: int, second: int=1) -> int:\n    ..."
    assert [test.kind for test in problem.tests] == ["example"] * 3
    values = [test.case.expected for test in problem.tests if test.case is not None]
    assert values[1].value == {"$int": "-1180591620717411303423"}
    assert values[2].exception == "builtins:TypeError"
    assert problem.tests_dropped == {"doctest_option": 1}
    assert problem.solutions[0].files == {"sums.py": _MODULE}


@pytest.mark.parametrize(
    ("docstring", "value"),
    [
        (">>> f(1)", None),
        (">>> f(1)\n{'a': (1, 2.5)}", {"a": {"$tuple": [1, 2.5]}}),
        (">>> f(1) == [1]\nTrue", [1]),
        (">>> x = [1]\n>>> f(x)\n{1}", {"$set": [1]}),
        (">>> f(1)\nnan", {"$float": "nan"}),
        (">>> f(set())\n-inf", {"$float": "-inf"}),
    ],
)
def test_outcomes(docstring: str, value: object) -> None:
    (case,) = doctest_cases(docstring, "f").cases
    assert case.case.expected.value == value


def test_rounded_results_are_compared_as_closely_as_they_are_shown() -> None:
    (case,) = doctest_cases(">>> round(f(2), 3)\n1.414", "f").cases
    assert case.case.expected.value == 1.414 and case.case.comparator.atol == pytest.approx(0.0005)


@pytest.mark.parametrize(
    ("docstring", "dropped"),
    [
        (">>> f(g)\n1", "not_literal"),
        (">>> f(1)\n[1, ...]", "truncated_result"),
        (">>> f(1)\na text", "printed_text"),
        (">>> f(1)\nNone", "printed_text"),
        (">>> list(f(1))\n[1]", "converted_result"),
        (">>> g(1)\n1", "other_call"),
        (">>> f(1).x\n1", "not_a_call"),
        (">>> f(1)\nTraceback (most recent call last):\nOwnError: x", "own_exception"),
        (">>> x = [1]\n>>> g(x)\n>>> f(x)\n1", "not_literal"),
        (">>> f(10 ** 10 ** 10)\n1", "not_literal"),
        (">>> f('a' * 10 ** 9)\n1", "not_literal"),
    ],
)
def test_what_is_no_data_is_counted(docstring: str, dropped: str) -> None:
    found = doctest_cases(docstring, "f")
    assert not found.cases and dropped in found.dropped


def test_examples_too_few_or_without_a_word_are_rejected(tmp_path: Path) -> None:
    examples = "\n".join(f"    >>> f({number})\n    {number}" for number in range(3))
    written(tmp_path, {"a.py": f'def f(x):\n    """\n{examples}\n    """\n'})
    assert reason(read_doctest_repository(tmp_path)) == "no_statement"
    written(tmp_path, {"a.py": f'def f(*x):\n    """Give.\n\n{examples}\n    """\n'})
    assert reason(read_doctest_repository(tmp_path)) == "variadic_parameters"
    twice = examples.replace("(2)", "(1)").replace("    2", "    1")
    written(tmp_path, {"a.py": f'def f(x):\n    """Give.\n\n{twice}\n    """\n'})
    assert reason(read_doctest_repository(tmp_path)) == "too_few_literal_examples"
    written(tmp_path, {"a.py": "def f(:\n"})
    assert reason(read_doctest_repository(tmp_path)) == "unparsable_python"


def test_rows(tmp_path: Path) -> None:
    row = {
        "path": "maths/sums.py",
        "functions": ["add"],
        "source": _MODULE.replace("\n", "\r\n"),
        "license": "MIT",
    }
    problem = only(read_doctest_repository(written(tmp_path, {"r.jsonl": json.dumps(row)}) / "r.jsonl"))
    assert problem.problem_id == "doctest:maths/sums.py:add" and len(problem.tests) == 3


def test_real_rows() -> None:
    found = list(read_doctest_repository(shared("thealgorithms/functions_with_doctests.jsonl.gz")))
    made = [item for item in found if isinstance(item, Problem)]
    assert len(made) == 224 and all(len(problem.tests) >= 3 for problem in made)
    assert {item.reason for item in rejections(found)} == {
        "too_few_literal_examples",
        "variadic_parameters",
        "no_statement",
    }
