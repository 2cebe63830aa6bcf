"""The command that filters: the same with any number of workers, after a kill, and by another recipe."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.commands import main
from tasks.files import write_json_lines
from tasks.record import Expected, Provenance, Task, TestCase
from tests.pipelines.command import COMMAND
from tests.sampling.server_process import CompletionsServer

_PAPER_ONLY = """\
defaults = false
[undecided]
measure = "samples.decision"
one_of = ["kept", "dropped"]
[reference_fails]
measure = "samples.reason"
one_of = ["sample_passes", "no_sample_passes"]
[no_sample_passes]
measure = "samples.passed"
minimum = 1
"""
_FROM = Provenance("task_file", "test")
_RIGHT = "    return x * x\n"
_WRONG = ["    return x\n", "    return x +\n", "    return None\n", "    return x + x\n", "    return y\n"]
_KINDS = {
    "easy": [_RIGHT],
    "mixed": [_RIGHT, *_WRONG],
    "hard": _WRONG,
    "ambiguous": ["    return x ** 3\n", "    return x * x * x\n", "    return pow(x, 3)\n"],
    "broken": [f"    return helper{n}(x)\n" for n in range(3)],
}


def _task(kind: str, number: int) -> Task:
    cases = [TestCase([n], {}, Expected("returned", n * n)) for n in (2, 3, 5)]
    solution = "    return 1\n" if kind == "wrong" else _RIGHT
    return Task(f"{kind}/{number}", f"def {kind}{number}(x):\n", f"{kind}{number}", solution, cases, _FROM)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    made = [_task(kind, number) for kind in (*_KINDS, "wrong") for number in range(4)]
    write_json_lines(folder / "tasks.jsonl", made)
    (folder / "recipe.toml").write_text(_PAPER_ONLY)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CompletionsServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    made = CompletionsServer(folder)
    yield made
    made.kill()


def _texts() -> dict[str, list[str]]:
    return {f"def {kind}{n}(x):\n": texts for kind, texts in _KINDS.items() for n in range(4)}


def _arguments(tasks: Path, engine: str, output: Path, *rest: object) -> list[str]:
    arguments = ["filter", "--tasks", tasks, "--engine", engine, "-o", output, "--limit", 20]
    arguments += ["--recipe", tasks / "recipe.toml", *rest]
    arguments += ["--sandbox", "bubblewrap", "--model", "echo-1"]
    return [str(argument) for argument in arguments]


def _filter(tasks: Path, engine: str, output: Path, *rest: object) -> Result:
    return CliRunner().invoke(main, _arguments(tasks, engine, output, *rest))


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _told(output: Path) -> dict[str, Any]:
    """What a run found, without times."""
    samples = {
        (row["task_id"], row["index"]): (
            row["completion"],
            row["verdict"],
            row["passed"],
            row["logprob_mean"],
        )
        for row in _rows(output / "samples.jsonl")
    }
    assert len(samples) == len(_rows(output / "samples.jsonl"))
    rows = {name: _rows(output / f"{name}.jsonl") for name in ("tasks", "rejected", "measured")}
    for row in rows["measured"]:
        del row["cpu_seconds"]
    return {"samples": samples, **rows}


def test_tasks_are_kept_rejected_and_diagnosed_the_same_by_one_worker_and_by_three(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(texts=_texts())
    engine = f"openai:{server.url}"
    done = _filter(tasks, engine, tmp_path / "one", "--workers", 1, "--price", 1, 1)
    assert done.exit_code == 0, done.output
    assert "for each task that is kept" in done.output
    kept = [row["task_id"].partition("/")[0] for row in _rows(tmp_path / "one" / "tasks.jsonl")]
    assert kept == ["easy"] * 4 + ["mixed"] * 4
    rejected = _rows(tmp_path / "one" / "rejected.jsonl")
    found = {(row["task_id"].partition("/")[0], row["reason"], row["diagnosis"]) for row in rejected}
    assert found == {
        ("hard", "no_sample_passes", "too_hard"),
        ("ambiguous", "no_sample_passes", "ambiguous"),
        ("broken", "no_sample_passes", "broken_prompt"),
        ("wrong", "reference_fails", None),
    }
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    rejecting = {(row["stage"], row["reason"]): row["tasks"] for row in manifest["funnel"]}
    assert rejecting == {("samples", "no_sample_passes"): 12, ("samples", "reference_fails"): 4}
    assert manifest["kept"] == 8
    assert manifest["usage"]["cost"] > 0
    assert manifest["samples"] == len(_rows(tmp_path / "one" / "samples.jsonl"))
    assert _filter(tasks, engine, tmp_path / "three", "--workers", 3).exit_code == 0
    assert _told(tmp_path / "one") == _told(tmp_path / "three")


def test_another_recipe_measures_nothing_again(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(texts=_texts())
    engine, output = f"openai:{server.url}", tmp_path / "out"
    assert _filter(tasks, engine, output, "--exhaustive").exit_code == 0
    before = (output / "measured.jsonl").read_text()
    server.kill()
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'defaults = false\n[no_sample_passes]\nmeasure = "samples.passed"\nminimum = 1\n'
        '[too_easy]\nmeasure = "samples.pass_rate"\nmaximum = 0.95\nunknown = "keep"\n'
    )
    done = _filter(tasks, engine, output, "--exhaustive", "--recipe", recipe)
    assert done.exit_code == 0, done.output
    reasons = {row["task_id"].partition("/")[0]: row["reason"] for row in _rows(output / "rejected.jsonl")}
    assert reasons["easy"] == "too_easy"
    assert {row["task_id"].partition("/")[0] for row in _rows(output / "tasks.jsonl")} == {"mixed"}
    assert (output / "measured.jsonl").read_text() == before


def _wait_for_hang(server: CompletionsServer, client: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 500
    while not any(each["fault"] == "hang" for each in server.requests()):
        assert client.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(texts=_texts())
    whole = tmp_path / "whole"
    assert _filter(tasks, f"openai:{server.url}", whole).exit_code == 0
    server.kill()
    asked = len(server.requests())
    server.start(faults=[*[None] * (asked // 2), *["hang"] * 40])
    arguments = _arguments(tasks, f"openai:{server.url}", tmp_path / "out", "--workers", 2)
    client = subprocess.Popen([str(COMMAND), *arguments], stdout=subprocess.DEVNULL)
    _wait_for_hang(server, client)
    client.kill()
    client.wait()
    server.kill()
    server.start()
    assert _filter(tasks, f"openai:{server.url}", tmp_path / "out", "--workers", 2).exit_code == 0
    assert _told(whole) == _told(tmp_path / "out")


def test_a_server_killed_and_started_again_in_the_middle_loses_and_doubles_nothing(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(texts=_texts())
    whole = tmp_path / "whole"
    assert _filter(tasks, f"openai:{server.url}", whole).exit_code == 0
    tokens = json.loads((whole / "manifest.json").read_text())["usage"]["completion_tokens"]
    server.kill()
    asked = len(server.requests())
    server.start(faults=[*[None] * (asked // 2), *["hang"] * 40])
    arguments = _arguments(tasks, f"openai:{server.url}", tmp_path / "out", "--workers", 2)
    client = subprocess.Popen([str(COMMAND), *arguments], stdout=subprocess.DEVNULL)
    _wait_for_hang(server, client)
    server.kill()
    server.start()
    assert client.wait(timeout=500) == 0
    assert _told(whole) == _told(tmp_path / "out")
    assert (
        json.loads((tmp_path / "out" / "manifest.json").read_text())["usage"]["completion_tokens"] == tokens
    )


def test_a_server_that_is_gone_ends_the_run_with_a_message(tasks: Path, tmp_path: Path) -> None:
    done = _filter(tasks, "openai:http://127.0.0.1:1/v1", tmp_path / "out", "--patience", 0)
    assert done.exit_code == 1  # tasks whose reference fails are decided without it
    assert "did not answer" in done.stderr
    assert "the same command goes on" in done.stderr


def test_recorded_samples_give_the_same_decisions_in_portions_and_all_at_once(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(texts=_texts())
    samples = tmp_path / "samples.jsonl"
    arguments = ["sample", "--tasks", tasks, "--engine", f"openai:{server.url}", "-n", 20, "-o", samples]
    assert CliRunner().invoke(main, [str(each) for each in arguments]).exit_code == 0
    server.kill()
    decided = []
    for output, rest in ((tmp_path / "portions", ()), (tmp_path / "all", ("--exhaustive",))):
        assert _filter(tasks, f"recorded:{samples}", output, *rest).exit_code == 0
        decided.append([row["task_id"] for row in _rows(output / "tasks.jsonl")])
    assert decided[0] == decided[1]
    drawn = [len(_rows(tmp_path / name / "samples.jsonl")) for name in ("portions", "all")]
    assert drawn[0] < drawn[1] == 20 * 20
