"""Tests of functions out of ``unittest`` files, by reading them: calls of literals, and their outcomes."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scraping.archives.python_literals import (
    Call,
    NotLiteral,
    bearable_size,
    literal_call,
    literal_value,
    named_value,
    raised,
    returned,
)
from tasks.equality import LIKE_PYTHON, Comparator
from tasks.record import TestCase

_EQUAL = frozenset({
    "assertEqual", "assertEquals", "assertListEqual", "assertTupleEqual", "assertSetEqual", "assertDictEqual",
    "assertMultiLineEqual", "assertSequenceEqual", "assertIs",
})  # fmt: skip
_RAISES = frozenset({"assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "assertRaisesWithMessage"})


_MAX_SIZE = 2_000_000
"""Of all that is taken of a file, as `bearable_size` counts."""


@dataclass(frozen=True)
class FoundTest:
    """One assertion about one call of a function."""

    function: str
    name: str
    case: TestCase


@dataclass(frozen=True)
class FoundTests:
    """The assertions of a file that are data, and how many are not, by reason."""

    tests: list[FoundTest] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)


def unittest_cases(tree: ast.Module, module: str) -> FoundTests:
    """The assertions about functions of ``module``.

    Local names stand for the values that were assigned to them. Nothing is known of what ``setUp`` or
    methods of the test class do: assertions that need them are dropped.
    """
    imported = {
        alias.asname or alias.name: alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }
    tests: list[FoundTest] = []
    dropped: Counter[str] = Counter()
    left = _MAX_SIZE
    for method in _test_methods(tree):
        names: dict[str, Any] = {}
        for statement in method.body:
            _follow(statement, names)
            for assertion in _assertions(statement):
                try:
                    found = _test(assertion, names, method.name, module)
                    if found.function not in imported and not _by_module(assertion, module):
                        raise NotLiteral("not_a_call")
                    case = found.case
                    values = [case.arguments, case.keyword_arguments, case.expected.value]
                    left -= bearable_size(values, left)
                except NotLiteral as error:
                    dropped[str(error)] += 1
                else:
                    tests.append(found)
    return FoundTests(tests, dict(dropped))


def _test_methods(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name.startswith("test"):
                    yield member


def _follow(statement: ast.stmt, names: dict[str, Any]) -> None:
    """Take note of an assignment of literals; any other one makes its names unknown."""
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                names.pop(node.id, None)
        return
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                names.pop(node.id, None)
        if isinstance(target, ast.Name):
            try:
                names[target.id] = named_value(value, names)
            except NotLiteral:
                continue


def _assertions(statement: ast.stmt) -> Iterator[ast.Call | ast.With]:
    """The assertions of a statement. Of those in loops and conditions, the ones on literals are taken too."""
    if isinstance(statement, ast.With):
        if _asserted(statement.items[0].context_expr) in _RAISES:
            yield statement
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _asserted(node).startswith("assert"):
            exception_text = any(
                isinstance(part, ast.Attribute) and part.attr == "exception" for part in ast.walk(node)
            )
            if not exception_text:
                yield node


def _asserted(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)):
            return name
    return ""


def _by_module(assertion: ast.Call | ast.With, module: str) -> bool:
    return any(
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module
        for node in ast.walk(assertion)
    )


def _test(assertion: ast.Call | ast.With, names: dict[str, Any], name: str, module: str) -> FoundTest:
    if isinstance(assertion, ast.With):
        return _raising(assertion, names, name, module)
    kind, arguments = _asserted(assertion), list(assertion.args)
    if kind == "assertIsNone" and len(arguments) == 1:
        arguments.append(ast.Constant(None))
        kind = "assertIs"
    if len(arguments) < 2:
        raise NotLiteral("only_truth" if kind in ("assertTrue", "assertFalse") else "other_assertion")
    call, value = _sides(arguments[0], arguments[1], names, module)
    if kind in _EQUAL:
        return FoundTest(call.function, name, returned(call, value, "extracted", LIKE_PYTHON))
    if kind == "assertCountEqual":
        in_any_order = Comparator("unordered", numbers_by_value=True)
        return FoundTest(call.function, name, returned(call, value, "extracted", in_any_order))
    if kind == "assertAlmostEqual":
        return FoundTest(
            call.function, name, returned(call, value, "extracted", _closeness(assertion, arguments))
        )
    raise NotLiteral("other_assertion")


def _sides(first: ast.expr, second: ast.expr, names: dict[str, Any], module: str) -> tuple[Call, Any]:
    """Which side is the call and which the value."""
    try:
        value = literal_value(second, names)
        return literal_call(first, names, module), value
    except NotLiteral as error:
        try:
            value = literal_value(first, names)
        except NotLiteral:
            raise error from None
        return literal_call(second, names, module), value


def _closeness(assertion: ast.Call, arguments: list[ast.expr]) -> Comparator:
    """How close `unittest` wants two numbers: their difference rounds to zero at a number of places."""
    given = {keyword.arg: literal_value(keyword.value) for keyword in assertion.keywords if keyword.arg}
    places = literal_value(arguments[2]) if len(arguments) > 2 else given.get("places")
    tolerance = given.get("delta") or 0.5 * 10.0 ** -(7 if places is None else int(places))
    if not tolerance:
        return LIKE_PYTHON
    return Comparator("float_tolerance", atol=float(tolerance), numbers_by_value=True)


def _raising(statement: ast.With, names: dict[str, Any], name: str, module: str) -> FoundTest:
    context = statement.items[0].context_expr
    if not isinstance(context, ast.Call) or not context.args or not isinstance(context.args[0], ast.Name):
        raise NotLiteral("own_exception")
    if len(statement.body) != 1 or not isinstance(statement.body[0], ast.Expr):
        raise NotLiteral("several_statements")
    call = literal_call(statement.body[0].value, names, module)
    return FoundTest(call.function, name, raised(call, context.args[0].id, "extracted"))
