"""The HumanEval format: JSON lines of prompt, entry point, canonical solution and ``check`` text.

The format is openai/human-eval's (Chen et al. 2021, §2.2). Recorded test cases are rendered as
``check(candidate)``; the ``check`` text of imported files is kept as it is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path

from tasks.files import read_json_lines
from tasks.python_source import SourceRenderer
from tasks.record import Provenance, Task, TestCase

RESERVED_NAMES = frozenset({"check", "candidate"})
"""Names that the rendered test binds beside the solution, which therefore may not define them."""

_EQUAL = """\
    def equal(actual, expected):
        if isinstance(expected, float) and isinstance(actual, float):
            both_nan = actual != actual and expected != expected
            return both_nan or math.isclose(actual, expected, rel_tol={rtol!r}, abs_tol={atol!r})
        if type(actual) is not type(expected):
            return False
        if isinstance(expected, complex):
            return equal(actual.real, expected.real) and equal(actual.imag, expected.imag)
        if isinstance(expected, (list, tuple)):
            return len(actual) == len(expected) and all(map(equal, actual, expected))
        if isinstance(expected, dict):
            return actual.keys() == expected.keys() and all(equal(actual[k], expected[k]) for k in expected)
        return actual == expected
"""


@dataclass(frozen=True)
class HumanEvalRow:
    """One line of a HumanEval file."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str


def to_row(task: Task) -> HumanEvalRow:
    """The HumanEval form of a task; raises `tasks.python_source.NotRenderable`."""
    test = task.check if task.check is not None else render_check(task.tests, task.test_helpers)
    return HumanEvalRow(task.task_id, task.prompt, task.entry_point, task.canonical_solution, test)


def read_humaneval(path: Path) -> Iterator[Task]:
    """Stream a HumanEval file as tasks whose tests are its opaque ``check`` texts; raises `BadFile`."""
    for row in read_json_lines(path, HumanEvalRow):
        yield Task(
            task_id=row.task_id,
            prompt=row.prompt,
            entry_point=row.entry_point,
            canonical_solution=row.canonical_solution,
            tests=[],
            check=row.test,
            provenance=Provenance(source_kind="task_file", source=path.name),
        )


def render_check(cases: list[TestCase], helpers: str = "") -> str:
    """The text of ``check(candidate)`` for recorded cases; raises `NotRenderable`.

    Imports and helpers stand inside the function: at module level they could replace names of the
    solution.
    """
    renderer = SourceRenderer()
    tolerant = next((case.comparator for case in cases if case.comparator.kind == "float_tolerance"), None)
    body = "".join(_render_case(case, renderer) for case in cases)
    if tolerant:
        renderer.imports.add("math")
    imports = "".join(f"    import {module}\n" for module in sorted(renderer.imports))
    equal = _EQUAL.format(rtol=tolerant.rtol, atol=tolerant.atol) if tolerant else ""
    return f"\n\ndef check(candidate):\n{imports}{textwrap.indent(helpers, '    ')}{equal}{body}"


def _render_case(case: TestCase, renderer: SourceRenderer) -> str:
    expected = case.expected
    arguments = [renderer.render(argument) for argument in case.arguments]
    keywords = [f"**{renderer.render(case.keyword_arguments)}"]
    if all(name.isidentifier() and not iskeyword(name) for name in case.keyword_arguments):
        keywords = [f"{name}={renderer.render(value)}" for name, value in case.keyword_arguments.items()]
    setup = ""
    if expected.arguments_after is not None:
        setup = f"    arguments = [{', '.join(arguments)}]\n"
        arguments = ["*arguments"]
    call = f"candidate({', '.join(arguments + keywords)})"
    if expected.kind == "raised":
        exception = renderer.name(expected.exception or "builtins:Exception")
        return (
            f"{setup}    try:\n        {call}\n    except {exception}:\n        pass\n"
            f"    else:\n        raise AssertionError({f'expected {exception}'!r})\n"
        )
    if expected.kind == "yielded":
        call = f"list({_limited(call, len(expected.value), expected.exhausted, renderer)})"
    lines = setup + _assertion(call, renderer.render(expected.value), case)
    if expected.arguments_after is not None:
        lines += _assertion("arguments", renderer.render(expected.arguments_after), case)
    return lines


def _limited(call: str, count: int, exhausted: bool, renderer: SourceRenderer) -> str:
    renderer.imports.add("itertools")
    return f"itertools.islice({call}, {count + 1 if exhausted else count})"


def _assertion(actual: str, expected: str, case: TestCase) -> str:
    if case.comparator.kind == "float_tolerance":
        return f"    assert equal({actual}, {expected})\n"
    if expected in ("None", "True", "False"):
        return f"    assert {actual} is {expected}\n"
    return f"    assert {actual} == {expected}\n"
