"""The ``codex-sft building-blocks`` command, as users run it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from evaluation.evaluation_files import read_tasks
from pipelines.building_blocks_command import building_blocks
from sandbox.interface import Sandbox
from tests.pipelines.command import codex_sft


def test_its_sets_can_be_sampled_and_evaluated(tmp_path: Path, quick_backend: Sandbox) -> None:
    output = tmp_path / "blocks.jsonl"
    made = codex_sft(
        *("building-blocks", "--length", "1-2", "--count", 3, "--held-out", 2, "--longer", "3"),
        *("--form", "humaneval", "--output", output),
    )
    assert made.returncode == 0, made.stderr
    assert f"6 tasks: {output}" in made.stdout
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "blocks.jsonl",
        *(f"blocks.{name}.jsonl" for name in ("longer", "unseen_chains", "unseen_pairs")),
    ]
    longer = tmp_path / "blocks.longer.jsonl"
    tasks = read_tasks(longer)
    samples = tmp_path / "samples.jsonl"
    samples.write_text(
        "".join(
            json.dumps({"task_id": task.task_id, "completion": completion}) + "\n"
            for task in tasks.values()
            for completion in (task.canonical_solution, "    return s\n")
        )
    )
    judged = codex_sft("evaluate", "--tasks", longer, "--samples", samples, "--sandbox", quick_backend.name)
    assert judged.returncode == 0, judged.stderr
    assert "pass@1: 0.5000" in judged.stdout


def test_what_is_asked_wrongly_is_refused(tmp_path: Path) -> None:
    for arguments, words in (
        (("--length", "3-1"), "1-7"),
        (("--length", "14"), "from 1 to 13"),
        (("--longer", "8"), "--held-out"),
    ):
        shown = CliRunner().invoke(building_blocks, [*arguments, "--output", str(tmp_path / "blocks.jsonl")])
        assert shown.exit_code == 2
        assert words in shown.output
    assert not list(tmp_path.iterdir())
