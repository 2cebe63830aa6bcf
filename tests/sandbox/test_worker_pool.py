"""Workers in a pool: kept, replaced when lost or soiled, and gone in the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import worker_pool
from sandbox.sample_jobs import values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import judge
from sandbox.warm_worker import Reply, WarmWorker, WorkerLost
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tests.sandbox.runner import eventually
from tests.sandbox.samples import QUICK, Judge, call, make_task

_CASES = [call(n).returns(n * n) for n in range(3)]
_RIGHT = "def f(x): return x * x\n"
_SETTINGS = WorkerSettings(limits=QUICK)


@pytest.fixture
def own_pool(pool: WorkerPool) -> Iterator[WorkerPool]:
    """A pool in which nothing runs yet."""
    with WorkerPool(pool.backend, pool.interpreter) as made:
        yield made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[WarmWorker]:
    """The workers that pools start, in order."""
    workers: list[WarmWorker] = []

    class Noted(WarmWorker):
        def __init__(self, *arguments: object, **keywords: object) -> None:
            super().__init__(*arguments, **keywords)  # type: ignore[arg-type]
            workers.append(self)

    monkeypatch.setattr(worker_pool, "WarmWorker", Noted)
    return workers


def _verdicts(pool: WorkerPool, *programs: str) -> list[str]:
    job = values_job(make_task(_CASES), QUICK)
    runs: Iterator[SampleRun] = run_samples(pool, job, list(programs), _SETTINGS)
    return [str(judge(_CASES, run).verdict) for run in runs]


def _children() -> set[int]:
    """All living processes below this one."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(folder.name)] = int(fields[1])
    found: set[int] = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


def test_a_worker_serves_many_batches(own_pool: WorkerPool, started: list[WarmWorker]) -> None:
    for _ in range(5):
        assert _verdicts(own_pool, _RIGHT, "def f(x): return 5", _RIGHT) == ["passed", "failed", "passed"]
    assert len(started) == 1


def test_a_worker_that_was_killed_while_idle_is_replaced(
    own_pool: WorkerPool, started: list[WarmWorker]
) -> None:
    assert _verdicts(own_pool, _RIGHT) == ["passed"]
    started[0]._process.kill()
    assert eventually(lambda: not started[0].alive)
    assert _verdicts(own_pool, _RIGHT) == ["passed"]
    assert len(started) == 2


def test_a_worker_that_is_killed_at_work_is_replaced_and_the_sample_tried_again(
    own_pool: WorkerPool, started: list[WarmWorker]
) -> None:
    job = values_job(make_task(_CASES), QUICK)
    # more than fits into the pipes ahead, so that there is something left to lose
    programs = [_RIGHT + f"# {n} {'x' * 10_000}" for n in range(30)]
    runs = run_samples(own_pool, job, programs, _SETTINGS)
    verdicts = [judge(_CASES, next(runs)).verdict]
    started[0]._process.kill()
    verdicts += [judge(_CASES, run).verdict for run in runs]
    assert verdicts == ["passed"] * 30
    assert len(started) == 2


def test_a_sample_whose_workers_are_always_lost_is_given_up(
    own_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    receive = WarmWorker._receive

    def lose(self: WarmWorker, order: object, job: object) -> Reply:
        tries.append(order)
        if len(tries) <= 3:
            raise WorkerLost("it ended", stuck=False)
        return receive(self, order, job)  # type: ignore[arg-type]

    monkeypatch.setattr(WarmWorker, "_receive", lose)
    assert _verdicts(own_pool, _RIGHT, _RIGHT) == ["infrastructure", "passed"]
    assert len(tries) == 4


def test_a_sample_that_is_stuck_is_not_tried_again(
    own_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch, started: list[WarmWorker]
) -> None:
    receive = WarmWorker._receive
    tries = []

    def lose(self: WarmWorker, order: object, job: object) -> Reply:
        tries.append(order)
        if len(tries) == 1:
            raise WorkerLost("it did not answer in time", stuck=True)
        return receive(self, order, job)  # type: ignore[arg-type]

    monkeypatch.setattr(WarmWorker, "_receive", lose)
    assert _verdicts(own_pool, _RIGHT, _RIGHT) == ["timeout", "passed"]
    assert len(started) == 2


def test_a_worker_is_replaced_after_what_is_left_in_its_folder(
    own_pool: WorkerPool, started: list[WarmWorker]
) -> None:
    if not own_pool.backend.private_folder:
        pytest.skip("samples have no folder to leave anything in")
    leave = "open('/tmp/left', 'w').write('x')\n"
    look = "import os\ndef f(x): return x * x if os.listdir('/tmp') == [] else None\n"
    assert _verdicts(own_pool, leave + _RIGHT, look, look) == ["passed", "passed", "passed"]
    assert len(started) == 2


@pytest.mark.parametrize(
    "change",
    [
        "os.mkdir('/tmp/d')",
        "os.symlink('/', '/tmp/l')",
        "os.close(os.open('/tmp/t', os.O_CREAT)); os.unlink('/tmp/t')",
    ],
)
def test_a_worker_is_replaced_after_any_change_of_its_folder(
    own_pool: WorkerPool, started: list[WarmWorker], change: str
) -> None:
    if not own_pool.backend.private_folder:
        pytest.skip("samples have no folder to leave anything in")
    assert _verdicts(own_pool, f"import os\n{change}\n{_RIGHT}", _RIGHT) == ["passed", "passed"]
    assert len(started) == 2


def test_a_used_up_worker_is_replaced(
    own_pool: WorkerPool, started: list[WarmWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "SAMPLES_PER_WORKER", 4)
    for _ in range(3):
        assert _verdicts(own_pool, _RIGHT, _RIGHT) == ["passed"] * 2
    assert len(started) == 2
    assert not started[0].alive


def test_settings_have_workers_of_their_own(own_pool: WorkerPool, started: list[WarmWorker]) -> None:
    samples = Judge(own_pool)
    program = "def f(): return hash('text')"
    seeds = [samples.value(program, hash_seed=seed) for seed in (1, 2, 1, 2)]
    assert seeds[0] == seeds[2] != seeds[1] == seeds[3]
    assert len(started) == 2


def test_random_numbers_are_those_of_the_settings(own_pool: WorkerPool) -> None:
    samples = Judge(own_pool)
    program = "import random\ndef f(): return random.getrandbits(60)"
    drawn = [samples.value(program, hash_seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_many_samples_leak_nothing(own_pool: WorkerPool) -> None:
    programs = [
        _RIGHT,
        "import os\ndef f(x): os._exit(0)",
        "def f(x: return",
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n" + _RIGHT,
        "import os\nkept = [os.pipe() for _ in range(20)]\n" + _RIGHT,
        "import ctypes\ndef f(x): ctypes.string_at(0)",
    ]
    verdicts = ["passed", "crashed", "error", "passed", "passed", "crashed"]
    assert _verdicts(own_pool, *programs) == verdicts
    descriptors, processes = len(os.listdir("/proc/self/fd")), len(_children())  # noqa: PTH208
    assert _verdicts(own_pool, *programs * 50) == verdicts * 50
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208
    # gVisor keeps some processes of its own for reuse
    assert eventually(lambda: len(_children()) <= processes + 8)


def test_closing_leaves_no_process_and_no_descriptor(pool: WorkerPool) -> None:
    assert _verdicts(pool, _RIGHT) == ["passed"]  # what is made once for all is there now
    descriptors, processes = len(os.listdir("/proc/self/fd")), _children()  # noqa: PTH208
    with WorkerPool(pool.backend, pool.interpreter) as made:
        assert _verdicts(made, _RIGHT) == ["passed"]
        assert _children() > processes
    assert _children() <= processes
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208


def test_a_consumer_that_stops_in_the_middle_leaves_no_worker_with_work(
    own_pool: WorkerPool, started: list[WarmWorker]
) -> None:
    runs = run_samples(own_pool, values_job(make_task(_CASES), QUICK), [_RIGHT] * 10, _SETTINGS)
    next(runs)
    runs.close()  # type: ignore[attr-defined]
    assert _verdicts(own_pool, "def f(x): return 5", _RIGHT) == ["failed", "passed"]
    assert len(started) == 2


def test_of_many_idle_workers_those_unused_for_longest_are_closed(
    own_pool: WorkerPool, started: list[WarmWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "IDLE_WORKERS", 2)
    samples = Judge(own_pool)
    for seed in (1, 2, 1, 3, 1, 2):
        samples.value("def f(): return 1", hash_seed=seed)
    assert [worker.alive for worker in started] == [True, False, False, True]  # of 1, 2, 3 and 2 again


def test_processor_time_of_samples_is_summed(own_pool: WorkerPool) -> None:
    assert own_pool.cpu_seconds == 0
    _verdicts(own_pool, "def f(x): return sum(range(3_000_000))")
    busy = own_pool.cpu_seconds
    assert busy > 0.01
    _verdicts(own_pool, _RIGHT)
    assert own_pool.cpu_seconds > busy
