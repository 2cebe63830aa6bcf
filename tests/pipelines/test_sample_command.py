"""The command that samples: server and client processes, killed in the middle, lose and double nothing."""

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
from sampling.engine import Request, seed_at
from tests.pipelines.command import COMMAND, codex_sft
from tests.sampling.completions_server import draw
from tests.sampling.server_process import CompletionsServer

_TEXTS = ["    return x\n", "    return x + 1\n", "    y = x\n    return y\n\ndef g():\n", "    pass\n"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CompletionsServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    made = CompletionsServer(folder)
    yield made
    made.kill()


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    rows = [
        {
            "task_id": f"t/{number}",
            "prompt": f"def f{number}(x):\n",
            "entry_point": f"f{number}",
            "canonical_solution": "    return x\n",
            "test": "def check(candidate):\n    assert candidate(1) == 1\n",
        }
        for number in range(12)
    ]
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def _samples(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _assert_complete(file: Path, count: int) -> None:
    """Every place once, with the text that the server draws there for its seed."""
    rows = _samples(file)
    places = [(row["task_id"], row["index"]) for row in rows]
    assert sorted(places) == sorted((f"t/{task}", index) for task in range(12) for index in range(count))
    for row in rows:
        number = row["task_id"].partition("/")[2]
        first = row["index"]
        while first and row["seed"] != seed_at(Request(row["task_id"], "", 1), first):
            first -= 1
        whole = draw(_TEXTS, f"def f{number}(x):\n", row["seed"], row["index"] - first)
        assert row["completion"] == whole.partition("\ndef")[0]


def _in_process(*arguments: object) -> Result:
    """The command within this process, where none is to be killed."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _wait_for(server: CompletionsServer, fault: str, client: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + 60
    while not any(each["fault"] == fault for each in server.requests()):
        assert client.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_samples_are_drawn_told_and_judged(server: CompletionsServer, tasks: Path, tmp_path: Path) -> None:
    server.start(faults=[429, "short", 500, "drop"])
    file = tmp_path / "samples.jsonl"
    arguments = ("sample", "--tasks", tasks, "--engine", f"openai:{server.url}", "-n", 4, "-o", file)
    done = codex_sft(*arguments, "--price", "1000000", "2000000")
    assert done.returncode == 0, done.stderr
    assert "48 samples drawn" in done.stdout
    assert "cost" in done.stdout
    _assert_complete(file, 4)
    again = codex_sft(*arguments)
    assert "0 samples drawn" in again.stdout
    judged = codex_sft("evaluate", "--tasks", tasks, "--samples", file, "--k", "1", "--sandbox", "bubblewrap")
    assert "pass@1" in judged.stdout, judged.stderr


def test_a_killed_client_goes_on_where_it_stopped(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(faults=[None, None, None, "short", "hang"])
    file = tmp_path / "samples.jsonl"
    arguments = ["sample", "--tasks", tasks, "--engine", f"openai:{server.url}", "-n", 3, "-o", file]
    arguments += ["--concurrency", 1]
    client = subprocess.Popen([str(COMMAND), *map(str, arguments)], stdout=subprocess.DEVNULL)
    _wait_for(server, "hang", client)
    client.kill()
    client.wait()
    assert len(_samples(file)) == 9
    with file.open("a") as stream:
        stream.write('{"task_id": "t/3", "comple')
    assert codex_sft(*arguments).returncode == 0
    _assert_complete(file, 3)


def test_a_killed_server_costs_nothing_that_was_drawn(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(faults=[None, None, "short", "hang"])
    file = tmp_path / "samples.jsonl"
    arguments = ["sample", "--tasks", tasks, "--engine", f"openai:{server.url}", "-n", 4, "-o", file]
    arguments += ["--concurrency", 1, "--model", "echo-1"]
    client = subprocess.Popen(
        [str(COMMAND), *map(str, arguments), "--patience", "0"], stderr=subprocess.PIPE, text=True
    )
    _wait_for(server, "hang", client)
    server.kill()
    _, errors = client.communicate(timeout=60)
    assert client.returncode == 1
    assert "the same command goes on" in errors
    assert len(_samples(file)) == 4 + 4 + 2
    server.start()
    assert codex_sft(*arguments).returncode == 0
    _assert_complete(file, 4)


def test_a_client_waits_for_a_server_that_comes_back(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start(faults=[None, "hang"])
    file = tmp_path / "samples.jsonl"
    arguments = ["sample", "--tasks", tasks, "--engine", f"openai:{server.url}", "-n", 2, "-o", file]
    client = subprocess.Popen([str(COMMAND), *map(str, arguments)], stdout=subprocess.DEVNULL)
    _wait_for(server, "hang", client)
    server.kill()
    server.start()
    assert client.wait(timeout=120) == 0
    _assert_complete(file, 2)


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("nothing", "names no engine"),
        ("openai:localhost:1", "no URL"),
        ("openai:http://127.0.0.1:1/v1", "does not answer"),
        ("recorded:missing.jsonl", "No such file"),
        ("vllm:model", "codex-sft[vllm]"),
    ],
)
def test_engines_that_cannot_be_had_are_told(tasks: Path, tmp_path: Path, engine: str, words: str) -> None:
    done = _in_process("sample", "--tasks", tasks, "--engine", engine, "-o", tmp_path / "s.jsonl")
    assert done.exit_code == 2
    assert words in done.stderr


def test_samples_of_other_settings_are_not_added_to(
    server: CompletionsServer, tasks: Path, tmp_path: Path
) -> None:
    server.start()
    arguments = ("sample", "--tasks", tasks, "--engine", f"openai:{server.url}", "-o", tmp_path / "s.jsonl")
    assert _in_process(*arguments, "-n", 1).exit_code == 0
    colder = _in_process(*arguments, "-n", 2, "--temperature", 0.2)
    assert colder.exit_code == 1
    assert "choose another file" in colder.stderr
    assert _in_process(*arguments, "--temperature", -1).exit_code == 2
