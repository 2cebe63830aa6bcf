"""Branches that calls take, as told from inside the sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.interpreter import NoInterpreter, find_interpreter
from sandbox.sample_jobs import values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tests.sandbox.samples import QUICK, call, make_task


def _run(pool: WorkerPool, program: str, *arguments: Any, first_line: int = 1) -> SampleRun:
    task = make_task([call(*given).returns(None) for given in arguments])
    job = values_job(task, QUICK, watch_branches=first_line)
    (run,) = run_samples(pool, job, [program], WorkerSettings(limits=QUICK))
    assert len(run.outcomes) == len(arguments), run
    return run


def _taken(run: SampleRun) -> int:
    return len({branch for outcome in run.outcomes for branch in outcome.branches})


_CASES = [
    ("if", "def f(x):\n    if x:\n        return 1\n    return 2\n", [(1,)], 1, 2),
    ("both", "def f(x):\n    if x:\n        return 1\n    return 2\n", [(1,), (0,)], 2, 2),
    ("and", "def f(x, y):\n    return 1 if x and y else 2\n", [(1, 1), (0, 1)], 3, 4),
    ("or", "def f(x, y):\n    return x or y\n", [(1, 1)], 1, 2),
    ("none", "def f(x):\n    if x is None:\n        return 1\n", [(None,)], 1, 2),
    ("while", "def f(x):\n    while x > 0:\n        x -= 1\n", [(2,)], 2, 2),
    ("while unused", "def f(x):\n    while x > 0:\n        x -= 1\n", [(0,)], 1, 2),
    ("for", "def f(x):\n    for a in x:\n        pass\n", [([1],)], 2, 2),
    ("for left", "def f(x):\n    for a in x:\n        return a\n", [([1],)], 1, 2),
    ("comprehension", "def f(x):\n    return [a for a in x if a]\n", [([1],)], 3, 4),
    (
        "generator",
        "def f(x):\n    return sum(a for a in g(x))\ndef g(x):\n    yield from x\n",
        [([1],)],
        2,
        2,
    ),
    ("lambda", "def f(x):\n    return (lambda y: 1 if y else 2)(x)\n", [(1,)], 1, 2),
    ("recursion", "def f(x):\n    return f(x - 1) if x else 0\n", [(3,)], 2, 2),
    ("raise", "def f(x):\n    if 1 / x > 0:\n        return 1\n", [(0,)], 0, 2),
    ("assert", "def f(x):\n    assert x\n", [(1,)], 0, 0),
    ("except", "def f(x):\n    try:\n        x()\n    except TypeError:\n        pass\n", [(1,)], 0, 0),
    ("at import", "if 1 + 1:\n    pass\ndef f(x):\n    return x\n", [(1,)], 0, 0),
]


@pytest.mark.parametrize(("program", "arguments", "taken", "total"), [case[1:] for case in _CASES])
def test_branches_are_counted_as_the_source_has_them(
    quick_pool: WorkerPool, program: str, arguments: list[Any], taken: int, total: int
) -> None:
    run = _run(quick_pool, program, *arguments)
    assert (_taken(run), run.branches) == (taken, total)


def test_only_lines_from_the_first_one_count(quick_pool: WorkerPool) -> None:
    program = "def g(x):\n    return 1 if x else 2\ndef f(x):\n    return g(x) if x else 3\n"
    run = _run(quick_pool, program, (1,), first_line=3)
    assert (_taken(run), run.branches) == (1, 2)


def test_a_long_condition_with_extended_arguments_is_followed(quick_pool: WorkerPool) -> None:
    body = "".join(f"        y = {number} + x\n" for number in range(300))
    run = _run(
        quick_pool, f"def f(x):\n    for x in x:\n{body}    if x:\n{body}    return 1\n", ([1],), ([0],)
    )
    assert (_taken(run), run.branches) == (4, 4)


def test_each_call_tells_its_own_branches_and_outcome(pool: WorkerPool) -> None:
    program = "def f(x):\n    return 'a' if x else 'b'\n"
    run = _run(pool, program, (1,), (0,))
    assert [outcome.value for outcome in run.outcomes] == ["a", "b"]
    first, second = run.outcomes
    assert set(first.branches).isdisjoint(second.branches)


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.12", "3.13"])
def test_other_pythons_tell_branches_too(quick_pool: WorkerPool, version: str) -> None:
    try:
        interpreter = find_interpreter(version)
    except NoInterpreter as error:
        pytest.skip(str(error))
    loops = "    while x > 0 and x < 9:\n        x -= 1\n    for a in [x]:\n        pass\n"
    program = f"def f(x):\n{loops}    return x\n"
    task = make_task([call(2).returns(None), call(9).returns(None)])
    settings = replace(WorkerSettings(limits=QUICK), interpreter=interpreter)
    job = values_job(task, QUICK, watch_branches=1)
    (run,) = run_samples(quick_pool, job, [program], settings)
    taken, total = _taken(run), run.branches or 0
    assert taken >= 5
    assert total >= 6 if version in ("3.8", "3.9", "3.10") else (taken, total) == (6, 6)
