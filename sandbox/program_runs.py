"""Running one built program many times in one sandbox: whole programs of any language, and checkers."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sandbox.inside.program_runs
from sandbox.endings import Ending, printable
from sandbox.inside.program_runs import CUT, LATE, MARK_BYTES, REPLY
from sandbox.interface import CommandResult, Limits, Mount, Sandbox, SandboxedCommand
from sandbox.interpreter import Interpreter
from sandbox.program_build import BuiltProgram

_DRIVER = "/opt/codex-sft/program_runs.py"
_START_SECONDS = 60.0
_WALL_FACTOR = 5
_WALL_AT_LEAST = 10.0
_BATCH_BYTES = 32 * 2**20
_BATCH_RUNS = 32
_TEMPORARY_BYTES = 512 * 2**20
_FOREVER = 10_000_000
_ATTEMPTS = 2
_STACK_BYTES = 2**29


@dataclass(frozen=True)
class ProgramRun:
    """One run: what it reads, its arguments, and what lies in its folder. ``message`` is the file there whose
    beginning is reported."""

    stdin: bytes = b""
    arguments: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    message: str = ""

    @property
    def size(self) -> int:
        """Bytes that enter the sandbox."""
        return len(self.stdin) + sum(map(len, self.files.values()))


@dataclass(frozen=True)
class ProgramLimits:
    """Bounds of one run. ``cpu_seconds`` of its first process decides; a wall clock limit far above it ends
    runs that wait."""

    cpu_seconds: float = 10.0
    memory_bytes: int = 2 * 2**30
    output_bytes: int = 16 * 2**20

    @property
    def wall_seconds(self) -> float:
        """When a run that waits is stopped."""
        return max(_WALL_AT_LEAST, _WALL_FACTOR * self.cpu_seconds)


@dataclass(frozen=True)
class ProgramResult:
    """How a run ended and what it wrote. Untrusted data."""

    ending: Ending
    output: bytes = b""
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with exit status 0."""
        return self.ending.kind == "exited" and self.ending.code == 0


def run_program(
    backend: Sandbox,
    interpreter: Interpreter,
    program: BuiltProgram,
    runs: Sequence[ProgramRun],
    limits: ProgramLimits,
    *,
    until_failure: bool = False,
) -> Iterator[ProgramResult]:
    """The results of runs, in order, as they come, some at a time in one sandbox.

    With ``until_failure`` the first that ends badly is the last. A run that ends the sandbox itself, twice,
    counts as killed; where the sandbox does not start, all that is left ends as ``infrastructure``.
    """
    waiting = list(runs)
    losses = 0
    while waiting:
        batch = waiting[:1] if losses else _batch(waiting)
        replies = _run_batch(backend, interpreter, program, batch, limits, until_failure)
        for result in replies.results:
            waiting.pop(0)
            yield result
            if until_failure and not result.ok:
                return
        losses = losses + 1 if replies.lost and not replies.results else bool(replies.lost)
        if losses == _ATTEMPTS:
            losses = 0
            if not replies.ready:
                yield from [ProgramResult(Ending("infrastructure", detail=replies.lost))] * len(waiting)
                return
            waiting.pop(0)
            yield ProgramResult(Ending("signalled", signal.SIGKILL, detail=replies.lost))
            if until_failure:
                return


def _batch(runs: list[ProgramRun]) -> list[ProgramRun]:
    """The first ones, as many as go together."""
    size = 0
    for number, run in enumerate(runs[:_BATCH_RUNS]):
        size += run.size
        if number and size > _BATCH_BYTES:
            return runs[:number]
    return runs[:_BATCH_RUNS]


@dataclass(frozen=True)
class _Replies:
    """The results of a batch as far as they came, and why the rest did not."""

    results: list[ProgramResult]
    ready: bool
    lost: str = ""


def _run_batch(
    backend: Sandbox,
    interpreter: Interpreter,
    program: BuiltProgram,
    runs: list[ProgramRun],
    limits: ProgramLimits,
    until_failure: bool,
) -> _Replies:
    mark = os.urandom(MARK_BYTES)
    job = {
        "command": program.command,
        "mark": mark.hex(),
        "cpu_seconds": math.ceil(limits.cpu_seconds),
        "wall_seconds": limits.wall_seconds,
        "memory_bytes": 0 if program.virtual_machine else limits.memory_bytes,
        "stack_bytes": min(limits.memory_bytes, _STACK_BYTES),
        "output_bytes": limits.output_bytes,
        "until_failure": until_failure,
    }
    result = backend.run(
        SandboxedCommand(
            arguments=(str(interpreter.executable), "-I", "-S", _DRIVER),
            limits=Limits(
                wall_seconds=_START_SECONDS + len(runs) * (limits.wall_seconds + 1),
                cpu_seconds=_FOREVER,  # each run gets its own
                memory_bytes=64 * 2**30,
                processes=256,
                file_bytes=_TEMPORARY_BYTES,
                output_bytes=len(runs) * (limits.output_bytes + 2**10),
                temporary_bytes=_TEMPORARY_BYTES,
                total_memory_bytes=limits.memory_bytes + 2 * _TEMPORARY_BYTES + 2**29,
            ),
            mounts=(
                *{*interpreter.mounts, *program.mounts},
                Mount(program.folder, "/program"),
                Mount(Path(sandbox.inside.program_runs.__file__), _DRIVER),
            ),
            hidden=interpreter.packages,
            environment={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"},
            # without /proc, through which an ordinary user's own launcher could be reached
            samples_only=not program.virtual_machine,
            stdin=b"".join((_frame(job), *map(_order, runs), _frame({}))),
        )
    )
    return _read_replies(result, mark, len(runs), limits, until_failure)


def _order(run: ProgramRun) -> bytes:
    about = {
        "arguments": run.arguments,
        "files": [(name, len(content)) for name, content in run.files.items()],
        "folders": run.folders,
        "stdin": len(run.stdin),
        "message": run.message,
    }
    return b"".join((_frame(about), *run.files.values(), run.stdin))


def _frame(content: object) -> bytes:
    text = json.dumps(content).encode() if content else b""
    return len(text).to_bytes(4, "little") + text


def _read_replies(
    result: CommandResult, mark: bytes, runs: int, limits: ProgramLimits, until_failure: bool
) -> _Replies:
    content = memoryview(result.output)
    ready = bytes(content[:MARK_BYTES]) == mark
    rest = content[MARK_BYTES:]
    results: list[ProgramResult] = []
    while ready and len(results) < runs and len(rest) >= REPLY.size:
        found, status, cpu, wall, flags, output, message = REPLY.unpack(rest[: REPLY.size])
        end = REPLY.size + output + message
        if found != mark or len(rest) < end:
            break
        written = bytes(rest[REPLY.size : REPLY.size + output])
        told = printable(bytes(rest[REPLY.size + output : end]).decode(errors="replace").strip())
        rest = rest[end:]
        results.append(ProgramResult(_ending(status, cpu / 1e6, wall / 1e6, flags, limits), written, told))
        if until_failure and status:
            return _Replies(results, ready)
    if len(results) == runs:
        return _Replies(results, ready)
    said = "" if ready else printable(result.output[-300:].decode(errors="replace").strip())
    return _Replies(results, ready, f"{result.describe()} {said}".strip())


def _ending(status: int, cpu: float, wall: float, flags: int, limits: ProgramLimits) -> Ending:
    code = os.waitstatus_to_exitcode(status)
    if flags & LATE or cpu > limits.cpu_seconds or code == -signal.SIGXCPU:
        return Ending("timeout", 0, cpu, wall)
    if flags & CUT or code == -signal.SIGXFSZ:
        return Ending("output_limit", 0, cpu, wall)
    if code >= 0:
        return Ending("exited", code, cpu, wall)
    return Ending("out_of_memory" if code == -signal.SIGKILL else "signalled", -code, cpu, wall)
