"""Test cases as the lines of a docstring: calls behind ``>>>`` and what they give."""

from __future__ import annotations

import pprint
import re
from typing import Any

from scraping.problem import Signature
from tasks.equality import holds_nan
from tasks.python_source import NotRenderable, SourceRenderer
from tasks.record import TestCase
from tasks.value_decoding import decode

_NOT_SHOWN_AS_THEMSELVES = re.compile(r"\$(?!int\b|str\b|tuple\b|bytes\b|dict\b)\w+")
_PRINTED = re.compile(r"(?:[^\s>][ -~]*[!-~]\n|[!-~]\n)+")


def example_lines(signature: Signature, case: TestCase, width: int = 80) -> list[str]:
    """A case as doctest lines; raises `tasks.python_source.NotRenderable`.

    Calls that are longer than ``width`` are continued after ``...``. What a call does to its arguments
    is shown by naming them first.
    """
    renderer = SourceRenderer()
    arguments = [_expression(tree, renderer, width - 8) for tree in case.arguments]
    setup: list[str] = []
    names: list[str] = []
    if case.expected.arguments_after is not None:
        names = [parameter.name for parameter in signature.parameters][: len(arguments)]
        names += [f"argument_{index}" for index in range(len(names), len(arguments))]
        for name, argument in zip(names, arguments, strict=True):
            setup += _statement(
                f"{name} = {argument}" if "\n" not in argument else f"{name} = (\n{argument}\n)"
            )
        arguments = list(names)
    arguments += [
        f"{name}={_expression(tree, renderer, width - 8)}" for name, tree in case.keyword_arguments.items()
    ]
    outcome = _outcome(case, renderer, _call(signature.name, arguments, width), width)
    after: list[str] = []
    for name, before, tree in zip(names, case.arguments, case.expected.arguments_after or [], strict=False):
        if before != tree:
            after += [f">>> {name}", renderer.render(tree)]
    return [f">>> import {module}" for module in sorted(renderer.imports)] + setup + outcome + after


def _outcome(case: TestCase, renderer: SourceRenderer, call: str, width: int) -> list[str]:
    expected = case.expected
    if expected.kind == "raised":
        name = renderer.name(expected.exception or "builtins:Exception")
        return [*_statement(call), "Traceback (most recent call last):", "    ...", name]
    if expected.kind == "yielded":
        if not expected.exhausted:
            renderer.imports.add("itertools")
            call = f"itertools.islice({call}, {len(expected.value)})"
        call = f"list({call})"
    if expected.value is None:
        return _statement(call)
    if holds_nan(expected.value):
        raise NotRenderable("a NaN is not equal to itself")
    value = renderer.render(expected.value)
    if isinstance(expected.value, str) and len(value) > width and _PRINTED.fullmatch(expected.value):
        return [*_statement(f"print({call}, end='')"), *expected.value[:-1].split("\n")]
    if _NOT_SHOWN_AS_THEMSELVES.search(_tags(expected.value)):
        return [*_statement(f"{call} == {value}"), "True"]
    return [*_statement(call), value]


def _call(name: str, arguments: list[str], width: int) -> str:
    call = f"{name}({', '.join(arguments)})"
    if "\n" not in call and len(call) + len(">>> ") <= width:
        return call
    lines = "".join("".join(f"    {line}\n" for line in f"{argument},".split("\n")) for argument in arguments)
    return f"{name}(\n{lines})"


def _statement(source: str) -> list[str]:
    return [f"{'...' if index else '>>>'} {line}" for index, line in enumerate(source.split("\n"))]


def _expression(tree: Any, renderer: SourceRenderer, width: int) -> str:
    expression = renderer.render(tree)
    if len(expression) <= width:
        return expression
    if isinstance(tree, str):
        pieces = tree.splitlines(keepends=True) if "\n" in tree else [tree]
        pieces = [piece[at : at + width // 2] for piece in pieces for at in range(0, len(piece), width // 2)]
        return "\n".join(map(repr, pieces))
    if _NOT_SHOWN_AS_THEMSELVES.search(_tags(tree)):
        return expression
    return pprint.pformat(decode(tree), width=width, compact=True, sort_dicts=False)


def _tags(tree: Any) -> str:
    """The tags of an encoded value and of all that is in it."""
    if isinstance(tree, list):
        return " ".join(map(_tags, tree))
    if isinstance(tree, dict):
        keys = " ".join(tree) if len(tree) == 1 else ""
        return f"{keys} {' '.join(map(_tags, tree.values()))}"
    return ""
