"""A run that is killed and started again gives what an undisturbed one gives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipelines.manifest import Manifest
from sandbox.interface import Sandbox
from tasks.files import read_json
from tests.conftest import ProjectMaker
from tests.pipelines.command import COMMAND, codex_sft, sandboxed_processes

pytestmark = pytest.mark.alone

_MODULE = '''
def double(x):
    """Return the double of a given number or text."""
    return x + x
'''
_FAST = "import fast\ndef test_it():\n    assert fast.double(4) == 8\n"
_SLOW = "import slow, time\ndef test_it():\n    assert slow.double(4) == 8\n    time.sleep({})\n"


@pytest.fixture
def projects(make_project: ProjectMaker) -> tuple[Path, Path]:
    fast = make_project("fast", {"fast.py": _MODULE, "tests/test_fast.py": _FAST})
    slow = make_project("slow", {"slow.py": _MODULE, "tests/test_slow.py": _SLOW.format(60)})
    return fast, slow


def test_a_killed_run_resumes_and_leaves_no_process(
    projects: tuple[Path, Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    fast, slow = projects
    output = tmp_path / "run"
    arguments = [COMMAND, "trace", fast, slow, "--output", output, "--workers", "2"]
    with subprocess.Popen([*map(str, arguments)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        waiting = {f"{fast}: traced", f"{slow}: test"}
        for line in process.stdout:
            waiting -= {words for words in waiting if line.rstrip().endswith(words)}
            if not waiting:
                break
        assert not waiting
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while sandboxed_processes() and time.monotonic() < deadline:
        os.sched_yield()
    assert not sandboxed_processes()
    assert not (output / "tasks.jsonl").exists()

    # the folder's content decides, so a test run of another length is another project
    (slow / "tests" / "test_slow.py").write_text(_SLOW.format(0))
    again = codex_sft("trace", fast, slow, "--output", output)
    assert again.returncode == 0, again.stderr
    manifest = read_json(output / "manifest.json", Manifest)
    assert [entry.reused for entry in manifest.projects] == [True, False]

    undisturbed = codex_sft("trace", fast, slow, "--output", tmp_path / "other")
    assert undisturbed.returncode == 0
    assert _comparable(output / "tasks.jsonl") == _comparable(tmp_path / "other" / "tasks.jsonl")


def test_two_runs_into_one_folder_at_once_are_refused(
    projects: tuple[Path, Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    _, slow = projects
    arguments = [COMMAND, "trace", slow, "--output", tmp_path]
    with subprocess.Popen([*map(str, arguments)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "test" in line)
        second = codex_sft("trace", slow, "--output", tmp_path)
        process.kill()
    assert second.returncode == 2
    assert "another run is writing to" in second.stderr


def _comparable(file: Path) -> str:
    """What a run decides, without the times that it took."""
    return re.sub(r'"(reference_seconds|retrieved_at)":("[^"]*"|[\d.]+)', "", file.read_text())
