"""The funnel adds up, or says so."""

from __future__ import annotations

import pytest
from rich.console import Console

from pipelines.funnel import TaskSummary, count_funnel, render_funnels, summarize
from tasks.record import Evidence, Expected, Provenance, Rejection, Task, TestCase


def _task(name: str, documented: bool, value: object = 1) -> TaskSummary:
    case = TestCase([1], {}, Expected("returned", value))
    provenance = Provenance("project", "p")
    return summarize(Task(f"p/{name}", "", name, "", [case], provenance, evidence=Evidence(documented)))


def _rejection(stage: str, reason: str) -> Rejection:
    return Rejection("p", "f", "m.py", 1, stage, reason)


def test_losses_are_counted_by_stage_and_reason() -> None:
    tasks = [_task("a", True), _task("b", False), _task("c", True, {"$object": ["task:C", {}]})]
    rejections = [_rejection("arguments_and_result", "is_a_method"), _rejection("replay", "too_slow")]
    funnel = count_funnel("p", 5, tasks, rejections)
    assert funnel.left == [4, 4, 4, 4, 3, 2, 1]
    assert funnel.proven == 3
    assert funnel.losses == {
        "arguments_and_result: is_a_method": 1,
        "replay: too_slow": 1,
        "documented: no_docstring": 1,
        "exported: value_has_no_expression": 1,
    }


def test_a_function_that_got_lost_without_a_reason_is_an_error() -> None:
    with pytest.raises(ValueError, match="the funnel leaks"):
        count_funnel("p", 2, [_task("a", True)], [])


def test_the_tables_fit_a_terminal_of_80_columns() -> None:
    funnel = count_funnel("python-slugify-9.2.0", 2, [_task("a", True)], [_rejection("replay", "too_slow")])
    console = Console(width=80, record=True)
    console.print(render_funnels([funnel]))
    text = console.export_text()
    assert "python-slugify-9.2.0" in text
    for heading in ("called", "I/O", "acted", "ven", "alone", "doc", "por-", "too_slow"):
        assert heading in text
