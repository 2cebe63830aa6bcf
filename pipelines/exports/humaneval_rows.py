"""Tasks in HumanEval's form and in EvalPlus's."""

from __future__ import annotations

import ast
import math
from dataclasses import asdict
from typing import Any

from pipelines.exports.options import LeftOut
from pipelines.exports.training_rows import provenance_columns
from tasks.equality import holds_nan
from tasks.humaneval import HumanEvalRow, to_row
from tasks.python_source import NotRenderable
from tasks.record import EncodedValue, Task, TestCase
from tasks.syntax_trees import parse_module
from tasks.value_shapes import is_encoding

_ATOL_AT_LEAST = 1e-6
"""What EvalPlus itself takes for floats."""

_ORACLES = frozenset({"find_zero"})
"""Entry points that EvalPlus judges in a way of its own."""

_LIKE_PYTHON = frozenset(
    {
        *("$int", "$float", "$complex", "$str", "$bytes", "$tuple", "$set", "$frozenset", "$dict", "$range"),
        *("$ordereddict", "$counter", "$deque", "$date", "$time", "$datetime", "$timedelta", "$decimal"),
        *("$fraction", "$uuid"),
    }
)
"""Results that are equal to those of another process by `==`, and that can be pickled."""


def humaneval_row(task: Task) -> HumanEvalRow | LeftOut:
    """A task's line in a HumanEval file, or why it has none."""
    needed = _needs_more(task)
    if needed:
        return needed
    try:
        return to_row(task)
    except NotRenderable as error:
        return LeftOut("value_has_no_expression", str(error))


def humaneval_rows(task: Task) -> list[dict[str, Any]] | LeftOut:
    """The same as a table's rows."""
    row = humaneval_row(task)
    return row if isinstance(row, LeftOut) else [asdict(row)]


def attributed_humaneval_rows(task: Task) -> list[dict[str, Any]] | LeftOut:
    """The same with where the row is from and its terms."""
    row = humaneval_row(task)
    return row if isinstance(row, LeftOut) else [{**asdict(row), **provenance_columns(task)}]


def evalplus_rows(task: Task) -> list[dict[str, Any]] | LeftOut:
    """A task's line in an EvalPlus file: the inputs as JSON, for the results are its own reference's.

    Recorded calls and examples are its base tests, generated ones the further tests. Only what EvalPlus can
    judge is exported: it reads inputs as JSON, calls by position, and compares what is returned by `==`.
    """
    objection = _no_evalplus(task)
    if objection is not None:
        return objection
    parameters = _positions(task)
    base: list[list[Any]] = []
    plus: list[list[Any]] = []
    atol = 0.0
    for case in task.tests:
        arguments = _arguments(case, parameters)
        if arguments is None:
            return LeftOut("keyword_arguments")
        if not all(map(_is_json, arguments)):
            return LeftOut("input_has_no_json_form")
        objection = _not_compared(case)
        if objection is not None:
            return objection
        if case.comparator.kind == "float_tolerance":
            atol = max(atol, case.comparator.atol, _ATOL_AT_LEAST)
        (plus if case.origin == "generated" else base).append(arguments)
    if not base:
        base, plus = plus, []
    row = {
        "task_id": task.task_id,
        "prompt": task.prompt,
        "entry_point": task.entry_point,
        "canonical_solution": task.canonical_solution,
        "contract": "",
        "base_input": base,
        "plus_input": plus,
        "atol": atol,
    }
    return [row]


def _needs_more(task: Task) -> LeftOut | None:
    """Why a task is no function that can be judged by itself, or None."""
    if task.environment is not None:
        return LeftOut("needs_its_project")
    if task.stdio_tests:
        return LeftOut("is_a_whole_program")
    if task.checker is not None:
        return LeftOut("needs_its_checker")
    return None


def _no_evalplus(task: Task) -> LeftOut | None:
    needed = _needs_more(task)
    if needed:
        return needed
    if not task.tests:
        return LeftOut("check_is_opaque")
    if task.entry_point in _ORACLES:
        return LeftOut("reserved_entry_point", task.entry_point)
    return None


def _positions(task: Task) -> list[str]:
    """Names of the entry point's parameters that can be given by position."""
    try:
        module = parse_module(task.program)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found = [
        node
        for node in module.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == task.entry_point
    ]
    return [each.arg for each in found[-1].args.args] if found and not found[-1].args.posonlyargs else []


def _arguments(case: TestCase, parameters: list[str]) -> list[EncodedValue] | None:
    """All arguments by position, or None where some can only be given by name."""
    names = parameters[len(case.arguments) : len(case.arguments) + len(case.keyword_arguments)]
    if set(names) != case.keyword_arguments.keys():
        return None
    return [*case.arguments, *(case.keyword_arguments[name] for name in names)]


def _is_json(tree: EncodedValue) -> bool:
    """Whether JSON gives back the very value: no tags, and all numbers finite."""
    if isinstance(tree, list):
        return all(map(_is_json, tree))
    if isinstance(tree, dict):
        return not (len(tree) == 1 and next(iter(tree)).startswith("$")) and all(map(_is_json, tree.values()))
    return (
        tree is None
        or isinstance(tree, (bool, int, str))
        or (isinstance(tree, float) and math.isfinite(tree))
    )


def _not_compared(case: TestCase) -> LeftOut | None:
    """What of a case's outcome EvalPlus does not compare as we do."""
    expected = case.expected
    if case.pickled is not None:
        return LeftOut("input_has_no_json_form", "pickled")
    if expected.kind == "raised":
        return LeftOut("expects_an_exception")
    if expected.kind == "yielded":
        return LeftOut("yields")
    if expected.arguments_after is not None:
        return LeftOut("changes_its_arguments")
    if case.comparator.kind not in ("exact", "float_tolerance"):
        return LeftOut("comparison_not_available", case.comparator.kind)
    if (
        case.comparator.kind == "float_tolerance"
        and _holds_float(expected.value)
        and not _is_flat(expected.value)
    ):
        return LeftOut("comparison_not_available", "floats inside of values")
    if holds_nan(expected.value):
        return LeftOut("result_is_not_equal_to_itself", "NaN")
    if not (is_encoding(expected.value) and _is_comparable(expected.value)):
        return LeftOut("result_is_not_equal_to_itself")
    return None


def _is_flat(tree: EncodedValue) -> bool:
    """Whether numpy can compare a value within a tolerance: a number, or a row of them."""
    items = tree["$tuple"] if isinstance(tree, dict) and set(tree) == {"$tuple"} else tree
    return all(isinstance(item, (int, float)) for item in (items if isinstance(items, list) else [items]))


def _holds_float(tree: EncodedValue) -> bool:
    if isinstance(tree, (list, dict)):
        return any(map(_holds_float, tree.values() if isinstance(tree, dict) else tree))
    return isinstance(tree, float)


def _is_comparable(tree: EncodedValue) -> bool:
    if isinstance(tree, list):
        return all(map(_is_comparable, tree))
    if isinstance(tree, dict):
        tag, body = next(iter(tree.items())) if len(tree) == 1 else ("", [])
        if not tag.startswith("$"):
            return all(map(_is_comparable, tree.values()))
        if tag in ("$dict", "$ordereddict", "$counter"):
            return all(_is_comparable(part) for pair in body for part in pair)
        if tag == "$deque":
            return all(map(_is_comparable, body[0]))
        if tag in ("$tuple", "$set", "$frozenset"):
            return all(map(_is_comparable, body))
        return tag in _LIKE_PYTHON
    return True
