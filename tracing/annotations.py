"""Annotations of an extracted program: kept readable, and postponed where their names do not travel."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from tracing.closure import Closure, Piece
from tracing.dependencies import Definition, NotExtractable, OutsideImport, resolve_import
from tracing.project_modules import Module, ProjectModules
from tracing.references import Reference, key_of, references_of

_TYPE_MAKERS = frozenset({"TypeVar", "NewType", "ParamSpec", "TypeVarTuple"})
_ALIAS_NODES = ast.Name | ast.Attribute | ast.Subscript | ast.BinOp | ast.Constant | ast.Call
_MAX_ALIAS_CHARACTERS = 300


def settle_annotations(modules: ProjectModules, closure: Closure) -> bool:
    """Bring in what annotations name if that is no more than an import or an alias of types.

    True if there are others, so that evaluation has to be postponed.
    """
    postponed = False
    for piece in (closure.target, *list(closure.pieces.values())):
        for reference in piece.references.annotations:
            postponed |= not _bring(modules, closure, piece, reference)
        for name in piece.references.unknown_annotations:
            outside = _typing_import(modules, piece.module, name)
            if outside is None:
                postponed = True
            else:
                closure.require_import(outside)
        if piece.module.postpones_annotations:
            postponed |= any(map(_is_computed, _annotations_in(piece.node)))
    return postponed


def _bring(modules: ProjectModules, closure: Closure, piece: Piece, reference: Reference) -> bool:
    meaning = reference.meaning
    if meaning is None:
        return True
    if isinstance(meaning, OutsideImport):
        if meaning.package is None:
            closure.require_import(meaning)
        return key_of(meaning) in closure.imports
    places = [(meaning.module.name, position) for position in meaning.statements]
    if not all(place in closure.pieces for place in places):
        # for the signature that is to be completed, not for those of its helpers
        if piece is not closure.target or _alias_length(modules, meaning) > _MAX_ALIAS_CHARACTERS:
            return False
        closure.require(meaning)
        closure.follow()
    # under postponed evaluation its definition may come later
    return not piece.module.postpones_annotations


def _alias_length(modules: ProjectModules, definition: Definition) -> float:
    """How much text ``Name = Union[...]`` or ``T = TypeVar(...)`` is, with the aliases in it.

    Infinite for other definitions.
    """
    length = 0
    todo, seen = [definition], {key_of(definition)}
    while todo:
        alias = todo.pop()
        node = alias.module.tree.body[alias.statements[0]]
        if len(alias.statements) != 1 or not _makes_type(node):
            return math.inf
        try:
            references = references_of(modules, alias.module, alias.statements[0])
        except NotExtractable:
            return math.inf
        length += len(ast.unparse(node))
        for reference in references.names:
            if isinstance(reference.meaning, OutsideImport) and reference.meaning.package:
                return math.inf
            if isinstance(reference.meaning, Definition) and reference.key not in seen:
                seen.add(reference.key)
                todo.append(reference.meaning)
    return length


def _makes_type(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, _ALIAS_NODES):
        return False
    calls = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Call)]
    return calls in ([], [node.value]) and all(
        ast.unparse(call.func).rpartition(".")[2] in _TYPE_MAKERS for call in calls
    )


def _typing_import(modules: ProjectModules, module: Module, name: str) -> OutsideImport | None:
    """What ``if TYPE_CHECKING:`` imports under a name, if that is of the standard library."""
    for node in module.typing_imports:
        for alias in node.names:
            if (alias.asname or alias.name.partition(".")[0]) == name:
                try:
                    meaning = resolve_import(modules, module, node, alias)
                except NotExtractable:
                    return None
                return meaning if isinstance(meaning, OutsideImport) and not meaning.package else None
    return None


def _annotations_in(node: ast.AST) -> Iterator[ast.expr]:
    for inner in ast.walk(node):
        annotation = getattr(inner, "returns", None) or getattr(inner, "annotation", None)
        if annotation is not None:
            yield annotation


def _is_computed(annotation: ast.expr) -> bool:
    """Whether an annotation is more than names: it may not work if it is evaluated."""
    return any(isinstance(node, ast.Subscript | ast.BinOp) for node in ast.walk(annotation))
