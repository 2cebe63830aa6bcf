"""A build that is killed with SIGKILL, wherever it is, ends with the manifest of one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sandbox.interface import Sandbox
from tests.conftest import ProjectMaker
from tests.pipelines.build_recipes import ALPHA, FUNCTIONS, THRESHOLDS, leftovers, write_tasks
from tests.pipelines.command import COMMAND, sandboxed_processes

pytestmark = pytest.mark.alone

_KILLS = int(os.environ.get("CODEX_SFT_TEST_KILLS", "3"))


def _recipe(folder: Path, project: Path) -> Path:
    (folder / "code").mkdir()
    (folder / "code" / "functions.py").write_text(FUNCTIONS)
    write_tasks(folder / "tasks.jsonl")
    recipe = folder / "recipe.toml"
    recipe.write_text(
        f'sandbox = "bubblewrap"\n[trace]\nprojects = ["{project}"]\n[scrape]\nsources = ["code"]\n'
        f'test_seconds = 3\n[tasks]\nfiles = ["tasks.jsonl"]\n{THRESHOLDS}\n[export.humaneval]\n'
    )
    return recipe


def _start(recipe: Path, output: Path) -> subprocess.Popen[bytes]:
    command = [str(COMMAND), "build", str(recipe), "-o", str(output)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_killed_builds_end_with_the_manifest_of_one_that_was_not(
    make_project: ProjectMaker, sandbox: Sandbox, tmp_path: Path
) -> None:
    recipe = _recipe(tmp_path, make_project("alpha", ALPHA))
    whole, output = tmp_path / "whole", tmp_path / "killed"
    started = time.monotonic()
    assert _start(recipe, whole).wait() == 0
    seconds = time.monotonic() - started
    moments = random.Random(_KILLS)
    killed = 0
    for _ in range(_KILLS):
        process = _start(recipe, output)
        try:
            process.wait(timeout=moments.uniform(0.1, 0.9) * seconds)
        except subprocess.TimeoutExpired:
            killed += 1
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        deadline = time.monotonic() + 20
        while sandboxed_processes() and time.monotonic() < deadline:
            os.sched_yield()
        assert not sandboxed_processes()
        if not (output / "stages" / "export.json").exists():
            assert not (output / "build.json").exists()
    assert killed
    assert _start(recipe, output).wait() == 0
    assert (output / "build.json").read_bytes() == (whole / "build.json").read_bytes()
    for file in ("stages/filter/tasks.jsonl", "exports/humaneval.jsonl"):
        assert len((output / file).read_bytes().splitlines()) == len((whole / file).read_bytes().splitlines())
    assert not leftovers(output)
