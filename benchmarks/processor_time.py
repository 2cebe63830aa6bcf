"""Processor time of a command with all that it started, those included that were killed in their sandboxes.

What a process is told of its children (``getrusage``) lacks the processes of a killed sandbox, which nobody
waits for. A control group that accounts for processor time has all of them; where there is none, it is
what the whole machine worked meanwhile, which should then do nothing else.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

_ACCOUNTS = Path("/sys/fs/cgroup/cpuacct")
_NANOSECOND = 1e-9
_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Seconds of the clock and of processors, and the peak of the first process's memory in MB."""

    seconds: float
    processor_seconds: float
    peak_megabytes: float


def spent_by(command: Sequence[object], log: Path) -> Spent:
    """Run a command to its end; raises `click.ClickException` with what it wrote if it fails."""
    group = _account()
    before = _machine_seconds()
    started = time.monotonic()
    words = [str(part) for part in command]
    if group is not None:
        join = f'echo $$ > {group}/cgroup.procs && exec "$@"'
        words = ["/bin/sh", "-c", join, "sh", *words]
    with log.open("wb") as stream:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if process.returncode:
        told = log.read_text(errors="replace")[-3000:]
        raise click.ClickException(f"{command[:3]} ended with {process.returncode}:\n{told}")
    if group is None:
        processor_seconds = _machine_seconds() - before
    else:
        processor_seconds = int((group / "cpuacct.usage").read_text()) * _NANOSECOND
        _remove(group)
    return Spent(seconds, processor_seconds, usage.ru_maxrss / 1024)


def _account() -> Path | None:
    group = _ACCOUNTS / f"codex-sft-measured-{os.getpid()}-{time.monotonic_ns()}"
    try:
        group.mkdir()
    except OSError:
        return None
    if (group / "cpuacct.usage").exists():
        return group
    group.rmdir()
    return None


def _remove(group: Path) -> None:
    for _ in range(100):
        try:
            return group.rmdir()
        except OSError:  # the last process is still ending
            time.sleep(0.05)


def _machine_seconds() -> float:
    """What all processors have worked since the machine started."""
    user, nice, system, _, _, interrupts, soft_interrupts = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + interrupts + soft_interrupts) * _TICK
