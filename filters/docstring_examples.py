"""A docstring's interactive examples as test cases: calls of the function with literal values."""

from __future__ import annotations

import ast
import doctest

from tasks.equality import EXACT, FLOAT_TOLERANCE, holds_float
from tasks.record import Expected, Task, TestCase
from tasks.syntax_trees import parse_expression, parse_module
from tasks.value_encoding import NotEncodable, encode

_PARSER = doctest.DocTestParser()
_MOST = 20
_UNREADABLE = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError, NotEncodable)


def docstring_examples(task: Task) -> list[TestCase]:
    """The examples that can be read without running anything; the others are passed over.

    They are taken from the original docstring, where the task keeps it, else from the prompt's.
    """
    docstring = task.original_docstring or _docstring(task)
    try:
        examples = _PARSER.get_examples(docstring or "")
    except ValueError:
        return []
    cases = (_case(example, task.entry_point) for example in examples)
    return [case for case in cases if case is not None][:_MOST]


def _docstring(task: Task) -> str | None:
    try:
        nodes = parse_module(task.program).body
    except _UNREADABLE:
        return None
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == task.entry_point:
            return ast.get_docstring(node)
    return None


def _case(example: doctest.Example, entry_point: str) -> TestCase | None:
    try:
        call = parse_expression(example.source.strip()).body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return None
        if call.func.id != entry_point or any(keyword.arg is None for keyword in call.keywords):
            return None
        arguments = [encode(ast.literal_eval(argument)) for argument in call.args]
        keywords = {str(each.arg): encode(ast.literal_eval(each.value)) for each in call.keywords}
        value = encode(ast.literal_eval(example.want.strip()))
    except _UNREADABLE:
        return None
    comparator = FLOAT_TOLERANCE if holds_float(value) else EXACT
    return TestCase(arguments, keywords, Expected("returned", value), comparator, "example")
