"""Examples of docstrings on the reference, in the sandbox: what holds, what does not, what tells nothing."""

from __future__ import annotations

import pytest

from docstring_gen.doctest_runs import MOST_EXAMPLES, Doctests, run_doctests
from docstring_gen.generated_text import read_generated
from sandbox.task_judging import JudgingOptions
from sandbox.worker_pool import WorkerPool
from tasks.record import Provenance, Task

_TASK = Task(
    "t/f",
    "from dataclasses import dataclass\n\n\n@dataclass\nclass Point:\n    x: 'int'\n\n\ndef f(x):\n",
    "f",
    "    if x is None:\n        raise ValueError('nothing')\n    return [x, str(x)]\n",
    [],
    Provenance("project", "t"),
)


def _run(pool: WorkerPool, *docstrings: str) -> list[Doctests]:
    examples = [read_generated(docstring, "f").examples for docstring in docstrings]
    return run_doctests(_TASK, examples, pool, JudgingOptions(1.0, wall_seconds=10.0))


@pytest.mark.parametrize(
    "docstring",
    [
        ">>> f(1)\n[1, '1']\n",
        ">>> f(1)\n[1,\n '1']\n",
        ">>> y = f(2)\n>>> print(*y)\n2 2\n",
        ">>> for y in f(3):\n...     y\n3\n'3'\n",
        ">>> f(None)\nTraceback (most recent call last):\n  ...\nValueError: nothing\n",
        ">>> f(None)  # doctest: +ELLIPSIS\nTraceback (most recent call last):\nValueError: not...\n",
        ">>> f(Point(1))\n[Point(x=1), 'Point(x=1)']\n",
        "assert f(1) == [1, '1']\n",
        "f(1) -> [1, '1']\n",
    ],
)
def test_what_holds(quick_pool: WorkerPool, docstring: str) -> None:
    (found,) = _run(quick_pool, docstring)
    assert found.held >= 1
    assert (found.contradicted, found.not_run, found.first) == (0, 0, "")


@pytest.mark.parametrize(
    ("docstring", "first"),
    [
        (">>> f(1)\n[1, 1]\n", "f(1): says [1, 1], gives [1, '1']"),
        (
            ">>> f(1)\nTraceback (most recent call last):\nKeyError: 1\n",
            "f(1): says KeyError: 1, gives [1, '1']",
        ),
        (">>> f(None)\n[]\n", "f(None): says [], gives ValueError: nothing"),
        (">>> g(1)\n1\n", "g(1): says 1, gives NameError: name 'g' is not defined"),
        (">>> import os; os._exit\n1\n", ""),
        ("f(1) == [1]", "assert (f(1)) == ([1]): says nothing, gives AssertionError"),
        (">>> print('a\x1b[31m' * 900)\n1\n", ""),
    ],
)
def test_what_the_reference_contradicts(quick_pool: WorkerPool, docstring: str, first: str) -> None:
    (found,) = _run(quick_pool, docstring)
    assert (found.held, found.contradicted) == (0, 1)
    assert found.first == first or (not first and found.first.isprintable() and len(found.first) < 600)


@pytest.mark.parametrize(
    "docstring",
    [
        ">>> while True: pass\n",
        ">>> import os; os._exit(0)\n",
        ">>> import sys; sys.__stdout__.write('[]'); sys.stdout.flush()\n2\n>>> import os; os._exit(0)\n",
        ">>> import os; _ = os.write(1, b'[{\"printed\": 1}]'); os._exit(0)\n",
    ],
)
def test_what_ends_the_process_tells_nothing_and_harms_no_other(
    quick_pool: WorkerPool, docstring: str
) -> None:
    first, bad, last = _run(quick_pool, ">>> f(1)\n[1, '1']\n", docstring, ">>> f(1)\n[1, '1']\n")
    assert first == last == Doctests(held=1)
    assert (bad.held, bad.contradicted) == (0, 0)
    assert bad.not_run > 0


def test_many_examples_are_bounded_and_none_costs_nothing(quick_pool: WorkerPool) -> None:
    many, none = _run(quick_pool, ">>> f(1)\n[1, '1']\n" * (MOST_EXAMPLES + 3), "Nothing.")
    assert many == Doctests(held=MOST_EXAMPLES, not_run=3)
    assert none == Doctests()
