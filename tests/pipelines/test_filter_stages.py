"""The stages of ``codex-sft filter`` that need no model: reasons name their tasks, nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines import task_measures
from pipelines.commands import main
from tasks.files import read_json_lines, write_json_lines
from tasks.record import Expected, Provenance, Task, TestCase
from tests.pipelines.command import COMMAND

_MIT = Provenance("project", "test", license="MIT")
_CLAMP = "    if x < 0:\n        return 0\n    return min(x, limit)\n"
_BENCHMARK = {
    "task_id": "HumanEval/0",
    "prompt": 'def halve(n):\n    """Halve a number until it is odd."""\n',
    "entry_point": "halve",
    "canonical_solution": "    while n and n % 2 == 0:\n        n //= 2\n    return n\n",
    "test": "def check(candidate):\n    assert candidate(12) == 3\n    assert candidate(7) == 7\n"
    "    assert candidate(40) == 5\n    assert candidate(0) == 0\n",
}


def _task(name: str, solution: str, results: list[Any], *arguments: str, doc: str = "") -> Task:
    text = doc or f"Return what {name} makes of the given number {arguments[0]} for its callers."
    prompt = f'def {name}({", ".join(arguments)}):\n    """{text}"""\n'
    inputs = (-5, 3, 8, 12)[: len(results)]
    cases = [
        TestCase([number, *[9] * (len(arguments) - 1)], {}, Expected("returned", result))
        for number, result in zip(inputs, results, strict=True)
    ]
    return Task(f"test/{name}", prompt, name, solution, cases, _MIT)


def _tasks() -> list[Task]:
    good = _task("clamp", _CLAMP, [0, 3, 8, 9], "x", "limit")
    square = _task("square", "    return n * n\n", [25, 9, 64], "n")
    return [
        replace(
            _task("unlicensed", "    return y - bound\n", [-14, -6], "y", "bound"),
            provenance=Provenance("project", "test"),
        ),
        good,
        square,
        _task("vague", "    return n - 7\n", [-12, -4], "n", doc="TODO"),
        replace(good, task_id="test/copy"),
        _task("odd_part", "    while v and not v & 1:\n        v >>= 1\n    return v\n", [-5, 3, 1], "v"),
        _task(
            "counted", "    counted.n = getattr(counted, 'n', 0) + n\n    return counted.n\n", [-5, -2], "n"
        ),
        _task("wrong", "    return n + 1\n", [1, 2], "n"),
        _task("nothing", "    return 7\n", [7, 7], "n"),
    ]


_REASONS = {
    "unlicensed": ("text", "licence_not_allowed"),
    "vague": ("text", "docstring_faults"),
    "copy": ("duplicates", "duplicate"),
    "odd_part": ("contamination", "contaminated"),
    "counted": ("stability", "unstable"),
    "wrong": ("strength", "reference_fails"),
    "nothing": ("strength", "trivial_solution_passes"),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_json_lines(folder / "tasks.jsonl", _tasks())
    write_json_lines(folder / "benchmark.jsonl", [_BENCHMARK])
    return folder


def _arguments(inputs: Path, output: Path, *rest: object) -> list[str]:
    arguments = ["filter", "--tasks", inputs, "-o", output, "--sandbox", "bubblewrap"]
    # in HumanEval's place, whose references take seconds to ask
    arguments += ["--benchmark-cache", inputs / "cache"]
    arguments += ["--benchmark", f"humaneval={inputs / 'benchmark.jsonl'}", *rest]
    return [str(argument) for argument in arguments]


def _filter(inputs: Path, output: Path, *rest: object) -> Result:
    return CliRunner().invoke(main, _arguments(inputs, output, *rest))


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _told(output: Path) -> list[list[dict[str, Any]]]:
    """What a run found, without times."""
    rows = [_rows(output / f"{name}.jsonl") for name in ("tasks", "rejected", "measured")]
    for row in rows[2]:
        del row["cpu_seconds"]
    return rows


@pytest.fixture(scope="module")
def whole(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run by one worker."""
    output = tmp_path_factory.mktemp("whole")
    done = _filter(inputs, output, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "for each task that is kept" in done.output
    return output


def test_each_task_is_rejected_for_its_own_reason_and_the_funnel_sums_up(whole: Path) -> None:
    rejected = {
        row["task_id"].removeprefix("test/"): (row["stage"], row["reason"])
        for row in _rows(whole / "rejected.jsonl")
    }
    assert rejected == _REASONS
    kept = list(read_json_lines(whole / "tasks.jsonl", Task))
    assert [task.task_id for task in kept] == ["test/clamp", "test/square"]
    manifest = json.loads((whole / "manifest.json").read_text())
    assert manifest["tasks"] == manifest["kept"] + sum(row["tasks"] for row in manifest["funnel"]) == 9
    assert manifest["cost_per_kept"]["CPU seconds"] > 0
    whole_again = {row["task"]["task_id"] for row in _rows(whole / "rejected.jsonl")}
    assert whole_again | {task.task_id for task in kept} == {task.task_id for task in _tasks()}


def test_columns_of_kept_and_rejected_tasks_are_filled(whole: Path) -> None:
    (clamp, _) = read_json_lines(whole / "tasks.jsonl", Task)
    evidence = clamp.evidence
    assert evidence.documented and evidence.docstring_faults == []
    assert evidence.size and evidence.size.decisions == 1
    assert (evidence.contamination, evidence.unstable, evidence.duplicate) == ([], {}, None)
    assert evidence.strength and evidence.strength.mutants_killed > 0
    assert sum(evidence.strength.cases.values()) == len(clamp.tests)
    rejected = {row["task_id"]: row["task"]["evidence"] for row in _rows(whole / "rejected.jsonl")}
    assert rejected["test/counted"]["unstable"].keys() & {"order", "earlier_calls"}
    assert rejected["test/copy"]["duplicate"]["task_id"] == "test/clamp"
    assert [each["layer"] for each in rejected["test/odd_part"]["contamination"]] == ["behaviour"]
    assert rejected["test/unlicensed"]["strength"] is None  # it did not come so far


def test_three_workers_find_the_same_as_one(inputs: Path, whole: Path, tmp_path: Path) -> None:
    done = _filter(inputs, tmp_path, "--workers", 3)
    assert done.exit_code == 0, done.output
    assert _told(tmp_path) == _told(whole)


def test_all_reasons_are_told_where_all_is_measured(inputs: Path, tmp_path: Path) -> None:
    assert _filter(inputs, tmp_path, "--measure-all", "--no-strengthen").exit_code == 0
    (vague,) = [row for row in _rows(tmp_path / "rejected.jsonl") if row["task_id"] == "test/vague"]
    assert vague["reason"] == "docstring_faults"
    measures = {row["task_id"]: row["measures"] for row in _rows(tmp_path / "measured.jsonl")}
    assert all(row["strength.reference_passes"] is (name != "test/wrong") for name, row in measures.items()
               if name != "test/counted")  # fmt: skip


def test_changed_thresholds_relabel_without_running_a_program(
    inputs: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_again(*_: object, **__: object) -> None:
        raise AssertionError("a program is run again")

    for name in ("instabilities", "strengthen", "measure_strength"):
        monkeypatch.setattr(task_measures, name, run_again)
    monkeypatch.setattr("filters.contamination.ContaminationFinder.find", run_again)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[small]\nmeasure = 'text.decisions'\nminimum = 1\n[weak_tests]\nminimum = 0.01\n")
    before = _told(whole)
    assert _filter(inputs, whole, "--recipe", recipe).exit_code == 0
    assert [row["task_id"] for row in _rows(whole / "tasks.jsonl")] == ["test/clamp"]
    assert _filter(inputs, whole).exit_code == 0
    assert _told(whole) == before


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(
    inputs: Path, whole: Path, tmp_path: Path
) -> None:
    client = subprocess.Popen(
        [str(COMMAND), *_arguments(inputs, tmp_path, "--workers", 2)],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 500
    while not any(file.stat().st_size for file in tmp_path.glob("shards/*-strength.jsonl")):
        assert client.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(client.pid, signal.SIGKILL)
    client.wait()
    with next(tmp_path.glob("shards/*-strength.jsonl")).open("ab") as stream:
        stream.write(b'["cut off')
    assert _filter(inputs, tmp_path, "--workers", 2).exit_code == 0
    assert _told(tmp_path) == _told(whole)


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (["--benchmark", "mbpp.jsonl"], "NAME=FILE"),
        (["--benchmark", "mbpp=missing.jsonl"], "missing.jsonl"),
        (["--recipe", "missing.toml"], "missing.toml"),
    ],
)
def test_what_cannot_be_read_is_told(inputs: Path, tmp_path: Path, rest: list[str], words: str) -> None:
    done = _filter(inputs, tmp_path, *rest)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_task_whose_project_is_nowhere_ends_the_run_with_a_message(tmp_path: Path) -> None:
    needy = replace(_tasks()[1], environment="project-1.0")
    write_json_lines(tmp_path / "tasks.jsonl", [needy])
    done = _filter(tmp_path, tmp_path / "out")
    assert done.exit_code == 2
    assert "manifest.json" in done.stderr or "--environments" in done.stderr
