"""The source of a function without an importable name: a lambda, or one defined inside another.

It is found by its place in the syntax tree; what it takes from around it is told apart into closure
variables, whose values a recording has, and names of its module, which are resolved as in
`tracing.extraction`.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from dataclasses import dataclass

from tracing.dependencies import Definition, Meaning, NotExtractable, OutsideImport, resolve_import
from tracing.name_analysis import writes_globals
from tracing.project_modules import Module, ProjectModules
from tracing.references import Reference, references_of
from tracing.rewriting import import_edits, name_edits
from tracing.scopes import defaults, free_names
from tracing.source_edits import Edit, expression_text, first_line, statement_text

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_OF_ITS_CLASS = frozenset({"super", "__class__"})


@dataclass(frozen=True)
class FunctionSource:
    """A function as text that works wherever its names mean what they are to mean.

    ``text`` is an expression if ``is_lambda``, else a ``def`` statement named ``name``, without
    indentation and decorators. It works in a scope where ``preamble`` (import statements, may be
    empty) was executed, each name in ``closure`` holds its closure variable's value, and
    ``definitions`` are there under their names; they are to be given to
    `tracing.extraction.extract` as needed, like what other test values name.
    """

    name: str
    text: str
    is_lambda: bool
    closure: tuple[str, ...]
    preamble: str
    definitions: tuple[Definition, ...]


def source_of_function(
    modules: ProjectModules, file: str, line: int, column: int | None, name: str
) -> FunctionSource:
    """The source of the function whose code object tells ``line`` and ``name``.

    ``file`` is the recorded path, ``line`` `co_firstlineno`, ``name`` `co_name`. ``column`` tells
    lambdas of one line apart: the smallest start column in the code's `co_positions()`, entries
    of ``line`` that are not (0, 0); None where there are no columns, as before Python 3.11.

    Raises `NotExtractable`: "source_not_found", "ambiguous_lambda", "default_from_scope" (a default
    is computed from local variables), "needs_its_class", "needs_package", and the reasons of
    `tracing.extraction`.
    """
    module = modules.by_recorded_path(file)
    if module is None:
        raise NotExtractable("source_not_found", file)
    position, node, in_class = _find(module, line, column, name)
    return _source(modules, module, position, node, in_class)


def _find(module: Module, line: int, column: int | None, name: str) -> tuple[int, _FunctionNode, bool]:
    found: list[tuple[int, _FunctionNode, bool]] = []
    for position, statement in enumerate(module.tree.body):
        if not first_line(statement) <= line <= (statement.end_lineno or statement.lineno):
            continue
        todo: list[tuple[ast.AST, bool]] = [(statement, False)]
        while todo:
            node, in_class = todo.pop()
            if _is_at(node, line, name):
                assert isinstance(node, _FunctionNode)
                found.append((position, node, in_class))
            in_class = in_class or isinstance(node, ast.ClassDef)
            todo += [(child, in_class) for child in ast.iter_child_nodes(node)]
    if not found:
        raise NotExtractable("source_not_found", f"{module.path}:{line} {name}")
    if len(found) > 1 and column is not None:
        found = _at_column(found, column)
    if len({ast.dump(node) for _, node, _ in found}) > 1:
        raise NotExtractable("ambiguous_lambda", f"{module.path}:{line}")
    return found[0]


def _is_at(node: ast.AST, line: int, name: str) -> bool:
    if isinstance(node, ast.Lambda):
        return name == "<lambda>" and node.lineno == line
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    return node.name == name and line in (first_line(node), node.lineno)


def _at_column(
    found: list[tuple[int, _FunctionNode, bool]], column: int
) -> list[tuple[int, _FunctionNode, bool]]:
    exact = [
        entry
        for entry in found
        if isinstance(entry[1], ast.Lambda) and column in (entry[1].col_offset, entry[1].body.col_offset)
    ]
    if exact:
        # an outer lambda's body may be the inner one: the column is where that begins
        bodies = [entry for entry in exact if _body_column(entry[1]) == column]
        return bodies or exact
    around = [
        entry
        for entry in found
        if entry[1].col_offset <= column
        and (entry[1].end_lineno != entry[1].lineno or column < (entry[1].end_col_offset or 0))
    ]
    innermost = max((entry[1].col_offset for entry in around), default=-1)
    return [entry for entry in around if entry[1].col_offset == innermost]


def _body_column(node: _FunctionNode) -> int:
    return node.body.col_offset if isinstance(node, ast.Lambda) else -1


def _source(
    modules: ProjectModules, module: Module, position: int, node: _FunctionNode, in_class: bool
) -> FunctionSource:
    if writes_globals(node):
        raise NotExtractable("writes_global", "the function rebinds a global name")
    bare = copy.copy(node)
    if not isinstance(bare, ast.Lambda):
        bare.decorator_list = []
    inside = {id(inner) for inner in ast.walk(bare)}
    occurrences = [found for found in module.occurrences[position] if id(found.node) in inside]
    references = references_of(modules, module, position, bare)
    for inner in references.imports:
        if inner.fault is not None:
            raise inner.fault
    free = free_names(bare)
    closure = free - {occurrence.name for occurrence in occurrences} - {getattr(node, "name", "")}
    if free & _OF_ITS_CLASS or (in_class and _has_private_names(node)):
        raise NotExtractable("needs_its_class", _name_of(node))
    from_scope = closure & {
        name.id for default in defaults(node.args) for name in ast.walk(default) if isinstance(name, ast.Name)
    }
    if from_scope:
        raise NotExtractable("default_from_scope", ", ".join(sorted(from_scope)))
    imported_around = [
        resolve_import(modules, module, *occurrence.through)
        for occurrence in occurrences
        if occurrence.through and occurrence.is_read and occurrence.name in free
    ]
    definitions, preamble = _needs([*(found.meaning for found in references.names), *imported_around])
    names = {reference.key: _final_name(reference) for reference in references.names}
    if not closure.isdisjoint([*definitions, *preamble, *names.values()]):
        raise NotExtractable("name_conflict", ", ".join(sorted(closure)))
    try:
        edits = [
            *name_edits(module.text, references.names, names.__getitem__),
            *(Edit(node, "pass" if alone else "") for node, alone in references.module_variables),
            *import_edits(references.imports, names.__getitem__, lambda inner: inner.bound_name),
        ]
        text = _text(module, node, edits)
    except (ValueError, SyntaxError) as error:
        raise NotExtractable("not_analysable", str(error)) from error
    return FunctionSource(
        name=_name_of(node),
        text=text,
        is_lambda=isinstance(node, ast.Lambda),
        closure=tuple(sorted(closure)),
        preamble="".join(f"{line}\n" for line in sorted(preamble.values())),
        definitions=tuple(definitions.values()),
    )


def _needs(meanings: Iterable[Meaning | None]) -> tuple[dict[str, Definition], dict[str, str]]:
    """The definitions and the import statements behind references, by name."""
    definitions: dict[str, Definition] = {}
    preamble: dict[str, str] = {}
    for meaning in meanings:
        if isinstance(meaning, Definition):
            if definitions.setdefault(meaning.name, meaning) != meaning:
                raise NotExtractable("name_conflict", meaning.name)
        elif isinstance(meaning, OutsideImport):
            if meaning.package:
                raise NotExtractable("needs_package", meaning.package)
            if preamble.setdefault(meaning.name, meaning.text) != meaning.text:
                raise NotExtractable("name_conflict", meaning.name)
    both = definitions.keys() & preamble.keys()
    if both:
        raise NotExtractable("name_conflict", ", ".join(sorted(both)))
    return definitions, preamble


def _final_name(reference: Reference) -> str:
    """The name under which a reference's meaning will be there, unless something local hides it."""
    name = reference.meaning.name if reference.meaning else reference.name
    if name != reference.name and reference.scope.owner(name) is not None:
        raise NotExtractable("name_conflict", name)
    return name


def _text(module: Module, node: _FunctionNode, edits: list[Edit]) -> str:
    if not isinstance(node, ast.Lambda):
        return statement_text(module.text, node, edits, start=node.lineno)
    text = expression_text(module.text, node, edits)
    return f"({text})" if "\n" in text else text


def _has_private_names(node: ast.AST) -> bool:
    """Whether names are written in it that its class would change (``__name``)."""
    names = [str(getattr(inner, "attr", getattr(inner, "id", ""))) for inner in ast.walk(node)]
    return any(name.startswith("__") and not name.endswith("__") for name in names)


def _name_of(node: _FunctionNode) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name
