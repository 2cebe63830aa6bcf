"""What a reference solution's source says about its inputs: parameters, defaults, constants."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.record import Task
from tasks.syntax_trees import parse_module

_MAX_INTEGER = 10**15


@dataclass(frozen=True)
class Reference:
    """``positional`` parameters; ``defaults`` that are plain constants; the solution's ``literals``.

    ``compared`` has the texts that a parameter is compared with, by its name.
    """

    positional: list[str] = field(default_factory=list)
    defaults: dict[str, bool | int | float | str] = field(default_factory=dict)
    literals: list[object] = field(default_factory=list)
    compared: dict[str, list[str]] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """The texts among the literals."""
        return [each for each in self.literals if isinstance(each, str)]


def read_reference(task: Task) -> Reference:
    """Read a task's program; an empty answer where it cannot be parsed or has no such function."""
    try:
        tree = parse_module(task.program)
    except (SyntaxError, ValueError, RecursionError):
        return Reference()
    for node in reversed(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == task.entry_point:
            first = task.prompt.count("\n") + 1
            return Reference(
                [each.arg for each in (*node.args.posonlyargs, *node.args.args)],
                dict(_defaults(node.args)),
                _literals(tree, first),
                _compared(node),
            )
    return Reference()


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, bool | int | float | str]]:
    """Those of parameters that can be given by name."""
    first = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    given = [*arguments.posonlyargs, *arguments.args][first:]
    pairs = [
        *zip(given, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for parameter, default in pairs:
        value = default.value if isinstance(default, ast.Constant) else None
        if parameter in arguments.posonlyargs or not isinstance(value, (bool, int, float, str)):
            continue
        if not isinstance(value, int) or abs(value) < _MAX_INTEGER:
            yield parameter.arg, value


def _literals(tree: ast.Module, first_line: int) -> list[object]:
    nodes = list(ast.walk(tree))
    documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    found = {
        (type(node.value), node.value): node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and id(node) not in documentation
        and node.lineno >= first_line
        and isinstance(node.value, (int, float, str))
        and not isinstance(node.value, bool)
    }
    return list(found.values())


def _compared(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
            constants = (each for other in node.comparators for each in ast.walk(other))
            texts = [each.value for each in constants if isinstance(each, ast.Constant)]
            found.setdefault(node.left.id, []).extend(text for text in texts if isinstance(text, str))
    return found
