"""Contamination: copies of benchmark tasks are found by text, tree and behaviour; other tasks are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from filters.benchmark_tasks import BenchmarkTask, read_benchmark
from filters.contamination import ContaminationFinder
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile
from tasks.record import Provenance, Task

_STATEMENT = "return the sum of all the items of a list of numbers that lie above the mean of that list"
_HUMANEVAL = {
    "task_id": "Bench/0",
    "prompt": f'def above(items):\n    """{_STATEMENT}"""\n',
    "entry_point": "above",
    "canonical_solution": "    mean = sum(items) / len(items)\n"
    "    return sum(item for item in items if item > mean)\n",
    "test": "def check(candidate):\n    assert candidate([1, 2, 3]) == 3\n"
    "    assert candidate([5, 5]) == 0\n    assert candidate([-4, 10, 2]) == 10\n",
}
_CHECK_ONLY = {
    "task_id": "Bench/1",
    "prompt": 'def rotated(text):\n    """Put the first letter last."""\n',
    "entry_point": "rotated",
    "canonical_solution": "    return text[1:] + text[:1]\n",
    "test": "def check(candidate):\n    for word in ('abc', 'xyzzy', ''):\n"
    "        assert candidate(word) == word[1:] + word[:1]\n",
}
_MBPP = {
    "task_id": 7,
    "text": "Write a function to take a smaller number from a larger one.",
    "code": "def minus(small, large): \r\n  return large - small",
    "test_setup_code": "",
    "test_list": ["assert minus(1, 5) == 4", "assert minus(2, 9) == 7", "assert minus(3, 3) == 0"],
}


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory, quick_pool: WorkerPool) -> list[BenchmarkTask]:
    folder = tmp_path_factory.mktemp("benchmark")
    lines = [json.dumps(row) for row in (_HUMANEVAL, _CHECK_ONLY)]
    (folder / "humaneval.jsonl").write_text("\n".join(lines))
    (folder / "mbpp.jsonl").write_text(json.dumps(_MBPP))
    return [
        *read_benchmark("bench", folder / "humaneval.jsonl", quick_pool),
        *read_benchmark("mbpp", folder / "mbpp.jsonl", quick_pool),
    ]


def _task(program: str, entry_point: str = "solve") -> Task:
    return Task("ours/1", "", entry_point, program, [], Provenance("project", "ours"))


def _layers(benchmark: list[BenchmarkTask], task: Task, pool: WorkerPool) -> set[tuple[str, str]]:
    return {(entry.task_id, entry.layer) for entry in ContaminationFinder(benchmark).find(task, pool)}


def test_the_calls_of_a_benchmark_have_the_answers_of_its_own_reference(
    benchmark: list[BenchmarkTask],
) -> None:
    assert [(call.arguments, call.result) for call in benchmark[0].calls] == [
        ([[1, 2, 3]], 3),
        ([[5, 5]], 0),
        ([[-4, 10, 2]], 10),
    ]
    assert benchmark[1].calls == []
    assert [call.result for call in benchmark[2].calls] == [4, 7, 0]


def test_a_verbatim_copy_is_found_by_every_layer(
    benchmark: list[BenchmarkTask], quick_pool: WorkerPool
) -> None:
    copy = replace(_task(benchmark[0].program, "above"), original_docstring=benchmark[0].text)
    assert _layers(benchmark, copy, quick_pool) == {
        ("Bench/0", "text"),
        ("Bench/0", "tree"),
        ("Bench/0", "behaviour"),
    }


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            "def solve(given):\n    m = sum(given) / len(given)\n    return sum(g for g in given if g > m)\n",
            {("Bench/0", "tree"), ("Bench/0", "behaviour")},
        ),
        (
            "def solve(v):\n    t = 0.0\n    for x in v:\n"
            "        t += x * (x * len(v) > sum(v))\n    return t\n",
            {("Bench/0", "behaviour")},
        ),
        ("def solve(a, b, c=None):\n    return a - b\n", {("mbpp/7", "behaviour")}),
        ("def solve(t, n=1):\n    return t[n:] + t[:n]\n", {("Bench/1", "behaviour")}),
    ],
    ids=["renamed", "rewritten", "other order of parameters", "by its check"],
)
def test_copies_under_other_names_are_found(
    benchmark: list[BenchmarkTask], quick_pool: WorkerPool, program: str, expected: set[tuple[str, str]]
) -> None:
    assert _layers(benchmark, _task(program), quick_pool) == expected


@pytest.mark.parametrize(
    "program",
    [
        "def solve(items):\n    return sum(items)\n",
        "def solve(items):\n    while True:\n        pass\n",
        "def solve(a, b):\n    return a + b\n",
        "import os\ndef solve(a, b):\n    os._exit(0)\n",
        "def solve(*, key):\n    return key\n",
        "def solve(:\n",
    ],
    ids=["other results", "runs for ever", "another operation", "ends", "keywords only", "no program"],
)
def test_other_tasks_are_not_taken_for_copies(
    benchmark: list[BenchmarkTask], quick_pool: WorkerPool, program: str
) -> None:
    assert _layers(benchmark, _task(program), quick_pool) == set()


def test_an_argument_that_kills_the_process_hides_no_later_match(
    benchmark: list[BenchmarkTask], quick_pool: WorkerPool
) -> None:
    ends = "    if isinstance(a, list):\n        os._exit(0)\n"
    program = f"import os\ndef solve(a, b=None):\n{ends}    return b - a\n"
    assert ("mbpp/7", "behaviour") in _layers(benchmark, _task(program), quick_pool)


@pytest.mark.parametrize(("text", "message"), [("", "empty"), ('{"a": 1}', "neither"), ("no json", ":1:")])
def test_a_file_that_is_no_benchmark_is_refused(
    tmp_path: Path, quick_pool: WorkerPool, text: str, message: str
) -> None:
    (tmp_path / "bench.jsonl").write_text(text)
    with pytest.raises(BadFile, match=message):
        read_benchmark("bench", tmp_path / "bench.jsonl", quick_pool)
