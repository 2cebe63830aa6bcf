"""Ends the sandboxes of a process that was killed.

Launchers end with the process that started them, by a signal that they ask the kernel for. One that is just
starting has not asked yet, and bubblewrap asks only once its sandbox is made: killed meanwhile, a process
would leave a sandbox that nobody bounds. So each process that starts sandboxes has another beside it, which
reads from a pipe that ends with it, and then looks for launchers by a variable that they were started with.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_VARIABLE = "CODEX_SFT_LAUNCHED_BY"
_SECONDS = 1.0
"""How long after the last launcher that was found others are looked for: some may not have started yet."""
_INTERVAL = 0.05
_BY_ITSELF = b"ended"


def watched() -> dict[str, str]:
    """What launchers have in their environment, so that they do not outlive this process."""
    return {_VARIABLE: _mark_of(os.getpid())}


@contextlib.contextmanager
def children_watched() -> Iterator[None]:
    """Processes that libraries start meanwhile, and theirs, do not outlive this process either."""
    mark = watched()
    os.environ.update(mark)
    try:
        yield
    finally:
        for name in mark:
            os.environ.pop(name, None)


@functools.cache
def _mark_of(process: int) -> str:
    """The mark of what a process, which is this one, launches; from now on it is watched."""
    mark = f"{process}-{secrets.token_hex(8)}"
    watch = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,  # what is sent to all processes of a terminal is not for it
        env={},
        cwd="/",
    )
    atexit.register(_dismiss, process, watch)
    return mark


def _dismiss(process: int, watch: subprocess.Popen[bytes]) -> None:
    if process == os.getpid() and watch.stdin:
        with contextlib.suppress(OSError):
            watch.stdin.write(_BY_ITSELF)
        watch.stdin.close()
        watch.wait()


def main() -> None:
    """Wait for the end of who started this process, then end what bears the mark."""
    mark = sys.argv[1]
    if sys.stdin.buffer.read() == _BY_ITSELF:
        return
    seen = time.monotonic()
    while time.monotonic() < seen + _SECONDS:
        for process in _marked(f"{_VARIABLE}={mark}".encode()):
            seen = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_INTERVAL)
    sys.path.insert(0, str(Path(__file__).parents[1]))  # it was started without any packages
    from sandbox.control_groups import remove_left_groups

    remove_left_groups()


def _marked(variable: bytes) -> Iterator[int]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):  # it ended, or is not ours to look at
                if variable in (process / "environ").read_bytes().split(b"\0"):
                    yield int(process.name)


if __name__ == "__main__":
    main()
