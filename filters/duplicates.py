"""Tasks that repeat another: the same text, the same tree, or nearly the same tokens."""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Iterable

from datasketch import MinHash

from filters.normalised_tree import normalised_tree
from filters.sketch_index import SketchIndex
from tasks.record import Duplicate, Task

NEAR = 0.85
"""Estimated Jaccard index of runs of tokens from which on two solutions count as nearly the same."""

PERMUTATIONS = 128
"""Numbers in a sketch."""

_RUN = 5


def find_duplicates(tasks: Iterable[Task], near: float = NEAR) -> dict[str, Duplicate]:
    """By the identifier of each task that repeats an earlier one: what it repeats, and how.

    Of several that are alike the first given is kept, and only those kept are compared with. Memory grows
    with the number of tasks, by about two kilobytes each.
    """
    exact: dict[bytes, str] = {}
    trees: dict[bytes, str] = {}
    index = SketchIndex(near, PERMUTATIONS)
    found: dict[str, Duplicate] = {}
    for task in tasks:
        text = _digest(task.program)
        tree = _digest(normalised_tree(task.program, task.entry_point) or task.program)
        sketch = token_sketch(task)
        if text in exact:
            found[task.task_id] = Duplicate(exact[text], "exact")
        elif tree in trees:
            found[task.task_id] = Duplicate(trees[tree], "tree")
        elif sketch is not None and (alike := index.nearest(sketch)):
            found[task.task_id] = Duplicate(alike[1], "near", round(alike[0], 3))
        else:
            exact[text] = trees[tree] = task.task_id
            if sketch is not None:
                index.add(task.task_id, sketch)
    return found


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()


def token_sketch(task: Task) -> MinHash | None:
    """A sketch of the runs of tokens of prompt and solution; None for those too short to compare so."""
    tokens = _tokens(task.program)
    runs = {" ".join(tokens[start : start + _RUN]) for start in range(len(tokens) - _RUN + 1)}
    if len(runs) < 2 * _RUN:
        return None
    sketch = MinHash(num_perm=PERMUTATIONS)
    sketch.update_batch([run.encode("utf-8", "backslashreplace") for run in runs])
    return sketch


def _tokens(program: str) -> list[str]:
    """Names, numbers, operators, and the words of texts, without comments and layout."""
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(program).readline):
            if token.type == tokenize.STRING:
                found += token.string.split()
            elif token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.OP):
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        return program.split()
    return found
