"""Task, sample and result files of an evaluation, and what is said of bad ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evaluation.evaluation_files import Result, Sample, read_samples, read_tasks, result_row
from tasks.files import BadFile
from tasks.record import Provenance, StdioTest, Task

_ROW = {
    "task_id": "a/0",
    "prompt": "def f(x):\n",
    "entry_point": "f",
    "canonical_solution": "    return x\n",
    "test": "def check(candidate):\n    assert candidate(1) == 1\n",
}
_STDIO = Task("a/1", "", "", "", [], Provenance("task_file", "x"), stdio_tests=[StdioTest("1", "1")])


def _file(path: Path, *rows: Any) -> Path:
    path.write_text("".join(row if type(row) is str else json.dumps(row) + "\n" for row in rows))
    return path


def test_tasks_of_both_forms_and_compressed(tmp_path: Path) -> None:
    own = json.loads(msgspec.json.encode(_STDIO))
    tasks = read_tasks(_file(tmp_path / "t.jsonl", _ROW, own, "\n"))
    assert list(tasks) == ["a/0", "a/1"]
    assert tasks["a/0"].check == _ROW["test"]
    assert tasks["a/1"] == _STDIO
    packed = tmp_path / "t.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "t.jsonl").read_bytes()))
    assert list(read_tasks(packed)) == ["a/0", "a/1"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no tasks in it"),
        ([_ROW, _ROW], "task 2: a/0 is there twice"),
        ([_ROW, {**_ROW, "prompt": 5}], "task 2: neither HumanEval's form"),
        ([_ROW, {"task_id": "b"}], "task 2: neither"),
        ([{**json.loads(msgspec.json.encode(_STDIO)), "stdio_tests": []}], "task 1 (a/1) has no tests"),
        ([_ROW, "not json\n"], "t.jsonl:2: "),
        ([_ROW, "[1]\n"], "t.jsonl:2: "),
        (["[" * 100_000 + "\n"], "t.jsonl:1: "),
    ],
)
def test_bad_task_files_are_refused_with_the_place(tmp_path: Path, rows: list[Any], words: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_tasks(_file(tmp_path / "t.jsonl", *rows))
    assert str(tmp_path / "t.jsonl") in str(caught.value)
    assert words in str(caught.value)


def test_completions_and_solutions(tmp_path: Path) -> None:
    tasks = read_tasks(_file(tmp_path / "t.jsonl", _ROW, json.loads(msgspec.json.encode(_STDIO))))
    path = _file(
        tmp_path / "s.jsonl",
        {"task_id": "a/0", "completion": "    return 1\n"},
        {"task_id": "a/0", "solution": "def f(x): return 2\n", "_identifier": "kept"},
        {"task_id": "a/1", "completion": "print(1)\n"},
        {"task_id": "a/0", "completion": "x", "solution": "def f(x): return 3\n"},
    )
    samples = list(read_samples(path, tasks))
    assert [sample.program for sample in samples] == [
        "def f(x):\n    return 1\n",
        "def f(x): return 2\n",
        "print(1)\n",
        "def f(x): return 3\n",
    ]
    assert [sample.index for sample in samples] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"completion": "x"}, "task_id None is not among the tasks"),
        ({"task_id": "b", "completion": "x"}, "task_id 'b' is not among the tasks"),
        ({"task_id": 5, "completion": "x"}, "task_id 5 is not among the tasks"),
        ({"task_id": ["a/0"], "completion": "x"}, "is not among the tasks"),
        ({"task_id": "a/0"}, "neither a text `completion` nor a text `solution`"),
        ({"task_id": "a/0", "completion": None}, "neither a text"),
        ({"task_id": "a/0", "completion": ["x"]}, "neither a text"),
    ],
)
def test_bad_samples_are_refused_with_their_number(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    tasks = read_tasks(_file(tmp_path / "t.jsonl", _ROW))
    good = {"task_id": "a/0", "completion": "x"}
    with pytest.raises(BadFile) as caught:
        list(read_samples(_file(tmp_path / "s.jsonl", good, row), tasks))
    assert f"{tmp_path / 's.jsonl'}: sample 2" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("verdict", "passed", "text"),
    [
        ("passed", True, "passed"),
        ("timeout", False, "timed out"),
        ("failed", False, "failed: why"),
        ("crashed", False, "failed: why"),
        ("infrastructure", None, "infrastructure: why"),
    ],
)
def test_a_result_row_is_the_samples_with_the_verdict_added(
    verdict: str, passed: bool | None, text: str
) -> None:
    row = {"task_id": "a/0", "completion": "x", "own": [1]}
    found = result_row(Sample(0, "a/0", "x", row), Result("a/0", 0, verdict, passed, "why", 0.5))
    assert found == {
        **row,
        **{"result": text, "passed": passed, "verdict": verdict, "detail": "why", "cpu_seconds": 0.5},
    }
    low = result_row(Sample(0, "a/0", "x", row), Result("a/0", 0, verdict, passed, "why", 0.5, "low"))
    assert low == {**found, "integrity": "low"}
