"""Which samples pass their statements' examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evaluation.evaluate import Evaluation, EvaluationOptions, Journal, evaluate
from evaluation.evaluation_files import Sample
from evaluation.examples import passed_examples, with_examples_only
from sandbox.worker_pool import WorkerPool
from tasks.record import Expected, Provenance, StdioTest, Task, TestCase

_FROM = Provenance("problem", "test")
_SQUARE = Task(
    "square",
    "def f(x):\n",
    "f",
    "    return x * x\n",
    [
        TestCase([3], {}, Expected("returned", 9), origin="generated"),
        *(TestCase([x], {}, Expected("returned", x * x), origin="example") for x in (2, 0, 1, 5)),
    ],
    _FROM,
)
_TRACED = replace(_SQUARE, task_id="traced", tests=[replace(_SQUARE.tests[0], origin="traced")])
_PRINTED = Task("printed", "", "", "", [], _FROM, stdio_tests=[StdioTest("1", "1"), StdioTest("2", "4")])
_TASKS = {task.task_id: task for task in (_SQUARE, _TRACED, _PRINTED)}


def test_a_task_keeps_its_first_examples_alone() -> None:
    reduced = with_examples_only(_SQUARE, 3)
    assert reduced is not None
    assert [case.arguments for case in reduced.tests] == [[2], [0], [1]]
    assert with_examples_only(_TRACED) is None
    printed = with_examples_only(_PRINTED, 1)
    assert printed is not None
    assert printed.stdio_tests == [StdioTest("1", "1")]


def test_samples_that_fail_are_judged_by_the_examples_and_no_others(
    quick_pool: WorkerPool, tmp_path: Path
) -> None:
    programs = (
        ("square", "def f(x): return x * x\n"),
        ("square", "def f(x): return x + x if x != 1 else 1\n"),
        ("square", "def f(x): return 4\n"),
        ("traced", "def f(x): return 4\n"),
        ("printed", "print(1)\n"),
    )
    samples = [Sample(index, *each, {}) for index, each in enumerate(programs)]
    journal = Journal(tmp_path / "journal")
    run_again: list[int] = []

    def judge(tasks: dict[str, Task], these: list[Sample]) -> Evaluation:
        run_again.extend(sample.index for sample in these)
        return evaluate(tasks, these, quick_pool, EvaluationOptions(), journal)

    evaluation = evaluate(_TASKS, samples, quick_pool, EvaluationOptions(), journal)
    assert [evaluation.results[index].passed for index in range(5)] == [True, False, False, False, False]
    found = passed_examples(_TASKS, samples, evaluation, 1, judge)
    assert found == {0: True, 1: True, 2: True, 4: True}
    assert run_again == [1, 2, 4]
    assert passed_examples(_TASKS, samples, evaluation, 3, judge) == {0: True, 1: True, 2: False, 4: False}
    # what was judged is in the journal, so going on after an interruption runs nothing again
    assert len((tmp_path / "journal").read_text().splitlines()) == 5 + 3 + 3
