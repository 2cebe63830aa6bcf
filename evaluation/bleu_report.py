"""BLEU of a run's samples, task by task, for those that passed and those that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.bleu import TOKENISATION, BleuAgainst, chance_of_higher_within
from evaluation.judged_samples import JudgedSample, Run
from tasks.record import Task

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class TaskBleu:
    """The scores of a task's samples."""

    task_id: str
    passed: tuple[float, ...]
    failed: tuple[float, ...]


@dataclass(frozen=True)
class Distribution:
    """How many scores there are, their mean and quantiles (0.1, 0.25, 0.5, 0.75, 0.9)."""

    count: int
    mean: float
    quantiles: list[float]


@dataclass(frozen=True)
class BleuReport:
    """BLEU against correctness (Chen et al. 2021, §3.3, figure 8).

    ``chance_of_higher`` is how often a passed sample has the higher score of a pair with a failed one of its
    task: 0.5 is a score that does not tell them apart, 1 one that always does. Only the tasks that have both
    count there, ``mixed_tasks``. ``unknown_tasks`` were not among the tasks given, or have no reference.
    """

    definition: str
    passed: Distribution | None
    failed: Distribution | None
    chance_of_higher: float | None
    mixed_tasks: int
    unknown_tasks: int


def score_run(run: Run, tasks: Mapping[str, Task]) -> list[TaskBleu]:
    """The scores of all samples whose task has a reference."""
    by_task: dict[str, list[JudgedSample]] = {}
    for drawn in run.sets:
        for samples in drawn.files:
            for task_id in drawn.tasks:
                by_task.setdefault(task_id, []).extend(samples[task_id])
    found = []
    for task_id in sorted(by_task):
        task = tasks.get(task_id)
        if task is not None and task.canonical_solution:
            found.append(_score(task, by_task[task_id]))
    return found


def report_bleu(run: Run, scored: list[TaskBleu]) -> BleuReport:
    """What the scores come to."""
    all_tasks = {task for drawn in run.sets for task in drawn.tasks}
    return BleuReport(
        TOKENISATION,
        _distribution([value for each in scored for value in each.passed]),
        _distribution([value for each in scored for value in each.failed]),
        chance_of_higher_within((each.passed, each.failed) for each in scored),
        sum(bool(each.passed and each.failed) for each in scored),
        len(all_tasks) - len(scored),
    )


def _score(task: Task, samples: list[JudgedSample]) -> TaskBleu:
    completions, programs = BleuAgainst(task.canonical_solution), BleuAgainst(task.program)
    known: dict[tuple[bool, str], float] = {}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for sample in samples:
        whole = sample.solution is not None
        text = sample.solution if sample.solution is not None else sample.completion
        if text is None:
            continue
        if (whole, text) not in known:
            known[whole, text] = (programs if whole else completions).of(text)
        scores[bool(sample.passed)].append(known[whole, text])
    return TaskBleu(task.task_id, tuple(scores[True]), tuple(scores[False]))


def _distribution(values: list[float]) -> Distribution | None:
    if not values:
        return None
    quantiles = [float(each) for each in np.quantile(values, _QUANTILES)]
    return Distribution(len(values), float(np.mean(values)), quantiles)
