"""The HumanEval format: JSON lines of prompt, entry point, canonical solution and ``check`` text.

The format is openai/human-eval's (Chen et al. 2021, §2.2). Recorded test cases are rendered as
``check(candidate)``; the ``check`` text of imported files is kept as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from keyword import iskeyword
from pathlib import Path

from tasks.equality import holds_nan
from tasks.files import read_json_lines
from tasks.python_source import NotRenderable, SourceRenderer, indented
from tasks.record import EncodedValue, Provenance, Task, TestCase
from tasks.rendered_comparisons import comparison, definitions_for, modules_for
from tasks.value_encoding import to_text

RESERVED_NAMES = frozenset({"check", "candidate"})
"""Names that the rendered test binds beside the solution, which therefore may not define them."""


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


def from_row(row: HumanEvalRow, source: str) -> Task:
    """The task of a row, whose test is its opaque ``check`` text."""
    return Task(
        task_id=row.task_id,
        prompt=row.prompt,
        entry_point=row.entry_point,
        canonical_solution=row.canonical_solution,
        tests=[],
        check=row.test,
        provenance=Provenance(source_kind="task_file", source=source),
    )


def read_humaneval(path: Path) -> Iterator[Task]:
    """Stream a HumanEval file as tasks; raises `BadFile`."""
    for row in read_json_lines(path, HumanEvalRow):
        yield from_row(row, path.name)


def render_check(cases: list[TestCase], helpers: str = "") -> str:
    """The text of ``check(candidate)`` for recorded cases; raises `NotRenderable`.

    Imports and helpers stand inside the function: at module level they could replace names of the
    solution.
    """
    renderer = SourceRenderer()
    body = "".join(_render_case(case, renderer) for case in cases) or "    pass\n"
    compared = [case.comparator for case in cases if _needs_comparing(case)]
    renderer.imports |= modules_for(compared)
    equal = definitions_for(compared)
    imports = "".join(f"    import {module}\n" for module in sorted(renderer.imports))
    return f"\n\ndef check(candidate):\n{imports}{indented(helpers)}{equal}{body}"


def _render_case(case: TestCase, renderer: SourceRenderer) -> str:
    expected = case.expected
    arguments = [renderer.render(argument) for argument in case.arguments]
    keywords = _keywords(case, renderer)
    setup = after = ""
    if expected.arguments_after is not None:
        setup = f"    arguments = [{', '.join(arguments)}]\n"
        arguments = ["*arguments"]
        arguments_alone = replace(case, comparator=case.comparator.inside)
        after = _assertion("arguments", _expected(expected.arguments_after, renderer), arguments_alone)
    call = f"candidate({', '.join(arguments + keywords)})"
    if expected.kind == "raised":
        exception = renderer.name(expected.exception or "builtins:Exception")
        return (
            f"{setup}    try:\n        {call}\n    except {exception}:\n        pass\n"
            f"    else:\n        raise AssertionError({f'expected {exception}'!r})\n{after}"
        )
    if expected.kind == "yielded":
        renderer.imports.add("itertools")
        # one more than expected would show that there are more
        call = f"list(itertools.islice({call}, {len(expected.value) + expected.exhausted}))"
    return setup + _assertion(call, _expected(expected.value, renderer), case) + after


def _expected(tree: EncodedValue, renderer: SourceRenderer) -> str:
    if '{"$call":[' in to_text(tree):
        raise NotRenderable("what a call makes anew is not equal to what another call makes")
    return renderer.render(tree)


def _keywords(case: TestCase, renderer: SourceRenderer) -> list[str]:
    keywords = {name: renderer.render(value) for name, value in case.keyword_arguments.items()}
    plain = (name.isascii() and name.isidentifier() and not iskeyword(name) for name in keywords)
    if all(plain) and "__debug__" not in keywords:
        return [f"{name}={value}" for name, value in keywords.items()]
    return ["**{" + ", ".join(f"{name!r}: {value}" for name, value in keywords.items()) + "}"]


def _needs_comparing(case: TestCase) -> bool:
    """Whether ``==`` will not do: another comparator, or NaN, which is not equal to itself."""
    return case.comparator.kind != "exact" or holds_nan([case.expected.value, case.expected.arguments_after])


def _assertion(actual: str, expected: str, case: TestCase) -> str:
    if _needs_comparing(case):
        if case.comparator.numbers_by_value and type(case.expected.value) in (int, float):
            actual, expected = f"float({actual})", f"float({expected})"
        return f"    assert {comparison(actual, expected, case.comparator)}\n"
    if expected in ("None", "True", "False"):
        return f"    assert {actual} is {expected}\n"
    return f"    assert {actual} == {expected}\n"
