"""Small tasks for the tests of measuring and strengthening tests."""

from __future__ import annotations

from typing import Any

from tasks.equality import EXACT, FLOAT_TOLERANCE, holds_float
from tasks.record import Expected, Provenance, Task, TestCase
from tasks.value_encoding import encode

Known = tuple[tuple[Any, ...], Any]
"""Positional arguments and the result."""


def make_task(
    prompt: str, solution: str, *known: Known, origin: Any = "example", source: Any = "problem", **more: Any
) -> Task:
    """A task whose entry point is ``f``."""
    cases = [_case(arguments, result, origin) for arguments, result in known]
    return Task("test/f", prompt, "f", solution, cases, Provenance(source, "test"), **more)


def _case(arguments: tuple[Any, ...], result: Any, origin: Any) -> TestCase:
    trees = [encode(argument) for argument in arguments]
    if isinstance(result, type) and issubclass(result, Exception):
        return TestCase(trees, {}, Expected("raised", exception=f"builtins:{result.__name__}"), origin=origin)
    tree = encode(result)
    return TestCase(
        trees, {}, Expected("returned", tree), FLOAT_TOLERANCE if holds_float(tree) else EXACT, origin
    )


CLAMP = make_task(
    'def f(x: int, low: int, high: int) -> int:\n    """x, but at least low and at most high."""\n',
    "    if x < low:\n        return low\n    if x > high:\n        return high\n    return x\n",
    ((5, 1, 9), 5),
    ((7, 2, 9), 7),
)
"""Its two examples never leave the middle."""
