"""A build's process, and all that it starts: killed alone, its children become those of this process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

_COMMAND = Path(sys.executable).with_name("codex-sft")
_PR_SET_CHILD_SUBREAPER = 36
_GROUPS = Path("/sys/fs/cgroup")
_SECONDS_TO_LOOK = 3.0
_INTERVAL = 0.02


def adopt_orphans() -> None:
    """Make this process the parent of every process below it whose own parent ends."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


class StartedBuild:
    """A run of ``codex-sft`` with a home and a folder of temporary files of its own, until the block ends."""

    def __init__(self, arguments: Sequence[object], home: Path, temporary: Path) -> None:
        self._arguments = [str(_COMMAND), *map(str, arguments)]
        pythons = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
        without = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        self._environment = without | {"HOME": str(home), "TMPDIR": str(temporary), "PYENV_ROOT": pythons}
        self.log = home.parent / "log"
        self.seconds = 0.0
        self.seconds_to_end = 0.0

    def __enter__(self) -> StartedBuild:
        with self.log.open("wb") as log:
            self._started = time.monotonic()
            self._process = subprocess.Popen(
                self._arguments, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.runs:
            self.kill()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        return self._process.returncode

    def wait(self, seconds: float | None) -> bool:
        """Wait until it has ended, or so long; whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.seconds = time.monotonic() - self._started
        return not self.runs

    def kill(self) -> set[int]:
        """Kill the process of the command alone; the numbers of it and of those that it had started."""
        known = {self._process.pid, *_processes_below(self._process.pid)}
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.seconds = time.monotonic() - self._started
        return known

    def orphans(self) -> list[str]:
        """Command lines of what does not end by itself within three seconds, which is then killed."""
        began = time.monotonic()
        while (left := list(_processes_below(os.getpid()))) and time.monotonic() - began < _SECONDS_TO_LOOK:
            time.sleep(_INTERVAL)
        self.seconds_to_end = time.monotonic() - began
        lines = [_command_line(process) for process in left]
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return lines


def _processes_below(parent: int) -> Iterator[int]:
    """Processes that go back to a process, but for those that have ended, which are waited for if its own."""
    threads: list[Path] = []
    with contextlib.suppress(OSError):
        threads = list(Path(f"/proc/{parent}/task").iterdir())
    for thread in threads:
        try:
            children = [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue
        for child in children:
            yield from _processes_below(child)
            if _ended(child):
                if parent == os.getpid():
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(child, os.WNOHANG)
            else:
                yield child


def _ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _command_line(process: int) -> str:
    try:
        line = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return f"{process}, which ended meanwhile"
    return f"{process}: {line.replace(bytes(1), b' ').decode(errors='replace')[:300]}"


def group_folders(makers: set[int]) -> list[Path]:
    """Control groups of sandboxes that processes made which have ended."""
    made = re.compile(r"codex-sft-(?:trial-)?(\d+)-[0-9a-f]{8}")
    found = ((Path(place), made.fullmatch(Path(place).name)) for place, _, _ in os.walk(_GROUPS))
    return [folder for folder, match in found if match and int(match[1]) in makers]
