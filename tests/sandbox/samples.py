"""Tasks and programs for the tests of sample runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.sample_jobs import SampleJob, SampleLimits, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import Judgement, Verdict, judge
from sandbox.warm_worker import Reply
from sandbox.worker_pool import Answer, WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, Provenance, Task, TestCase
from tasks.value_encoding import encode

QUICK = SampleLimits(cpu_seconds=2, wall_seconds=12.0)


def make_task(cases: list[TestCase], test_helpers: str = "") -> Task:
    """A task whose entry point is ``f``."""
    return Task(
        task_id="test/f",
        prompt="",
        entry_point="f",
        canonical_solution="",
        tests=cases,
        provenance=Provenance(source_kind="task_file", source="test"),
        test_helpers=test_helpers,
    )


def call(*arguments: Any, **keywords: Any) -> _Call:
    """A call of ``f``, to be completed with what is expected of it."""
    return _Call([encode(argument) for argument in arguments], {k: encode(v) for k, v in keywords.items()})


@dataclass(frozen=True)
class _Call:
    arguments: list[Any]
    keywords: dict[str, Any]

    def returns(self, value: Any, arguments_after: list[Any] | None = None) -> TestCase:
        after = None if arguments_after is None else [encode(argument) for argument in arguments_after]
        return self._case(Expected("returned", encode(value), arguments_after=after))

    def yields(self, *values: Any, exhausted: bool = True) -> TestCase:
        return self._case(Expected("yielded", [encode(value) for value in values], exhausted=exhausted))

    def raises(self, name: str) -> TestCase:
        return self._case(Expected("raised", exception=name))

    def _case(self, expected: Expected) -> TestCase:
        return TestCase(self.arguments, self.keywords, expected)


@dataclass(frozen=True)
class Judge:
    """Runs programs on cases and judges them."""

    pool: WorkerPool

    def run(
        self,
        program: str,
        *cases: TestCase,
        test_helpers: str = "",
        hash_seed: int = 0,
        time_zone: str = "UTC",
        limits: SampleLimits = QUICK,
        **options: Any,
    ) -> SampleRun:
        job = values_job(make_task(list(cases), test_helpers), limits, **options)
        (run,) = run_samples(self.pool, job, [program], WorkerSettings(hash_seed, time_zone, limits))
        return run

    def judge(self, program: str, *cases: TestCase, **options: Any) -> Judgement:
        return judge(list(cases), self.run(program, *cases, **options))

    def verdict(self, program: str, *cases: TestCase, **options: Any) -> Verdict:
        return self.judge(program, *cases, **options).verdict

    def value(self, program: str, *arguments: Any, **options: Any) -> Any:
        """What a call returned, encoded."""
        run = self.run(program, call(*arguments).returns(None), **options)
        assert run.program_error is None, run.program_error
        (outcome,) = run.outcomes
        assert outcome.kind == "returned", outcome
        return outcome.value


class Unpredictable:
    """Cases whose results no program can know: ``f(0)``, ``f(1)``, ... return what was just drawn."""

    def __init__(self) -> None:
        token = secrets.token_hex
        self.values: list[Any] = [
            f"expected-sentinel-{token(16)}",
            secrets.randbits(50),
            [token(8), token(8)],
            {token(4): token(8)},
            secrets.randbits(50) / 7,
            (token(4), 1),
            secrets.randbits(70),
        ]
        self.cases = [call(number).returns(value) for number, value in enumerate(self.values)]

    @property
    def right_program(self) -> str:
        return f"values = {self.values!r}\ndef f(number):\n    return values[number]\n"


class CannedPool(WorkerPool):
    """A pool in which nothing runs: it records the jobs and gives a ready answer to each program."""

    def __init__(self, *replies: Reply, fault: str | None = None) -> None:
        self.checks = None
        self.jobs: list[SampleJob] = []
        self._answer = Answer(list(replies), fault, "canned")

    def run(self, job: SampleJob, programs: list[str], settings: WorkerSettings) -> Iterator[Answer]:
        self.jobs.append(job)
        for _ in programs:
            yield self._answer


def reply(results: bytes, status: int = 0, cpu_seconds: float = 0.0, *, cut: bool = False) -> Reply:
    """A reply as a worker gives it. ``status`` is as of `os.wait4`."""
    return Reply(results, status, cpu_seconds, 0.1, cut=cut, fit=True, skipped=False)
