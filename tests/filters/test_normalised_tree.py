"""The normalised tree: what makes no difference, and what does."""

from __future__ import annotations

import pytest

from filters.normalised_tree import normalised_tree

_PROGRAM = '''
import math

def helper(value):
    return value * 2

def solve(items, limit=3):
    """Doubles what is below a limit."""
    found = []
    for item in items:
        if item < limit:
            found.append(helper(item))
    return found
'''


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("items", "numbers"),
        ("found", "result"),
        ("helper", "twice"),
        ('    """Doubles what is below a limit."""\n', ""),
        ("import math\n", "import os\n"),
        ("limit=3", "limit: int = 3"),
        ("(items, ", "(items: list[int], "),
        ("    found = []\n", "    found: list[int] = []\n"),
        ("def solve", "def unused():\n    pass\n\ndef solve"),
        ("    return found", "    # the end\n    return found"),
    ],
)
def test_what_an_author_chooses_freely_makes_no_difference(before: str, after: str) -> None:
    changed = _PROGRAM.replace(before, after)
    assert changed != _PROGRAM
    assert normalised_tree(changed, "solve") == normalised_tree(_PROGRAM, "solve") is not None


def test_the_order_of_definitions_and_the_name_of_the_function_make_no_difference() -> None:
    helper, _, solve = _PROGRAM.partition("\ndef solve")
    changed = ("def solve" + solve + helper).replace("solve", "answer")
    assert normalised_tree(changed, "answer") == normalised_tree(_PROGRAM, "solve")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("item < limit", "item > limit"),
        ("value * 2", "value * 3"),
        ("limit=3", "limit=4"),
        ("found.append", "found.extend"),
        ("items, limit=3", "limit, items=3"),
        ("helper(item)", "item"),
    ],
)
def test_what_the_program_does_makes_a_difference(before: str, after: str) -> None:
    changed = _PROGRAM.replace(before, after)
    assert changed != _PROGRAM
    assert normalised_tree(changed, "solve") != normalised_tree(_PROGRAM, "solve")


@pytest.mark.parametrize("program", ["def solve(:\n", "def other():\n    pass\n", "x = " + "(" * 300])
def test_what_cannot_be_read_has_none(program: str) -> None:
    assert normalised_tree(program, "solve") is None
