"""Tasks that hang together: of one project or contest, or the same or nearly the same program.

What tells of one such task tells of the others, so none of a group may be trained on where another is
held out.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from filters.duplicates import NEAR, PERMUTATIONS, token_sketch
from filters.normalised_tree import normalised_tree
from tasks.record import Task

_CONTEST = re.compile(r"/(?:contests?|gym|problemset/problem)/([\w-]+)")
_BANDS = 25
"""More bands than places in which two sketches that are `NEAR` can differ, so one band at least is equal:
no such pair is missed."""


class TaskGroups:
    """Takes tasks one by one and tells which hang together. About a kilobyte is kept of each.

    Tasks are told apart by their place in the order in which they were added. With ``near``, the estimated
    Jaccard index of two programs' runs of tokens from which on they hang together; None: only equal
    programs do, but for names, annotations and docstrings.
    """

    def __init__(self, near: float | None = NEAR) -> None:
        if near is not None and (1 - near) * PERMUTATIONS >= _BANDS:
            raise ValueError(f"near must be more than {1 - _BANDS / PERMUTATIONS}")
        self._near = near
        self._parents: list[int] = []
        self._first_with: dict[bytes, int] = {}
        self._sketches: list[bytes] = []
        self._sketched: list[int] = []

    def __len__(self) -> int:
        return len(self._parents)

    def add(self, task: Task) -> None:
        """Take the next task."""
        place = len(self._parents)
        self._parents.append(place)
        for key in (origin(task), f"program {normalised_body(task)}"):
            self._join(place, self._first_with.setdefault(_short_digest(key), place))
        if self._near is not None:
            sketch = token_sketch(task)
            if sketch is not None:
                self._sketches.append(sketch.hashvalues.astype(np.uint32).tobytes())
                self._sketched.append(place)

    def groups(self) -> list[list[int]]:
        """Places of tasks that hang together, directly or through others, in the order of their first."""
        self._join_near()
        found: defaultdict[int, list[int]] = defaultdict(list)
        for place in range(len(self._parents)):
            found[self._root(place)].append(place)
        return list(found.values())

    def _root(self, place: int) -> int:
        parents = self._parents
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    def _join(self, place: int, other: int) -> None:
        first, second = sorted((self._root(place), self._root(other)))
        self._parents[second] = first

    def _join_near(self) -> None:
        if not self._sketches:
            return
        flat = np.frombuffer(b"".join(self._sketches), np.uint32)
        sketches = flat.reshape(len(self._sketches), PERMUTATIONS)
        rows = PERMUTATIONS // _BANDS
        for band in range(_BANDS):
            keys = np.ascontiguousarray(sketches[:, band * rows : (band + 1) * rows])
            words = keys.view(f"V{keys.itemsize * rows}").ravel()
            _, inverse, counts = np.unique(words, return_inverse=True, return_counts=True)
            order = np.argsort(inverse, kind="stable")
            ends = np.cumsum(counts)
            for start, end in zip(ends - counts, ends, strict=True):
                if end - start > 1:
                    self._join_near_of(order[start:end], sketches)

    def _join_near_of(self, candidates: NDArray[np.intp], sketches: NDArray[np.uint32]) -> None:
        for index in range(len(candidates) - 1):
            place = self._sketched[candidates[index]]
            apart = [
                other
                for other in candidates[index + 1 :]
                if self._root(self._sketched[other]) != self._root(place)
            ]
            if apart:
                equal = (sketches[apart] == sketches[candidates[index]]).mean(axis=1)
                for other in np.flatnonzero(equal >= self._near):
                    self._join(place, self._sketched[apart[other]])


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
    return tree or text_digest(" ".join(task.program.split()))


def text_digest(text: str) -> str:
    """A text's SHA-256, hexadecimal; surrogates count as well."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _short_digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()
