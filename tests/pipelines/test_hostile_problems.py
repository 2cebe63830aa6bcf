"""Problems that have no form in a file, and sources that trip the reader: none of them ends the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pipelines.scrape_pipeline
from pipelines.scrape_pipeline import StoredOutcome, StoredProblem, _ReadSource, _write_task_set
from pipelines.stored_lines import LineWriter, read_place
from scraping.problem import ProblemRejection
from scraping.problem_tasks import task_id
from tasks.files import read_json_lines
from tasks.record import Task
from tests.sandbox.samples import make_task


def _problem(title: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": title,
        "url": f"https://example.org/{title}",
        "tests": [{"input": "1\n", "output": "2\n"}],
        "input": {"type": "stdin"},
        "output": {"type": "stdout"},
        **changes,
    }


def _read(folder: Path, source: str) -> list[Any]:
    reader = _ReadSource(folder / "run")
    reader.setup()
    try:
        return list(reader.process((0, source)))
    finally:
        reader.teardown()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "\ud800"},
        {"tests": [{"input": "\udfff", "output": ""}]},
        {"input": {"type": "file", "fileName": ["in"]}},
    ],
)
def test_what_has_no_form_in_a_file_costs_one_problem(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "p.json").write_text(json.dumps([_problem("a", **changes), _problem("b")]))
    bad, good = _read(tmp_path, f"competitive-companion:{tmp_path / 'p.json'}")
    assert isinstance(good, StoredProblem)
    rejection = read_place(bad.value.place, ProblemRejection)
    assert (bad.tag, rejection.reason, rejection.problem_id) == (
        "rejected",
        "malformed",
        bad.value.problem_id,
    )


def test_messages_about_problems_are_printable(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        json.dumps([_problem("a", url="https://example.org/\x1b[2J\ud800", tests=0)])
    )
    (bad,) = _read(tmp_path, f"competitive-companion:{tmp_path / 'p.json'}")
    rejection = read_place(bad.value.place, ProblemRejection)
    assert (rejection.problem_id + rejection.where + rejection.detail).isprintable()


def test_a_source_that_nobody_foresaw_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: str) -> None:
        raise RuntimeError("odd\n")

    monkeypatch.setattr(pipelines.scrape_pipeline, "read_source", fail)
    (failed,) = _read(tmp_path, "x")
    assert (failed.tag, failed.value.source) == ("failed", "x")
    assert "RuntimeError: odd" in failed.value.message and failed.value.message.isprintable()


def test_no_two_tasks_of_a_run_have_one_name(tmp_path: Path) -> None:
    writer = LineWriter(tmp_path / "made.jsonl")
    made = [
        StoredOutcome(
            0, problem_id, "task", writer.append(replace(make_task([]), task_id=task_id(problem_id)))
        )
        for problem_id in ("a:b/c", "a/b:c")
    ]
    writer.close()
    _write_task_set(None, tmp_path, ["s"], "landlock", [], [], made)
    assert [task.task_id for task in read_json_lines(tmp_path / "tasks.jsonl", Task)] == ["a/b/c"]
    (rejected,) = read_json_lines(tmp_path / "rejected.jsonl", ProblemRejection)
    assert rejected.reason == "duplicate_problem"
