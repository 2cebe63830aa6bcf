"""Tests of functions out of their own doctests, by reading them: calls of literals, and their outcomes."""

from __future__ import annotations

import ast
import doctest
import re
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scraping.archives.python_literals import (
    NotLiteral,
    bearable_size,
    literal_call,
    literal_value,
    named_value,
    raised,
    returned,
)
from tasks.equality import EXACT, LIKE_PYTHON, Comparator
from tasks.record import TestCase
from tasks.syntax_trees import parse_expression, parse_module

_PARSER = doctest.DocTestParser()
_MIN_SIZE, _TIMES_TEXT = 20_000, 20
"""Of all cases together, as `bearable_size` counts, by the docstring's length."""


@dataclass(frozen=True)
class DoctestCase:
    """One example: the call and its outcome as they are written, and as data."""

    source: str
    want: str
    case: TestCase


@dataclass(frozen=True)
class FoundDoctests:
    """The examples of a docstring that are data, how many are not, by reason, and the text between them."""

    cases: list[DoctestCase] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    text: str = ""


def doctest_cases(docstring: str, function: str) -> FoundDoctests:
    """The examples of ``docstring`` that call ``function``.

    Names stand for the literals that earlier examples assigned to them, until something else is done with
    these. Raises ``ValueError`` for a docstring that `doctest` refuses.
    """
    cases: list[DoctestCase] = []
    dropped: Counter[str] = Counter()
    names: dict[str, Any] = {}
    text: list[str] = []
    left = max(_MIN_SIZE, _TIMES_TEXT * len(docstring))
    for part in _PARSER.parse(textwrap.dedent(docstring)):
        if isinstance(part, str):
            text.append(part)
            continue
        try:
            tree = parse_module(part.source)
        except SyntaxError:
            dropped["not_python3"] += 1
            continue
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            try:
                case = _case(part, tree.body[0].value, function, names)
                values = [case.arguments, case.keyword_arguments, case.expected.value]
                left -= bearable_size(values, left)
                cases.append(DoctestCase(part.source.strip(), part.want.strip(), case))
            except NotLiteral as error:
                dropped[str(error)] += 1
        _follow(tree, names)
    return FoundDoctests(cases, dict(dropped), re.sub(r"\n\s*\n\s*\n", "\n\n", "".join(text)).strip())


def _case(example: doctest.Example, call: ast.expr, function: str, names: dict[str, Any]) -> TestCase:
    if example.options:
        raise NotLiteral("doctest_option")
    if example.exc_msg is not None:
        found = literal_call(call, names)
        exception = example.exc_msg.partition(":")[0].strip()
        if found.function != function:
            raise NotLiteral("other_call")
        return raised(
            found, exception.rpartition(".")[2] if exception.startswith("builtins.") else exception, "example"
        )
    digits, how = None, EXACT
    match call:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]) if example.want.strip() == "True":
            call, value, how = left, literal_value(right, names), LIKE_PYTHON
        case ast.Call(func=ast.Name(id="round"), args=[inner, places], keywords=[]) if isinstance(
            inner, ast.Call
        ):
            call, digits, value = inner, literal_value(places), _wanted(example.want)
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[ast.Call()]):
            raise NotLiteral(
                "converted_result"
            )  # of an iterator, or of what is one already: the text does not tell
        case _:
            value = _wanted(example.want)
    found = literal_call(call, names)
    if found.function != function:
        raise NotLiteral("other_call")
    if digits is not None:
        if type(digits) is not int or type(value) is not float:
            raise NotLiteral("converted_result")
        return returned(found, value, "example", Comparator("float_tolerance", atol=0.5 * 10.0**-digits))
    return returned(found, value, "example", how)


def _wanted(want: str) -> Any:
    """The value that an interpreter shows as ``want``; it shows nothing for None."""
    text = want.strip()
    if not text:
        return None
    if "..." in text:
        raise NotLiteral("truncated_result")
    try:
        tree = parse_expression(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotLiteral("printed_text") from error
    if isinstance(tree.body, ast.Name) and tree.body.id in ("nan", "inf"):
        return float(tree.body.id)
    if isinstance(tree.body, ast.Constant) and tree.body.value is None:
        raise NotLiteral("printed_text")  # a returned None is not shown, so this one was printed
    return literal_value(tree.body, {"nan": float("nan"), "inf": float("inf")})


def _follow(tree: ast.Module, names: dict[str, Any]) -> None:
    """Take note of assignments of literals; a name that an example uses may have been changed by it."""
    for statement in tree.body:
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        for name in used & names.keys():
            if isinstance(names[name], list | dict | set):
                del names[name]
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                names.pop(target.id, None)
                try:
                    names[target.id] = named_value(statement.value, names)
                except NotLiteral:
                    continue
