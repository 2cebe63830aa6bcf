"""Putting a docstring that a model wrote into a task's prompt, so that it is a docstring and nothing else."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import replace

from sft.row_texts import CutProgram, RefusedRow
from tasks.record import Task
from tasks.syntax_trees import parse_module
from tracing.docstrings import render_docstring


def with_docstring(task: Task, cut: CutProgram, docstring: str) -> Task | RefusedRow:
    """The task with a docstring in the place of its own, if it had one.

    Whatever the text holds (quotes, backslashes, control characters, marks that turn the direction of
    writing), it is escaped. That it is a docstring is seen from the program afterwards: its tree is the same
    but for the docstring, which reads as the text does. Else it is refused: ``docstring_has_no_place``.
    """
    text = "\n".join(line.rstrip() for line in inspect.cleandoc(docstring).split("\n")).strip()
    if not text:
        return RefusedRow(task.task_id, "empty")
    bare = _definition(cut.head + cut.solution, task.entry_point)
    if bare is None:
        return RefusedRow(task.task_id, "no_function", task.entry_point)
    module, definition = bare
    place, indent = _first_line(cut.head + cut.solution, definition)
    place = min(place, len(cut.head))
    prompt = cut.head[:place] + render_docstring(text, indent) + cut.head[place:]
    changed = _definition(prompt + cut.solution, task.entry_point)
    if changed is None or _read_back(changed[1]) != text:
        return RefusedRow(task.task_id, "docstring_has_no_place")
    changed[1].body.pop(0)
    if ast.dump(changed[0]) != ast.dump(module):
        return RefusedRow(task.task_id, "docstring_has_no_place")
    evidence = replace(task.evidence, documented=True, docstring_faults=None)
    return replace(
        task, prompt=prompt, canonical_solution=cut.solution, original_docstring=None, evidence=evidence
    )


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _definition(program: str, name: str) -> tuple[ast.Module, _Function] | None:
    try:
        module = parse_module(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [node for node in module.body if isinstance(node, _Function) and node.name == name]
    return (module, found[-1]) if found else None


def _first_line(program: str, definition: _Function) -> tuple[int, str]:
    """Where the line of the first statement begins, and how it is indented."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", program)  # as the parser counts them
    number = definition.body[0].lineno - 1
    line = lines[number]
    return len("".join(lines[:number])), line[: len(line) - len(line.lstrip())] or "    "


def _read_back(definition: _Function) -> str:
    return (ast.get_docstring(definition) or "").strip()
