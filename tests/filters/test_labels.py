"""Labels of a task's text: its docstring, its licence, its size."""

from __future__ import annotations

import pytest

from filters.docstring_quality import docstring_faults
from filters.licences import licence_allowed
from filters.task_size import task_size
from tasks.record import Expected, Provenance, Size, Task, TestCase


def _task(docstring: str, body: str = "    return sorted(items, key=len)[:count]\n") -> Task:
    prompt = f"def shortest_items(items, count):\n    {docstring}\n"
    return Task("p/f", prompt, "shortest_items", body, [], Provenance("project", "p"))


@pytest.mark.parametrize(
    ("docstring", "faults"),
    [
        ('"""Return the ``count`` shortest of the given strings."""', []),
        ('"""Return as many strings as asked for, the shortest first."""', []),
        ("pass", ["missing"]),
        ('"""  """', ["missing"]),
        ('"""Shortest."""', ["too_short", "only_the_name", "no_result", "no_arguments"]),
        ('"""The shortest items."""', ["too_short", "only_the_name", "no_result"]),
        ('"""TODO: Return the ``count`` shortest items."""', ["unfinished"]),
        ('"""I just found this function online, it returns some items."""', ["about_the_code"]),
        ('"""Copied from https://example.org. Returns the count shortest items."""', ["about_the_code"]),
        ('"""Something about the items here."""', ["no_result"]),
        ('"""Returns what everybody wants of it."""', ["no_arguments"]),
        ('"""Returns sorted(items, key=len)[:count] as it is."""', ["leaks_solution"]),
        ('"""Returns the items: return sorted(items, key=len)[:count]"""', ["leaks_solution"]),
    ],
)
def test_faults_of_docstrings_are_named(docstring: str, faults: list[str]) -> None:
    assert docstring_faults(_task(docstring)) == faults


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("mit", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("GPL-3.0-or-later", False),
        ("LicenseRef-Proprietary", False),
        ("MIT OR", False),
        ("see the file", False),
        ("", False),
        (None, False),
    ],
)
def test_only_what_can_be_met_with_allowed_licences_is_allowed(expression: str | None, allowed: bool) -> None:
    assert licence_allowed(expression) is allowed


def test_the_list_of_allowed_licences_is_the_recipe_s() -> None:
    assert licence_allowed("GPL-3.0-only", ["GPL-3.0-only"])
    assert not licence_allowed("MIT", ["GPL-3.0-only"])


def test_sizes_count_texts_and_decisions() -> None:
    loop = "    for item in items:\n        if item and count or not item:\n\n            return item\n"
    body = loop + "    return 0\n"
    case = TestCase([["a"], 1], {}, Expected("returned", "a"))
    task = Task("p/f", "def f(items, count):\n", "f", body, [case], Provenance("project", "p"))
    assert task_size(task) == Size(21, len(body), 4, 4, len('[[["a"],1],{},"a"]'))
