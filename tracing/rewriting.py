"""The changes that a statement needs when it leaves its module: other names, imports resolved."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from tracing.dependencies import NotExtractable
from tracing.references import InnerImport, Key, Reference, key_of
from tracing.source_edits import Edit, name_node


def name_edits(text: str, references: Iterable[Reference], final: Callable[[Key], str]) -> Iterator[Edit]:
    """Write each reference by its final name; ``text`` is the module's."""
    declared: dict[ast.Global, dict[str, str]] = {}
    for reference in references:
        node, name = reference.node, final(reference.key)
        if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id != name):
            yield Edit(node, name)
        elif isinstance(node, ast.Global):
            declared.setdefault(node, {})[reference.name] = name
        elif reference.name != name:
            place = None
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                place = name_node(node, text)
            if place is None and not isinstance(node, ast.Name):
                raise NotExtractable("name_conflict", reference.name)
            if place is not None:
                yield Edit(place, name)
    for node, names in declared.items():
        if any(old != new for old, new in names.items()):
            yield Edit(node, f"global {', '.join(names.get(name, name) for name in node.names)}")


def import_edits(
    imports: Iterable[InnerImport], final: Callable[[Key], str], bound: Callable[[InnerImport], str | None]
) -> Iterator[Edit]:
    """Imports of the project become assignments, or nothing where the name is there anyway.

    ``bound`` gives the name that an import is to bind; None: it is not needed.
    """
    statements: dict[ast.Import | ast.ImportFrom, list[InnerImport]] = {}
    for inner in imports:
        statements.setdefault(inner.node, []).append(inner)
    for node, found in statements.items():
        parts: list[str] = []
        changed = False
        for inner in found:
            part, is_new = _import_text(inner, final, bound(inner))
            parts += [part] if part else []
            changed |= is_new
        if changed:
            yield Edit(node, "; ".join(parts) or "pass")


def _import_text(inner: InnerImport, final: Callable[[Key], str], bound: str | None) -> tuple[str, bool]:
    """The text of one import, and whether it differs from the original's."""
    name, alias = inner.bound_name, inner.alias
    if bound is None or inner.meaning is None or (inner.place == "local" and not inner.is_outside):
        return "", True
    if not inner.is_outside:
        target = final(key_of(inner.meaning))
        if target == bound and inner.place == "shared":
            raise NotExtractable("name_conflict", bound)
        return "" if target == bound else f"{bound} = {target}", True
    if bound != name:
        if isinstance(inner.node, ast.Import) and "." in alias.name and not alias.asname:
            raise NotExtractable("name_conflict", name)
        alias = ast.alias(alias.name, bound)
    if isinstance(inner.node, ast.ImportFrom):
        return ast.unparse(ast.ImportFrom(inner.node.module, [alias], 0)), bound != name
    return ast.unparse(ast.Import([alias])), bound != name
