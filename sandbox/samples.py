"""What sample programs did, as told by the sandbox: outcomes, outputs and how each process ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.endings import Ending, printable
from sandbox.sample_jobs import SampleJob
from sandbox.warm_worker import Reply
from sandbox.worker_pool import Answer, WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.json_decoders import json_decoder
from tasks.record import EncodedValue

_ALMOST = 0.8
"""The kernel's clock for the limit runs by ticks, and may be ahead of the one for the accounts."""


@dataclass(frozen=True)
class CallOutcome:
    """What one call did, as reported from inside the sandbox. Untrusted data, not yet compared.

    ``branches`` are the numbers of those that it took, where they were watched.
    """

    kind: Literal["returned", "yielded", "raised", "not_encodable", "not_decodable"]
    value: EncodedValue = None
    exhausted: bool = True
    exception: str | None = None
    arguments_after: list[EncodedValue] | None = None
    detail: str = ""
    reads_clock: bool = False
    branches: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class CheckReport:
    """What came of a ``check`` text. Not to be believed when it shared a process with the sample."""

    kind: Literal["check_passed", "check_failed", "check_unusable", "not_crossable", "candidate_ended"]
    detail: str = ""
    exception: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class SampleRun:
    """What one program did. Fewer outcomes than calls: its process ended before.

    ``program_error`` is set when the program itself could not be executed, ``check`` when a check
    text was run and came to an end, ``outputs`` holds the endings and outputs of a ``stdio`` job.
    ``branches`` is how many the program has, where they were watched.
    """

    ending: Ending
    outcomes: list[CallOutcome] = field(default_factory=list)
    program_error: str | None = None
    check: CheckReport | None = None
    outputs: list[tuple[Ending, bytes]] = field(default_factory=list)
    branches: int | None = None


def run_samples(
    pool: WorkerPool, job: SampleJob, programs: list[str], settings: WorkerSettings
) -> Iterator[SampleRun]:
    """Run programs, each in a process of its own, and read what they answered."""
    for answer in pool.run(job, programs, settings):
        yield _read_answer(answer, job)


def _read_answer(answer: Answer, job: SampleJob) -> SampleRun:
    if answer.fault == "infrastructure":
        return SampleRun(Ending("infrastructure", detail=answer.detail))
    if job.mode == "stdio":
        return _read_outputs(answer, job)
    if answer.fault or not answer.replies:
        return SampleRun(Ending("timeout", wall_seconds=job.wall_seconds))
    (reply,) = answer.replies
    ending = _ending(reply, job)
    # no more lines than were asked for are looked at, however many there are
    calls = len(job.request.get("calls", ()))
    lines = reply.results.split(b"\n", calls + 3)[:-1]
    checked = bool(job.request.get("check"))
    watched = job.request.get("watch_branches") is not None
    start = _read_line(lines)
    if "program_failed" in start:
        return SampleRun(ending, program_error=printable(str(start["program_failed"])))
    if job.mode == "proxy":
        return SampleRun(ending, check=_read_check(lines))
    if "program_loaded" not in start:
        return SampleRun(ending)
    reports = lines[1:]
    check = _read_check(reports) if checked else None
    reports = reports[checked:]
    branches = _read_line(reports).get("branches") if watched else None
    return SampleRun(
        ending,
        [_read_outcome(line) for line in reports[watched:][:calls]],
        check=check,
        branches=branches if isinstance(branches, int) else None,
    )


def _read_outputs(answer: Answer, job: SampleJob) -> SampleRun:
    outputs = [(_ending(reply, job), reply.results) for reply in answer.replies if not reply.skipped]
    if answer.fault:
        outputs.append((Ending("timeout", wall_seconds=job.wall_seconds), b""))
    bad = next((ending for ending, _ in outputs if ending.kind != "exited"), None)
    return SampleRun(bad or outputs[-1][0], outputs=outputs)


def _ending(reply: Reply, job: SampleJob) -> Ending:
    code = os.waitstatus_to_exitcode(reply.status)
    times = (reply.cpu_seconds, reply.wall_seconds)
    if reply.cut:
        return Ending("output_limit", 0, *times)
    if code >= 0:
        return Ending("exited", code, *times)
    if -code == signal.SIGXCPU or reply.cpu_seconds >= _ALMOST * job.cpu_seconds:
        return Ending("timeout", -code, *times)
    if -code == signal.SIGKILL:  # nothing inside can send it
        return Ending("out_of_memory", -code, *times)
    return Ending("signalled", -code, *times)


def _read_line(lines: list[bytes]) -> dict[str, Any]:
    try:
        return json_decoder(dict[str, Any]).decode(lines[0])
    except (IndexError, ValueError, RecursionError):
        return {}


def _read_outcome(line: bytes) -> CallOutcome:
    try:
        return _OUTCOME.decode(line)
    except (ValueError, RecursionError) as error:
        return CallOutcome("not_encodable", detail=f"malformed outcome: {printable(str(error))}")


def _read_check(lines: list[bytes]) -> CheckReport | None:
    try:
        report = _CHECK.decode(lines[0])
    except (IndexError, ValueError, RecursionError):
        return None
    return CheckReport(report.kind, printable(report.detail), report.exception, report.line)


_OUTCOME = json_decoder(CallOutcome)
_CHECK = json_decoder(CheckReport)
