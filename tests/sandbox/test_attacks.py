"""Every hostile sample on every backend: no false pass, the right verdict, and the next one unharmed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.orphan_watch import watched
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import run_samples
from sandbox.selection import BACKENDS, select_sandbox
from sandbox.verdicts import Judgement, judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import TestCase
from tests.sandbox.attacks import ATTACKS, CANARY, Attack
from tests.sandbox.runner import descendants
from tests.sandbox.samples import Unpredictable, call, make_task

_LIMITS = SampleLimits(cpu_seconds=1, wall_seconds=5.0)
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
    watched()
    of_others = descendants(os.getpid())  # such as workers of other pools
    with WorkerPool(backend, interpreter) as pool:
        yield Court(backend, pool)
        running = descendants(os.getpid()) - of_others
        assert running, "no worker is idle, so the next line would show nothing"
    left = {each for each in running if _runs(each)}
    assert not left, "processes are left"


@pytest.fixture(scope="module")
def unpredictable() -> Unpredictable:
    return Unpredictable()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_is_contained(court: Court, unpredictable: Unpredictable, attack: Attack) -> None:
    device = _state_of_devices()
    clean = [call(number).returns("clean") for number in range(3)]
    (judgement,) = court.judge(unpredictable.cases, attack.source(unpredictable.values))
    assert judgement.verdict in _fit_verdicts(court.backend, attack), judgement.detail
    probe, canary = court.judge(clean, _probe(court.backend, attack), CANARY)
    assert probe.verdict == "passed", f"the next sample was reached: {probe.detail}"
    assert canary.verdict == "passed", f"a later sample was harmed: {canary.detail}"
    (right,) = court.judge(unpredictable.cases, unpredictable.right_program)
    assert right.verdict == "passed", right.detail
    assert _state_of_devices() == device, "a file of the host was changed"


_NEED_FILES = {
    "uses temporary files",
    "leaves temporary files",
    "maps a file",
    "looks about in the file system",
}
"""Honest programs that a sandbox without a file system of its own has to refuse."""


def _fit_verdicts(backend: Sandbox, attack: Attack) -> frozenset[str]:
    if not backend.private_folder and attack.name in _NEED_FILES:
        return frozenset({"error"})
    return attack.verdicts


def _probe(backend: Sandbox, attack: Attack) -> str:
    """What looks for traces in a folder is of use where there is one."""
    if attack.probe is None or (not backend.private_folder and "/tmp" in attack.probe):
        return CANARY
    return attack.probe


def _runs(process: int) -> bool:
    """Whether it is there, and not only waits for the machine to take note of its end."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _state_of_devices() -> list[tuple[int, ...]]:
    states = (Path(path).stat() for path in ("/dev/null", "/dev/zero", "/tmp", "/dev/shm"))
    return [(state.st_mode, state.st_uid, state.st_gid) for state in states]
