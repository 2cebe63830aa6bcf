"""Why no sample solves a task: planted tasks of each kind, with samples as models write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from filters.diagnosis import Diagnosis, DiagnosisThresholds, diagnose
from filters.docstring_examples import docstring_examples
from sandbox.task_judging import JudgingOptions
from sandbox.worker_pool import WorkerPool
from tasks.record import Expected, Provenance, StdioTest, Task, TestCase

_FROM = Provenance("task_file", "test")


def _task(prompt: str, solution: str, *cases: tuple[Any, Any]) -> Task:
    tests = [TestCase([argument], {}, Expected("returned", value)) for argument, value in cases]
    return Task("t", prompt, "f", solution, tests, _FROM)


_ROUND = _task(
    'def f(x):\n    """Round a number to a multiple of ten."""\n',
    "    return x // 10 * 10\n",
    (12, 10),
    (25, 20),
    (29, 20),
    (41, 40),
)
_NEAREST = [
    "    return round(x / 10) * 10\n",
    "    return int((x + 5) // 10) * 10\n",
    "    return int(round(x, -1))\n",
    "    tens = x / 10\n    return round(tens) * 10\n",
]
_MISSES = [
    "    return x\n",
    "    return None\n",
    "    return x // 10\n",
    "    return x * 10\n",
    "    return str(x)\n",
    "    return x +\n",
]


def _diagnosed(
    task: Task, completions: list[str], pool: WorkerPool, thresholds: DiagnosisThresholds | None = None
) -> Diagnosis:
    return diagnose(task, completions, pool, JudgingOptions(), thresholds=thresholds)


def test_samples_that_agree_on_something_else_show_that_a_prompt_is_ambiguous(quick_pool: WorkerPool) -> None:
    found = _diagnosed(_ROUND, _MISSES + _NEAREST, quick_pool)
    assert found.label == "ambiguous"
    assert found.witness is not None
    assert (found.witness.arguments, found.witness.reference, found.witness.cluster) == (
        [29],
        "returned 20",
        "returned 30",
    )
    # 25 / 10 rounds to even, so two readings of "round" part there
    assert found.cluster == (6, 8, 9)
    assert found.samples == 10
    assert found.broken == 1


@pytest.mark.parametrize(
    "completions",
    [
        _MISSES,
        _MISSES * 4 + _NEAREST,  # a small cluster
        _MISSES + [_NEAREST[0]] * 6,  # one program, however often
        _MISSES + [f"    a{n} = 1\n    return x\n" for n in range(9)],  # the echo of the argument
        _MISSES + [f"    a{n} = 1\n    return 0\n" for n in range(9)],  # one value for all
        _MISSES + [f"    a{n} = 1\n    raise ValueError\n" for n in range(9)],
    ],
)
def test_samples_that_agree_on_nothing_of_worth_show_that_a_task_is_hard(
    quick_pool: WorkerPool, completions: list[str]
) -> None:
    found = _diagnosed(_ROUND, completions, quick_pool)
    assert found.label == "too_hard"
    assert found.witness is None
    assert sum(found.clusters) + found.broken == len(completions)


def test_a_cluster_that_does_as_the_examples_say_shows_that_the_reference_is_wrong(
    quick_pool: WorkerPool,
) -> None:
    examples = "    >>> f(28)\n    30\n    >>> f(y)\n    1\n"
    prompt = f'def f(x):\n    """Round a number to a multiple of ten.\n\n{examples}    """\n'
    found = _diagnosed(replace(_ROUND, prompt=prompt), _MISSES + _NEAREST, quick_pool)
    assert found.label == "wrong_reference"
    kept_apart = replace(_ROUND, original_docstring="Round.\n\n>>> f(28)\n30\n")
    assert _diagnosed(kept_apart, _MISSES + _NEAREST, quick_pool).label == "wrong_reference"
    agrees = replace(_ROUND, original_docstring="Round.\n\n>>> f(28)\n20\n")
    assert _diagnosed(agrees, _MISSES + _NEAREST, quick_pool).label == "ambiguous"


@pytest.mark.parametrize(
    ("completions", "error"),
    [
        (["    return x +\n"] * 9 + ["    return x\n"], "SyntaxError (9)"),
        ([f"    return helper(x, {n})\n" for n in range(10)], "NameError (10)"),
        ([f"    from nowhere import helper{n}\n" for n in range(10)], "ModuleNotFoundError (10)"),
    ],
)
def test_samples_that_all_fail_at_once_show_that_a_prompt_is_broken(
    quick_pool: WorkerPool, completions: list[str], error: str
) -> None:
    found = _diagnosed(_ROUND, completions, quick_pool)
    assert found.label == "broken_prompt"
    assert error in found.detail
    lower = _diagnosed(_ROUND, [*completions[:5], *_MISSES], quick_pool)
    assert lower.label == "too_hard"


def test_values_are_compared_as_verdicts_compare_them(quick_pool: WorkerPool) -> None:
    prompt = 'def f(x):\n    """The share of each item."""\n'
    task = _task(
        prompt, "    return {n: len(x) for n in x}\n", ([1, 2, 3], {"$dict": [[1, 3], [2, 3], [3, 3]]})
    )
    orders = [f"    return {{n: n / 3 for n in sorted(x, key=lambda n: (n * {k}) % 7)}}\n" for k in (1, 2, 3)]
    found = _diagnosed(replace(task, tests=[*task.tests, _other_case()]), orders, quick_pool)
    assert found.clusters == (3,)
    assert found.label == "ambiguous"


def _other_case() -> TestCase:
    return TestCase([[5]], {}, Expected("returned", {"$dict": [[5, 1]]}))


def test_samples_without_an_end_are_no_cluster(quick_pool: WorkerPool) -> None:
    found = _diagnosed(_ROUND, ["    import os\n    os._exit(0)\n", *_MISSES], quick_pool)
    assert "1 without an end" in found.detail


def test_tasks_whose_outputs_cannot_be_seen_are_hard_or_broken(quick_pool: WorkerPool) -> None:
    check = "def check(candidate):\n    assert candidate(3) == 0\n"
    opaque = replace(_ROUND, tests=[], check=check)
    assert _diagnosed(opaque, _MISSES + _NEAREST, quick_pool).label == "too_hard"
    assert _diagnosed(opaque, ["    return x +\n"] * 10, quick_pool).label == "broken_prompt"
    shown = replace(opaque, original_docstring=">>> f(28)\n30\n>>> f(44)\n40\n")
    assert _diagnosed(shown, _MISSES + _NEAREST, quick_pool).label == "wrong_reference"
    program = Task("t", "Print.", "", "print(1)", [], _FROM, stdio_tests=[StdioTest("3", "9")])
    assert _diagnosed(program, ["print(3)"] * 5, quick_pool).label == "too_hard"


def test_examples_are_read_without_running_anything() -> None:
    docstring = """
        >>> f(1, [2, 'a'], key={3: None})
        (1, 2.5)
        >>> import os
        >>> f(os.getcwd())
        '/'
        >>> g(1)
        2
        >>> f(1) == 2
        True
        >>> f(2)
        Traceback (most recent call last):
        ValueError
        >>> f(*[1])
        1
        >>> print(f(1))
        1
    """
    (case,) = docstring_examples(replace(_ROUND, original_docstring=docstring))
    assert case.arguments == [1, [2, "a"]]
    assert list(case.keyword_arguments) == ["key"]
    assert case.comparator.kind == "float_tolerance"
    assert case.origin == "example"
    assert docstring_examples(replace(_ROUND, original_docstring=">>> f(1)\n    odd\n  indent")) == []
