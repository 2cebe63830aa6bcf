"""Every hostile sample on every backend: no false pass, the right verdict, and the next one unharmed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import run_samples
from sandbox.selection import BACKENDS, select_sandbox
from sandbox.verdicts import Judgement, judge
from sandbox.warm_worker import WorkerSettings
from sandbox.worker_pool import WorkerPool
from tasks.record import TestCase
from tests.sandbox.attacks import ATTACKS, CANARY, Attack
from tests.sandbox.samples import Unpredictable, call, make_task

_LIMITS = SampleLimits(cpu_seconds=2, wall_seconds=12.0)
_SETTINGS = WorkerSettings(limits=_LIMITS)


@dataclass(frozen=True)
class Court:
    """A pool of one backend, and what can be asked of it."""

    backend: Sandbox
    pool: WorkerPool

    def judge(self, cases: list[TestCase], *programs: str) -> list[Judgement]:
        job = values_job(make_task(cases), _LIMITS)
        return [judge(cases, run) for run in run_samples(self.pool, job, list(programs), _SETTINGS)]


@pytest.fixture(scope="module", params=[name for name, _ in BACKENDS])
def court(request: pytest.FixtureRequest, interpreter: Interpreter) -> Iterator[Court]:
    try:
        backend = select_sandbox("samples", request.param)
    except SandboxUnavailable as error:
        pytest.skip(f"{request.param} does not work here: {error}")
    before = _sandboxed_processes()
    with WorkerPool(backend, interpreter) as pool:
        yield Court(backend, pool)
    assert _sandboxed_processes() <= before, "processes are left"


@pytest.fixture(scope="module")
def unpredictable() -> Unpredictable:
    return Unpredictable()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_is_contained(court: Court, unpredictable: Unpredictable, attack: Attack) -> None:
    device = _state_of_devices()
    clean = [call(number).returns("clean") for number in range(3)]
    (judgement,) = court.judge(unpredictable.cases, attack.source(unpredictable.values))
    assert judgement.verdict in attack.verdicts, judgement.detail
    probe, canary = court.judge(clean, attack.probe or CANARY, CANARY)
    assert probe.verdict == "passed", f"the next sample was reached: {probe.detail}"
    assert canary.verdict == "passed", f"a later sample was harmed: {canary.detail}"
    (right,) = court.judge(unpredictable.cases, unpredictable.right_program)
    assert right.verdict == "passed", right.detail
    assert _state_of_devices() == device, "a file of the host was changed"


def _sandboxed_processes() -> set[int]:
    """Processes of workers, whichever backend they are of."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if b"sandbox.inside.worker" in (folder / "cmdline").read_bytes():
                    found.add(int(folder.name))
            except OSError:
                continue
    return found


def _state_of_devices() -> list[tuple[int, ...]]:
    states = (os.stat(path) for path in ("/dev/null", "/dev/zero", "/tmp", "/dev/shm"))
    return [(state.st_mode, state.st_uid, state.st_gid) for state in states]
