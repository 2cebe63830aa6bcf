"""Running sample programs: calls in, encoded outcomes out, a fresh process for each run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

import tasks.value_decoding
import tasks.value_encoding
from sandbox.interface import CommandResult, Limits, Mount, Sandbox, SandboxedCommand
from sandbox.interpreter import Interpreter
from tasks.record import EncodedValue, Task

SAMPLE_LIMITS = Limits(
    wall_seconds=20.0,
    cpu_seconds=10,
    memory_bytes=2**30,
    processes=64,
    open_files=64,
    output_bytes=16 * 2**20,
)

_HOME = "/opt/codex-sft"
_WORKER = Path(__file__).with_name("sample_worker.py")


@dataclass(frozen=True)
class CallOutcome:
    """What one call did, as reported from inside the sandbox. Untrusted data, not yet compared."""

    kind: Literal["returned", "yielded", "raised", "not_encodable", "not_decodable"]
    value: EncodedValue = None
    exhausted: bool = True
    exception: str | None = None
    arguments_after: list[EncodedValue] | None = None
    detail: str = ""
    reads_clock: bool = False


@dataclass(frozen=True)
class SampleRun:
    """The outcomes of a program's calls. Fewer outcomes than calls: the process ended before.

    ``started``: the worker ran; if it did not, the fault is not the sample's. ``program_error`` is
    set when the program itself could not be executed, ``check_error`` when a rendered check was
    asked for and did not pass.
    """

    outcomes: list[CallOutcome]
    ending: CommandResult
    started: bool = True
    program_error: str | None = None
    check_error: str | None = None


@dataclass(frozen=True)
class _CheckResult:
    kind: Literal["check_passed", "check_failed"]
    detail: str = ""


def run_sample(
    sandbox: Sandbox,
    interpreter: Interpreter,
    program: str,
    task: Task,
    *,
    hash_seed: int,
    time_zone: str = "UTC",
    watch_clock: bool = False,
    check: str | None = None,
    limits: Limits = SAMPLE_LIMITS,
) -> SampleRun:
    """Execute a program in a fresh sandbox and call it with the arguments of a task's test cases.

    The expected outcomes stay here. ``watch_clock`` notes which calls read the clock. With
    ``check``, that rendered text is run on the program too, in the same process and therefore only
    of worth for programs that are not hostile.
    """
    request: dict[str, Any] = {
        "program": program,
        "entry_point": task.entry_point,
        "test_helpers": task.test_helpers,
        "watch_clock": watch_clock,
        "calls": [
            {
                "arguments": case.arguments,
                "keyword_arguments": case.keyword_arguments,
                "iterate": case.expected.kind == "yielded",
            }
            for case in task.tests
        ],
    }
    if check is not None:
        request["check"] = check
    result = sandbox.run(
        SandboxedCommand(
            # -S: no site-packages, so nothing but the standard library can be imported
            arguments=(str(interpreter.executable), "-S", "-s", f"{_HOME}/sample_worker.py"),
            limits=limits,
            mounts=(*interpreter.mounts, *worker_mounts()),
            environment={
                "PYTHONHASHSEED": str(hash_seed),
                "PYTHONDONTWRITEBYTECODE": "1",
                "TZ": time_zone,
            },
            stdin=json.dumps(request).encode(),
        )
    )
    return _read_run(result, calls=len(task.tests), checked=check is not None)


def worker_mounts() -> tuple[Mount, ...]:
    """The worker and the value encoding, as a package of their own without the rest of ``tasks``."""
    encoding = Path(str(tasks.value_encoding.__file__))
    decoding = Path(str(tasks.value_decoding.__file__))
    return (
        Mount(_WORKER, f"{_HOME}/sample_worker.py"),
        Mount(encoding, f"{_HOME}/tasks/value_encoding.py"),
        Mount(decoding, f"{_HOME}/tasks/value_decoding.py"),
    )


def _read_run(result: CommandResult, *, calls: int, checked: bool) -> SampleRun:
    # no more lines than were asked for are looked at, however many there are
    lines = result.output.split(b"\n", calls + checked + 2)[:-1]
    started, start = _read_line(lines, 0), _read_line(lines, 1)
    if "program_failed" in start:
        return SampleRun([], result, started=True, program_error=printable(str(start["program_failed"])))
    reports = lines[2:]
    check_error = None
    if checked:
        check_error = _check_error(reports[:1], result)
        reports = reports[1:]
    outcomes = [_read_outcome(line) for line in reports[:calls]] if "program_loaded" in start else []
    return SampleRun(outcomes, result, started="worker_started" in started, check_error=check_error)


def _read_line(lines: list[bytes], index: int) -> dict[str, Any]:
    try:
        return msgspec.json.decode(lines[index], type=dict[str, Any])
    except (IndexError, ValueError, RecursionError):
        return {}


def _read_outcome(line: bytes) -> CallOutcome:
    try:
        return msgspec.json.decode(line, type=CallOutcome)
    except (ValueError, RecursionError) as error:
        return CallOutcome("not_encodable", detail=f"malformed outcome: {printable(str(error))}")


def printable(text: str) -> str:
    """Untrusted text, cut and without control characters, fit for a message or a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:500])


def _check_error(lines: list[bytes], result: CommandResult) -> str | None:
    if not lines:
        return f"the process ended in the check: {result.describe()}"
    try:
        report = msgspec.json.decode(lines[0], type=_CheckResult)
    except ValueError as error:
        return f"malformed report: {error}"
    return None if report.kind == "check_passed" else printable(report.detail)
