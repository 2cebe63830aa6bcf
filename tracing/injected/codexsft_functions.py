"""What the tracer has to know of a function from its code object alone.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

import ast
import inspect
import opcode
import sys
from types import CodeType, FrameType
from typing import Any

from codexsft_capture import PickleCount  # type: ignore[import-not-found]


class Function:
    """What is remembered of one code object that is being recorded."""

    def __init__(self, number: int, code: CodeType, defaults: dict[str, object]) -> None:
        count = code.co_argcount
        keyword_only = code.co_kwonlyargcount
        names = code.co_varnames
        self.number = number
        self.code = code
        self.positional = names[:count]
        self.positional_only = getattr(code, "co_posonlyargcount", 0)
        self.keyword_only = names[count : count + keyword_only]
        rest = list(names[count + keyword_only :])
        self.star = rest.pop(0) if code.co_flags & inspect.CO_VARARGS else None
        self.star_star = rest.pop(0) if code.co_flags & inspect.CO_VARKEYWORDS else None
        self.defaults = defaults
        self.generator = bool(code.co_flags & inspect.CO_GENERATOR)
        self.start = _start_offset(code)
        self.calls = 0
        self.raised = 0
        self.inputs: set[str] = set()
        self.losses: set[str] = set()
        self.pickles = PickleCount()


def bind_arguments(function: Function, variables: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments that repeat the call, without those left at their default."""
    star = variables[function.star] if function.star else ()
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    skipped = False
    for index, name in enumerate(function.positional):
        value = variables[name]
        if not star and name in function.defaults and value is function.defaults[name]:
            if index >= function.positional_only:
                skipped = True
                continue
        if skipped:
            keywords[name] = value
        else:
            positional.append(value)
    positional.extend(star)
    for name in function.keyword_only:
        if name not in function.defaults or variables[name] is not function.defaults[name]:
            keywords[name] = variables[name]
    if function.star_star:
        keywords.update(variables[function.star_star])
    return positional, keywords


def parameter_defaults(frame: FrameType) -> dict[str, object]:
    """The default of each parameter, where the function itself can be found by its name."""
    code = frame.f_code
    found = frame.f_globals.get(code.co_name)
    for _ in range(20):
        if getattr(found, "__code__", None) is code:
            break
        found = getattr(found, "__wrapped__", None)
    else:
        return {}
    positional = getattr(found, "__defaults__", None) or ()
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(names[len(names) - len(positional) :], positional))
    defaults.update(getattr(found, "__kwdefaults__", None) or {})
    return defaults


def function_kind(code: CodeType, top_level: dict[str, set[tuple[str, int]]]) -> str:
    """``function``, ``method``, ``nested`` or ``coroutine``.

    Before Python 3.11 code does not know its qualified name; the file then tells, and
    ``top_level`` remembers what it told.
    """
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return "coroutine"
    if sys.version_info >= (3, 11):
        qualified = code.co_qualname
        if qualified == code.co_name:
            return "function"
        return "nested" if qualified.rpartition(".")[0].endswith("<locals>") else "method"
    if code.co_flags & inspect.CO_NESTED:
        return "nested"
    filename = code.co_filename
    if filename not in top_level:
        top_level[filename] = top_level_functions(filename)
    return "function" if (code.co_name, code.co_firstlineno) in top_level[filename] else "method"


def _start_offset(code: CodeType) -> int:
    """The instruction at which a frame stands when it begins; further on, it is being resumed."""
    resume = opcode.opmap.get("RESUME")
    instructions = code.co_code
    for offset in range(0, len(instructions), 2):
        if instructions[offset] == resume:
            return offset
    return -1


def top_level_functions(filename: str) -> set[tuple[str, int]]:
    """Name and first line of the functions that a file defines outside of classes and functions."""
    try:
        with open(filename, "rb") as stream:
            module = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return set()
    found = set()
    todo: list[ast.AST] = [module]
    while todo:
        for node in ast.iter_child_nodes(todo.pop()):
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
                found.add((node.name, first))
            elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.ExceptHandler)):
                todo.append(node)
    return found
