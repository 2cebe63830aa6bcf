"""The comparison that is made for GPUs, from end to end in a tiny form."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from benchmarks import gpu_models  # noqa: E402
from sandbox.interface import Sandbox  # noqa: E402
from sft.tokenizer import train_tokenizer  # noqa: E402
from tasks.files import read_json_lines, write_json_lines  # noqa: E402
from tasks.record import Expected, TestCase  # noqa: E402
from tests.sft.small_corpus import small_corpus  # noqa: E402
from tests.sft.task_texts import spread_tasks  # noqa: E402


def _run(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu_models", *arguments])
    gpu_models.main()


def test_three_models_of_a_size_are_trained_sampled_and_compared(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    quick_backend: Sandbox,
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    corpus = small_corpus(tmp_path / "corpus")
    texts = [file.text for file in corpus.files("train")]
    train_tokenizer(texts, 700).save_pretrained(tmp_path / "tokenizer")
    tasks = spread_tasks(16)
    write_json_lines(tmp_path / "tasks.jsonl", tasks[2:])
    judged = [
        replace(task, tests=[TestCase([1], {}, Expected("returned", value)) for value in (2,)])
        for task in tasks[:2]
    ]
    write_json_lines(tmp_path / "test.jsonl", judged)
    arguments = [
        str(tmp_path / "corpus"),
        *("-o", str(tmp_path / "out"), "--tokenizer", str(tmp_path / "tokenizer")),
        *("--tasks", str(tmp_path / "tasks.jsonl"), "--test", f"small={tmp_path / 'test.jsonl'}"),
        *("--preset", "0.1m", "--base-tokens", "4096", "--passes", "2"),
        *("-n", "4", "--max-tokens", "8", "--temperature", "0.2", "0.8"),
    ]
    _run(monkeypatch, [*arguments, "--until", "sampled"])
    assert not (tmp_path / "out/report.json").exists()
    times = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.safetensors")}
    assert len({file.parent.parent.name for file in times} & {"base", "control", "codex-s"}) == 3
    settings = {
        arm: json.loads((tmp_path / f"out/0.1m/{arm}/{name}.json").read_text())
        for arm, name in (("codex-s", "outcome"), ("control", "result"))
    }
    assert settings["control"]["steps"] == settings["codex-s"]["steps"]

    _run(monkeypatch, arguments)
    assert times == {file: file.stat().st_mtime_ns for file in times}, "nothing is trained again"
    report: list[dict[str, Any]] = json.loads((tmp_path / "out/report.json").read_text())
    assert [(row["size"], row["test"], row["k"]) for row in report] == [
        ("0.1m", "small", 1),
        ("0.1m", "small", 4),
    ]
    for row in report:
        assert set(row["best"]) == {"base", "control", "codex-s"}
        assert row["gain"]["base"]["at_best"]
        assert row["best"]["base"]["temperatures"] == 2
    results = sorted((tmp_path / "out/0.1m/samples").glob("*_results.jsonl"))
    assert len(results) == 6
    assert all(len(list(read_json_lines(file, dict[str, Any]))) == 8 for file in results)
    assert "pass@k in %" in capsys.readouterr().out
    torch.set_num_threads(threads)


def test_how_much_fits_into_the_minutes_is_measured_once(tmp_path: Path) -> None:
    from rich.console import Console

    corpus = small_corpus(tmp_path / "corpus", files=200)
    texts = [file.text for file in corpus.files("train")]
    train_tokenizer(texts, 700).save_pretrained(tmp_path / "tokenizer")
    plan = gpu_models.Plan(
        tmp_path,
        str(tmp_path / "corpus"),
        str(tmp_path / "tokenizer"),
        (),
        {},
        0.05,
        None,
        1,
        1,
        1,
        (0.8,),
        8,
        None,
    )
    tokens = gpu_models._base_tokens(plan, "0.1m", Console(quiet=True))
    assert tokens % 1024 == 0
    assert tokens > 0
    (tmp_path / "0.1m/base_tokens.json").write_text("2048")
    assert gpu_models._base_tokens(plan, "0.1m", Console(quiet=True)) == 2048
