"""Static checks of a task's text: what would break the format, or give its answers away."""

from __future__ import annotations

import ast
from dataclasses import replace

from tasks.humaneval import RESERVED_NAMES
from tasks.python_source import NotRenderable, SourceRenderer
from tasks.record import EncodedValue, Task, TestCase
from tasks.syntax_trees import parse_module

STOP_SEQUENCES = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""Where sampling stops (Chen et al. 2021, §3.2); a body that holds one could never be sampled."""

_MIN_TEXT = 5
_MIN_LITERAL = 7


def malformed_reason(task: Task) -> str | None:
    """Why a task cannot stand in a HumanEval-style set, or None."""
    if task.entry_point in RESERVED_NAMES:
        return "reserved_entry_point"
    try:
        defined = {
            name
            for node in parse_module(task.program).body
            for name in (
                [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else _assigned(node)
            )
        }
    except (SyntaxError, ValueError, RecursionError):
        return "program_not_parsable"
    if defined & RESERVED_NAMES:
        return "reserved_name_defined"
    if any(stop in "\n" + task.canonical_solution for stop in STOP_SEQUENCES):
        return "stop_sequence_in_body"
    return None


def without_answers_in_prompt(task: Task) -> Task:
    """The task without the cases whose recorded result can be read off its prompt.

    A result counts as readable when its text stands in the prompt and is long enough not to be
    there by chance: `True`, small numbers and very short strings are in every prompt.
    """
    kept = [case for case in task.tests if not _answer_in(task.prompt, case)]
    lost = len(task.tests) - len(kept)
    if not lost:
        return task
    before = task.evidence.cases_dropped
    dropped = {**before, "answer_in_prompt": before.get("answer_in_prompt", 0) + lost}
    return replace(task, tests=kept, evidence=replace(task.evidence, cases_dropped=dropped))


def passes_when_doing_nothing(task: Task) -> bool:
    """Whether ``return None`` would pass all tests: then they test nothing."""
    return all(
        case.expected.kind == "returned"
        and case.expected.source != "pending"
        and case.expected.value is None
        and case.expected.arguments_after is None
        for case in task.tests
    )


def _answer_in(prompt: str, case: TestCase) -> bool:
    if case.expected.kind == "raised" or case.expected.source == "pending":
        return False
    values = [case.expected.value]
    if case.expected.kind == "yielded":
        values.append({"$tuple": case.expected.value})
    return any(_stands_in(prompt, value) for value in values)


def _stands_in(prompt: str, value: EncodedValue) -> bool:
    if isinstance(value, str):
        return len(value) >= _MIN_TEXT and (value in prompt or repr(value)[1:-1] in prompt)
    try:
        text = SourceRenderer().render(value)
    except NotRenderable:
        return False
    return len(text) >= _MIN_LITERAL and (text in prompt or text.replace("'", '"') in prompt)


def _assigned(node: ast.stmt) -> list[str]:
    return [
        name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]
