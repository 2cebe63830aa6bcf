"""Extracting a function with everything it needs into one standalone module, without running it.

The closure is static: from the function's free names to the statements that bind them, in its own
module and across the project's, to imports from outside. What that misses, the proof by replay finds.
"""

from __future__ import annotations

import ast
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from tracing.annotations import settle_annotations
from tracing.closure import Closure, OptionalFails, PieceKey
from tracing.dependencies import Definition, NotExtractable
from tracing.docstrings import split_docstring
from tracing.function_text import FunctionText, split_function
from tracing.name_analysis import writes_globals
from tracing.program_text import Program
from tracing.project_modules import Module, ProjectModules
from tracing.references import Key
from tracing.source_edits import first_line

MAX_HEADER_CHARACTERS = 100_000
COMFORTABLE_HEADER_CHARACTERS = 16_000
"""Above it helpers go without decorators of the project, if that makes less than half of it."""

_MAX_LEFT_OUT = 50


@dataclass(frozen=True)
class StandaloneFunction:
    """A function that stands alone: ``header`` (imports and helpers) and the function's text.

    ``test_helpers`` is the source of what its test values name and the function does not need.
    ``requirements`` are the packages to import that are not the standard library's (import names).
    ``dropped_decorators`` are those of helpers that did not travel along, as ``helper: @decorator``.
    """

    name: str
    header: str
    test_helpers: str
    text: FunctionText
    line_start: int
    line_end: int
    requirements: tuple[str, ...] = ()
    dropped_decorators: tuple[str, ...] = ()

    @property
    def removed_from_docstring(self) -> str:
        """What of the original docstring the prompt does not show: examples and what led to them."""
        return split_docstring(self.text.docstring or "").removed


def find_function(module: Module, name: str, line: int) -> ast.FunctionDef:
    """The top-level definition whose first line, decorators included, is ``line``."""
    todo: deque[ast.AST] = deque([module.tree])
    while todo:
        for node in ast.iter_child_nodes(todo.popleft()):
            if isinstance(node, ast.FunctionDef):
                if node.name == name and line in (first_line(node), node.lineno):
                    return node
            elif not isinstance(node, (ast.ClassDef, ast.AsyncFunctionDef, ast.expr)):
                todo.append(node)
    raise NotExtractable("source_not_found", f"{module.path}:{line}")


def extract(
    modules: ProjectModules,
    module: Module,
    node: ast.FunctionDef,
    needed: tuple[Definition, ...] = (),
    *,
    allow_third_party: bool = False,
) -> StandaloneFunction:
    """Make a function stand alone; raises `NotExtractable`.

    ``needed`` is what its test values name; these keep their names. Packages of others are refused
    unless ``allow_third_party``, which then are the result's ``requirements``.
    """
    if writes_globals(node):
        raise NotExtractable("writes_global", "the function rebinds a global name")
    module = modules.with_branch_of(module, node)
    needed = tuple(_again(modules, definition) for definition in needed)
    function, decorators = _attempt(modules, module, node, needed, allow_third_party, frozenset())
    if len(function.header) > COMFORTABLE_HEADER_CHARACTERS and decorators:
        # whether the helpers' decorators matter is for the proof by replay
        with suppress(NotExtractable):
            lean, _ = _attempt(modules, module, node, needed, allow_third_party, decorators)
            if 2 * len(lean.header) < len(function.header):
                function = lean
    if len(function.header) > MAX_HEADER_CHARACTERS:
        raise NotExtractable("too_large", f"{len(function.header)} characters of helpers")
    return function


def _attempt(
    modules: ProjectModules,
    module: Module,
    node: ast.FunctionDef,
    needed: tuple[Definition, ...],
    allow_third_party: bool,
    without: frozenset[ast.AST],
) -> tuple[StandaloneFunction, frozenset[ast.AST]]:
    """A function with what it needs, and the project's decorators that its helpers keep.

    Goes without those optional parts that cannot travel.
    """
    for _ in range(_MAX_LEFT_OUT):
        left_out = modules.left_out.get(allow_third_party, frozenset())
        try:
            closure = Closure(
                modules, module, node, allow_third_party=allow_third_party, without=without | left_out
            )
            return _finish(modules, closure, needed), closure.decorators_of_project()
        except OptionalFails as error:
            modules.left_out[allow_third_party] = left_out | {error.optional}
            cause = error.cause
        except (RecursionError, SyntaxError, ValueError) as error:
            raise NotExtractable("not_analysable", type(error).__name__) from error
    raise cause


def _again(modules: ProjectModules, definition: Definition) -> Definition:
    """A definition in its module as that is now known."""
    module = modules.by_name(definition.module.name) or definition.module
    return Definition(module, definition.name, module.bindings.get(definition.name, definition.statements))


def _finish(modules: ProjectModules, closure: Closure, needed: tuple[Definition, ...]) -> StandaloneFunction:
    closure.follow()
    postponed = settle_annotations(modules, closure)
    own: set[PieceKey | Key] = {*closure.pieces, *closure.imports}
    for definition in needed:
        closure.require(definition)
    closure.follow()
    program = Program(modules, closure, own, needed)
    header = program.header(postponed)
    node = closure.target.node
    assert isinstance(node, ast.FunctionDef)
    return StandaloneFunction(
        name=node.name,
        header=header,
        test_helpers=program.test_helpers(),
        text=split_function(program.function()),
        line_start=node.lineno,
        line_end=node.end_lineno or node.lineno,
        requirements=tuple(sorted(closure.requirements)),
        dropped_decorators=program.dropped_decorators(),
    )
