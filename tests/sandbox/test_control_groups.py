"""Limits on whole sandboxes, where this machine offers control groups."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import control_groups
from sandbox.control_groups import ControlGroup, explain_control_groups, remove_left_groups

_JOINED = "import os\nprint(os.getpid(), flush=True)\ninput()\n"


@pytest.fixture
def group() -> ControlGroup:
    made = ControlGroup.create(2**28, 10)
    if made is None:
        pytest.skip("no writable control groups here")
    return made


def _read(group: ControlGroup, *names: str) -> list[int]:
    return [
        int((folder / name).read_text())
        for folder in group.folders
        for name in names
        if (folder / name).exists()
    ]


def test_the_limits_are_written(group: ControlGroup) -> None:
    assert _read(group, "memory.max", "memory.limit_in_bytes") == [2**28]
    assert _read(group, "pids.max") == [control_groups._host_processes(10)]
    group.remove()


def test_a_command_joins_and_becomes_itself(group: ControlGroup) -> None:
    command = group.joining([sys.executable, "-IS", "-c", _JOINED])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        for folder in group.folders:
            assert str(process.pid) in (folder / "cgroup.procs").read_text().split()
        process.stdin.write("\n")
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_arguments_stay_as_they_are(group: ControlGroup) -> None:
    arguments = ["a b", "$HOME", "'", '"', "*", ""]
    shown = subprocess.run(
        group.joining([sys.executable, "-IS", "-c", "import sys; print(sys.argv[1:])", *arguments]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == repr(arguments)
    group.remove()


def test_the_limit_on_processes_holds(group: ControlGroup) -> None:
    for folder in group.folders:
        if (folder / "pids.max").exists():
            (folder / "pids.max").write_text("3")
    fork = "import os\nfor _ in range(9):\n    if os.fork() == 0: input()\n"
    with subprocess.Popen(
        group.joining([sys.executable, "-IS", "-c", fork]),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _, errors = process.communicate()
    assert "BlockingIOError" in errors
    group.remove()


def test_the_limit_on_memory_holds(group: ControlGroup) -> None:
    shown = subprocess.run(
        group.joining([sys.executable, "-IS", "-c", f"bytearray(b'x') * {2**30}"]), capture_output=True
    )
    assert shown.returncode == -9
    group.remove()


def test_a_group_that_cannot_be_joined_runs_nothing(group: ControlGroup) -> None:
    group.remove()
    shown = subprocess.run(group.joining(["/bin/echo", "ran"]), capture_output=True, text=True)
    assert shown.returncode == 125
    assert "ran" not in shown.stdout


def test_without_control_groups_it_goes_on_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_groups, "_MOUNTS", tmp_path)
    control_groups._version.cache_clear()
    try:
        assert explain_control_groups().startswith("none")
        assert ControlGroup.create(2**28, 10) is None
        assert list(tmp_path.iterdir()) == [], "the trial leaves nothing"
    finally:
        control_groups._version.cache_clear()


def test_what_is_there_is_said(group: ControlGroup) -> None:
    assert explain_control_groups() in {f"memory and processes together (cgroup v{n})" for n in (1, 2)}
    group.remove()


def test_no_group_of_this_process_is_left_by_a_pool(group: ControlGroup) -> None:
    group.remove()
    for folder in group.folders:
        left = [path.name for path in folder.parent.glob(f"codex-sft-trial-{os.getpid()}-*")]
        assert left == []


def test_groups_of_killed_processes_are_removed_and_no_others(group: ControlGroup) -> None:
    code = "from sandbox.control_groups import ControlGroup; print(*ControlGroup.create(2**28, 10).folders)"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    left = [Path(folder) for folder in ended.stdout.split()]
    assert left
    assert all(folder.exists() for folder in left)
    remove_left_groups()
    assert not any(folder.exists() for folder in left)
    assert all(folder.exists() for folder in group.folders)
    group.remove()
