"""The loop, in small and end to end: three arms with intervals, and the same numbers after a kill."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.loop_stages import Stage, StageRecord, StageRunner
from pipelines.user_error import UserError
from sandbox.interface import Sandbox
from tasks.files import read_json
from tests.pipelines.command import COMMAND, codex_sft
from tests.sft.small_corpus import small_corpus

for needed in ("torch", "transformers", "trl"):
    pytest.importorskip(needed)


def _numbers(folder: Path) -> dict[str, Any]:
    """What a report tells but for what clocks do."""
    report = read_json(folder / "report.json", dict[str, Any])
    for outcome in (*report["codex_s"], report["codex_d"]):
        del outcome["seconds"]
    names = ("filtered", "codex_s", "codex_d", "sets", "docstrings", "descriptions", "choices")
    return {name: report[name] for name in names}


def test_three_arms_are_told_and_a_killed_loop_goes_on(tmp_path: Path, quick_backend: Sandbox) -> None:
    corpus = small_corpus(tmp_path / "corpus", 400)
    folder = tmp_path / "loop"
    arguments = [
        *("loop", "-o", folder, "--corpus", corpus.path, "--no-projects", "--seeds", 1, "-n", 2),
        *("--train-chains", 13, "--test-chains", 2, "--passes", 1, "--limit", 4),
        *("--sandbox", quick_backend.name),
    ]
    first = subprocess.Popen([str(COMMAND), *map(str, arguments)], stdout=subprocess.DEVNULL)
    while not (folder / "codex-s" / "seed-0" / "settings.json").exists():  # its training has begun
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not (folder / "report.json").exists()
    done = codex_sft(*arguments)
    assert done.returncode == 0, done.stderr
    assert "filter-blocks                done before" in done.stdout
    after_kill = _numbers(folder)

    blocks = after_kill["sets"]["blocks"]
    arms = {each["arm"]: each for each in blocks["arms"] if each["k"] == 1}
    assert list(arms) == ["base", "control", "codex-s"]
    for arm in arms.values():
        estimate = arm["estimate"]
        assert estimate["tasks"] == blocks["tasks"] > 4
        assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
    pairs = {(each["arm"], each["against"]) for each in blocks["differences"]}
    assert pairs == {("control", "base"), ("codex-s", "base"), ("codex-s", "control")}
    assert (
        after_kill["codex_s"][0]["steps"]
        == read_json(folder / "control" / "seed-0" / "result.json", dict[str, Any])["steps"]
    )
    assert after_kill["docstrings"]["gain"]["tasks"] == blocks["tasks"]
    told = after_kill["descriptions"]
    assert told["written"] == 2 * blocks["tasks"]
    assert told["solved"] <= told["judged"] <= told["written"] - told["marked_wrong"]
    scores = [each["score"] for each in after_kill["choices"]]
    assert scores == [
        *("oracle", "mean log-probability", "sum of log-probabilities"),
        *("back_translation", "random"),
    ]
    assert "control" in done.stdout
    assert "[" in done.stdout
    assert (folder / "codex-s" / "seed-0" / "curves.png").read_bytes().startswith(b"\x89PNG")

    for part in ("report", "samples", "codex-s", "control", "codex-d"):
        shutil.rmtree(folder / part)
    (folder / "report.json").unlink()
    for record in (folder / "stages").glob("*.json"):
        if record.stem not in ("blocks", "filter-blocks"):
            record.unlink()
    assert codex_sft(*arguments).returncode == 0
    assert _numbers(folder) == after_kill

    other = codex_sft(*arguments[:-2])
    assert other.returncode == 2
    assert "holds another loop (sandbox was" in other.stderr


def test_a_stage_that_fails_ends_the_loop_with_its_words(tmp_path: Path) -> None:
    told: list[tuple[StageRecord, bool]] = []

    def chain(*stages: Stage) -> Any:
        yield from stages

    missing = Stage("missing", ("evaluate", "--tasks", str(tmp_path / "none"), "--samples", "none"))
    made = Stage("made", ("building-blocks", "--length", "1", "-o", str(tmp_path / "blocks.jsonl")))
    with (
        pytest.raises(UserError, match=r"missing failed(.|\n)*No such file"),
        StageRunner(tmp_path, 1, lambda record, known: told.append((record, known))) as runner,
    ):
        runner.run(chain(made, missing))
    with StageRunner(tmp_path, 1, lambda record, known: told.append((record, known))) as runner:
        runner.run(chain(made))
    assert [(record.name, known) for record, known in told] == [("made", False), ("made", True)]
