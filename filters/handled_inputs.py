"""Inputs that no known call shows, and that a reference solution handles on purpose all the same.

A character, word or number is taken for legal where the solution asks for it and, for characters and words,
the statement has it too: neither alone is enough, since solutions also handle what cannot occur, and
statements also speak of results. What a solution raises on purpose is told by its own messages.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.record import Task
from tasks.syntax_trees import parse_module

_ASKING_METHODS = frozenset(
    {
        "count", "endswith", "find", "index", "lstrip", "partition", "removeprefix", "removesuffix",
        "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "startswith", "strip",
    }
)  # fmt: skip
_LARGEST = 10**6
_SPOKEN: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"split", "strip", "isspace", "isalpha", "isalnum"}),
        r"spaces?|words?|sentences?|phrases?",
        " ",
    ),
    (frozenset({"isalpha", "isalnum", "isupper", "isdigit"}), r"punctuation|hyphens?|dash(?:es)?", "-"),
    (frozenset({"isalpha", "isalnum", "isupper"}), r"punctuation", ",.!?'"),
    (frozenset({"isdigit", "isnumeric", "isalnum", "isalpha"}), r"digits?|numbers", "0123456789"),
)
"""Methods that sort out characters, what a statement calls these, and they themselves."""


@dataclass(frozen=True)
class HandledInputs:
    """``words`` and single ``characters`` of texts; ``numbers`` by parameter, ``items`` by that of a list."""

    characters: str = ""
    words: tuple[str, ...] = ()
    numbers: dict[str, set[int]] = field(default_factory=dict)
    items: dict[str, set[int]] = field(default_factory=dict)


def handled_inputs(task: Task) -> HandledInputs:
    """Read a task's program; nothing where it cannot be parsed or has no such function."""
    tree = _parsed(task.program)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] if tree else []
    named = [function for function in functions if function.name == task.entry_point]
    if tree is None or not named:
        return HandledInputs()
    statement = ast.get_docstring(named[-1]) or ""
    texts = [text for text in dict.fromkeys(_asked_texts(tree)) if text and text in statement]
    characters = {character for text in texts for character in text if not character.isalnum()}
    characters |= {text for text in texts if len(text) == 1}
    characters |= _spoken_characters(tree, statement)
    numbers, items = _asked_numbers(named[-1])
    words = tuple(text for text in texts if re.fullmatch(r"\w[\w ]+", text))
    return HandledInputs("".join(sorted(characters)), words, numbers, items)


def raised_on_purpose(task: Task) -> list[tuple[str, list[str]]]:
    """The exceptions that a solution raises by name, each with the fixed parts of its message."""
    found = []
    tree = _parsed(task.program)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Raise) and isinstance(node.exc, (ast.Call, ast.Name)):
            name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            texts = [
                each.value
                for each in ast.walk(node.exc)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            if isinstance(name, ast.Name):
                found.append((name.id, texts))
    return found


def _parsed(program: str) -> ast.Module | None:
    try:
        return parse_module(program)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _asked_texts(tree: ast.Module) -> Iterator[str]:
    """Texts that something is compared with, looked up by, cut at or counted."""
    for node in ast.walk(tree):
        asked: list[ast.expr | None] = []
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Dict):
            asked = list(node.keys)
        elif isinstance(node, ast.MatchValue):
            asked = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = list(node.args[:1]) if node.func.attr in _ASKING_METHODS else []
        for each in asked:
            parts = each.elts if isinstance(each, (ast.Tuple, ast.List, ast.Set)) else [each]
            yield from (
                part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def _spoken_characters(tree: ast.Module, statement: str) -> set[str]:
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found: set[str] = set()
    for methods, names, characters in _SPOKEN:
        if methods & called and re.search(rf"\b(?:{names})\b", statement, re.IGNORECASE):
            found.update(characters)
    return found


def _asked_numbers(function: ast.FunctionDef) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Numbers that parameters, and items of parameters, are asked about; conditions of loops ask nothing."""
    parameters = {
        each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    }
    loops: list[ast.For | ast.comprehension] = [
        node for node in ast.walk(function) if isinstance(node, (ast.For, ast.comprehension))
    ]
    items_of = {
        loop.target.id: loop.iter.id
        for loop in loops
        if isinstance(loop.target, ast.Name)
        and isinstance(loop.iter, ast.Name)
        and loop.iter.id in parameters
    }
    tests = [node.test for node in ast.walk(function) if isinstance(node, (ast.If, ast.IfExp))]
    tests += [test for loop in loops if isinstance(loop, ast.comprehension) for test in loop.ifs]
    numbers: dict[str, set[int]] = {}
    items: dict[str, set[int]] = {}
    for compared in (node for test in tests for node in ast.walk(test) if isinstance(node, ast.Compare)):
        sides = [compared.left, *compared.comparators]
        asked = {value for side in sides for value in _integers(side) if abs(value) <= _LARGEST}
        for name in {side.id for side in sides if isinstance(side, ast.Name)}:
            if name in parameters:
                numbers.setdefault(name, set()).update(asked)
            elif name in items_of:
                items.setdefault(items_of[name], set()).update(asked)
    return numbers, items


def _integers(node: ast.expr) -> Iterator[int]:
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if isinstance(inner, ast.Constant) and type(inner.value) is int:
        yield -inner.value if negative else inner.value
