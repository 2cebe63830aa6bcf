"""The proof by replay: which cases survive it, and why the others do not."""

from __future__ import annotations

from typing import Any

import pytest

from filters.replay import NotProven, prove
from sandbox.interface import Sandbox
from sandbox.interpreter import find_interpreter
from tasks.record import Expected, Provenance, Task, TestCase


def _task(program: str, *cases: tuple[Any, Expected]) -> Task:
    head, _, body = program.partition("\n")
    tests = [TestCase([argument], {}, expected) for argument, expected in cases]
    return Task("p/f", head + "\n", "f", body, tests, Provenance("project", "p"))


def _returned(value: Any) -> Expected:
    return Expected("returned", value)


def _prove(sandbox: Sandbox, task: Task) -> Task | NotProven:
    return prove(task, sandbox, find_interpreter())


def test_cases_that_hold_are_kept_and_wrong_ones_counted(sandbox: Sandbox) -> None:
    proven = _prove(sandbox, _task("def f(x):\n    return x + 1\n", (1, _returned(2)), (2, _returned(4))))
    assert isinstance(proven, Task)
    assert [case.arguments for case in proven.tests] == [[1]]
    assert proven.evidence.cases_dropped == {"replay_differs": 1}
    assert proven.evidence.replay_hash_seeds == [1, 2, 3]


def test_the_type_of_a_recorded_exception_is_found(sandbox: Sandbox) -> None:
    proven = _prove(
        sandbox, _task("def f(x):\n    return [1][x]\n", (0, _returned(1)), (9, Expected("raised")))
    )
    assert isinstance(proven, Task)
    assert [case.expected.exception for case in proven.tests] == [None, "builtins:IndexError"]


@pytest.mark.parametrize(
    ("program", "argument", "value", "reason"),
    [
        ("def f(x):\n    return list(set(x))\n", list("abcdefghij"), list("abcdefghij"), "no_case_holds"),
        ("def f(x):\n    import time\n    return time.timezone + x\n", 0, 0, "no_case_holds"),
        ("def f(x):\n    import time\n    return time.time() > x\n", 0, True, "reads_clock"),
        ("def f(x):\n    import datetime\n    return datetime.date.today() is x\n", 0, False, "reads_clock"),
        ("import toolz\ndef f(x):\n    return x\n", 0, 0, "program_fails"),
        ("def f(x):\n    return x +\n", 0, 0, "program_fails"),
        ("def f(x):\n    import os\n    os._exit(0)\n", 0, 0, "no_case_holds"),
        ("def f(x):\n    return lambda: x\n", 0, 0, "no_case_holds"),
    ],
)
def test_what_depends_on_more_than_its_arguments_is_not_proven(
    sandbox: Sandbox, program: str, argument: Any, value: Any, reason: str
) -> None:
    result = _prove(sandbox, _task(program, (argument, _returned(value))))
    assert isinstance(result, NotProven)
    assert result.reason == reason


def test_state_between_calls_is_found_by_their_order(sandbox: Sandbox) -> None:
    program = "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n"
    result = _prove(sandbox, _task(program, *((n, _returned(n)) for n in (1, 2, 3, 4))))
    assert isinstance(result, NotProven)
