"""Running sample programs: calls in, encoded outcomes out, a fresh process for each run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

import tasks.value_decoding
import tasks.value_encoding
from sandbox.interface import CommandResult, Limits, Mount, Sandbox, SandboxedCommand
from sandbox.interpreter import Interpreter
from tasks.record import EncodedValue, Task, TestCase

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
    exception: str | None = None
    arguments_after: list[EncodedValue] | None = None
    detail: str = ""
    reads_clock: bool = False


@dataclass(frozen=True)
class SampleRun:
    """The outcomes of a program's calls. Fewer outcomes than calls: the process ended before.

    ``program_error`` is set when the program itself could not be executed. ``check_error`` is set
    when a rendered check was asked for and did not pass.
    """

    outcomes: list[CallOutcome]
    ending: CommandResult
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
                "take": _values_to_take(case),
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
            stdin=msgspec.json.encode(request),
        )
    )
    return _read_run(result, checked=check is not None)


def worker_mounts() -> tuple[Mount, ...]:
    """The worker and the value encoding, as a package of their own without the rest of ``tasks``."""
    encoding = Path(str(tasks.value_encoding.__file__))
    decoding = Path(str(tasks.value_decoding.__file__))
    return (
        Mount(_WORKER, f"{_HOME}/sample_worker.py"),
        Mount(encoding, f"{_HOME}/tasks/value_encoding.py"),
        Mount(decoding, f"{_HOME}/tasks/value_decoding.py"),
    )


def _values_to_take(case: TestCase) -> int | None:
    expected = case.expected
    if expected.kind != "yielded":
        return None
    return len(expected.value) + (1 if expected.exhausted else 0)


def _read_run(result: CommandResult, *, checked: bool) -> SampleRun:
    lines = result.output.split(b"\n")
    try:
        start = msgspec.json.decode(lines[0], type=dict[str, Any]) if lines[0] else {}
    except (ValueError, RecursionError):
        start = {}
    if "program_loaded" not in start:
        error = str(start.get("program_failed", f"the process ended early: {result.describe()}"))
        return SampleRun([], result, program_error=error)
    complete = lines[1:-1]  # what follows the last line end was cut off
    check_error = None
    if checked:
        check_error = _check_error(complete[:1], result)
        complete = complete[1:]
    outcomes = []
    for line in complete:
        try:
            outcomes.append(msgspec.json.decode(line, type=CallOutcome))
        except (ValueError, RecursionError) as error:
            outcomes.append(CallOutcome("not_encodable", detail=f"malformed outcome: {error}"))
    return SampleRun(outcomes, result, check_error=check_error)


def _check_error(lines: list[bytes], result: CommandResult) -> str | None:
    if not lines:
        return f"the process ended in the check: {result.describe()}"
    try:
        report = msgspec.json.decode(lines[0], type=_CheckResult)
    except ValueError as error:
        return f"malformed report: {error}"
    return None if report.kind == "check_passed" else report.detail
