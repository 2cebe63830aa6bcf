"""Problems with examples and a longer list of tests, as tasks: three public sets, from their files.

Made for measuring tests, not for training: only what can be read as calls of a function with literal
arguments and results is taken.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scraping.statements.bounds import read_bounds
from tasks.equality import EXACT, FLOAT_TOLERANCE, holds_float
from tasks.input_bounds import InputBound
from tasks.record import Expected, Provenance, Task, TestCase
from tasks.value_encoding import NotEncodable, encode

EXERCISM_EXAMPLES = 3
"""Exercism's statements have no examples: the first tests stand in for them."""


@dataclass(frozen=True)
class Problem:
    """A task with its examples only, the longer list, and solutions of others that should pass."""

    task: Task
    full: list[TestCase]
    bounds: list[InputBound]
    others: list[str]


def read_leetcode(path: Path) -> Iterator[Problem]:
    """LeetCodeDataset, a file of v0.3: examples in the statement, about a hundred asserts."""
    for row in _rows(path):
        if "tree_node" in row["test"] or "list_node" in row["test"] or not row.get("response"):
            continue
        name = row["entry_point"].rpartition(".")[2]
        method = _definition(row["completion"], name)
        if method is None:
            continue
        names = [each.arg for each in method.args.args[1:]]
        full = [_case(names, call) for call in _asserts(row["test"])]
        statement = row["problem_description"]
        examples = [_case(names, call) for call in _statement_examples(statement)]
        if None in full or None in examples or not full or not examples:
            continue
        head = f"def {name}({', '.join(names)}):\n"
        documentation = '    """' + statement.replace("\\", "\\\\").replace('"""', "'''") + '\n    """\n'
        call = f"    return Solution().{name}({', '.join(names)})\n\n\n"
        prompt = row["prompt"] + "\n\n" + head + documentation + call
        task = _task(f"leetcode/{row['task_id']}", prompt, name, row["completion"])
        block = re.search(r"```python\n(.*?)```", row["response"], re.DOTALL)
        yield Problem(
            replace(task, tests=[replace(case, origin="example") for case in examples if case]),
            [replace(case, origin="extracted") for case in full if case],
            read_bounds(_with_exponents(statement.partition("Constraints")[2])),
            [prompt + block[1]] if block else [],
        )


def read_exercism(path: Path) -> Iterator[Problem]:
    """Exercism's practice exercises whose tests call functions; the later tests are the longer list."""
    for row in _rows(path):
        if not row["verified_py311"]:
            continue
        calls = list(_unittest_calls(row["tests"]))
        for name in sorted({name for name, _ in calls}):
            function = _definition(row["reference_solution"], name, top=True)
            if function is None:
                continue
            names = [each.arg for each in function.args.args]
            cases = [_case(names, call) for called, call in calls if called == name]
            full = [replace(case, origin="extracted") for case in cases if case]
            examples = [replace(case, origin="example") for case in full[:EXERCISM_EXAMPLES]]
            if len(full) > len(examples):
                source = row["reference_solution"]
                task = _task(f"{row['id']}/{name}", *_split(source, function, row["statement_markdown"]))
                bounds = read_bounds(row["statement_markdown"])
                yield Problem(replace(task, tests=examples), full, bounds, [])


def read_thealgorithms(path: Path) -> Iterator[Problem]:
    """TheAlgorithms' functions; their doctests are examples, and there is no longer list."""
    for row in _rows(path):
        for name in row["functions"]:
            function = _definition(row["source"], name, top=True)
            if function is None:
                continue
            names = [each.arg for each in function.args.args]
            calls = _doctest_calls(ast.get_docstring(function) or "", name)
            cases = [_case(names, call) for call in calls]
            examples = [replace(case, origin="example") for case in cases if case]
            if examples:
                task = _task(f"thealgorithms/{row['path']}/{name}", *_split(row["source"], function))
                yield Problem(replace(task, tests=examples), [], [], [])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _task(task_id: str, prompt: str, name: str, solution: str) -> Task:
    return Task(task_id, prompt, name, solution, [], Provenance("problem", task_id))


def _split(source: str, function: ast.FunctionDef, statement: str = "") -> tuple[str, str, str]:
    """Prompt, name and body: the function goes last, what stood behind it before it.

    The statement, if any, takes the place of the function's docstring.
    """
    lines = source.split("\n")
    start = min([function.lineno, *(each.lineno for each in function.decorator_list)]) - 1
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    body = function.body[documented].lineno - 1
    end = function.end_lineno or body
    head = lines[start:body]
    first = function.body[0].lineno - 1
    if statement and first > function.lineno - 1:
        quoted = statement.replace("\\", "\\\\").replace('"""', "'''")
        head = [*lines[start:first], " " * function.body[0].col_offset + f'"""{quoted}\n"""']
    before = "\n".join([*lines[:start], *lines[end:], "", *head, ""])
    return before, function.name, "\n".join([*lines[body:end], ""])


def _definition(source: str, name: str, *, top: bool = False) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    nodes = tree.body if top else list(ast.walk(tree))
    found = (node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name)
    return next(found, None)


@dataclass(frozen=True)
class _Called:
    """A call with literal arguments and its result, or the name of the built-in exception it raises."""

    arguments: list[Any]
    keywords: dict[str, Any]
    result: Any = None
    raises: str | None = None


def _case(names: list[str], call: _Called) -> TestCase | None:
    given = dict(zip(names, call.arguments, strict=False)) | call.keywords
    try:
        arguments = [encode(given.pop(name)) for name in names if name in given]
        if given or len(arguments) < len(call.arguments) + len(call.keywords):
            return None
        if call.raises:
            return TestCase(arguments, {}, Expected("raised", exception=f"builtins:{call.raises}"))
        result = encode(call.result)
    except NotEncodable:
        return None
    return TestCase(
        arguments, {}, Expected("returned", result), FLOAT_TOLERANCE if holds_float(result) else EXACT
    )


def _called(node: ast.expr, known: dict[str, Any]) -> tuple[str, _Called] | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    try:
        arguments = [_literal(each, known) for each in node.args]
        keywords = {str(each.arg): _literal(each.value, known) for each in node.keywords}
    except ValueError:
        return None
    return node.func.id, _Called(arguments, keywords)


def _literal(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    return ast.literal_eval(node)


def _asserts(test: str) -> Iterator[_Called]:
    for node in ast.walk(ast.parse(test)):
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            call = _called(node.test.left, {})
            if call is not None:
                with contextlib.suppress(ValueError):  # an infinite result, which some asserts have
                    yield replace(call[1], result=_literal(node.test.comparators[0], {}))


_EXAMPLE = re.compile(r"Input:\s*(.*?)\s*\n\s*Output:\s*(.*?)\s*(?=\n|$)", re.DOTALL)
_JSON_NAMES = {"true": True, "false": False, "null": None}


def _statement_examples(statement: str) -> Iterator[_Called]:
    for given, printed in _EXAMPLE.findall(statement):
        try:
            call = ast.parse(f"f({given})", mode="eval").body
            assert isinstance(call, ast.Call)
            keywords = {str(each.arg): _json(each.value) for each in call.keywords}
            yield _Called([], keywords, _json(ast.parse(printed, mode="eval").body))
        except (SyntaxError, ValueError):
            return


def _json(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in _JSON_NAMES:
        return _JSON_NAMES[node.id]
    return [_json(item) for item in node.elts] if isinstance(node, ast.List) else ast.literal_eval(node)


def _with_exponents(constraints: str) -> str:
    """The set's statements have lost their exponents: 105 is taken for 10 to the fifth."""
    return re.sub(r"\b10([1-9])\b", r"10^\1", re.sub(r"\b2(31|63)(?= ?- ?1)", r"2^\1", constraints))


def _unittest_calls(source: str) -> Iterator[tuple[str, _Called]]:
    for method in ast.walk(ast.parse(source)):
        if not isinstance(method, ast.FunctionDef) or not method.name.startswith("test"):
            continue
        known: dict[str, Any] = {}
        for statement in method.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                try:
                    known[statement.targets[0].id] = _literal(statement.value, known)
                except ValueError:
                    known.pop(statement.targets[0].id, None)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                yield from _assertion(statement.value, known)
            elif isinstance(statement, ast.With):
                yield from _raising(statement, known)


def _assertion(node: ast.Call, known: dict[str, Any]) -> Iterator[tuple[str, _Called]]:
    kind = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    call = _called(node.args[0], known) if node.args else None
    if call is None or kind not in ("assertEqual", "assertIs", "assertTrue", "assertFalse"):
        return
    try:
        result = (
            _literal(node.args[1], known) if kind in ("assertEqual", "assertIs") else kind == "assertTrue"
        )
    except ValueError:
        return
    yield call[0], replace(call[1], result=result)


def _raising(statement: ast.With, known: dict[str, Any]) -> Iterator[tuple[str, _Called]]:
    context = statement.items[0].context_expr
    inner = statement.body[0]
    if not isinstance(context, ast.Call) or not isinstance(inner, ast.Expr) or not context.args:
        return
    call = _called(inner.value, known)
    if call is not None and isinstance(context.args[0], ast.Name) and context.args[0].id != "Exception":
        yield call[0], replace(call[1], raises=context.args[0].id)


def _doctest_calls(documentation: str, name: str) -> Iterator[_Called]:
    try:
        examples = doctest.DocTestParser().get_examples(documentation)
    except ValueError:
        return
    for example in examples:
        try:
            call = _called(ast.parse(example.source.strip(), mode="eval").body, {})
            if call is None or call[0] != name:
                continue
            raised = re.search(r"^(\w+)(?::|$)", (example.exc_msg or "").strip())
            if raised:
                yield replace(call[1], raises=raised[1])
            elif example.want.strip():
                yield replace(call[1], result=ast.literal_eval(example.want.strip()))
        except (SyntaxError, ValueError):
            continue
