"""The changes that a statement needs when it leaves its module: other names, imports resolved."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from tracing.dependencies import NotExtractable
from tracing.docstrings import render_docstring, without_examples
from tracing.references import InnerImport, Key, Reference, References, key_of
from tracing.source_edits import Edit, name_node


def name_edits(text: str, references: Iterable[Reference], final: Callable[[Key], str]) -> Iterator[Edit]:
    """Write each reference by its final name; ``text`` is the module's."""
    declared: dict[ast.Global, dict[str, str]] = {}
    # ``x += 1`` reads and binds at one place
    for reference in {(id(found.node), found.name): found for found in references}.values():
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
            yield Edit(node, "; ".join(parts) or ("pass" if found[0].is_alone else ""))


def _import_text(inner: InnerImport, final: Callable[[Key], str], bound: str | None) -> tuple[str, bool]:
    """The text of one import, and whether it differs from the original's."""
    name, alias = inner.bound_name, inner.alias
    if inner.fault is not None:
        return _one_import(inner.node, alias), False
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
    return _one_import(inner.node, alias), bound != name


def _one_import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import([alias]))
    return ast.unparse(ast.ImportFrom(node.module, [alias], node.level))


def decorator_edits(text: str, decorators: Iterable[ast.expr]) -> Iterator[Edit]:
    """Take decorators away, with the sign before them; ``text`` is the module's."""
    lines = text.split("\n")
    for decorator in decorators:
        sign = lines[decorator.lineno - 1].encode().rindex(b"@", 0, decorator.col_offset)
        whole = ast.copy_location(ast.Constant(None), decorator)
        whole.col_offset = sign
        yield Edit(whole, "")


def docstring_edits(node: ast.stmt) -> Iterator[Edit]:
    """Take the interactive examples out of the docstrings in a helper: they may tell answers."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            docstring = ast.get_docstring(inner)
            if docstring and ">>>" in docstring:
                written = inner.body[0]
                text = without_examples(docstring)
                indent = " " * written.col_offset
                yield Edit(written, render_docstring(text, indent).strip() if text else '""""""')


def quoted_annotations(node: ast.stmt, references: References) -> Iterator[Edit]:
    """Put annotations that name unknown things in quotes."""
    unknown = set(references.unknown_annotations)
    for inner in ast.walk(node):
        for annotation in (getattr(inner, "returns", None), getattr(inner, "annotation", None)):
            if isinstance(annotation, ast.expr) and unknown & {
                name.id for name in ast.walk(annotation) if isinstance(name, ast.Name)
            }:
                yield Edit(annotation, repr(ast.unparse(annotation)))
