"""What outcomes depend on is found, and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from filters.replay import Round
from filters.stability import instabilities
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import run_samples
from sandbox.worker_pool import WorkerPool
from tasks.record import Expected, Provenance, Task, TestCase

_PENDING = Expected("returned", source="pending")


def _task(program: str) -> Task:
    cases = [TestCase([number], {}, _PENDING) for number in (1, 2, 3)]
    return Task("p/f", "", "f", program, cases, Provenance("project", "p"))


def _recorded(program: str, pool: WorkerPool) -> Task:
    """A task that expects what its program did once."""
    task = _task(program)
    (run,) = run_samples(pool, values_job(task, SampleLimits()), [program], Round(1).settings(None))
    expected = [Expected("returned", outcome.value) for outcome in run.outcomes]
    return replace(
        task, tests=[replace(case, expected=one) for case, one in zip(task.tests, expected, strict=True)]
    )


@pytest.mark.parametrize(
    ("program", "axes"),
    [
        ("import time\ndef f(x):\n    return time.time() > x\n", {"clock"}),
        ("def f(x):\n    return hash(str(x)) % 1009\n", {"hash_seed"}),
        ("def f(x):\n    return list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})\n", {"hash_seed"}),
        ("def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n", {"order", "earlier_calls"}),
        ("import time\ndef f(x):\n    return time.timezone\n", {"time_zone"}),
        ("import locale\ndef f(x):\n    return locale.setlocale(locale.LC_CTYPE)\n", {"locale"}),
        ("import os\ndef f(x):\n    return os.getcwd()\n", {"folder"}),
        ("import os\ndef f(x):\n    mask = os.umask(0)\n    os.umask(mask)\n    return mask\n", {"umask"}),
        ("class P: pass\ndef f(x):\n    return id(P()) % 65536\n", {"repetition"}),
        ("def f(x):\n    return sorted({'a', 'b', str(x)})\n", set()),
        ("def f(x):\n    raise ValueError(x)\n", set()),
    ],
)
def test_the_condition_that_matters_is_named(quick_pool: WorkerPool, program: str, axes: set[str]) -> None:
    assert {entry.axis for entry in instabilities(_task(program), program, quick_pool) or ()} == axes


def test_a_race_of_threads_is_found(quick_pool: WorkerPool) -> None:
    program = (
        "import threading\n"
        "def f(x):\n"
        "    order = []\n"
        "    def work(name):\n"
        "        for _ in range(6000):\n"
        "            sum(range(20))\n"
        "        order.append(name)\n"
        "    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]\n"
        "    [thread.start() for thread in threads]\n"
        "    [thread.join() for thread in threads]\n"
        "    return order\n"
    )
    named = {entry.axis for entry in instabilities(_task(program), program, quick_pool) or ()}
    assert named & {"threads", "repetition"}


def test_the_cases_that_depend_on_a_condition_are_told(quick_pool: WorkerPool) -> None:
    program = "import time\ndef f(x):\n    return time.timezone if x > 1 else x\n"
    (found,) = instabilities(_recorded(program, quick_pool), program, quick_pool) or ()
    assert (found.axis, found.cases) == ("time_zone", [1, 2])


def test_a_sample_that_is_wrong_in_the_same_way_every_time_is_stable(quick_pool: WorkerPool) -> None:
    task = _recorded("def f(x):\n    return x\n", quick_pool)
    assert not instabilities(task, "def f(x):\n    return -x\n", quick_pool)


@pytest.mark.parametrize("program", ["def f(x:\n", "import no_such_module\ndef f(x):\n    return x\n"])
def test_of_a_program_that_does_not_start_nothing_is_said(quick_pool: WorkerPool, program: str) -> None:
    assert instabilities(_task(program), program, quick_pool) is None


def test_cases_that_a_program_ends_before_are_passed_over(quick_pool: WorkerPool) -> None:
    program = "import os\ndef f(x):\n    return os._exit(1) if x == 2 else x\n"
    assert instabilities(_task(program), program, quick_pool) == []
