"""The trusted side of one warm worker: start it in a sandbox, send jobs, read replies."""

from __future__ import annotations

import json
import os
import select
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.inside.worker import CUT, LEFTOVER, MARK_BYTES, MODES, ORDER, REPLY
from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.sample_jobs import SampleJob
from sandbox.worker_start import WorkerSettings, settings_to_send, worker_command

_START_SECONDS = 60.0
_PIPE_BYTES = 32 * 2**10


class WorkerLost(RuntimeError):
    """The worker is gone or stuck, and the sample that it was at has no reply.

    ``stuck``: it did not answer in time, so the fault is likely the sample's.
    """

    def __init__(self, reason: str, *, stuck: bool) -> None:
        super().__init__(reason)
        self.stuck = stuck


@dataclass(frozen=True)
class Reply:
    """How a sample's process ended, and what it left in its result file. Untrusted data.

    ``status`` is as of `os.wait4`; ``cut`` says that the results were longer than allowed, ``fit`` that
    the worker can take another sample, ``skipped`` that this input was not tried.
    """

    results: bytes
    status: int
    cpu_seconds: float
    wall_seconds: float
    cut: bool
    fit: bool
    skipped: bool


class WarmWorker:
    """One worker in one sandbox. Not for use by several threads at a time.

    Raises `SandboxUnavailable` when it does not start.
    """

    def __init__(
        self,
        backend: Sandbox,
        interpreter: Interpreter,
        settings: WorkerSettings,
        processor: int | None = None,
    ) -> None:
        self.settings = settings
        self.processor = processor
        self._backend = backend
        self._interpreter = interpreter
        self._start()

    def _start(self) -> None:
        backend, settings, processor = self._backend, self.settings, self.processor
        self._process = backend.start(worker_command(backend, self._interpreter, settings, processor))
        self._buffer = bytearray()
        self._readable = select.poll()
        self._readable.register(self._process.stdout, select.POLLIN)
        try:
            self._send(_frame(json.dumps(settings_to_send(backend, settings, processor)).encode()))
            started = self._take(REPLY.size, time.monotonic() + _START_SECONDS)
        except WorkerLost as error:
            said = bytes(self._buffer).decode(errors="replace").strip()
            self.close()
            raise SandboxUnavailable(f"the sample worker does not start: {said[-500:] or error}") from error
        if any(started):
            said = (started + self._buffer).decode(errors="replace").strip()
            self.close()
            raise SandboxUnavailable(f"the sample worker does not start: {said[-500:]}")

    def run(self, job: SampleJob, programs: list[str]) -> Iterator[Reply]:
        """The replies to each program in turn, as they come; raises `WorkerLost`.

        Of a ``stdio`` job one reply comes to each input of each program, up to the first input on
        which the program ends badly; a reply that is ``skipped`` stands for each of the rest.
        """
        if job.inputs is not None:
            for program in programs:
                yield from self._run_inputs(job, program)
            return
        waiting: deque[_Order] = deque()
        head = json.dumps(job.request).encode()[:-1] + b', "program": '  # once for all programs
        orders = (_order(job, head + json.dumps(program).encode() + b"}") for program in programs)
        following = next(orders, None)
        while waiting or following:
            # as much at a time as the pipe holds, so that neither side ever waits for the other to read
            while following and (not waiting or sum(map(len, waiting)) + len(following) <= _PIPE_BYTES):
                self._send(following.content)
                waiting.append(following)
                following = next(orders, None)
            yield self._receive(waiting.popleft(), job)

    def _run_inputs(self, job: SampleJob, program: str) -> Iterator[Reply]:
        fine = True
        for text in job.inputs or ():
            if fine:
                order = _order(job, json.dumps({"program": program, "stdin": text}).encode())
                self._send(order.content)
                reply = self._receive(order, job)
                fine = reply.status == 0
                if not reply.fit:  # each input finds the folder as it was
                    self.close()
                    self._start()
                yield replace(reply, fit=True)
            else:
                yield Reply(b"", 0, 0.0, 0.0, cut=False, fit=True, skipped=True)

    def _receive(self, order: _Order, job: SampleJob) -> Reply:
        deadline = time.monotonic() + job.wall_seconds
        length, status, cpu, wall, flags = REPLY.unpack(self._take(REPLY.size, deadline))
        mark = self._take(MARK_BYTES, deadline)
        if mark != order.mark or length > self.settings.limits.result_bytes:
            raise WorkerLost("it answered out of turn", stuck=False)
        results = self._take(length, deadline + _START_SECONDS)
        return Reply(
            results,
            status,
            cpu / 1e6,
            wall / 1e6,
            cut=bool(flags & CUT),
            fit=not flags & LEFTOVER,
            skipped=False,
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs: one that waits for work dies with the thread that started it."""
        return self._process.wait(0) is None

    def close(self) -> None:
        """Kill it and wait until nothing of it is left."""
        self._process.close()

    def _send(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._process.stdin, data) :]
        except BrokenPipeError as error:
            self._fill(time.monotonic() + 1.0)
            raise WorkerLost("it is gone", stuck=False) from error

    def _take(self, size: int, deadline: float) -> bytes:
        while len(self._buffer) < size:
            self._fill(deadline)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self, deadline: float) -> None:
        if not self._readable.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise WorkerLost("it did not answer in time", stuck=True)
        chunk = os.read(self._process.stdout, 1 << 18)
        if not chunk:
            raise WorkerLost("it ended", stuck=False)
        self._buffer += chunk


@dataclass(frozen=True)
class _Order:
    content: bytes
    mark: bytes

    def __len__(self) -> int:
        return len(self.content)


def _order(job: SampleJob, request: bytes) -> _Order:
    mark = os.urandom(MARK_BYTES)
    frames = _frame(request)
    if job.judge is not None:
        frames += _frame(json.dumps(job.judge).encode())
    return _Order(ORDER.pack(MODES.index(job.mode), job.cpu_seconds) + frames + mark, mark)


def _frame(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little") + content
