"""A sandboxed command as a process of the host: its pipes, its end, and nothing of it left over."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO

from sandbox.control_groups import ControlGroup
from sandbox.interface import CommandResult, Limits, SandboxedCommand, SandboxedProcess
from sandbox.orphan_watch import watched

_CHUNK = 1 << 16
_REAP_SECONDS = 10.0


class LaunchedProcess:
    """A launcher's process whose death takes the whole tree of its sandbox along.

    Standard error goes where standard output goes. ``info`` is the pipe on which bubblewrap names
    the first process of the sandbox. ``clean_up`` runs once nothing of the tree is left.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        passed: Sequence[int] = (),
        environment: dict[str, str] | None = None,
        limits: Limits,
        info: int | None = None,
        clean_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._info = info
        self._clean_up = clean_up
        self._closed = False
        self._group = ControlGroup.create(limits.total_memory_bytes, limits.processes)
        try:
            self._popen = subprocess.Popen(
                self._group.joining([*arguments]) if self._group else arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
                pass_fds=passed,
                env={**(environment or {}), **watched()},
            )
        except BaseException:
            if info is not None:
                os.close(info)
            self._release()
            raise
        assert self._popen.stdin and self._popen.stdout
        self.stdin = self._popen.stdin.fileno()
        self.stdout = self._popen.stdout.fileno()

    def close_stdin(self) -> None:
        assert self._popen.stdin
        self._popen.stdin.close()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self._popen.kill()

    def wait(self, seconds: float | None = None) -> int | None:
        try:
            return self._popen.wait(None if seconds is None else max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.kill()
        self._popen.wait()
        assert self._popen.stdin and self._popen.stdout
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.close()
        self._popen.stdout.close()
        if self._info is not None:
            _await_init(self._info)
            os.close(self._info)
        self._release()

    def _release(self) -> None:
        if self._group:
            self._group.remove()
        self._clean_up()


def _await_init(info: int) -> None:
    """Wait until the first process of the sandbox is gone, and with it all that it left behind."""
    os.set_blocking(info, False)
    try:
        pid = json.loads(os.read(info, _CHUNK))["child-pid"]
        handle = os.pidfd_open(pid)
    except (OSError, ValueError, KeyError):
        return  # it never started, or is gone already
    try:
        waiting = select.poll()  # unlike select(), for descriptors of any number
        waiting.register(handle, select.POLLIN)
        waiting.poll(_REAP_SECONDS * 1000)
    finally:
        os.close(handle)


def run_to_end(process: SandboxedProcess, command: SandboxedCommand) -> CommandResult:
    """Feed a process its standard input, collect its output, and end it at its limits.

    The standard streams of the tree share one pipe, so the end of that pipe also tells that every
    process which inherited it is gone. Output beyond the limit ends the run.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.callback(process.close)
        sink: BinaryIO | None = stack.enter_context(command.log.open("ab")) if command.log else None
        pump = _Pump(process, command.stdin, command.limits.output_bytes, sink)
        stopped = pump.run(started + command.limits.wall_seconds)
        if stopped:
            process.kill()
            pump.drain(time.monotonic() + _REAP_SECONDS)
        code = process.wait()
    assert code is not None
    seconds = time.monotonic() - started
    output = bytes(pump.output)
    if stopped == "timeout":
        return CommandResult("timeout", None, signal.SIGKILL, output, seconds)
    if stopped == "output_limit":
        return CommandResult("output_limit", None, signal.SIGKILL, output, seconds)
    if code < 0 or 128 < code <= 128 + signal.NSIG:
        # the launchers report a signalled child as 128 + signal, as shells do
        return CommandResult("signalled", None, -code if code < 0 else code - 128, output, seconds)
    return CommandResult("exited", code, None, output, seconds)


class _Pump:
    """Feeds standard input and collects output until the process ends, floods or is late."""

    def __init__(
        self, process: SandboxedProcess, stdin: bytes, output_bytes: int, sink: BinaryIO | None
    ) -> None:
        self.output = bytearray()
        self._process = process
        self._pending = memoryview(stdin)
        self._left = output_bytes
        self._sink = sink
        os.set_blocking(process.stdin, False)

    def run(self, deadline: float) -> str | None:
        """Returns None at the end of output, else ``timeout`` or ``output_limit``."""
        process = self._process
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if self._pending:
                selector.register(process.stdin, selectors.EVENT_WRITE)
            else:
                process.close_stdin()
            while True:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return "timeout"
                for key, _ in selector.select(remaining):
                    if key.fd == process.stdin:
                        if self._feed():
                            selector.unregister(process.stdin)
                            process.close_stdin()
                        continue
                    chunk = os.read(process.stdout, _CHUNK)
                    if not chunk:
                        # a process may close its streams and run on
                        ended = process.wait(deadline - time.monotonic())
                        return "timeout" if ended is None else None
                    if not self._keep(chunk):
                        return "output_limit"

    def drain(self, deadline: float) -> None:
        """Read on, keeping nothing, until every process that holds the pipe is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                if not os.read(self._process.stdout, _CHUNK):
                    return

    def _feed(self) -> bool:
        try:
            written = os.write(self._process.stdin, self._pending[:_CHUNK])
        except BlockingIOError:
            return False
        except BrokenPipeError:
            return True
        self._pending = self._pending[written:]
        return not self._pending

    def _keep(self, chunk: bytes) -> bool:
        kept = chunk[: self._left]
        self._left -= len(chunk)
        if self._sink:
            self._sink.write(kept)
            self._sink.flush()
        else:
            self.output += kept
        return self._left >= 0
