"""Exports as a whole: what is left out and why, splits, equal bytes, and nothing half-written."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.export import NothingToExport, export_tasks
from pipelines.exports.formats import FORMATS
from pipelines.exports.options import SPLITS, ExportOptions, Shares
from tasks.files import BadFile, read_json_lines, write_json_lines
from tasks.record import Contamination, Task
from tests.pipelines.command import codex_sft
from tests.pipelines.exported_tasks import (
    CLAMPED,
    CLOSED,
    COPYLEFT,
    NEEDS_PROJECT,
    OPAQUE,
    SILENT,
    TASKS,
    UNLICENSED,
    WORDS,
    run_folder,
)
from tests.sft.task_texts import task

_EVERYTHING = ExportOptions(documented_only=False, benchmarks={})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return run_folder(tmp_path / "run")


def _ids(folder: Path, split: str) -> set[str]:
    file = folder / f"{split}.jsonl"
    return {row["task_id"] for row in read_json_lines(file, dict[str, Any])} if file.exists() else set()


def _judged(tmp_path: Path) -> Path:
    file = tmp_path / "samples.jsonl"
    rows = [
        {
            "task_id": each.task_id,
            "completion": text,
            "passed": passed,
            "verdict": "passed" if passed else "failed",
        }
        for each in TASKS
        for text, passed in ((each.canonical_solution, True), ("    return None\n", False))
    ]
    write_json_lines(file, rows)
    return file


@pytest.mark.parametrize("format_", FORMATS)
def test_every_task_is_exported_or_counted_and_bytes_are_equal(
    run: Path, tmp_path: Path, format_: str
) -> None:
    options = ExportOptions(samples=(_judged(tmp_path),), name="some_tasks")
    one = export_tasks(format_, run, tmp_path / "one", options)
    other = export_tasks(format_, run, tmp_path / "other", options)
    assert one.tasks == len(TASKS) == one.exported + sum(one.left_out.values())
    assert (one.digest, one.rows, one.left_out) == (other.digest, other.rows, other.left_out)
    assert one.exported > 0
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()] or [tmp_path / "one"]
    for file in files:
        assert file.read_bytes() == (tmp_path / "other" / file.relative_to(tmp_path / "one")).read_bytes()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({}, {"no_docstring": {SILENT.task_id}}),
        ({"documented_only": False}, {}),
        (
            {"min_tests": 4},
            {
                "no_docstring": {SILENT.task_id},
                "too_few_tests": {each.task_id for each in TASKS if each not in (CLAMPED, NEEDS_PROJECT)}
                - {SILENT.task_id, CLOSED.task_id},
            },
        ),
        (
            {"max_prompt_characters": 70},
            {
                "no_docstring": {SILENT.task_id},
                "prompt_too_long": {each.task_id for each in TASKS if len(each.prompt) > 70},
            },
        ),
        (
            {"licences": ("MIT", "Apache-2.0", "CC-BY-4.0")},
            {
                "no_docstring": {SILENT.task_id},
                "licence_not_allowed": {COPYLEFT.task_id, UNLICENSED.task_id, OPAQUE.task_id},
            },
        ),
    ],
)
def test_tasks_are_left_out_for_what_is_asked(
    run: Path, tmp_path: Path, changes: dict[str, Any], left_out: dict[str, set[str]]
) -> None:
    options = replace(ExportOptions(benchmarks={}), **changes)
    summary = export_tasks("trl", run, tmp_path / "out", options)
    expected = {**left_out, "training_not_permitted": {CLOSED.task_id}}
    assert summary.left_out == {reason: len(tasks) for reason, tasks in expected.items()}
    exported = {name for split in SPLITS for name in _ids(tmp_path / "out", split)}
    assert exported == {each.task_id for each in TASKS} - set().union(*expected.values())


def test_what_terms_forbid_depends_on_the_format(run: Path, tmp_path: Path) -> None:
    open_to_all = [each for each in TASKS if each is not CLOSED]
    lent = replace(CLAMPED, task_id="lent", provenance=replace(CLAMPED.provenance, redistribution="no"))
    run_folder(run, [*open_to_all, lent])
    assert export_tasks("trl", run, tmp_path / "trl", _EVERYTHING).left_out == {}
    refused = export_tasks("datasets", run, tmp_path / "datasets", _EVERYTHING).left_out
    assert refused == {"redistribution_not_permitted": 1}


def test_benchmark_tasks_are_left_out_unless_they_are_wanted(run: Path, tmp_path: Path) -> None:
    copied = task(
        "has_close_elements",
        "    for idx, elem in enumerate(numbers):\n        return False\n",
        prompt="def has_close_elements(numbers, threshold):\n"
        '    """Check if in given list of numbers, are any two numbers closer to each other than\n'
        '    given threshold."""\n',
        project="copier",
    )
    told = Contamination("mbpp", "mbpp/7", "behaviour")
    known = replace(CLAMPED, evidence=replace(CLAMPED.evidence, contamination=[told]))
    clean = replace(WORDS, evidence=replace(WORDS.evidence, contamination=[]))
    run_folder(run, [copied, known, clean, COPYLEFT])
    summary = export_tasks("trl", run, tmp_path / "out")
    assert summary.left_out == {"contaminated": 2}
    assert summary.uncompared == 1, COPYLEFT.task_id
    wanted = export_tasks("trl", run, tmp_path / "out", ExportOptions(allow_contaminated=True))
    assert (wanted.exported, wanted.uncompared) == (4, 0)


def test_a_second_task_of_a_name_is_left_out(run: Path, tmp_path: Path) -> None:
    run_folder(run, [CLAMPED, WORDS, replace(WORDS, task_id=CLAMPED.task_id)])
    assert export_tasks("humaneval", run, tmp_path / "out.jsonl").left_out == {"task_id_twice": 1}


def _spread(count: int) -> list[Task]:
    """Tasks of many projects, of which some are near copies of others."""
    chance = random.Random(0)
    found: list[Task] = []
    for number in range(count):
        if number % 5 == 4:
            body = found[chance.randrange(len(found))].canonical_solution
            body = body.replace("    total += 0\n", "    total += 1\n", 1)
        else:
            body = "    total = x\n" + "".join(
                f"    total {chance.choice('+-*')}= {chance.randint(0, 9_999)}\n" for _ in range(80)
            )
            body += "    total += 0\n    return total\n"
        found.append(
            task(
                f"step_{number}",
                body,
                docstring=f"Return what {number} steps make of it.",
                project=f"p{number}",
            )
        )
    return found


def test_splits_are_the_same_in_every_format_and_near_copies_are_together(tmp_path: Path) -> None:
    tasks = _spread(50)
    run = run_folder(tmp_path / "run", tasks)
    options = ExportOptions(benchmarks={}, shares=Shares(0.1, 0.2))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for format_ in ("trl", "docstring"):
        export_tasks(format_, run, tmp_path / format_, options)
        for split in SPLITS:
            for task_id in _ids(tmp_path / format_, split):
                found[format_][task_id] = split
    assert found["trl"] == found["docstring"] and len(found["trl"]) == len(tasks)
    counts = {split: list(found["trl"].values()).count(split) for split in SPLITS}
    assert counts["train"] >= 30 and 2 <= counts["validation"] <= 5 and 5 <= counts["test"] <= 10
    start = {each.canonical_solution[:60]: each.task_id for each in reversed(tasks)}
    copies = [each for each in tasks if start[each.canonical_solution[:60]] != each.task_id]
    assert len(copies) == 10
    for each in copies:
        assert found["trl"][each.task_id] == found["trl"][start[each.canonical_solution[:60]]]
    only = export_tasks("humaneval", run, tmp_path / "test.jsonl", replace(options, split="test"))
    assert only.left_out == {"in_another_split": counts["train"] + counts["validation"]}
    other = export_tasks("trl", run, tmp_path / "again", replace(options, seed=1))
    assert _ids(tmp_path / "again", "test") != _ids(tmp_path / "trl", "test")
    assert other.exported == len(tasks)


def test_one_project_is_all_for_training(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", [each for each in TASKS if each.provenance.source == "alpha"])
    assert export_tasks("trl", run, tmp_path / "out", _EVERYTHING).rows == {"trl/train": 3}


def test_a_draw_is_made_of_what_could_be_exported(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", [*_spread(30), NEEDS_PROJECT])
    options = ExportOptions(benchmarks={}, max_tasks=7)
    summary = export_tasks("humaneval", run, tmp_path / "out.jsonl", options)
    assert summary.exported == 7
    assert summary.left_out["beyond_max_tasks"] == 31 - 7 - sum(
        count for reason, count in summary.left_out.items() if reason != "beyond_max_tasks"
    )
    again = export_tasks("humaneval", run, tmp_path / "again.jsonl.gz", options)
    names = [
        [row["task_id"] for row in read_json_lines(each.output, dict[str, Any])] for each in (summary, again)
    ]
    assert names[0] == names[1]
    other = export_tasks("humaneval", run, tmp_path / "other.jsonl", replace(options, seed=1))
    assert [row["task_id"] for row in read_json_lines(other.output, dict[str, Any])] != names[0]


def test_several_runs_and_files_are_exported_together(tmp_path: Path) -> None:
    one = run_folder(tmp_path / "one", [CLAMPED])
    two = run_folder(tmp_path / "two", [WORDS])
    human_eval = tmp_path / "set.jsonl.gz"
    row = {
        "task_id": "set/1",
        "prompt": 'def f(x):\n    """Return the number itself."""\n',
        "entry_point": "f",
    }
    write_json_lines(
        human_eval,
        [{**row, "canonical_solution": "    return x\n", "test": "def check(candidate):\n    pass\n"}],
    )
    summary = export_tasks("humaneval", [one, two, human_eval], tmp_path / "out.jsonl")
    assert summary.exported == 3


def test_a_kill_in_the_midst_leaves_the_old_export(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    first = export_tasks("rl", run, output, _EVERYTHING)
    broken = run / "tasks.jsonl"
    broken.write_bytes(broken.read_bytes() + b'{"task_id"')
    with pytest.raises(BadFile, match=r"tasks\.jsonl:12"):
        export_tasks("rl", run, output, _EVERYTHING)
    assert json.loads((output / "export.json").read_text())["digest"] == first.digest
    (tmp_path / ".out.partial").mkdir()  # as a killed run leaves it
    (tmp_path / ".out.partial" / "train.jsonl").write_text("half")
    run_folder(run, [CLAMPED])
    assert export_tasks("rl", run, output, _EVERYTHING).rows == {"rl/train": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "run"]


def test_what_is_no_export_is_never_replaced(run: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("...")
    with pytest.raises(BadFile, match=r"thesis\.txt is of no export"):
        export_tasks("trl", run, tmp_path / "precious")
    with pytest.raises(BadFile, match="is a folder"):
        export_tasks("humaneval", run, tmp_path / "precious")
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "..."
    export_tasks("lm-eval", run, tmp_path / "out")
    (tmp_path / "out" / "__pycache__").mkdir()
    (tmp_path / "out" / "__pycache__" / "grading.pyc").write_bytes(b"")
    export_tasks("lm-eval", run, tmp_path / "out")
    (tmp_path / "out" / ".git").mkdir()
    (tmp_path / "out" / ".git" / "HEAD").write_text("ref: refs/heads/main")
    with pytest.raises(BadFile, match=r"out/\.git/HEAD is of no export"):
        export_tasks("lm-eval", run, tmp_path / "out")


def test_what_cannot_be_done_is_said(run: Path, tmp_path: Path) -> None:
    for options, message in (
        ({"min_tests": 99}, "none of 11 tasks can be exported .*9 too_few_tests"),
        ({"benchmarks": {"x": tmp_path / "none.jsonl"}}, "none.jsonl"),
        ({"samples": (tmp_path / "none.jsonl",)}, "none.jsonl"),
        ({"samples": (tmp_path / "none.jsonl.gz",)}, "unpack"),
    ):
        kind = NothingToExport if "min_tests" in options else BadFile
        with pytest.raises(kind, match=message):
            export_tasks("trl", run, tmp_path / "out", ExportOptions(**options))  # type: ignore[arg-type]
    with pytest.raises(BadFile, match="needs recorded samples"):
        export_tasks("preferences", run, tmp_path / "out")
    with pytest.raises(BadFile, match="there are humaneval, evalplus"):
        export_tasks("human-eval", run, tmp_path / "out")
    with pytest.raises(BadFile, match="something to train on"):
        Shares(0.6, 0.4)
    assert not (tmp_path / "out").exists()


def test_the_command_tells_what_was_left_out(run: Path, tmp_path: Path) -> None:
    options = ("--licence", "MIT", "--licence", "Apache-2.0", "--held-out", "0.2,0.2")
    shown = codex_sft("export", run, "--format", "trl", *options)
    assert shown.returncode == 0, shown.stderr
    assert "left out: 4 tasks, licence_not_allowed" in shown.stderr
    assert f"5 tasks exported: {run / 'trl'}" in shown.stdout
    shown = codex_sft("export", run, "--format", "trl", "--held-out", "a")
    assert shown.returncode == 2 and "--held-out 'a': give two numbers" in shown.stderr


def test_memory_does_not_grow_with_the_tasks(tmp_path: Path) -> None:
    """Tasks of 100 kB each, none of which is kept."""
    peaks = []
    for count in (4, 64):
        tasks = (
            replace(
                task(f"f_{place}", f"    return x + {place}\n", project=f"p{place}"),
                test_helpers="# " + "x" * 100_000,
            )
            for place in range(count)
        )
        file = tmp_path / f"{count}.jsonl"
        write_json_lines(file, tasks)
        tracemalloc.start()
        export_tasks("rl", file, tmp_path / f"out-{count}", _EVERYTHING)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0], peaks
