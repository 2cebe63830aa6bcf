"""How much there is to read and to write in a task."""

from __future__ import annotations

import ast

from tasks.record import Size, Task
from tasks.syntax_trees import parse_module
from tasks.value_encoding import to_text

_DECISIONS = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Assert, ast.comprehension,
    ast.match_case,
)  # fmt: skip


def task_size(task: Task) -> Size:
    """Lengths of a task's texts, and how many decisions the entry point takes (McCabe's, less one)."""
    lines = [line for line in task.canonical_solution.splitlines() if line.strip()]
    cases = [[case.arguments, case.keyword_arguments, case.expected.value] for case in task.tests]
    return Size(
        prompt_characters=len(task.prompt),
        solution_characters=len(task.canonical_solution),
        solution_lines=len(lines),
        decisions=_decisions(task),
        test_characters=len(task.check) if task.check is not None else sum(map(len, map(to_text, cases))),
    )


def _decisions(task: Task) -> int:
    try:
        module = parse_module(task.program)
    except (SyntaxError, ValueError, RecursionError):
        return 0
    count = 0
    for definition in module.body:
        if (
            isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef))
            and definition.name == task.entry_point
        ):
            for node in ast.walk(definition):
                count += isinstance(node, _DECISIONS)
                count += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
    return count
