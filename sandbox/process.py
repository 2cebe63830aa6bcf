"""Running one host process to its end, with a deadline and a cap on its output."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from sandbox.interface import CommandResult

_CHUNK = 1 << 16
_REAP_SECONDS = 10.0


def run_process(
    launcher: Sequence[str],
    command: Sequence[str],
    *,
    passed: int,
    stdin: bytes,
    wall_seconds: float,
    output_bytes: int,
    log: Path | None,
) -> CommandResult:
    """Run a sandbox launcher whose death takes its whole tree along.

    The standard streams of the tree share one pipe, so the end of that pipe also tells that every
    process which inherited it is gone. Output beyond ``output_bytes`` ends the run. ``passed`` is a
    descriptor that the launcher inherits; its environment is empty.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        info, told = os.pipe()
        stack.callback(os.close, info)
        process = stack.enter_context(
            subprocess.Popen(
                [*launcher, "--info-fd", str(told), "--", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(passed, told),
                env={},
            )
        )
        stack.callback(_kill, process)
        os.close(told)
        sink: BinaryIO | None = stack.enter_context(log.open("ab")) if log else None
        pump = _Pump(process, stdin, output_bytes, sink)
        stopped = pump.run(started + wall_seconds)
        if stopped:
            _kill(process)
            pump.drain(time.monotonic() + _REAP_SECONDS)
        process.wait()
        _await_init(info)
    code = process.returncode
    seconds = time.monotonic() - started
    output = bytes(pump.output)
    if stopped == "timeout":
        return CommandResult("timeout", None, signal.SIGKILL, output, seconds)
    if stopped == "output_limit":
        return CommandResult("output_limit", None, signal.SIGKILL, output, seconds)
    if code < 0 or 128 < code <= 128 + signal.NSIG:
        # bubblewrap reports a signalled child as 128 + signal, as shells do
        return CommandResult("signalled", None, -code if code < 0 else code - 128, output, seconds)
    return CommandResult("exited", code, None, output, seconds)


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


class _Pump:
    """Feeds standard input and collects output until the process ends, floods or is late."""

    def __init__(
        self, process: subprocess.Popen[bytes], stdin: bytes, output_bytes: int, sink: BinaryIO | None
    ) -> None:
        assert process.stdin and process.stdout
        self.output = bytearray()
        self._process = process
        self._pending = memoryview(stdin)
        self._left = output_bytes
        self._sink = sink
        self._stdin = process.stdin
        self._stdout = process.stdout
        os.set_blocking(self._stdin.fileno(), False)

    def run(self, deadline: float) -> str | None:
        """Returns None at the end of output, else ``timeout`` or ``output_limit``."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            if self._pending:
                selector.register(self._stdin, selectors.EVENT_WRITE)
            else:
                self._stdin.close()
            while True:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return "timeout"
                for key, _ in selector.select(remaining):
                    if key.fileobj is self._stdin:
                        if self._feed():
                            selector.unregister(self._stdin)
                            self._stdin.close()
                        continue
                    chunk = os.read(self._stdout.fileno(), _CHUNK)
                    if not chunk:
                        return self._await_exit(deadline)
                    if not self._keep(chunk):
                        return "output_limit"

    def drain(self, deadline: float) -> None:
        """Read on, keeping nothing, until every process that holds the pipe is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                if not os.read(self._stdout.fileno(), _CHUNK):
                    return

    def _await_exit(self, deadline: float) -> str | None:
        # a process may close its streams and run on
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return "timeout"
        return None

    def _feed(self) -> bool:
        try:
            written = os.write(self._stdin.fileno(), self._pending[:_CHUNK])
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


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
