"""Static checks: what breaks the format, what gives answers away, what tests nothing."""

from __future__ import annotations

from typing import Any

import pytest

from filters.well_formed import malformed_reason, passes_when_doing_nothing, without_answers_in_prompt
from tasks.record import Expected, Provenance, Task, TestCase


def _task(prompt: str, body: str, *expected: Any, entry_point: str = "f") -> Task:
    cases = [
        TestCase([index], {}, value if isinstance(value, Expected) else Expected("returned", value))
        for index, value in enumerate(expected)
    ]
    return Task("id", prompt, entry_point, body, cases, Provenance("project", "p"))


def test_a_plain_function_is_well_formed() -> None:
    assert malformed_reason(_task("def f(x):\n", "    return x\n", 1)) is None


@pytest.mark.parametrize(
    ("prompt", "body", "entry_point", "reason"),
    [
        ("def check(x):\n", "    return x\n", "check", "reserved_entry_point"),
        ("def check(x): pass\ndef f(x):\n", "    return check(x)\n", "f", "reserved_name_defined"),
        ("candidate = 1\ndef f(x):\n", "    return candidate\n", "f", "reserved_name_defined"),
        ("def f(x):\n", "    return '''\n# text'''\n", "f", "stop_sequence_in_body"),
        ("def f(x):\n", "    return '''\nclass C'''\n", "f", "stop_sequence_in_body"),
        ("def f(x):\n", "    return (\n", "f", "program_not_parsable"),
    ],
)
def test_what_breaks_the_format_is_named(prompt: str, body: str, entry_point: str, reason: str) -> None:
    assert malformed_reason(_task(prompt, body, 1, entry_point=entry_point)) == reason


@pytest.mark.parametrize(
    ("prompt", "value"),
    [
        ('"""Gives man eater."""', "man eater"),
        ("TABLE = {'x': 'post office'}", "post office"),
        ('"""For example [1, 2, 3]."""', [1, 2, 3]),
        ('"""Gives {"a": "b"}."""', {"a": "b"}),
        ('"""Yields (10, 20)."""', Expected("yielded", [10, 20])),
    ],
)
def test_cases_whose_result_stands_in_the_prompt_are_dropped(prompt: str, value: Any) -> None:
    hidden = without_answers_in_prompt(_task(prompt, "", value, "something else"))
    assert [case.expected.value for case in hidden.tests] == ["something else"]
    assert hidden.evidence.cases_dropped == {"answer_in_prompt": 1}


@pytest.mark.parametrize("value", [True, None, 1, "the", [1], ""])
def test_short_results_are_in_every_prompt_and_stay(value: Any) -> None:
    task = _task('"""True None 1 the [1] """', "", value)
    assert without_answers_in_prompt(task) is task


def test_only_what_returns_none_and_changes_nothing_tests_nothing() -> None:
    assert passes_when_doing_nothing(_task("", "", None, None))
    assert not passes_when_doing_nothing(_task("", "", None, 0))
    assert not passes_when_doing_nothing(_task("", "", Expected("returned", None, arguments_after=[1])))
    assert not passes_when_doing_nothing(_task("", "", Expected("yielded", [])))
    assert not passes_when_doing_nothing(_task("", "", Expected("raised", exception="builtins:ValueError")))
