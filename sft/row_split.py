"""Which tasks are for training and which for validation: no project, contest or program is in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from filters.task_groups import TaskGroups, text_digest
from tasks.record import Task


class NotSplittable(ValueError):
    """The tasks hang together, so that no part of them can be held out; the message says what to do."""


@dataclass(frozen=True)
class Split:
    """Places of tasks on both sides, and how many groups there are on each."""

    training: list[int]
    validation: list[int]
    training_groups: int
    validation_groups: int


def split_tasks(tasks: Sequence[Task], share: float, seed: int) -> Split:
    """Hold out about ``share`` of the tasks; raises `NotSplittable`.

    Tasks of one project or contest go together, and so do tasks whose references are the same program but
    for names, annotations and docstrings. Groups are taken in an order by their digests and the seed while
    they fit; if the first that fits is none, the smallest is taken.
    """
    groups = sorted(_groups(tasks), key=lambda group: text_digest(f"{seed}\0{tasks[group[0]].task_id}"))
    if len(groups) < 2:
        raise NotSplittable(
            f"all {len(tasks)} tasks are of one project or contest, or share one program: nothing can be "
            "held out; add tasks from elsewhere, or name a file of validation tasks"
        )
    wanted = max(1, round(share * len(tasks)))
    held_out: set[int] = set()
    chosen = 0
    for group in groups:
        if len(held_out) + len(group) <= wanted:
            held_out.update(group)
            chosen += 1
    if not held_out:
        held_out.update(sorted(groups, key=len)[0])
        chosen = 1
    return Split(
        [place for place in range(len(tasks)) if place not in held_out],
        sorted(held_out),
        len(groups) - chosen,
        chosen,
    )


def _groups(tasks: Sequence[Task]) -> list[list[int]]:
    """Places of tasks that share an origin or a body, directly or through others."""
    groups = TaskGroups(near=None)
    for task in tasks:
        groups.add(task)
    return groups.groups()
