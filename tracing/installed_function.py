"""Extracting a function for a task in which its project is installed: it imports what it needs."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from tracing.dependencies import NotExtractable, is_standard
from tracing.extraction import StandaloneFunction
from tracing.function_text import split_function
from tracing.name_analysis import BUILTIN_NAMES, writes_globals
from tracing.project_modules import Module
from tracing.scopes import global_occurrences
from tracing.source_edits import Edit, first_line, statement_text

_FILE_NAMES = frozenset({"__file__", "__path__", "__spec__", "__loader__"})
_IMPLICIT_NAMES = frozenset({"__name__", "__doc__", "__debug__", "__builtins__", "__annotations__"})


def find_method(module: Module, qualified: str, line: int) -> ast.FunctionDef:
    """The method ``Class.method`` whose first line, decorators included, is ``line``.

    Raises `NotExtractable`, also for one that cannot be a function of its own.
    """
    *path, name = qualified.split(".")
    bodies = [module.tree.body]
    for class_name in path:
        bodies = [
            node.body
            for body in bodies
            for node in _in_blocks(body)
            if isinstance(node, ast.ClassDef) and node.name == class_name
        ]
    for node in (node for body in bodies for node in _in_blocks(body)):
        if (
            isinstance(node, ast.FunctionDef)
            and node.name == name
            and line in (node.lineno, first_line(node))
        ):
            if _needs_its_class(node):
                raise NotExtractable("needs_its_class", qualified)
            return node
    raise NotExtractable("source_not_found", f"{module.path}:{line}")


def _in_blocks(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, and those in the branches of compound ones."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            for block in ("body", "orelse", "finalbody"):
                yield from _in_blocks(getattr(node, block, []))


def _needs_its_class(node: ast.FunctionDef) -> bool:
    """Whether its text means something else outside of the class: ``super()``, ``__class__``, ``__name``."""
    for inner in ast.walk(node):
        name = getattr(inner, "id", None) or getattr(inner, "attr", None)
        if name in ("super", "__class__"):
            return True
        if isinstance(name, str) and name.startswith("__") and not name.endswith("__"):
            return True
    return False


def extract_installed(module: Module, node: ast.FunctionDef) -> StandaloneFunction:
    """A function whose header imports its names from its own module; raises `NotExtractable`.

    Imports of the standard library are repeated as they stand.
    """
    if writes_globals(node):
        raise NotExtractable("writes_global", "the function rebinds a global name")
    bare = copy.copy(node)
    bare.decorator_list = []  # the tracer saw the function itself
    edits = [
        Edit(inner, _absolute(module, inner))
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom) and inner.level
    ]
    try:
        occurrences = [
            found
            for found in global_occurrences(bare)
            if found.is_read and found.node is not bare and not found.through
        ]
        read = {found.name for found in occurrences if not found.annotation} - {node.name}
        annotations = {found.name for found in occurrences if found.annotation} - BUILTIN_NAMES - read
        source = statement_text(module.text, node, edits, start=node.lineno)
    except (RecursionError, SyntaxError) as error:
        raise NotExtractable("not_analysable", type(error).__name__) from error
    if read & _FILE_NAMES:
        raise NotExtractable("needs_its_file", min(read & _FILE_NAMES))
    header = _imports(module, sorted(read - _IMPLICIT_NAMES))
    if annotations:
        header = f"from __future__ import annotations\n{header and chr(10)}{header}"
    return StandaloneFunction(
        node.name, header, "", split_function(source), node.lineno, node.end_lineno or node.lineno
    )


def _imports(module: Module, names: list[str]) -> str:
    standard: set[str] = set()
    own: list[str] = []
    for name in names:
        text = _standard_import(module, name)
        if text is not None:
            standard.add(text)
        elif name in module.bindings or name not in BUILTIN_NAMES:
            own.append(name)
    lines = sorted(standard, key=lambda text: (text.startswith("from"), text))
    if own:
        if not all(map(str.isidentifier, module.name.split("."))):
            raise NotExtractable("not_importable", module.name)
        line = f"from {module.name} import {', '.join(own)}"
        lines.append(line if len(line) <= 100 else _in_several_lines(module, own))
    return "".join(f"{line}\n" for line in lines)


def _in_several_lines(module: Module, names: list[str]) -> str:
    return f"from {module.name} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _standard_import(module: Module, name: str) -> str | None:
    """The import statement by which a module binds a name, where it is one of the standard library."""
    positions = module.bindings.get(name, ())
    node = module.tree.body[positions[0]] if len(positions) == 1 else None
    if isinstance(node, ast.Import):
        alias = next(a for a in node.names if (a.asname or a.name.partition(".")[0]) == name)
        if is_standard(alias.name):
            return ast.unparse(ast.Import([alias]))
    if isinstance(node, ast.ImportFrom) and not node.level and is_standard(node.module or ""):
        for imported in node.names:
            if (imported.asname or imported.name) == name:
                return ast.unparse(ast.ImportFrom(node.module, [imported], 0))
    return None


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    return ast.unparse(ast.ImportFrom(module.source_of(node), node.names, 0))
