"""A real package from the index, and OpenAI's own harness on what comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from filters.well_formed import STOP_SEQUENCES
from sandbox.interface import Sandbox
from tasks.files import read_json_lines
from tasks.humaneval import HumanEvalRow
from tests.pipelines.command import codex_sft


@pytest.fixture(scope="module")
def rows(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> list[HumanEvalRow]:
    output = tmp_path_factory.mktemp("inflection")
    # with the Python that the harness runs by: what inspects functions differs between versions
    options = ("--python", sys.executable, "--output", output)
    shown = codex_sft("trace", "pypi:inflection==0.5.1", "pypi:toolz==1.2.0", *options)
    assert shown.returncode == 0, shown.stderr
    shown = codex_sft("export", output, "--format", "humaneval", "--include-undocumented")
    assert shown.returncode == 0, shown.stderr
    return list(read_json_lines(output / "humaneval.jsonl", HumanEvalRow))


def _pass_at_1(rows: list[HumanEvalRow], completion: Callable[[HumanEvalRow], str], folder: Path) -> float:
    problems = folder / "problems.jsonl"
    samples = folder / "samples.jsonl"
    problems.write_text(
        "".join(
            json.dumps({name: getattr(row, name) for name in row.__dataclass_fields__}) + "\n" for row in rows
        )
    )
    samples.write_text(
        "".join(json.dumps({"task_id": row.task_id, "completion": completion(row)}) + "\n" for row in rows)
    )
    harness = Path(sys.executable).with_name("evaluate_functional_correctness")
    subprocess.run(
        [harness, samples, f"--problem_file={problems}"], check=True, capture_output=True, timeout=300
    )
    results = [json.loads(line) for line in Path(f"{samples}_results.jsonl").read_text().splitlines()]
    assert len(results) == len(rows)
    return sum(bool(result["passed"]) for result in results) / len(results)


def test_canonical_solutions_pass_and_empty_ones_fail(rows: list[HumanEvalRow], tmp_path: Path) -> None:
    assert _pass_at_1(rows, lambda row: row.canonical_solution, tmp_path) == 1.0
    assert _pass_at_1(rows, lambda row: "    return None\n", tmp_path) == 0.0


def test_each_project_gives_its_share(rows: list[HumanEvalRow]) -> None:
    inflection = [row for row in rows if row.task_id.startswith("inflection-0.5.1/")]
    assert len(inflection) >= 8
    assert len(rows) - len(inflection) >= 40


def test_the_rows_keep_to_the_format(rows: list[HumanEvalRow]) -> None:
    for row in rows:
        assert row.prompt.endswith("\n")
        assert row.entry_point != "check"
        assert not any(stop in row.canonical_solution for stop in STOP_SEQUENCES)
        assert "import toolz" not in row.prompt
        compile(row.prompt + row.canonical_solution, row.task_id, "exec")
        assert "candidate" in row.test
    assert len({row.task_id for row in rows}) == len(rows)
