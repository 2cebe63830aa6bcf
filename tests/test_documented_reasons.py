"""The documentation: every reason by which something is lost stands in the table of a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from filters.default_recipe import DEFAULT
from pipelines.exports.selection import Right
from sandbox.verdicts import Verdict
from tracing.recordings import FunctionKind

_ROOT = Path(__file__).parents[1]
_CODE = ("tasks", "sandbox", "sampling", "tracing", "filters", "scraping", "sft", "pipelines")
_NAME = re.compile(r"(?:argument:)?([a-z][a-z0-9]*(?:_[a-z0-9]+)*)")
_QUOTED = re.compile(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)*)`")


@dataclass(frozen=True)
class _Givers:
    """Where reasons are given: ``calls`` has the argument that is one, by what is called, ``returns`` the
    functions that return one, ``tables`` the constants that hold some."""

    files: tuple[str, ...]
    calls: dict[str, int]
    returns: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


_PROOF = _Givers(("filters/replay.py", "filters/well_formed.py"), {"NotProven": 0}, ("malformed_reason",))
_GIVERS: dict[str, tuple[_Givers, ...]] = {
    "tracing.md": (
        _Givers(
            ("tracing/**/*.py",),
            {"NotExtractable": 0, "ProjectFailure": 1, "_reject": 2, "drop": 0},
            ("_without_input_or_output", "secret_in", "machine_in"),
            ("_CAUSES", "reasons"),
        ),
        _Givers(
            ("tasks/*encod*.py", "tasks/rebuilt_values.py", "tracing/injected/*.py"), {"NotEncodable": 0}
        ),
        _Givers(("pipelines/checkpoint.py",), {"Failure": 2}),
        _Givers(("pipelines/task_stages.py",), {"reject": 2}),
        _PROOF,
    ),
    "scraping.md": (
        _Givers(
            ("scraping/archives/*.py", "scraping/sites/*.py", "scraping/statements/*.py"),
            {"UnusableProblem": 0, "NotOffered": 0, "StatementFault": 0, "ProblemRejection": 3},
            ("attempt",),
        ),
        _Givers(
            ("scraping/*.py", "scraping/input_formats/*.py", "pipelines/problem_stages.py"),
            {"rejected": 2},
            ("_weakness",),
            ("_MODES_WITHOUT_FUNCTION",),
        ),
        _Givers(("pipelines/scrape_pipeline.py",), {"ProblemRejection": 3}),
        _Givers(
            ("scraping/crawl/*.py", "pipelines/crawl_pipeline.py"),
            {"_NoPage": 1, "_stop": 1, "DeadLetter": 3, "FetchFault": 0},
            ("_seen_reason", "refusal_reason"),
            ("_STATUS",),
        ),
        _PROOF,
    ),
    "training.md": (
        _Givers(("sft/row_texts.py", "sft/rows.py"), {"RefusedRow": 1}),
        _Givers(("sft/corpus.py",), {"rejected": 0}, (), ("RejectionReason",)),
    ),
    "build.md": (_Givers(("pipelines/build_stages.py",), {}, (), ("reason",)),),
    "exports.md": (_Givers(("pipelines/export.py", "pipelines/exports/*.py"), {"LeftOut": 0}),),
}


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value)
    elif isinstance(node, (ast.Tuple, ast.List)):
        named = any(isinstance(each, ast.Constant) for each in node.elts)
        for each in node.elts[:1] if named else node.elts:
            yield from _texts(each)
    elif isinstance(node, ast.Subscript):
        yield from (str(each.value) for each in ast.walk(node.slice) if isinstance(each, ast.Constant))
    elif isinstance(node, ast.Constant) and (found := _NAME.fullmatch(str(node.value))):
        yield found[1]


def _chosen(value: ast.expr, function: ast.AST) -> Iterator[str]:
    """The reasons that an expression can be, by what the function around it assigns."""
    if isinstance(value, ast.IfExp):
        yield from _chosen(value.body, function)
        yield from _chosen(value.orelse, function)
    elif isinstance(value, ast.BoolOp):
        for each in value.values:
            yield from _chosen(each, function)
    elif isinstance(value, ast.Constant):
        yield from _texts(value)
    elif isinstance(value, ast.Call):  # a table's .get(which, "otherwise")
        yield from (each for default in value.args[1:] for each in _chosen(default, function))
    elif isinstance(value, ast.Name):
        for statement in ast.walk(function):
            if isinstance(statement, ast.Assign):
                yield from _assigned(statement, value.id, function)


def _assigned(statement: ast.Assign, name: str, function: ast.AST) -> Iterator[str]:
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Name) and target.id == name and not isinstance(value, ast.Name):
        yield from _chosen(value, function)
    elif isinstance(target, ast.Tuple):
        for choice in value.values if isinstance(value, ast.BoolOp) else [value]:
            values = choice.elts if isinstance(choice, ast.Tuple) else []
            for one, other in zip(target.elts, values, strict=False):
                if isinstance(one, ast.Name) and one.id == name and not isinstance(other, ast.Name):
                    yield from _chosen(other, function)


def _given_in(tree: ast.Module, givers: _Givers) -> Iterator[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            place = givers.calls.get(called)
            if place is not None and len(call.args) > place:
                yield from _chosen(call.args[place], function)
        if function.name in givers.returns:
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    first = node.value.elts[-2:-1] if isinstance(node.value, ast.Tuple) else [node.value]
                    for each in first:
                        yield from _chosen(each, function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in givers.tables:
            yield from _texts(node.value)


def _given(page: str) -> set[str]:
    return {
        reason
        for givers in _GIVERS[page]
        for pattern in givers.files
        for file in _ROOT.glob(pattern)
        for reason in _given_in(ast.parse(file.read_text()), givers)
    }


_NEVER_TOLD = {"left_alone"}
"""Of imports that are never needed, so that nothing is lost by it."""
_KINDS_OF_FUNCTIONS = {f"is_a_{kind}" for kind in get_args(FunctionKind) if kind != "function"}
_RIGHTS = {f"{right}_not_permitted" for right in get_args(Right)}


def _in_tables(page: str) -> set[str]:
    """The names in the columns ``reason`` of a page's tables, each in backquotes."""
    found: set[str] = set()
    column: int | None = None
    for line in (_ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")] if line.startswith("|") else []
        if not cells:
            column = None
        elif column is None:
            column = cells.index("reason") if "reason" in cells else 0
        elif column:
            found.update(_QUOTED.findall(cells[column]))
    return found


def test_reasons_are_found_where_they_are_given() -> None:
    assert {"needs_package", "build_failed", "only_pickled", "secret", "holds_secret"} - _given(
        "tracing.md"
    ) == {"secret"}
    assert {"python2_checker", "interactive", "captcha", "examples_only"} <= _given("scraping.md")
    assert {"few_alphanumeric", "too_long"} <= _given("training.md")
    assert {"duplicate_identifier"} <= _given("build.md")


@pytest.mark.parametrize("page", _GIVERS)
def test_every_reason_stands_in_the_table_of_its_page(page: str) -> None:
    assert sorted(_given(page) - _in_tables(page) - _NEVER_TOLD) == []


@pytest.mark.parametrize("page", [*_GIVERS, "sampling.md", "docstrings.md"])
def test_a_reason_in_a_table_is_one_that_the_code_has(page: str) -> None:
    code = "\n".join(file.read_text() for top in _CODE for file in (_ROOT / top).rglob("*.py"))
    written = {name for text in re.findall(r'"([^"\n]*)"', code) for name in re.findall(r"[a-z0-9_]+", text)}
    written |= _KINDS_OF_FUNCTIONS | _RIGHTS
    told = {name for name in _in_tables(page) if not re.fullmatch(r"http_\d+", name)}
    assert sorted(told - written) == []


def test_reasons_that_are_put_together_are_told() -> None:
    assert sorted(_KINDS_OF_FUNCTIONS - _in_tables("tracing.md")) == []
    assert sorted(_RIGHTS - _in_tables("exports.md")) == []


def test_every_verdict_and_every_default_threshold_is_told() -> None:
    assert sorted({verdict.value for verdict in Verdict} - _in_tables("sampling.md")) == []
    assert sorted(set(DEFAULT.thresholds) - _in_tables("filtering.md")) == []
