"""The proof by replay: which cases survive it, and why the others do not."""

from __future__ import annotations

from typing import Any

import pytest

from filters.replay import NotProven, prove
from sandbox.worker_pool import WorkerPool
from tasks.record import Expected, Provenance, Task, TestCase
from tests.sandbox.samples import CannedPool


def _task(program: str, *cases: tuple[Any, Expected]) -> Task:
    head, _, body = program.partition("\n")
    tests = [TestCase([argument], {}, expected) for argument, expected in cases]
    return Task("p/f", head + "\n", "f", body, tests, Provenance("project", "p"))


def _returned(value: Any) -> Expected:
    return Expected("returned", value)


def test_cases_that_hold_are_kept_and_wrong_ones_counted(quick_pool: WorkerPool) -> None:
    proven = prove(_task("def f(x):\n    return x + 1\n", (1, _returned(2)), (2, _returned(4))), quick_pool)
    assert isinstance(proven, Task)
    assert [case.arguments for case in proven.tests] == [[1]]
    assert proven.evidence.cases_dropped == {"replay_differs": 1}
    assert [replay.hash_seed for replay in proven.evidence.replays] == [1, 2, 3]
    assert [replay.verdicts for replay in proven.evidence.replays] == ["pf", "p", "p"]


def test_the_type_of_a_recorded_exception_is_found(quick_pool: WorkerPool) -> None:
    proven = prove(
        _task("def f(x):\n    return [1][x]\n", (0, _returned(1)), (9, Expected("raised"))), quick_pool
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
        ("def f(x):\n    return lambda: x\n", 0, 0, "result_not_encodable"),
    ],
)
def test_what_depends_on_more_than_its_arguments_is_not_proven(
    quick_pool: WorkerPool, program: str, argument: Any, value: Any, reason: str
) -> None:
    result = prove(_task(program, (argument, _returned(value))), quick_pool)
    assert isinstance(result, NotProven)
    assert result.reason == reason


def test_state_between_calls_is_found_by_their_order(quick_pool: WorkerPool) -> None:
    program = "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n"
    result = prove(_task(program, *((n, _returned(n)) for n in (1, 2, 3, 4))), quick_pool)
    assert isinstance(result, NotProven)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("def f(x):\n    while True: pass\n", "no_case_holds"),
        ("def f(x):\n    return len(bytearray(2**33))\n", "no_case_holds"),
    ],
)
def test_what_does_not_end_well_is_not_proven(quick_pool: WorkerPool, program: str, reason: str) -> None:
    result = prove(_task(program, (1, _returned(1))), quick_pool)
    assert isinstance(result, NotProven)
    assert result.reason == reason


def test_the_proof_names_its_sandbox_and_its_time(quick_pool: WorkerPool) -> None:
    proven = prove(_task("def f(x):\n    return x\n", (1, _returned(1)), (2, _returned(2))), quick_pool)
    assert isinstance(proven, Task)
    assert proven.evidence.sandbox == quick_pool.backend.name
    assert proven.evidence.distinct_outcomes == 2
    assert proven.evidence.reference_seconds is not None


def test_a_sandbox_that_fails_is_no_fault_of_the_task() -> None:
    result = prove(_task("def f(x):\n    return x\n", (1, _returned(1))), CannedPool(fault="infrastructure"))
    assert isinstance(result, NotProven)
    assert result.reason == "infrastructure"
