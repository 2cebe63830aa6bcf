"""The ``codex-sft compare`` command, as users run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.block_chains import ChainPlan, make_chains
from pipelines.compare_command import compare
from tasks.files import write_json_lines
from tests.pipelines.command import codex_sft

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
pytest.importorskip("sacrebleu", reason="the extra `report` is not installed")

_FIGURES = ("bleu", "chain_length", "filtered_pass_at_k", "pass_at_k", "ranking", "temperature")


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, list[Path]]:
    """Made-up results on real tasks: a run passes every second and fifth sample, the other every second."""
    tasks = make_chains(ChainPlan((1, 2), 4)).tasks["chains"]
    write_json_lines(tmp_path / "tasks.jsonl", tasks)
    found: dict[str, list[Path]] = {}
    for label, modulus in (("base", 5), ("s", 2)):
        for temperature in (0.2, 0.8):
            path = tmp_path / f"{label}-{temperature}_results.jsonl"
            rows = [
                {
                    "task_id": task.task_id,
                    "completion": task.canonical_solution if index % modulus == 0 else "    return s\n",
                    "passed": index % modulus == 0,
                    "passed_examples": index % modulus < 2,
                    "logprob_mean": -1 / (1 + index),
                    "logprob_sum": -float(index),
                    "parameters": {"temperature": temperature},
                }
                for task in tasks
                for index in range(10)
            ]
            write_json_lines(path, rows)
            found.setdefault(label, []).append(path)
    return found


def test_it_writes_a_report_and_figures_and_prints_tables(
    runs: dict[str, list[Path]], tmp_path: Path
) -> None:
    output = tmp_path / "report"
    shown = codex_sft(
        "compare",
        *(f"{label}={path}" for label, paths in runs.items() for path in paths),
        *("--tasks", tmp_path / "tasks.jsonl", "--k", "1,10", "--output", output),
        environment={"COLUMNS": "150"},
    )
    assert shown.returncode == 0, shown.stderr
    report = json.loads((output / "report.json").read_text())
    values = {run["label"]: run["best"]["1"]["estimate"]["value"] for run in report["runs"]}
    assert values == pytest.approx({"base": 0.2, "s": 0.5})
    assert len(report["differences"]) == 2 * 3
    # all that passed is the reference, and what failed is nearly none of it
    assert report["bleu"]["s"]["passed"]["mean"] == pytest.approx(1.0)
    assert report["bleu"]["s"]["chance_of_higher"] == 1.0
    assert re.search(r"│ s +│ best +│ 10 +│ 8 +│ 50\.0 \[50\.0, 50\.0\] T=0\.2", shown.stdout), shown.stdout
    assert "+30.0 [+30.0, +30.0]" in shown.stdout
    assert sorted(path.stem for path in output.glob("*.png")) == list(_FIGURES)
    for figure in output.glob("*.png"):
        assert _colours(figure) > 20, f"{figure.name} is empty"


def _colours(figure: Path) -> int:
    from matplotlib.image import imread

    pixels = imread(figure)
    assert pixels.shape[0] > 300
    return len({tuple(pixel) for row in pixels[::7] for pixel in row[::7].tolist()})


def test_without_figures_and_labels_the_report_is_written_alone(
    runs: dict[str, list[Path]], tmp_path: Path
) -> None:
    output = tmp_path / "report"
    shown = codex_sft("compare", runs["s"][0], "--no-figures", "--output", output)
    assert shown.returncode == 0, shown.stderr
    assert [path.name for path in output.iterdir()] == ["report.json"]
    (run,) = json.loads((output / "report.json").read_text())["runs"]
    assert run["label"] == "s-0.2"


def test_what_cannot_be_compared_is_told(runs: dict[str, list[Path]], tmp_path: Path) -> None:
    other_tasks = tmp_path / "others.jsonl"
    write_json_lines(other_tasks, make_chains(ChainPlan((3,), 1)).tasks["chains"])
    for arguments, words in (
        ((tmp_path / "absent.jsonl",), "absent.jsonl"),
        ((tmp_path / "tasks.jsonl",), "codex-sft evaluate"),
        ((runs["s"][0], "--tasks", other_tasks), "none of the compared tasks"),
        ((runs["s"][0], "--k", "0"), "whole numbers"),
    ):
        shown = CliRunner().invoke(compare, [*map(str, arguments), "--output", str(tmp_path / "report")])
        assert shown.exit_code == 2, shown.output
        assert words in shown.output
    assert not (tmp_path / "report").exists()
