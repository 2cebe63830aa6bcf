"""The stages that run nothing: what texts say by themselves, and which tasks repeat others."""

from __future__ import annotations

from dataclasses import replace

from filters.duplicates import find_duplicates
from filters.measures import STAGES, duplicate_measures, text_evidence, text_measures
from filters.recipe import Recipe
from pipelines.filter_folder import WaitingTask
from tasks.record import Task


def measure_texts(tasks: list[Task], recipe: Recipe) -> list[WaitingTask]:
    """The tasks, in their order, with what their texts say.

    Of several that are alike one is kept that the recipe does not reject for its text, if there is such a
    one: the first of them.
    """
    measured = [(task, text_measures(task)) for task in tasks]
    preferred = sorted(measured, key=lambda entry: bool(recipe.objections(entry[1], STAGES[:1])))
    found = find_duplicates(task for task, _ in preferred)
    waiting = []
    for task, measures in measured:
        duplicate = found.get(task.task_id)
        evidence = replace(task.evidence, **text_evidence(task), duplicate=duplicate)
        waiting.append(
            WaitingTask(replace(task, evidence=evidence), measures | duplicate_measures(duplicate))
        )
    return waiting
