"""Sandboxes of a process that was killed end, whatever their launchers had come to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import control_groups
from sandbox.interface import SandboxUnavailable
from sandbox.selection import BACKENDS, select_sandbox
from tests.sandbox.runner import PATIENCE_SECONDS, descendants, eventually

_ROOT = Path(__file__).parents[2]
_WITHOUT_A_SIGNAL = """
from sandbox.interface import Limits
from sandbox.process import LaunchedProcess
bounds = Limits(wall_seconds=300, cpu_seconds=10, memory_bytes=2**30)
process = LaunchedProcess(["/bin/sleep", "300"], limits=bounds)
"""
_WAITING = """
from sandbox.interface import Limits, SandboxedCommand
from sandbox.selection import select_sandbox
bounds = Limits(wall_seconds=300, cpu_seconds=10, memory_bytes=2**30)
command = SandboxedCommand(("/bin/sh", "-c", "echo; exec sleep 300"), limits=bounds, samples_only=True)
process = select_sandbox("samples", {backend!r}).start(command)
import os
os.read(process.stdout, 1)
"""
_TELL = "print('ready', flush=True); input()"


def _started(code: str, *, told: Callable[[set[int]], object]) -> tuple[subprocess.Popen[str], set[int]]:
    """A process that has launched something, and what is below it."""
    made = subprocess.Popen(
        [sys.executable, "-c", code + _TELL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"
    assert eventually(lambda: told(descendants(made.pid)))
    return made, descendants(made.pid)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _words(processes: set[int]) -> bytes:
    return b" ".join(
        Path(f"/proc/{each}/cmdline").read_bytes() for each in processes if Path(f"/proc/{each}").exists()
    )


def _sleeps_watched(processes: set[int]) -> bool:
    return b"/bin/sleep" in _words(processes) and b"orphan_watch" in _words(processes)


def test_a_launcher_that_has_not_asked_for_a_signal_ends_with_who_was_killed() -> None:
    made, below = _started(_WITHOUT_A_SIGNAL, told=_sleeps_watched)
    with made:
        made.kill()
        made.wait(PATIENCE_SECONDS)
        assert eventually(lambda: not any(map(_runs, below)))
        if control_groups._version():  # and its control group is removed
            parents = {control_groups._MOUNTS, *map(control_groups._own_group, control_groups._VERSION_1)}
            assert not [left for parent in parents for left in parent.glob(f"codex-sft-{made.pid}-*")]


def test_the_watch_ends_with_a_process_that_ends_by_itself() -> None:
    made, below = _started(
        _WITHOUT_A_SIGNAL + "process.close()\n", told=lambda found: b"orphan_watch" in _words(found)
    )
    with made:
        made.communicate("\n", timeout=PATIENCE_SECONDS)
        assert made.returncode == 0
        assert not any(map(_runs, below))


@pytest.mark.parametrize("backend", [name for name, _ in BACKENDS])
def test_a_sandbox_at_work_ends_with_who_was_killed(backend: str) -> None:
    try:
        select_sandbox("samples", backend)
    except SandboxUnavailable as error:
        pytest.skip(f"{backend} does not work here: {error}")
    made, below = _started(_WAITING.format(backend=backend), told=bool)
    with made:
        made.kill()
        made.wait(PATIENCE_SECONDS)
        assert eventually(lambda: not any(map(_runs, below)))
