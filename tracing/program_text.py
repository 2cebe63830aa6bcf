"""The text of an extracted program: its statements in order, under names that do not clash."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tracing.closure import Closure, Piece, PieceKey, modules_of
from tracing.dependencies import Definition, NotExtractable, OutsideImport
from tracing.import_order import ImportOrder
from tracing.naming import Names
from tracing.project_modules import ProjectModules
from tracing.references import InnerImport, Key, Reference, key_of
from tracing.rewriting import decorator_edits, docstring_edits, import_edits, name_edits, quoted_annotations
from tracing.source_edits import Edit, statement_text

_MAX_LINE = 100


class Program:
    """A closure as text. ``own`` are the keys of pieces and imports that the function itself needs.

    What else the closure holds is there for the tests, which name ``needed``.
    """

    def __init__(
        self,
        modules: ProjectModules,
        closure: Closure,
        own: set[PieceKey | Key],
        needed: tuple[Definition, ...],
    ) -> None:
        self._closure = closure
        self._own = own
        module = closure.target.module
        order = ImportOrder(modules, module, modules_of(closure.pieces.values()))
        self._pieces = sorted(
            closure.pieces.values(), key=lambda piece: order.rank(piece.module, piece.position)
        )
        self._read = {
            reference.key
            for piece in (*self._pieces, closure.target)
            for reference in piece.references.names
            if reference.is_read
        } | {key_of(definition) for definition in needed}
        self._names = self._choose_names(needed)

    def header(self, postponed: bool) -> str:
        """What stands above the function; ``postponed``: with annotations that are never computed."""
        future = ["from __future__ import annotations\n"] if postponed else []
        return "\n".join([*future, *self._sections(is_own=True)])

    def test_helpers(self) -> str:
        """What the tests need and the function does not."""
        return "\n".join(self._sections(is_own=False))

    def function(self) -> str:
        """The function itself, without its decorators."""
        target = self._closure.target
        edits = list(self._edits(target))
        return statement_text(target.module.text, target.node, edits, start=target.node.lineno)

    def dropped_decorators(self) -> tuple[str, ...]:
        """The decorators of helpers that are left out."""
        return tuple(
            f"{getattr(piece.node, 'name', '')}: @{ast.unparse(decorator)}"
            for piece in self._pieces
            for decorator in piece.dropped
        )

    def _sections(self, *, is_own: bool) -> Iterator[str]:
        imports = {
            line
            for key, outside in self._closure.imports.items()
            if (key in self._own) is is_own
            for line in self._import_lines(key, outside)
        }
        if imports:
            yield "".join(f"{line}\n" for line in _merged(imports))
        pieces = [piece for piece in self._pieces if (_piece_key(piece) in self._own) is is_own]
        texts = [self._piece_text(piece, quote=not is_own) for piece in pieces]
        if any(texts):
            yield _join(text for text in texts if text)

    def _import_lines(self, key: Key, outside: OutsideImport) -> list[str]:
        name = self._names.of(key)
        lines = outside.text.split("\n")
        if name == outside.name:
            return lines
        module, _, attribute = outside.source.partition(":")
        if attribute:
            return [f"from {module} import {attribute} as {name}"]
        if len(lines) > 1 or f"import {module}" not in lines[0]:
            raise NotExtractable("name_conflict", outside.name)
        return [f"import {module} as {name}"]

    def _piece_text(self, piece: Piece, *, quote: bool) -> str:
        edits = [*self._edits(piece), *docstring_edits(piece.node)]
        if quote:
            edits += quoted_annotations(piece.node, piece.references)
        text = statement_text(piece.module.text, piece.node, edits).lstrip("\n")
        return "" if text == "pass\n" else text

    def _edits(self, piece: Piece) -> Iterator[Edit]:
        annotations = [
            reference for reference in piece.references.annotations if self._names.has(reference.key)
        ]
        yield from name_edits(piece.module.text, [*piece.references.names, *annotations], self._names.of)
        yield from import_edits(
            piece.references.imports, self._names.of, lambda inner: self._bound(piece, inner)
        )
        for assignment, is_alone in piece.references.module_variables:
            yield Edit(assignment, "pass" if is_alone else "")
        yield from decorator_edits(piece.module.text, piece.dropped)

    def _bound(self, piece: Piece, inner: InnerImport) -> str | None:
        if inner.place != "module":
            return inner.bound_name
        key = (piece.module.name, inner.bound_name)
        siblings = [other for other in piece.references.imports if other.node is inner.node]
        if key not in self._read and any(
            (piece.module.name, other.bound_name) in self._read for other in siblings
        ):
            return None
        return self._names.of(key)

    def _choose_names(self, needed: Iterable[Definition]) -> Names:
        names = Names()
        target = self._closure.target
        assert isinstance(target.node, ast.FunctionDef)
        names.fix((target.module.name, target.node.name), target.node.name)
        places: dict[Key, list[Reference]] = {}
        for piece in (target, *self._pieces):
            for reference in (*piece.references.names, *piece.references.annotations):
                places.setdefault(reference.key, []).append(reference)
        for definition in needed:
            names.fix(key_of(definition), definition.name)
        for key, references in places.items():
            if key[0] == "builtins" and any(reference.meaning is None for reference in references):
                is_early = not any(reference.deferred for reference in references)
                if is_early and key[1] == target.node.name:
                    names.leave(key, key[1])
                else:
                    names.fix(key, key[1])
        bound = self._closure.bound_keys()
        own_module = [key for key in bound if key[0] == target.module.name]
        for key in (*sorted(own_module), *self._closure.imports, *sorted(bound)):
            outside = self._closure.imports.get(key)
            names.choose(key, outside.name if outside else key[1], places.get(key, []))
        return names


def _piece_key(piece: Piece) -> PieceKey:
    return piece.module.name, piece.position


def _merged(imports: Iterable[str]) -> list[str]:
    """Import statements in order, those from one module together, as far as a line holds them."""
    plain = sorted(line for line in imports if line.startswith("import"))
    together: list[str] = []
    for line in sorted(line for line in imports if line.startswith("from")):
        module, _, name = line.partition(" import ")
        if together and together[-1].partition(" import ")[0] == module:
            longer = f"{together[-1]}, {name}"
            if len(longer) <= _MAX_LINE:
                together[-1] = longer
                continue
        together.append(line)
    return plain + together


def _join(texts: Iterable[str]) -> str:
    """Statements one under the other, definitions set off by blank lines."""
    joined = ""
    for text in texts:
        spaced = text.startswith(("def ", "class ", "@", "async "))
        joined += ("\n\n" if joined else "") + text + "\n" if spaced else text
    return joined.rstrip("\n") + "\n" if joined else ""
