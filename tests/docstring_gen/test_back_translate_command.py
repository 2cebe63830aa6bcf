"""From recorded samples to the figure with all five choices, by a model that was trained for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.commands import main
from tasks.files import read_json_lines, write_json_lines
from tests.docstring_gen.tiny_codex_d import body, family

_SAMPLES = 6


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _rows(file: Path) -> list[dict[str, Any]]:
    return list(read_json_lines(file, dict[str, Any]))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of each task, the right one among them, with verdicts from the sandbox."""
    folder = tmp_path_factory.mktemp("samples")
    tasks = family()
    write_json_lines(folder / "tasks.jsonl", tasks)
    samples = []
    for place, task in enumerate(tasks):
        right = place % 8 + 1
        for index in range(_SAMPLES):
            sign = ("+", "-")[(place // 8 + (index == 1)) % 2]
            sampled = body(sign, right if index < 2 else (right + index) % 8 + 1)
            logprobs = {"logprob_sum": -float(index), "logprob_mean": -float((index + place) % _SAMPLES)}
            samples.append({"task_id": task.task_id, "completion": sampled, "index": index, **logprobs})
    write_json_lines(folder / "samples.jsonl", samples)
    done = _run(
        *("evaluate", "--tasks", folder / "tasks.jsonl", "--samples", folder / "samples.jsonl"),
        *("-o", folder / "results.jsonl", "--k", "1", "--workers", "1"),
    )
    assert done.exit_code == 0, done.output
    return folder


def test_one_set_of_samples_gives_the_curves_of_all_five_choices(
    judged: Path, codex_d: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
    ranked = tmp_path / "ranked.jsonl"
    scored = _run(
        *("back-translate", judged / "results.jsonl", "--tasks", judged / "tasks.jsonl"),
        *("--model", codex_d, "-o", ranked, "--device", "cpu"),
    )
    assert scored.exit_code == 0, scored.output
    assert f"{16 * _SAMPLES} of {16 * _SAMPLES} samples scored" in scored.output
    before, after = _rows(judged / "results.jsonl"), _rows(ranked)
    assert [{**row, "scores": {}, "back_translation": {}} for row in before] == [
        {**row, "scores": {}, "back_translation": {}} for row in after
    ]
    assert all(
        row["scores"]["back_translation"] == row["back_translation"]["logprob_sum"] < 0 for row in after
    )
    compared = _run("compare", f"base={ranked}", "-o", tmp_path / "report", "--k", "1,6")
    assert compared.exit_code == 0, compared.output
    report = json.loads((tmp_path / "report/report.json").read_text())
    curves = {each["score"]: each for each in report["runs"][0]["rankings"]}
    assert set(curves) == {
        "oracle",
        "mean log-probability",
        "sum of log-probabilities",
        "back_translation",
        "random",
    }
    at_six = {name: curve["points"]["6"]["value"] for name, curve in curves.items()}
    # one of six samples is right: the tiny model finds it nearly always, what was made up does not
    assert at_six["random"] == pytest.approx(1 / 6)
    assert at_six["oracle"] == 1.0
    assert at_six["back_translation"] > 0.7
    assert at_six["mean log-probability"] < 0.5
    assert (tmp_path / "report/ranking.png").stat().st_size > 10_000


def test_what_has_no_score_is_counted_and_what_was_scored_is_not_scored_again(
    judged: Path, codex_d: Path, tmp_path: Path
) -> None:
    results = _rows(judged / "results.jsonl")[:4]
    results[0]["completion"] = "    # Add 1 to x and return it.\n    return x\n"
    results[1]["completion"] = "    return x\n" * 40
    results[2] = {"task_id": results[2]["task_id"], "solution": "def f(x): return x\n", "passed": False}
    write_json_lines(tmp_path / "results.jsonl", results)
    arguments = ("back-translate", tmp_path / "results.jsonl", "--tasks", judged / "tasks.jsonl", "--model")
    output = ("-o", tmp_path / "ranked.jsonl", "--device", "cpu")
    done = _run(*arguments, codex_d, *output)
    assert done.exit_code == 0, done.output
    assert "1 of 4 samples scored" in done.output
    for reason in ("docstring_in_code", "too_long", "not_after_the_prompt"):
        assert f"without a score: 1 samples, {reason}" in done.output
    rows = _rows(tmp_path / "ranked.jsonl")
    assert [row["scores"]["back_translation"] is None for row in rows] == [True, True, True, False]
    assert rows[1]["back_translation"]["refused"] == "too_long"
    missing = _run(*arguments, tmp_path / "absent", *output)
    assert missing.exit_code == 2
    assert "cannot be loaded" in missing.output


def test_scores_are_taken_from_the_journal_of_an_interrupted_run(
    judged: Path, codex_d: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from docstring_gen.back_translation import BackTranslator

    batches = []
    whole = BackTranslator._batch

    def stops(self: BackTranslator, rows: Any) -> Any:
        batches.append(len(rows))
        if len(batches) == 3:
            raise KeyboardInterrupt
        return whole(self, rows)

    monkeypatch.setattr(BackTranslator, "_batch", stops)
    arguments = ("back-translate", judged / "results.jsonl", "--tasks", judged / "tasks.jsonl")
    arguments += ("--model", codex_d, "--device", "cpu", "--cells", 500, "-o", tmp_path / "ranked.jsonl")
    stopped = _run(*arguments)
    assert stopped.exit_code == 2
    assert "goes on where this one stopped" in stopped.output
    assert not (tmp_path / "ranked.jsonl").exists()
    done = sum(batches[:2])
    again = _run(*arguments)
    assert again.exit_code == 0, again.output
    different = {(row["task_id"], row["completion"]) for row in _rows(judged / "results.jsonl")}
    assert sum(batches[3:]) == len(different) - done
    assert list(tmp_path.iterdir()) == [tmp_path / "ranked.jsonl"]
