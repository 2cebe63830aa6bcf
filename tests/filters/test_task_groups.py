"""Tasks that hang together: whatever is nearly the same is never apart."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest

from filters.duplicates import NEAR, token_sketch
from filters.task_groups import TaskGroups
from tasks.record import Task
from tests.sft.task_texts import task

_WORDS = ("value", "total", "items", "count", "result", "limit", "first", "second", "index", "other")


def _program(chance: random.Random, lines: int) -> str:
    operands = [(chance.choice(_WORDS), chance.choice(_WORDS), chance.choice("+-*/%")) for _ in range(lines)]
    return "".join(f"    {a} = {b} {sign} {chance.randint(0, 99)}\n" for a, b, sign in operands)


def _changed(body: str, chance: random.Random, lines: int) -> str:
    found = body.splitlines(keepends=True)
    for place in chance.sample(range(len(found)), lines):
        found[place] = _program(chance, 1)
    return "".join(found)


def _family(chance: random.Random, number: int) -> list[Task]:
    """A program and copies of it that are more and more changed, each in a project of its own."""
    body = _program(chance, 40)
    bodies = [body, *(_changed(body, chance, lines) for lines in (1, 2, 3, 5, 8, 20))]
    return [
        task(f"f{number}_{place}", each, project=f"p{number}_{place}") for place, each in enumerate(bodies)
    ]


def test_pairs_beyond_the_threshold_are_never_apart() -> None:
    chance = random.Random(0)
    tasks = [each for number in range(12) for each in _family(chance, number)]
    groups = TaskGroups()
    for each in tasks:
        groups.add(each)
    found = groups.groups()
    assert sorted(place for group in found for place in group) == list(range(len(tasks)))
    group_of = {place: number for number, group in enumerate(found) for place in group}
    sketches = [token_sketch(each) for each in tasks]
    near = apart = 0
    for one, other in combinations(range(len(tasks)), 2):
        first, second = sketches[one], sketches[other]
        assert first is not None and second is not None
        if first.jaccard(second) >= NEAR:
            near += 1
            assert group_of[one] == group_of[other]
        else:
            apart += group_of[one] != group_of[other]
    assert near >= 12 and apart >= 1_000, "there are pairs of both kinds"


def test_what_a_copy_is_near_to_is_found_though_the_copy_is_one() -> None:
    chance = random.Random(1)
    body = _program(chance, 60)
    first = task("a", body, project="one")
    second = task("b", _changed(body, chance, 2), project="two")
    third = task("c", _changed(second.canonical_solution, chance, 2), project="three")
    groups = TaskGroups()
    for each in (first, second, third):
        groups.add(each)
    assert groups.groups() == [[0, 1, 2]]


def test_equal_programs_under_other_names_and_tasks_of_a_project_go_together() -> None:
    one = task("sums", "    total = x + 1\n    return total\n", project="one")
    renamed = task(
        "added", "    result = x + 1\n    return result\n", project="two", docstring="Other words."
    )
    sibling = task("other", "    return x - 5\n", project="two")
    alone = task("alone", "    return -x\n", project="three")
    groups = TaskGroups(near=None)
    for each in (one, renamed, sibling, alone, replace(alone, task_id="three/again")):
        groups.add(each)
    assert groups.groups() == [[0, 1, 2], [3, 4]]


def test_a_threshold_at_which_pairs_would_be_missed_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        TaskGroups(near=0.8)
