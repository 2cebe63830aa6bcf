"""The sample filter: drawn in portions or all at once, the same samples give the same decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from filters.pass_rate import wilson_interval
from filters.sample_filter import SampledTask, SampleFilterOptions, filter_by_samples
from filters.sample_verdicts import KnownVerdicts
from sampling.engine import Answer, EngineUnavailable, Origin, Request
from sampling.recorded import RecordedEngine
from sampling.sample_store import SampleStore
from sandbox.worker_pool import WorkerPool
from tasks.record import Evidence, Expected, Provenance, StdioTest, Task, TestCase

_FROM = Provenance("task_file", "test")
_RIGHT = "    return x * x\n"
_WRONG = ("    return x\n", "    return\n", "    return x +\n", "    return y\n", "    while True: pass\n")


def _task(name: str) -> Task:
    cases = [TestCase([n], {}, Expected("returned", n * n)) for n in (2, 3)]
    return Task(name, "def f(x):\n", "f", _RIGHT, cases, _FROM)


class _Asked(RecordedEngine):
    """A recording that notes what was asked of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(SampleStore(path, writable=False))
        self.asked: dict[str, int] = {}

    def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
        for request in requests:
            self.asked[request.task_id] = self.asked.get(request.task_id, 0) + request.count
            yield from super().draw([request])


def _record(path: Path, texts: dict[str, list[str]]) -> _Asked:
    lines = (
        {"task_id": task, "completion": text, "index": n, "logprob_sum": -3.0, "tokens": 6}
        for task, of_task in texts.items()
        for n, text in enumerate(of_task)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return _Asked(path)


def _samples(*passing: int, count: int = 100) -> list[str]:
    return [_RIGHT if n in passing else _WRONG[n % 4] for n in range(count)]


_PASSING: dict[str, tuple[int, ...]] = {
    "first": (0,),
    "second": (1,),
    "fourth": (3, 4),
    "tenth": (9,),
    "late": (77,),
    "last": (99,),
    "never": (),
    "often": tuple(range(0, 100, 2)),
}
_DRAWN = {
    "first": 1,
    "second": 4,
    "fourth": 4,
    "tenth": 10,
    "late": 100,
    "last": 100,
    "never": 100,
    "often": 1,
}


@pytest.fixture
def engine(tmp_path: Path) -> _Asked:
    return _record(tmp_path / "s.jsonl", {name: _samples(*passing) for name, passing in _PASSING.items()})


def _filter(
    engine: _Asked, pool: WorkerPool, options: SampleFilterOptions, verdicts: KnownVerdicts | None = None
) -> dict[str, SampledTask]:
    tasks = [_task(name) for name in _PASSING]
    found = list(filter_by_samples(tasks, engine, pool, options, verdicts=verdicts))
    assert sorted(task.task_id for task in found) == sorted(_PASSING)
    return {task.task_id: task for task in found}


def test_portions_decide_as_all_samples_do_and_draw_less(engine: _Asked, quick_pool: WorkerPool) -> None:
    portions = _filter(engine, quick_pool, SampleFilterOptions())
    assert engine.asked == _DRAWN
    engine.asked.clear()
    verdicts = KnownVerdicts()
    every = _filter(engine, quick_pool, SampleFilterOptions(exhaustive=True), verdicts)
    assert set(engine.asked.values()) == {100}
    for name, passing in _PASSING.items():
        assert portions[name].decision == every[name].decision == ("kept" if passing else "dropped")
        assert portions[name].reason == ("sample_passes" if passing else "no_sample_passes")
        assert portions[name].first_pass == every[name].first_pass == (min(passing) if passing else None)
        assert every[name].passed == len(passing)
        assert every[name].pass_rate == len(passing) / 100
        assert (portions[name].pass_rate is None) == bool(passing)
        assert [sample.index for sample in every[name].samples] == list(range(100))


def test_verdicts_and_log_probabilities_are_kept(engine: _Asked, quick_pool: WorkerPool) -> None:
    found = _filter(engine, quick_pool, SampleFilterOptions())["fourth"]
    assert [sample.verdict.verdict for sample in found.samples] == ["failed", "failed", "error", "passed"]
    assert {(sample.logprob_sum, sample.logprob_mean, sample.tokens) for sample in found.samples} == {
        (-3.0, -0.5, 6)
    }


def test_the_number_of_workers_changes_nothing(engine: _Asked, quick_pool: WorkerPool) -> None:
    one, three = (_filter(engine, quick_pool, SampleFilterOptions(workers=workers)) for workers in (1, 3))

    def told(found: dict[str, SampledTask]) -> dict[str, object]:
        return {
            name: (
                task.decision,
                [replace(s, verdict=replace(s.verdict, cpu_seconds=0.0)) for s in task.samples],
            )
            for name, task in found.items()
        }

    assert told(one) == told(three)


def test_a_pass_rate_is_drawn_for_until_it_is_known_well_enough(
    engine: _Asked, quick_pool: WorkerPool
) -> None:
    found = _filter(engine, quick_pool, SampleFilterOptions(half_width=0.2))
    assert engine.asked["often"] == 40
    assert engine.asked["never"] == engine.asked["last"] == 100
    assert found["often"].pass_rate == 0.5
    low, high = found["often"].pass_rate_interval or (0, 0)
    assert low < 0.5 < high
    assert (high - low) / 2 <= 0.2


def test_a_recording_that_ends_early_decides_nothing_but_passes(
    tmp_path: Path, quick_pool: WorkerPool
) -> None:
    engine = _record(tmp_path / "s.jsonl", {"first": _samples(0, count=7), "never": _samples(count=7)})
    tasks = [_task("first"), _task("never")]
    for options in (SampleFilterOptions(), SampleFilterOptions(exhaustive=True)):
        found = {task.task_id: task for task in filter_by_samples(tasks, engine, quick_pool, options)}
        assert (found["first"].decision, found["first"].reason) == ("kept", "sample_passes")
        assert (found["never"].decision, found["never"].reason) == ("undecided", "exhausted")
        assert len(found["never"].samples) == 7
    (found_less,) = filter_by_samples([_task("never")], engine, quick_pool, SampleFilterOptions(limit=7))
    assert found_less.decision == "dropped"


def test_a_task_whose_reference_fails_costs_no_sample(engine: _Asked, quick_pool: WorkerPool) -> None:
    bad = replace(_task("first"), canonical_solution="    return x\n")
    (found,) = filter_by_samples([bad], engine, quick_pool, SampleFilterOptions())
    assert (found.decision, found.reason) == ("dropped", "reference_fails")
    assert engine.asked == {}


def test_what_cannot_be_judged_never_drops_a_task(tmp_path: Path, quick_pool: WorkerPool) -> None:
    unusable = "def check(candidate):\n    return open\n    x = candidate(object())\n"
    check = unusable.replace("    return open\n", "")
    task = replace(_task("t"), tests=[], check=check, canonical_solution="")
    engine = _record(tmp_path / "s.jsonl", {"t": _samples(count=1)})
    (found,) = filter_by_samples([task], engine, quick_pool, SampleFilterOptions(limit=1))
    assert (found.decision, found.reason) == ("undecided", "infrastructure")


def test_verdicts_are_found_again_and_change_with_the_task(
    engine: _Asked, quick_pool: WorkerPool, tmp_path: Path
) -> None:
    class Counting(WorkerPool):
        programs = 0

        def run(self, job, programs, settings):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            type(self).programs += len(programs)
            return quick_pool.run(job, programs, settings)

    pool = Counting(quick_pool.backend, quick_pool.interpreter)
    path = tmp_path / "verdicts.jsonl"
    with KnownVerdicts(path) as verdicts:
        first = _filter(engine, pool, SampleFilterOptions(), verdicts)
    judged = Counting.programs - len(_PASSING)
    assert 0 < judged <= 5 * len(_PASSING)  # each text once for each task
    path.write_bytes(path.read_bytes()[:-9])  # killed while it wrote
    Counting.programs = 0
    with KnownVerdicts(path) as verdicts:
        again = _filter(engine, pool, SampleFilterOptions(), verdicts)
    assert Counting.programs == len(_PASSING) + 1
    assert {k: v.decision for k, v in again.items()} == {k: v.decision for k, v in first.items()}
    known = KnownVerdicts(path)
    Counting.programs = 0
    labelled = replace(_task("first"), evidence=Evidence(documented=True))
    list(filter_by_samples([labelled], engine, pool, SampleFilterOptions(), verdicts=known))
    assert Counting.programs == 1
    changed = replace(_task("first"), tests=_task("first").tests[:1])
    list(filter_by_samples([changed], engine, pool, SampleFilterOptions(), verdicts=known))
    assert Counting.programs == 3


def test_an_engine_that_fails_loses_no_verdict(
    engine: _Asked, quick_pool: WorkerPool, tmp_path: Path
) -> None:
    class Failing:
        origin = Origin("failing", "m")

        def draw(self, requests: Iterable[Request]) -> Iterator[Answer]:
            for number, request in enumerate(requests):
                if number == 3:
                    raise EngineUnavailable("gone")
                yield from engine.draw([request])

        def close(self) -> None:
            pass

    verdicts = KnownVerdicts(tmp_path / "v.jsonl")
    with pytest.raises(EngineUnavailable):
        list(
            filter_by_samples(
                [_task(name) for name in _PASSING],
                Failing(),
                quick_pool,
                SampleFilterOptions(workers=2),
                verdicts=verdicts,
            )
        )
    assert len((tmp_path / "v.jsonl").read_text().splitlines()) == 3


def test_whole_programs_are_sampled_too(tmp_path: Path, quick_pool: WorkerPool) -> None:
    task = Task("t", "Print the square.", "", "", [], _FROM, stdio_tests=[StdioTest("3", "9")])
    engine = _record(tmp_path / "s.jsonl", {"t": ["print(3)", "print(int(input()) ** 2)"]})
    (found,) = filter_by_samples([task], engine, quick_pool, SampleFilterOptions(limit=2))
    assert (found.decision, found.first_pass) == ("kept", 1)


@pytest.mark.parametrize(
    ("limit", "portions"),
    [
        (100, [(0, 1), (1, 3), (4, 6), (10, 10), (20, 20), (40, 60)]),
        (20, [(0, 1), (1, 3), (4, 6), (10, 10)]),
        (7, [(0, 1), (1, 3), (4, 3)]),
        (1, [(0, 1)]),
        (200, [(0, 1), (1, 3), (4, 6), (10, 10), (20, 20), (40, 60), (100, 60), (160, 40)]),
    ],
)
def test_portions_grow_to_the_limit(limit: int, portions: list[tuple[int, int]]) -> None:
    assert SampleFilterOptions(limit=limit).portions == portions
    assert SampleFilterOptions(limit=limit, exhaustive=True).portions == [(0, limit)]


@pytest.mark.parametrize(
    ("passed", "samples", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_wilsons(passed: int, samples: int, low: float, high: float) -> None:
    """81 of 263 is the example of Newcombe (1998)."""
    assert wilson_interval(passed, samples) == pytest.approx((low, high), abs=1e-4)
