"""A program that reads its standard input and prints, as the body of a function.

The program becomes a function inside of the function, run anew by each call, with texts in the place of the
streams; what it printed is read as the result. Nothing of it is rewritten but what means another thing
there: global statements, star imports, ``open(0)``.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import io
import re
import symtable
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.syntax_trees import parse_module

_INDENT = "    "
STAR_MODULES = frozenset(
    {
        "array",
        "bisect",
        "cmath",
        "collections",
        "copy",
        "datetime",
        "decimal",
        "fractions",
        "functools",
        "heapq",
        "itertools",
        "math",
        "operator",
        "queue",
        "random",
        "re",
        "statistics",
        "string",
        "sys",
        "time",
        "typing",
    }
)
"""Of the standard library, whose names are looked up here: importing them does nothing."""
_FORMATTED_START = getattr(tokenize, "FSTRING_START", None)
_FORMATTED_END = getattr(tokenize, "FSTRING_END", None)
"""Of Python 3.12 and later; before, a formatted text is one token."""

_JOIN_THREADS = (
    "        import threading",
    "        for thread in threading.enumerate():",
    "            if thread is not threading.current_thread() and not thread.daemon:",
    "                thread.join()",
)


class NotWrappable(ValueError):
    """A program cannot be wrapped; ``reason`` is a stable name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Wrapping:
    """What stands around a program.

    ``written`` are statements that leave the input's text in the variable ``data``; ``result`` is an
    expression of the variable ``output``.
    """

    written: tuple[str, ...]
    result: str


def wrapped_body(program: str, wrapping: Wrapping) -> str:
    """The body of the function, indented. Raises `NotWrappable`."""
    lines = [
        "import contextlib",
        "import io",
        "import sys",
        "",
        "def program():",
        *_as_function_body(program),
        "",
        *wrapping.written,
        'stdin, stdout = sys.stdin, io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\\n")',
        'sys.stdin = io.TextIOWrapper(io.BytesIO(data.encode()), encoding="utf-8")',
        "try:",
        "    with contextlib.redirect_stdout(stdout), contextlib.suppress(SystemExit):",
        "        program()",
        *(_JOIN_THREADS if "threading" in program else ()),
        "finally:",
        "    sys.stdin = stdin",
        "stdout.flush()",
        "output = stdout.buffer.getvalue().decode()",
        f"return {wrapping.result}",
    ]
    body = "".join(line if isinstance(line, _Finished) else _indented(line) for line in lines)
    _parsed("def f():\n" + body)
    return body


class _Finished(str):
    """A line with its indentation and its end."""


def _indented(line: str) -> str:
    return f"{_INDENT}{line}\n" if line else "\n"


def _parsed(program: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(program, "program", "exec")
            return parse_module(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotWrappable("no_python", str(error)) from None


def _as_function_body(program: str) -> Iterator[_Finished]:
    """The lines of a program inside of the inner function."""
    program = re.sub(r"\A(?:#![^\n]*\n)?\n*", "", re.sub(r"\r\n?", "\n", program)).rstrip() + "\n"
    module = _parsed(program)
    changed = _with_changes(program, module)
    before = [
        *_rebound_builtins(program, module),
        *(['__name__ = "__main__"'] if _uses(module, "__name__") else []),
        *(f"{name} = None" for name in _only_global(program, module)),
    ]
    for line in before:
        yield _Finished(_INDENT * 2 + line + "\n")
    inside = _lines_inside_texts(changed)
    for number, line in enumerate(changed.rstrip("\n").split("\n"), start=1):
        if number not in inside:
            line = _INDENT * 2 + line.lstrip("\f") if line.strip() else ""
        yield _Finished(line + "\n")


def _tokens(program: str) -> list[tokenize.TokenInfo]:
    try:
        return list(tokenize.generate_tokens(io.StringIO(program).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise NotWrappable("no_python", str(error)) from None


def _lines_inside_texts(program: str) -> set[int]:
    """The lines that begin inside of a text literal, which must stay as they are."""
    inside: set[int] = set()
    open_texts: list[int] = []
    for token in _tokens(program):
        if token.type == _FORMATTED_START:
            open_texts.append(token.start[0])
        elif token.type == _FORMATTED_END:
            inside.update(range(open_texts.pop() + 1, token.end[0] + 1))
        elif token.type == tokenize.STRING:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    return inside


def _with_changes(program: str, module: ast.Module) -> str:
    """With what means another thing inside of a function in the words that mean the same there."""
    lines = program.encode().split(b"\n")
    changes: list[tuple[ast.stmt | ast.expr, str]] = []
    for node, at_top in _nodes(module, True):
        if isinstance(node, ast.Global):
            changes.append((node, "pass" if at_top else "nonlocal " + ", ".join(node.names)))
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            changes.append((node, _explicit_import(node, module)))
        elif isinstance(node, ast.ImportFrom) and node.module == "__future__":
            changes.append((node, "pass"))
        elif isinstance(node, ast.Call) and (stream := _standard_input(node)):
            changes.append((node, stream))
    for changing, text in sorted(changes, key=lambda each: (-each[0].lineno, -each[0].col_offset)):
        if changing.end_lineno != changing.lineno:
            raise NotWrappable("statement_over_lines", ast.unparse(changing)[:80])
        line = lines[changing.lineno - 1]
        after = line[changing.end_col_offset :]
        lines[changing.lineno - 1] = line[: changing.col_offset] + text.encode() + after
    return b"\n".join(lines).decode()


def _nodes(node: ast.AST, at_top: bool) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes below, and whether they are outside of every function."""
    for child in ast.iter_child_nodes(node):
        yield child, at_top
        deeper = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _nodes(child, at_top and not deeper)


def _explicit_import(node: ast.ImportFrom, module: ast.Module) -> str:
    if node.level or node.module not in STAR_MODULES:
        raise NotWrappable("star_import", node.module or "")
    imported = importlib.import_module(node.module)
    public = getattr(imported, "__all__", [name for name in vars(imported) if not name.startswith("_")])
    used = sorted(
        {each.id for each in ast.walk(module) if isinstance(each, ast.Name) and each.id in set(public)}
    )
    return f"from {node.module} import {', '.join(used)}" if used else "pass"


def _standard_input(call: ast.Call) -> str | None:
    """What stands for ``open(0)``."""
    opened = isinstance(call.func, ast.Name) and call.func.id == "open"
    if not opened or not call.args or not isinstance(call.args[0], ast.Constant) or call.args[0].value != 0:
        return None
    mode = call.args[1] if len(call.args) > 1 else None
    binary = isinstance(mode, ast.Constant) and "b" in str(mode.value)
    return "__import__('sys').stdin" + (".buffer" if binary else "")


def _top_names(program: str) -> dict[str, bool]:
    """The names of the program's own scope, and whether the statements of that scope bind them."""
    table = symtable.symtable(program, "program", "exec")
    return {symbol.get_name(): symbol.is_assigned() or symbol.is_imported() for symbol in table.get_symbols()}


def _only_global(program: str, module: ast.Module) -> list[str]:
    """Names that only global statements inside of functions make the program's own."""
    bound = {name for name, is_bound in _top_names(program).items() if is_bound}
    declared = {
        name
        for node, at_top in _nodes(module, True)
        if isinstance(node, ast.Global) and not at_top
        for name in node.names
    }
    return sorted(declared - bound)


def _rebound_builtins(program: str, module: ast.Module) -> list[str]:
    """Builtins that the program uses under their names before it gives these to something else."""
    bound = {name for name, is_bound in _top_names(program).items() if is_bound and hasattr(builtins, name)}
    first: dict[str, int] = {}
    used: set[str] = set()
    for node, at_top in _nodes(module, True):
        if not at_top or not isinstance(node, ast.Name) or node.id not in bound:
            continue
        if isinstance(node.ctx, ast.Store):
            first.setdefault(node.id, node.lineno)
    for node, at_top in _nodes(module, True):
        loaded = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and at_top
        if isinstance(node, ast.Name) and loaded and node.lineno <= first.get(node.id, 0):
            used.add(node.id)
    return ["import builtins", *(f"{name} = builtins.{name}" for name in sorted(used))] if used else []


def _uses(module: ast.Module, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(module))
