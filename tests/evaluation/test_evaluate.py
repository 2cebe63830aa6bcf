"""Judging whole files of samples: what is run, what is kept, and what comes out in the end."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.evaluate import Evaluation, EvaluationOptions, Journal, evaluate
from evaluation.evaluation_files import Result, Sample
from sandbox.interface import Sandbox
from sandbox.output_checks import OutputChecks
from sandbox.sample_jobs import SampleJob
from sandbox.worker_pool import Answer, WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, OutputChecker, Provenance, StdioTest, Task, TestCase
from tests.sandbox.samples import CannedPool

_FROM = Provenance("task_file", "test")
_SQUARE = Task(
    "square",
    "def f(x):\n",
    "f",
    "    return x * x\n",
    [TestCase([2], {}, Expected("returned", 4)), TestCase([3], {}, Expected("returned", 9))],
    _FROM,
)
_CHECKED = Task(
    "checked",
    "def f(x):\n",
    "f",
    "    return x * x\n",
    [],
    _FROM,
    check="def check(candidate):\n    assert candidate(3) == 9\n",
)
_PRINTED = Task("printed", "", "", "", [], _FROM, stdio_tests=[StdioTest("3", "9")])
_TASKS = {task.task_id: task for task in (_SQUARE, _CHECKED, _PRINTED)}
_RIGHT = "def f(x): return x * x\n"


def _samples(*programs: tuple[str, str]) -> list[Sample]:
    return [Sample(index, task_id, program, {}) for index, (task_id, program) in enumerate(programs)]


class _Counting(WorkerPool):
    """A pool that notes what is run on it."""

    def __init__(self, pool: WorkerPool) -> None:
        super().__init__(pool.backend, pool.interpreter)
        self._pool = pool
        self.programs: list[str] = []
        self.jobs: list[SampleJob] = []
        self.settings: list[WorkerSettings] = []

    def run(self, job: SampleJob, programs: list[str], settings: WorkerSettings) -> Iterator[Answer]:
        self.programs += programs
        self.jobs.append(job)
        self.settings.append(settings)
        return self._pool.run(job, programs, settings)


@pytest.fixture
def counting(quick_pool: WorkerPool) -> _Counting:
    return _Counting(quick_pool)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def _comparable(evaluation: Evaluation) -> dict[int, Result]:
    return {index: dataclasses.replace(r, cpu_seconds=0.0) for index, r in evaluation.results.items()}


def test_each_kind_of_task_has_its_mode(counting: _Counting, journal: Journal) -> None:
    samples = _samples(("square", _RIGHT), ("checked", _RIGHT), ("printed", "print(int(input()) ** 2)"))
    evaluation = evaluate(_TASKS, samples, counting, EvaluationOptions(), journal)
    assert {r.verdict for r in evaluation.results.values()} == {"passed"}
    assert {r.integrity for r in evaluation.results.values()} == {"high"}
    assert {job.mode for job in counting.jobs} == {"values", "proxy", "stdio"}
    evaluate(_TASKS, samples[1:2], counting, EvaluationOptions(in_process=True), Journal(journal.path))
    assert counting.jobs[-1].mode == "in_process"


def test_in_process_is_of_low_integrity(quick_pool: WorkerPool, journal: Journal) -> None:
    forger = "raise SystemExit if 0 else ValueError"
    samples = _samples(("checked", _RIGHT), ("checked", forger), ("square", _RIGHT))
    evaluation = evaluate(_TASKS, samples, quick_pool, EvaluationOptions(in_process=True), journal)
    assert [evaluation.results[n].integrity for n in range(3)] == ["low", "low", "high"]


def test_results_are_by_place_whatever_the_number_of_workers(quick_pool: WorkerPool, tmp_path: Path) -> None:
    wrong = "def f(x): return x + {} + 0.5\n"
    programs = [
        (task, _RIGHT if n % 3 else wrong.format(n)) for n in range(150) for task in ("square", "checked")
    ]
    samples = _samples(*programs)
    one = evaluate(_TASKS, samples, quick_pool, EvaluationOptions(workers=1), Journal(tmp_path / "1"))
    three = evaluate(_TASKS, samples, quick_pool, EvaluationOptions(workers=3), Journal(tmp_path / "3"))
    assert _comparable(one) == _comparable(three)
    assert [one.results[n].passed for n in range(300)] == [p == _RIGHT for _, p in programs]
    assert [one.results[n].task_id for n in range(300)] == [task for task, _ in programs]
    assert one.counts() == {"square": (150, 100), "checked": (150, 100)}


class TestJournal:
    _SAMPLES = _samples(
        *(
            (task, f"# {n}\n{_RIGHT if n % 2 else 'def f(x): return 0'}")
            for n in range(10)
            for task in ("square", "checked")
        )
    )

    @pytest.mark.parametrize("workers", [1, 2])
    @pytest.mark.parametrize("after", [1, 7, 19])
    def test_an_interrupted_run_goes_on_where_it_stopped(
        self, counting: _Counting, tmp_path: Path, workers: int, after: int
    ) -> None:
        options = EvaluationOptions(workers=workers)
        whole = evaluate(_TASKS, self._SAMPLES, counting, options, Journal(tmp_path / "whole"))
        lock, told = threading.Lock(), [0]

        def interrupt(_: Result) -> None:
            with lock:
                told[0] += 1
                if told[0] == after:
                    raise KeyboardInterrupt

        counting.programs.clear()
        path = tmp_path / "interrupted"
        with pytest.raises(KeyboardInterrupt):
            evaluate(_TASKS, self._SAMPLES, counting, options, Journal(path), interrupt)
        done = len(path.read_bytes().splitlines())
        assert after <= done
        counting.programs.clear()
        seen: list[int] = []
        resumed = evaluate(
            _TASKS, self._SAMPLES, counting, options, Journal(path), lambda result: seen.append(result.index)
        )
        references = {task.program for task in _TASKS.values()}
        again = [program for program in counting.programs if program not in references]
        assert len(again) == len(self._SAMPLES) - done
        assert sorted(seen) == list(range(len(self._SAMPLES)))
        assert _comparable(resumed) == _comparable(whole)

    def test_a_finished_run_runs_nothing_again(self, counting: _Counting, tmp_path: Path) -> None:
        first = evaluate(_TASKS, self._SAMPLES, counting, EvaluationOptions(), Journal(tmp_path / "j"))
        counting.programs.clear()
        again = evaluate(_TASKS, self._SAMPLES, counting, EvaluationOptions(), Journal(tmp_path / "j"))
        assert counting.programs == []
        assert again.results == first.results

    def test_a_line_that_was_cut_off_is_run_again(self, counting: _Counting, tmp_path: Path) -> None:
        path = tmp_path / "j"
        first = evaluate(_TASKS, self._SAMPLES[:4], counting, EvaluationOptions(), Journal(path))
        path.write_bytes(path.read_bytes()[:-10])
        again = evaluate(_TASKS, self._SAMPLES[:4], counting, EvaluationOptions(), Journal(path))
        assert _comparable(again) == _comparable(first)

    def test_the_line_after_one_that_was_cut_off_is_not_lost(
        self, counting: _Counting, tmp_path: Path
    ) -> None:
        path = tmp_path / "j"
        evaluate(_TASKS, self._SAMPLES[:2], counting, EvaluationOptions(), Journal(path))
        path.write_bytes(path.read_bytes()[:-10])
        evaluate(_TASKS, self._SAMPLES[:2], counting, EvaluationOptions(), Journal(path))
        counting.programs.clear()
        evaluate(_TASKS, self._SAMPLES[:2], counting, EvaluationOptions(), Journal(path))
        assert counting.programs == []

    @pytest.mark.parametrize(
        "options",
        [
            EvaluationOptions(hash_seed=1),
            EvaluationOptions(cpu_seconds=4.0),
            EvaluationOptions(in_process=True),
        ],
    )
    def test_other_options_do_not_take_what_was_found_before(
        self, counting: _Counting, tmp_path: Path, options: EvaluationOptions
    ) -> None:
        evaluate(_TASKS, self._SAMPLES[:2], counting, EvaluationOptions(), Journal(tmp_path / "j"))
        counting.programs.clear()
        evaluate(_TASKS, self._SAMPLES[:2], counting, options, Journal(tmp_path / "j"))
        assert self._SAMPLES[1].program in counting.programs

    def test_another_test_does_not_take_what_was_found_before(
        self, counting: _Counting, tmp_path: Path
    ) -> None:
        sample = _samples(("square", _RIGHT))
        assert (
            evaluate(_TASKS, sample, counting, EvaluationOptions(), Journal(tmp_path / "j")).results[0].passed
        )
        other = dataclasses.replace(_SQUARE, tests=[TestCase([2], {}, Expected("returned", 5))])
        again = evaluate({"square": other}, sample, counting, EvaluationOptions(), Journal(tmp_path / "j"))
        assert again.results[0].passed is False

    def test_other_places_do_take_it(self, counting: _Counting, tmp_path: Path) -> None:
        evaluate(_TASKS, self._SAMPLES, counting, EvaluationOptions(), Journal(tmp_path / "j"))
        counting.programs.clear()
        moved = [dataclasses.replace(s, index=n) for n, s in enumerate(reversed(self._SAMPLES))]
        again = evaluate(_TASKS, moved, counting, EvaluationOptions(), Journal(tmp_path / "j"))
        assert counting.programs == []
        assert [again.results[n].task_id for n in range(20)] == [s.task_id for s in moved]
        assert [again.results[n].index for n in range(20)] == list(range(20))

    def test_what_could_not_be_judged_is_tried_again(self, counting: _Counting, tmp_path: Path) -> None:
        sample = _samples(("square", _RIGHT))
        failed = evaluate(
            _TASKS, sample, CannedPool(fault="infrastructure"), EvaluationOptions(), Journal(tmp_path / "j")
        )
        assert failed.results[0].passed is None
        assert failed.counts() == {}
        again = evaluate(_TASKS, sample, counting, EvaluationOptions(), Journal(tmp_path / "j"))
        assert again.results[0].passed is True


def test_equal_programs_are_run_once_unless_wanted(counting: _Counting, tmp_path: Path) -> None:
    samples = _samples(*[("square", f"# mine\n{_RIGHT}")] * 5)
    once = evaluate(_TASKS, samples, counting, EvaluationOptions(), Journal(tmp_path / "1"))
    assert counting.programs.count(samples[0].program) == 1
    assert [once.results[n].index for n in range(5)] == list(range(5))
    counting.programs.clear()
    each = evaluate(_TASKS, samples, counting, EvaluationOptions(repeat_equal=True), Journal(tmp_path / "5"))
    assert counting.programs.count(samples[0].program) == 5
    assert _comparable(each) == _comparable(once)


def test_a_bad_reference_is_told_and_the_samples_are_judged(quick_pool: WorkerPool, journal: Journal) -> None:
    bad = dataclasses.replace(_SQUARE, canonical_solution="    return x\n")
    evaluation = evaluate(
        {"square": bad}, _samples(("square", _RIGHT)), quick_pool, EvaluationOptions(), journal
    )
    assert evaluation.bad_references["square"].verdict == "failed"
    assert evaluation.results[0].passed is True


def test_the_time_limit_follows_the_reference(counting: _Counting, journal: Journal) -> None:
    # the reference uses some tenths of a second: ten times that is more than the limit asked for
    busy = "    import time\n    while time.process_time() < 0.3: pass\n    return x * x\n"
    slow = dataclasses.replace(_SQUARE, canonical_solution=busy)
    evaluate(
        {"square": slow}, _samples(("square", _RIGHT)), counting, EvaluationOptions(cpu_seconds=1.0), journal
    )
    assert counting.jobs[-1].cpu_seconds >= 3
    journal = Journal(journal.path)
    evaluate(_TASKS, _samples(("square", _RIGHT)), counting, EvaluationOptions(cpu_seconds=1.0), journal)
    assert counting.jobs[-1].cpu_seconds == 1


def test_the_hash_seed_reaches_the_workers(counting: _Counting, journal: Journal) -> None:
    evaluate(_TASKS, _samples(("square", _RIGHT)), counting, EvaluationOptions(hash_seed=77), journal)
    assert {settings.hash_seed for settings in counting.settings} == {77}


def test_pass_at_k_is_given_where_every_task_has_as_many_samples() -> None:
    results = {
        n: Result("a" if n < 3 else "b", n, "passed" if n in (0, 3) else "failed", n in (0, 3))
        for n in range(5)
    }
    results[5] = Result("b", 5, "infrastructure", None)
    evaluation = Evaluation(results, {})
    assert evaluation.counts() == {"a": (3, 1), "b": (2, 1)}
    found = evaluation.pass_at([1, 2, 3])
    assert list(found) == [1, 2]
    assert found[1] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert found[2] == pytest.approx((2 / 3 + 1) / 2)


_CHECKER = OutputChecker(
    "python3",
    {"validate.py": "import sys\nsys.exit(42 if sum(map(int, sys.stdin.read().split())) == 9 else 43)\n"},
    "validate.py",
)


def test_a_task_with_a_checker_takes_every_right_answer(
    quick_pool: WorkerPool, sandbox: Sandbox, tmp_path: Path
) -> None:
    case = TestCase(["9"], {}, Expected("returned", "4 5"))
    task = dataclasses.replace(
        _SQUARE, canonical_solution="    return '4 5'\n", tests=[case], checker=_CHECKER
    )
    programs = [("square", f"def f(x): return {answer}") for answer in ("'4 5'", "'1 8'", "'1 7'", "9")]
    checks = OutputChecks(lambda: sandbox)
    with WorkerPool(quick_pool.backend, quick_pool.interpreter, checks) as pool:
        evaluation = evaluate(
            {"square": task}, _samples(*programs), pool, EvaluationOptions(), Journal(tmp_path / "journal")
        )
    assert not evaluation.bad_references
    assert [evaluation.results[index].passed for index in range(4)] == [True, True, False, False]
