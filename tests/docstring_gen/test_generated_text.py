from __future__ import annotations

import pytest

from docstring_gen.copied_code import copies_code
from docstring_gen.generated_text import read_generated
from sft.row_texts import CutProgram

_PROSE = "Return the square.\n\nIt is never negative."


@pytest.mark.parametrize(
    ("tests", "examples"),
    [
        ("", 0),
        (">>> square(2)\n4\n>>> square(3)\n9\n", 2),
        ("Examples:\n    >>> square(2)\n    4\n", 1),
        ("Examples\n--------\n>>> square(2)\n4\n", 1),
        ("assert square(2) == 4\nassert square(-1) == 1\n", 2),
        ("Examples:\n- `square(2) == 4`\n- square(3) -> 9\n- square(4) => 16  # yes\n", 3),
        ("square([1, -2]) → [1, 4].\n", 1),
        ("def test_square():\n    assert square(2) == 4\n\n    assert square(1) == 1\n", 0),
        ("import unittest\n\nclass TestSquare(unittest.TestCase):\n    def test(self):\n        pass\n", 0),
        (">>> square(2\n  3\n   >>> bad\n", 0),
    ],
)
def test_tests_of_any_kind_are_taken_out(tests: str, examples: int) -> None:
    found = read_generated(f'{_PROSE}\n\n{tests}"""\n    return x * x\n', "square")
    assert found.text == _PROSE
    assert len(found.examples) == examples or "bad" in tests
    assert found.test_lines == sum(bool(line.strip()) for line in tests.splitlines())


@pytest.mark.parametrize(
    "line",
    [
        "As square(2) == 4, so square(3) is 9.",
        "square(x) -> the square of x",
        "other(2) == 4",
        "def tested(x):",
        "square the number",
    ],
)
def test_prose_about_calls_is_no_test(line: str) -> None:
    found = read_generated(f"{_PROSE}\n\n{line}\n", "square")
    assert (found.text, found.test_lines) == (f"{_PROSE}\n\n{line}", 0)


def test_an_assertion_among_prose_leaves_what_follows() -> None:
    found = read_generated("Square.\nassert square(2) == 4\nNever negative.\n", "square")
    assert found.text.split("\n") == ["Square.", "", "Never negative."]
    assert [example.source for example in found.examples] == ["assert square(2) == 4\n"]


_SOLUTION = "    total = 0  # so far\n    for item in items:\n        total += item\n    return total\n"
_CUT = CutProgram("def add(items):\n", _SOLUTION, "")


@pytest.mark.parametrize(
    "docstring",
    [
        "total = 0\nfor item in items:\n    total += item\nreturn total",
        "```python\ntotal = 0\nfor item in items:\n    total += item\nreturn total\n```",
        "Adds:\n\ntotal = 0\nfor item in items:\n    total += item\n",
        "total=0 for item in items: total += item return total",
        "result = 0\nfor each in items:\n    result += each\nreturn result",
        "def add(some):\n    result = 0\n    for each in some:\n        result += each\n    return result",
    ],
)
def test_copies_of_the_code_are_seen(docstring: str) -> None:
    assert copies_code(docstring, _CUT, "add")


@pytest.mark.parametrize(
    "docstring",
    [
        "Return the sum of the items.",
        "Start with total = 0, and add each of the items.\n\ntotal = 0",
        "result = 0\nfor each in items:\n    result -= each\nreturn result",
        "items",
    ],
)
def test_words_about_the_code_are_no_copy(docstring: str) -> None:
    assert not copies_code(docstring, _CUT, "add")
