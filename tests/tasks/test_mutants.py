"""Mutants: which changes are made, that they are real changes, and how few of many are chosen."""

from __future__ import annotations

import ast

import pytest

from tasks.mutants import Mutant, mutants
from tasks.mutation_operators import OPERATORS


def _of(program: str, operator: str) -> set[str]:
    """The changed lines that an operator makes, without indentation."""
    before = program.split("\n")
    return {
        after.strip()
        for mutant in mutants(program, limit=1_000)
        if mutant.operator == operator
        for line, after in zip(before, mutant.program.split("\n"), strict=True)
        if line != after
    }


@pytest.mark.parametrize(
    ("operator", "body", "expected"),
    [
        ("arithmetic", "return x + y", {"return (x - y)"}),
        ("arithmetic", "x //= y", {"x *= y"}),
        ("boolean", "return x and y", {"return (x or y)", "return (x)", "return (y)"}),
        ("boolean", "return not x", {"return (x)"}),
        ("boundary", "return x < y", {"return (x <= y)"}),
        ("comparison", "return x in y", {"return (x not in y)"}),
        ("condition", "if x: y()", {"if (not x): y()"}),
        ("condition", "return [a for a in x if a]", {"return ([a for a in x])"}),
        ("constant", "return 7", {"return 8", "return 6"}),
        ("constant", "return 'ab'", {"return ''"}),
        ("constant", "return True", {"return False"}),
        ("function", "return min(x)", {"return (max(x))"}),
        ("function", "return x.find(y)", {"return (x.rfind(y))"}),
        ("loop", "for a in range(x): pass", {f"for a in (range(x {sign} 1)): pass" for sign in "+-"}),
        ("removal", "x.sort()", {"pass"}),
        ("removal", "raise ValueError(f'{x}')", {"pass"}),
        ("returned", "return x", {"return None"}),
        ("slice", "return x[1:y]", {"return (x[:y])", "return (x[1:])"}),
        ("swapped_arguments", "return x(y, 1)", {"return (x(1, y))"}),
    ],
)
def test_an_operator_changes_what_it_is_named_for(operator: str, body: str, expected: set[str]) -> None:
    assert _of(f"def f(x, y):\n    {body}\n", operator) == expected


def test_every_operator_is_covered_above() -> None:
    mark = test_an_operator_changes_what_it_is_named_for.pytestmark[0]  # type: ignore[attr-defined]
    assert {operator for operator, _, _ in mark.args[1]} == set(OPERATORS)


_LONG = '''
import re

def f(numbers: list[int], limit=10, *, name: str = "a") -> int:
    """Doc 1 < 2."""
    tötal = "é" + name  # comment
    for index, number in enumerate(numbers):
        if number > limit and (index < 3
                or number == 7):
            continue
        elif number == -1:
            break
        limit += number * 2
    return sorted(numbers)[:limit] if limit else max(1, len(tötal))
'''


def test_mutants_compile_differ_and_come_in_a_fixed_order() -> None:
    found = mutants(_LONG, limit=1_000)
    programs = [mutant.program for mutant in found]
    trees = {ast.dump(ast.parse(program)) for program in programs}
    assert len(trees) == len(programs)
    assert ast.dump(ast.parse(_LONG)) not in trees
    assert found == mutants(_LONG, limit=1_000)
    assert [mutant.line for mutant in found] == sorted(mutant.line for mutant in found)
    assert len({mutant.operator for mutant in found}) >= 8


def test_each_mutant_differs_in_its_line_only() -> None:
    for mutant in mutants(_LONG, limit=1_000):
        before, after = _LONG.split("\n"), mutant.program.split("\n")
        if len(before) == len(after):
            changed = [
                number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]
            ]
            assert changed == [mutant.line]


@pytest.mark.parametrize(
    "untouched",
    [
        '"""Doc 1."""',
        "x: list[1]",
        "raise ValueError('a', 1)",
        "assert x, 'a'",
        "import a, b",
        "return f'{x + 1}'",
    ],
)
def test_what_no_result_depends_on_is_left_as_it_is(untouched: str) -> None:
    found = mutants(f"def f(x):\n    {untouched}\n")
    assert {mutant.operator for mutant in found} <= {"removal", "returned"}


def test_decorators_annotations_and_scripts_are_left_as_they_are() -> None:
    program = "@g(1)\ndef f(x: 'a') -> 'b':\n    pass\nif __name__ == '__main__':\n    f(1)\n"
    assert mutants(program) == []


def test_the_first_assignment_of_a_name_stays_and_later_ones_can_go() -> None:
    program = "def f(x):\n    y = x\n    y = g(y)\n    x = y\n    return x\n"
    assert [mutant.line for mutant in mutants(program) if mutant.operator == "removal"] == [3, 4]


def test_only_lines_from_the_first_one_are_changed() -> None:
    program = "def g(x):\n    return x + 1\ndef f(x):\n    return g(x) - 1\n"
    assert {mutant.line for mutant in mutants(program, first_line=3)} == {4}


def test_few_of_many_are_spread_over_operators_and_lines() -> None:
    lines = [f"    x = x + {number}" for number in range(100)]
    program = "\n".join(["def f(x):", *lines, "    return x < 3", ""])
    found = mutants(program, limit=16)
    assert len(found) == 16
    assert {"boundary", "comparison", "arithmetic", "constant"} <= {mutant.operator for mutant in found}
    changed = [mutant.line for mutant in found if mutant.operator == "constant"]
    assert max(changed) - min(changed) > 50


def test_what_the_interpreter_would_not_tell_apart_is_no_mutant() -> None:
    # what stands behind a return is not even compiled
    assert mutants("def f():\n    return None\n    return 1\n") == []


def test_a_program_with_other_line_ends_is_changed_at_the_right_place() -> None:
    program = 's = "\x0c\u2028"\r\ndef f(x):\r\n    return x < "é" < 3\r\n'
    changed = {mutant.program.split("\n")[2] for mutant in mutants(program, first_line=2)}
    assert "    return (x <= 'é' < 3)" in changed


def test_a_program_that_does_not_compile_is_refused() -> None:
    with pytest.raises(SyntaxError):
        mutants("def f(:\n")


def test_a_mutant_is_a_plain_record() -> None:
    (mutant,) = mutants("def f(x):\n    return x.strip(), x\n")
    assert mutant == Mutant("returned", 2, "def f(x):\n    return None\n")
