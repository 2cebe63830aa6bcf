"""Whether samples pass the examples of their statements, by which filtered pass@k chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from evaluation.evaluate import Evaluation
from evaluation.evaluation_files import Sample
from tasks.record import Task

PAPER_EXAMPLES = 3
"""How many of a statement's examples are looked at (Chen et al. 2021, §3.5)."""


def with_examples_only(task: Task, count: int = PAPER_EXAMPLES) -> Task | None:
    """The task with its first examples as its only tests; None if it has none.

    Of a task that asks for a whole program the first tests are taken, as those of its statement come first.
    """
    if task.stdio_tests:
        return replace(task, stdio_tests=task.stdio_tests[:count])
    examples = [case for case in task.tests if case.origin == "example"][:count]
    return replace(task, tests=examples) if examples else None


def passed_examples(
    tasks: Mapping[str, Task],
    samples: list[Sample],
    evaluation: Evaluation,
    count: int,
    judge: Callable[[dict[str, Task], list[Sample]], Evaluation],
) -> dict[int, bool]:
    """By the samples' places, whether they pass the examples, where this can be told.

    What passed all tests has passed the examples; only the others are run again, by ``judge``.
    """
    reduced = {
        task_id: examples
        for task_id in {sample.task_id for sample in samples}
        if (examples := with_examples_only(tasks[task_id], count)) is not None
    }
    concerned = [sample for sample in samples if sample.task_id in reduced]
    found = {sample.index: True for sample in concerned if evaluation.results[sample.index].passed}
    again = [sample for sample in concerned if sample.index not in found]
    if again:
        judged = judge(reduced, again).results
        found |= {index: each.passed for index, each in judged.items() if each.passed is not None}
    return found
