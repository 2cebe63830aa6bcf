"""Problems that have no form in a file, and sources that trip the reader: none of them ends the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pipelines.scrape_pipeline
from pipelines.scrape_pipeline import StoredProblem, _ReadSource
from pipelines.stored_lines import read_place
from scraping.problem import ProblemRejection


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
