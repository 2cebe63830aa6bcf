"""The stages that run nothing: what texts say by themselves, and which tasks repeat others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from filters.duplicates import find_duplicates
from filters.measures import STAGES, duplicate_measures, text_evidence, text_measures
from filters.recipe import Recipe
from pipelines.filter_folder import WaitingTask
from tasks.record import Task


def measure_texts(tasks: Iterable[Task], recipe: Recipe) -> Iterator[WaitingTask]:
    """The tasks, in their order, with what their texts say.

    Of several that are alike one is kept that the recipe does not reject for its text, if there is such a
    one: the first of them. The tasks are gone through several times and never held together.
    """
    rejected = [bool(recipe.objections(text_measures(task), STAGES[:1])) for task in tasks]

    def preferred() -> Iterator[Task]:
        for last in (False, True):
            if last in rejected:
                yield from (task for task, late in zip(tasks, rejected, strict=True) if late is last)

    found = find_duplicates(preferred())
    for task in tasks:
        duplicate = found.get(task.task_id)
        evidence = replace(task.evidence, **text_evidence(task), duplicate=duplicate)
        measures = text_measures(task) | duplicate_measures(duplicate)
        yield WaitingTask(replace(task, evidence=evidence), measures)
