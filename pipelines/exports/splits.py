"""Train, validation and test: tasks that hang together are always in one of them."""

from __future__ import annotations

import hashlib

from filters.task_groups import TaskGroups
from pipelines.exports.options import SPLITS, Shares, Split
from tasks.record import Task


class SplitAssigner:
    """Takes all tasks of a source, exported or not, so that a task's split is the same in every format."""

    def __init__(self, shares: Shares, seed: int) -> None:
        self._shares = shares
        self._seed = seed
        self._groups = TaskGroups()
        self._ranks: list[bytes] = []

    def add(self, task: Task) -> None:
        """Take the next task."""
        self._groups.add(task)
        self._ranks.append(rank(self._seed, task.task_id))

    def splits(self) -> list[Split]:
        """The split of each task, in their order.

        Groups are taken in an order by their digests and the seed. Those that fit go to the test split until
        it has its share, then to validation, the others to training. Where none fits a share the smallest is
        taken, as long as one larger is left to train on: what is all one group is all for training.
        """
        groups = sorted(self._groups.groups(), key=lambda group: min(self._ranks[place] for place in group))
        total = len(self._ranks)
        found = bytearray(total)
        waiting = groups
        for split, share in (("test", self._shares.test), ("validation", self._shares.validation)):
            wanted = round(share * total) or int(share > 0)
            chosen, waiting = _take(waiting, wanted)
            for group in chosen:
                for place in group:
                    found[place] = SPLITS.index(split)
        return [SPLITS[number] for number in found]


def rank(seed: int, task_id: str) -> bytes:
    """Where a task stands in an order by chance that is always the same."""
    return hashlib.blake2b(f"{seed}\0{task_id}".encode("utf-8", "backslashreplace"), digest_size=8).digest()


def _take(groups: list[list[int]], wanted: int) -> tuple[list[list[int]], list[list[int]]]:
    """Groups of about so many tasks, and the rest, which always has one."""
    chosen: list[list[int]] = []
    rest: list[list[int]] = []
    largest = max(groups, key=len, default=None)
    count = 0
    for group in groups:
        if group is not largest and count + len(group) <= wanted:
            chosen.append(group)
            count += len(group)
        else:
            rest.append(group)
    if wanted and not chosen and len(rest) > 1:
        smallest = min((group for group in rest if group is not largest), key=len)
        chosen.append(smallest)
        rest.remove(smallest)
    return chosen, rest
