"""The trusted side of one warm worker: start it in a sandbox, send jobs, read replies."""

from __future__ import annotations

import functools
import json
import os
import select
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sandbox.inside
import tasks.value_decoding
import tasks.value_encoding
from sandbox.inside.worker import CUT, LEFTOVER, MARK_BYTES, MODES, ORDER, REPLY
from sandbox.interface import Limits, Mount, Sandbox, SandboxedCommand, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.sample_jobs import SampleJob, SampleLimits
from sandbox.system_calls import WORKER_WORDS, sample_filter

_HOME = "/opt/codex-sft"
_PROGRAM = "import sys; sys.path[0] = {!r}; from sandbox.inside.worker import main; main()"
_FOREVER = 10_000_000
_START_SECONDS = 60.0
_WORKER_BYTES = 512 * 2**20
_PIPE_BYTES = 32 * 2**10
_PRELOAD = ("math", "typing", "re", "collections", "itertools", "functools", "string", "random", "json")
_WARM_UP = '''
from typing import Any, Dict, List, Optional, Tuple
import math, collections, itertools, functools, re, string

def f(numbers: List[int], text: str = "a b") -> Dict[str, Tuple[int, ...]]:
    """Uses what most samples use, so that their processes find it in memory."""
    counts = collections.Counter(word.lower() for word in text.split())
    ordered = sorted(set(numbers), key=lambda number: (-number, str(number)))
    found: Dict[str, Tuple[int, ...]] = {}
    for index, (word, count) in enumerate(counts.items()):
        found[f"{word}{index:02d}"] = tuple(ordered[index : index + count])
        assert count > 0, "never"
    while len(ordered) > 2 and sum(ordered) % 2 == 0:
        ordered.pop()
    try:
        found["none"] = (int(math.sqrt(max(ordered))), abs(min(ordered)), round(2.5 / 3) ** 2)
    except (ValueError, TypeError) as error:
        raise KeyError(str(error)) from error
    return {key: value for key, value in found.items() if re.match("[a-z]+", key)}
'''


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


@dataclass(frozen=True)
class WorkerSettings:
    """What all samples of a worker share. Forks share the hash seed and the addresses of objects, so
    a rerun needs another worker with another seed."""

    hash_seed: int = 0
    time_zone: str = "UTC"
    limits: SampleLimits = field(default_factory=SampleLimits)


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
        self._process = backend.start(_command(backend, interpreter, settings, processor))
        self._buffer = bytearray()
        self._readable = select.poll()
        self._readable.register(self._process.stdout, select.POLLIN)
        try:
            self._send(_frame(json.dumps(_settings(backend, settings, processor)).encode()))
            started = self._take(REPLY.size, time.monotonic() + _START_SECONDS)
        except WorkerLost as error:
            said = bytes(self._buffer).decode(errors="replace").strip()
            self.close()
            raise SandboxUnavailable(f"the sample worker does not start: {said[-1500:] or error}") from error
        if any(started):
            said = (started + self._buffer).decode(errors="replace").strip()
            self.close()
            raise SandboxUnavailable(f"the sample worker does not start: {said[-1500:]}")

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
                yield reply
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


def _settings(backend: Sandbox, settings: WorkerSettings, processor: int | None) -> dict[str, Any]:
    return {
        "result_bytes": settings.limits.result_bytes,
        "private_folder": "/tmp" if backend.private_folder else None,
        "processor": processor if backend.host_processors else None,
        "preload": _PRELOAD,
        "random_seed": settings.hash_seed,
        "warm_up": _warm_up_jobs(),
        "system_calls": _filter_for(backend),
        "stand_ins": WORKER_WORDS,
    }


def _command(
    backend: Sandbox, interpreter: Interpreter, settings: WorkerSettings, processor: int | None
) -> SandboxedCommand:
    limits = settings.limits
    staged = Path(_staged().name)
    home = _HOME if backend.own_root else str(staged)
    return SandboxedCommand(
        # -S: no site-packages, so nothing but the standard library can be imported
        arguments=(str(interpreter.executable), "-S", "-s", "-c", _PROGRAM.format(home)),
        limits=Limits(
            wall_seconds=0,
            cpu_seconds=_FOREVER,  # of the worker; each sample sets its own
            memory_bytes=limits.memory_bytes,
            processes=limits.threads,
            file_bytes=limits.file_bytes,
            open_files=limits.open_files,
            temporary_bytes=limits.private_bytes,
            total_memory_bytes=limits.memory_bytes + _WORKER_BYTES,
        ),
        mounts=(*interpreter.mounts, Mount(staged, home)),
        hidden=interpreter.packages,
        environment={
            "PYTHONHASHSEED": str(settings.hash_seed),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": settings.time_zone,
            **({"HOME": "/tmp"} if backend.private_folder else {}),
        },
        samples_only=True,
        processor=processor,
    )


def _filter_for(backend: Sandbox) -> str:
    if backend.name == "none":
        return ""
    return sample_filter(own_files=backend.private_folder).decode("latin-1")


@functools.lru_cache(maxsize=1)
def _staged() -> tempfile.TemporaryDirectory[str]:
    """The worker and the value encoding, as packages of their own without their neighbours."""
    staged = tempfile.TemporaryDirectory(prefix="codex-sft-worker-")
    folder = Path(staged.name)
    inside = Path(str(sandbox.inside.__file__)).parent
    shutil.copytree(inside, folder / "sandbox/inside", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tasks").mkdir()
    for module in (tasks.value_encoding, tasks.value_decoding):
        shutil.copy(str(module.__file__), folder / "tasks")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return staged


def _warm_up_jobs() -> list[dict[str, object]]:
    call = {"arguments": [[3, 1, 2]], "keyword_arguments": {"text": "a b a"}, "iterate": False}
    failing = {"arguments": [["x", {"$tuple": [1.5]}]], "keyword_arguments": {}, "iterate": False}
    job: dict[str, object] = {
        "entry_point": "f",
        "test_helpers": "",
        "watch_clock": False,
        "check": None,
        "calls": [call, failing],
        "program": _WARM_UP,
    }
    return [job] * 3
