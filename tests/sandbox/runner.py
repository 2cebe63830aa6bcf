"""How the tests of this folder run sandboxed commands, and how they look at the host meanwhile."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import CommandResult, Limits, Mount, SandboxedCommand
from tests.sandbox import run_command

MIB = 2**20
PATIENCE_SECONDS = 20.0
"""How long to wait for what must happen. Nothing waits this long unless a test fails."""


def limits(**bounds: Any) -> Limits:
    """Limits that a small well-behaved command keeps, but for the given ones."""
    return Limits(**{"wall_seconds": 20.0, "cpu_seconds": 10, "memory_bytes": 1024 * MIB, **bounds})


@dataclass(frozen=True)
class Runner:
    """Runs commands under bubblewrap as one user of the host.

    ``launch`` starts a Python of the host as that user; ``python`` is what runs inside.
    """

    launch: tuple[str, ...]
    code: Path
    user: int
    in_this_process: bool
    python: Path
    python_mounts: tuple[Mount, ...]
    folders: Path
    _count: Iterator[int] = field(default_factory=itertools.count)

    def run(self, command: SandboxedCommand) -> CommandResult:
        if self.in_this_process:
            return Bubblewrap.find().run(command)
        with self.start(command) as child:
            output, errors = child.communicate(timeout=command.limits.wall_seconds + PATIENCE_SECONDS)
        assert child.returncode == 0, errors.decode()
        return run_command.result_from_json(output.decode())

    def start(
        self, command: SandboxedCommand, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A process of the host that runs the command; its standard output tells how that ended."""
        child = subprocess.Popen(
            [*self.launch, str(self.code / "tests/sandbox/run_command.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(self.code), **(environment or {})},
            cwd="/",
        )
        assert child.stdin is not None
        child.stdin.write(run_command.to_json(command).encode())
        child.stdin.close()
        child.stdin = None
        return child

    def shell_command(self, script: str, *arguments: str, **options: Any) -> SandboxedCommand:
        """A command that runs a shell script, whose ``$0`` and following are the arguments."""
        return SandboxedCommand(("/bin/sh", "-c", script, *arguments), **{"limits": limits(), **options})

    def shell(self, script: str, *arguments: str, **options: Any) -> CommandResult:
        return self.run(self.shell_command(script, *arguments, **options))

    def script(
        self, source: str, *arguments: str, mounts: tuple[Mount, ...] = (), **options: Any
    ) -> CommandResult:
        """Run Python source; its ``sys.argv[1:]`` are the arguments."""
        command = (str(self.python), "-I", "-S", "-c", source, *arguments)
        mounts = (*self.python_mounts, *mounts)
        return self.run(SandboxedCommand(command, mounts=mounts, **{"limits": limits(), **options}))

    def folder(self) -> Path:
        """A new folder of the host that belongs to the sandboxed user."""
        folder = self.folders / f"{self.user}-{next(self._count)}"
        folder.mkdir()
        if os.geteuid() == 0:
            os.chown(folder, self.user, self.user)
        return folder


def new_marker() -> str:
    """A text that occurs nowhere else, to recognize processes and files by."""
    return f"codex-sft-test-{uuid.uuid4().hex}"


def host_processes(marker: str) -> set[int]:
    """The processes of the host with the marker in their command lines."""
    found = set()
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and marker.encode() in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


def descendants(process: int) -> set[int]:
    """The processes that a process has started, and those that they have."""
    found = set()
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                found |= {child, *descendants(child)}
    return found


def eventually(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether a condition comes to hold."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.01)
    return True


class Meeting:
    """Two pipes in a folder: at ``ready`` a sandboxed command tells that it has come so far, at
    ``release`` it waits until the test lets it go on.

    Inside, ``$MEET`` in a shell script stands for both.
    """

    def __init__(self, runner: Runner) -> None:
        self.folder = runner.folder()
        self.mount = Mount(self.folder, "/meeting", writable=True)
        for name in ("ready", "release"):
            os.mkfifo(self.folder / name)
            (self.folder / name).chmod(0o666)
        # opened for both directions, so that neither side ever waits in open() itself
        self._ready = os.open(self.folder / "ready", os.O_RDWR | os.O_NONBLOCK)
        self._release = os.open(self.folder / "release", os.O_RDWR | os.O_NONBLOCK)

    MEET = "echo here > /meeting/ready; read line < /meeting/release"

    def await_ready(self) -> None:
        readable, _, _ = select.select([self._ready], [], [], PATIENCE_SECONDS)
        assert readable, "the sandboxed command did not come so far"

    def release(self) -> None:
        os.write(self._release, b"go\n")

    def close(self) -> None:
        os.close(self._ready)
        os.close(self._release)
