"""Runs one program many times inside a sandbox: each run a process of its own in an emptied folder.

It reads the command, the bounds and a secret word from its standard input, then one run after the other, and
answers each with its status, its times and what it wrote. It cannot be opened by what it runs, and whatever a
run leaves, processes and files, is gone before the next.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import struct
import sys
import time
from typing import Any, BinaryIO, NoReturn

MARK_BYTES = 16
REPLY = struct.Struct("<16siQQBII")
"""The secret word, status as of `os.wait4`, processor and wall time in microseconds, flags, and the lengths
of the output and of the message that follow."""
CUT, LATE = 1, 2

_PR_SET_DUMPABLE = 4
_WRITABLE = ("/tmp", "/dev/shm")
_WORK = "/tmp/run"
_MESSAGE_BYTES = 500
_LEFT_SECONDS = 10.0


def main() -> None:
    """Answer runs until the input ends."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    job = _frame(source)
    mark = bytes.fromhex(job["mark"])
    sink.write(mark)  # from here on, whatever ends this process is the fault of what it runs
    sink.flush()
    while True:
        request = _frame(source)
        if not request:
            return
        _empty_folders()
        os.mkdir(_WORK)
        for name in request["folders"]:
            os.mkdir(os.path.join(_WORK, name))
        for name, size in request["files"]:
            with open(os.path.join(_WORK, name), "wb") as file:
                file.write(source.read(size))
        status, cpu, wall, late, output, cut = _run(job, request, source.read(request["stdin"]))
        _end_processes()
        message = _read_message(request["message"])
        flags = CUT * cut | LATE * late
        sink.write(
            REPLY.pack(mark, status, int(cpu * 1e6), int(wall * 1e6), flags, len(output), len(message))
            + output
            + message
        )
        sink.flush()
        if status and job["until_failure"]:
            return


def _frame(source: BinaryIO) -> dict[str, Any]:
    size = source.read(4)
    content: dict[str, Any] = json.loads(source.read(int.from_bytes(size, "little")) or b"{}")
    return content


def _run(
    job: dict[str, Any], request: dict[str, Any], stdin: bytes
) -> tuple[int, float, float, bool, bytes, bool]:
    """Status, processor and wall time, whether it was stopped, its output and whether that was cut."""
    given = _unlinked(stdin)
    taken = _unlinked(b"")
    nothing = os.open("/dev/null", os.O_WRONLY)
    started = time.monotonic()
    child = os.fork()
    if not child:
        _become(job, request, given, taken, nothing)
    late: list[bool] = []

    def stop(*_: object) -> None:
        late.append(True)
        os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, job["wall_seconds"])
    _, status, usage = os.wait4(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    wall = time.monotonic() - started
    size = os.fstat(taken).st_size
    os.lseek(taken, 0, os.SEEK_SET)
    with os.fdopen(taken, "rb") as file:
        output = file.read(job["output_bytes"])
    os.close(given)
    os.close(nothing)
    return status, usage.ru_utime + usage.ru_stime, wall, bool(late), output, size > job["output_bytes"]


def _become(job: dict[str, Any], request: dict[str, Any], given: int, taken: int, nothing: int) -> NoReturn:
    """The child: takes its bounds upon itself and becomes the program."""
    try:
        os.setsid()
        os.chdir(_WORK)
        for descriptor, number in ((given, 0), (taken, 1), (nothing, 2)):
            os.dup2(descriptor, number)
        seconds = job["cpu_seconds"]
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["output_bytes"] + 1,) * 2)
        stack = resource.getrlimit(resource.RLIMIT_STACK)[1]
        if stack == resource.RLIM_INFINITY or stack > job["stack_bytes"]:
            stack = job["stack_bytes"]
        resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
        if job["memory_bytes"]:
            resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"],) * 2)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        command = job["command"] + request["arguments"]
        os.execv(command[0], command)
    finally:
        os._exit(126)


def _unlinked(content: bytes) -> int:
    """A descriptor of a file that has no name, so that no other process finds it."""
    path = "/tmp/codexsft-stream"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(path)
    while content:
        content = content[os.write(descriptor, content) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _end_processes() -> None:
    """Kill all that the run left; the first process of the namespace reaps them."""
    deadline = time.monotonic() + _LEFT_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.001)
    os._exit(1)


def _empty_folders() -> None:
    for folder in _WRITABLE:
        if not os.access(folder, os.W_OK):
            continue
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)


def _read_message(name: str) -> bytes:
    if not name:
        return b""
    try:
        descriptor = os.open(os.path.join(_WORK, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MESSAGE_BYTES) or b""


if __name__ == "__main__":
    main()
