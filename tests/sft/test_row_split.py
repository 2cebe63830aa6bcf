from __future__ import annotations

import pytest

from filters.task_groups import normalised_body, origin
from sft.row_split import NotSplittable, split_tasks
from tests.sft.task_texts import spread_tasks, task

_LOOP = "    total = 0\n    for each in range(x):\n        total += each\n    return total\n"


def test_no_project_and_no_program_is_on_both_sides() -> None:
    tasks = spread_tasks(40)
    for i in range(12, 40):
        tasks.append(task(f"other_{i}", f"    return x ** {i}\n", project=f"q{i}"))
    tasks.append(task("sums", _LOOP, project="q12"))
    tasks.append(task("added_up", _LOOP.replace("total", "result"), project="q13", docstring="Other words."))
    seen = set()
    for seed in range(10):
        split = split_tasks(tasks, 0.2, seed)
        sides = [[tasks[i] for i in side] for side in (split.training, split.validation)]
        for key in (origin, normalised_body):
            first, second = ({key(each) for each in side} for side in sides)
            assert not first & second
        assert sorted(split.training + split.validation) == list(range(len(tasks)))
        assert 8 <= len(split.validation) <= 14
        seen.add(tuple(split.validation))
    assert len(seen) > 1, "the seed chooses"
    assert split_tasks(tasks, 0.2, 3) == split_tasks(tasks, 0.2, 3)


def test_projects_with_one_program_go_together() -> None:
    tasks = [task("sums", _LOOP, project="a"), task("added", _LOOP.replace("total", "t"), project="b")]
    with pytest.raises(NotSplittable, match="all 2 tasks"):
        split_tasks(tasks, 0.5, 0)
    tasks.append(task("other", "    return -x\n", project="c"))
    split = split_tasks(tasks, 0.3, 0)
    assert (split.validation, split.training_groups) == ([2], 1)


def test_where_no_group_is_small_enough_the_smallest_is_held_out() -> None:
    tasks = [task(f"f{i}", f"    return x - {i}\n", project="ab"[i > 4]) for i in range(9)]
    assert {origin(tasks[i]) for i in split_tasks(tasks, 0.1, 0).validation} == {"project b"}


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        ("project", "https://pypi.org/project/one", "project one"),
        ("problem", "https://codeforces.com/contest/1779/problem/F", "contest codeforces.com 1779"),
        ("problem", "https://codeforces.com/problemset/problem/1779/A", "contest codeforces.com 1779"),
        ("problem", "https://atcoder.jp/contests/abc100/tasks/abc100_a", "contest atcoder.jp abc100"),
        ("problem", "https://leetcode.com/problems/two-sum", "task one/f"),
        ("task_file", None, "task one/f"),
    ],
)
def test_origins(kind: str, url: str | None, expected: str) -> None:
    assert origin(task("f", kind=kind, url=url)) == expected  # type: ignore[arg-type]
