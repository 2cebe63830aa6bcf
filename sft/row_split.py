"""Which tasks are for training and which for validation: no project, contest or program is in both."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from filters.normalised_tree import normalised_tree
from tasks.record import Task

_CONTEST = re.compile(r"/(?:contests?|gym|problemset/problem)/([\w-]+)")


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
    groups = sorted(_groups(tasks), key=lambda group: _digest(f"{seed}\0{tasks[group[0]].task_id}"))
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


def origin(task: Task) -> str:
    """The project or contest that a task is of; the task itself where its record tells neither."""
    provenance = task.provenance
    if provenance.source_kind == "project":
        return f"project {provenance.source}"
    address = urlsplit(provenance.url or "")
    contest = _CONTEST.search(address.path)
    if provenance.source_kind == "problem" and contest:
        return f"contest {(address.hostname or '').removeprefix('www.')} {contest[1]}"
    return f"task {task.task_id}"


def normalised_body(task: Task) -> str:
    """A digest of the reference program without names, annotations and docstrings; of its words, if it cannot
    be parsed."""
    tree = normalised_tree(task.program, task.entry_point)
    return tree or _digest(" ".join(task.program.split()))


def _groups(tasks: Sequence[Task]) -> list[list[int]]:
    """Places of tasks that share an origin or a body, directly or through others."""
    parents = list(range(len(tasks)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first_with: dict[str, int] = {}
    for place, task in enumerate(tasks):
        for key in (origin(task), f"program {normalised_body(task)}"):
            parents[root(place)] = root(first_with.setdefault(key, place))
    found: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(tasks)):
        found[root(place)].append(place)
    return list(found.values())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
