"""What a function needs: the statements of the project's modules that bind the names it reads.

Followed from name to statement without running anything. What that misses, the proof by replay finds.
"""

from __future__ import annotations

import ast
import copy
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tracing.decorators import is_transparent
from tracing.dependencies import Definition, NotExtractable, OutsideImport
from tracing.effects import Effects
from tracing.environment_reads import environment_read
from tracing.name_analysis import names_bound
from tracing.project_modules import Module, ProjectModules
from tracing.references import InnerImport, Key, Reference, References, key_of, references_of

PieceKey = tuple[str, int]


@dataclass(eq=False)
class Piece:
    """A statement that travels along. ``dropped`` are the decorators that do not."""

    module: Module
    position: int
    node: ast.stmt
    references: References
    dropped: list[ast.expr] = field(default_factory=list)


class OptionalFails(Exception):
    """Something that a function may do without cannot travel; ``cause`` says why."""

    def __init__(self, optional: ast.AST, cause: NotExtractable) -> None:
        super().__init__(str(cause))
        self.optional = optional
        self.cause = cause


class Closure:
    """The statements and imports that a function needs, its own node apart.

    ``without`` are decorators of helpers, imports inside them, and statements that only change things,
    to do without: whether they matter is for the proof by replay. Raises `NotExtractable`, and
    `OptionalFails` for one more of those.
    """

    def __init__(
        self,
        modules: ProjectModules,
        module: Module,
        node: ast.FunctionDef,
        *,
        allow_third_party: bool,
        without: frozenset[ast.AST],
    ) -> None:
        self.pieces: dict[PieceKey, Piece] = {}
        self.imports: dict[Key, OutsideImport] = {}
        self.requirements: set[str] = set()
        self._modules = modules
        self._allow_third_party = allow_third_party
        self._without = without
        self._effects = Effects(modules)
        self._todo: deque[tuple[Module, int, ast.AST | None]] = deque()
        self._module = module
        self._node = node
        self._position = next(
            position
            for position, statement in enumerate(module.tree.body)
            if any(inner is node for inner in ast.walk(statement))
        )
        self.target = self._enter_target()

    def follow(self) -> None:
        """Bring in all that is needed by what is in already."""
        while True:
            while self._todo:
                module, position, because = self._todo.popleft()
                if (module.name, position) not in self.pieces:
                    with _blaming(because):
                        self._enter(module, position, because)
            if not self._add_effects():
                return

    def require(self, definition: Definition, because: ast.AST | None = None) -> None:
        """Note that a definition is needed."""
        if definition.module.name == self._module.name and definition.name == self._node.name:
            return
        self._todo += [(definition.module, position, because) for position in definition.statements]

    def require_import(self, outside: OutsideImport) -> None:
        """Note that something from outside the project is needed."""
        if outside.package:
            if not self._allow_third_party:
                raise NotExtractable("needs_package", outside.package)
            self.requirements.add(outside.package)
        known = self.imports.get(key_of(outside))
        if known is not None:
            dotted = [line for line in outside.text.split("\n") if line.startswith(f"import {known.source}.")]
            lines = dict.fromkeys([*known.text.split("\n"), *dotted])
            outside = OutsideImport(known.name, "\n".join(lines), known.source, known.package)
        self.imports[key_of(outside)] = outside

    def decorators_of_project(self) -> frozenset[ast.AST]:
        """The decorators of helpers that are defined in the project and travel along."""
        return frozenset(
            decorator
            for piece in self.pieces.values()
            if isinstance(piece.node, ast.FunctionDef)
            for decorator in piece.node.decorator_list
            if decorator not in piece.dropped
            and any(
                isinstance(reference.meaning, Definition)
                for reference in references_of(self._modules, piece.module, piece.position, decorator).names
            )
        )

    def bound_keys(self) -> set[Key]:
        """What the statements bind that are in so far."""
        return {
            (piece.module.name, name)
            for piece in self.pieces.values()
            for name in names_bound(piece.module.occurrences[piece.position])
        }

    def _enter_target(self) -> Piece:
        # the tracer saw the function itself, not what its decorators made of it
        bare = copy.copy(self._node)
        bare.decorator_list = []
        references = references_of(self._modules, self._module, self._position, bare)
        piece = Piece(self._module, self._position, self._node, references)
        self._require_references(piece, None)
        return piece

    def _enter(self, module: Module, position: int, because: ast.AST | None) -> None:
        node = module.tree.body[position]
        if module.name == self._module.name and position == self._position:
            raise NotExtractable("conditional_definition", self._node.name)
        reads = environment_read(node)
        if reads:
            raise NotExtractable("needs_environment", reads)
        dropped = [
            decorator
            for decorator in getattr(node, "decorator_list", [])
            if decorator in self._without or self._is_transparent(module, position, decorator)
        ]
        self._add_piece(module, position, dropped, because)

    def _add_piece(
        self, module: Module, position: int, dropped: list[ast.expr], because: ast.AST | None
    ) -> None:
        node = module.tree.body[position]
        remaining = None
        if dropped:
            assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            remaining = copy.copy(node)
            remaining.decorator_list = [other for other in node.decorator_list if other not in dropped]
        references = _do_without(references_of(self._modules, module, position, remaining), self._without)
        piece = Piece(module, position, node, references, dropped)
        self.pieces[module.name, position] = piece
        self._require_references(piece, because)

    def _require_references(self, piece: Piece, because: ast.AST | None) -> None:
        is_helper = piece.node is not self._node
        decorators: dict[int, ast.expr] = {}
        if is_helper and isinstance(piece.node, ast.FunctionDef):
            for decorator in piece.node.decorator_list:
                decorators |= {id(inner): decorator for inner in ast.walk(decorator)}
        for reference in piece.references.names:
            through = reference.through if is_helper else None
            optional = because or decorators.get(id(reference.node)) or through
            with _blaming(optional):
                self._require_meaning(piece, reference, optional)
        for inner in piece.references.imports:
            if inner.fault is not None and not (is_helper and inner.deferred):
                raise inner.fault
            if isinstance(inner.meaning, Definition):
                self.require(
                    inner.meaning, because or (inner.alias if is_helper and inner.deferred else None)
                )
            elif inner.meaning is not None and inner.meaning.package and not inner.guarded:
                if self._allow_third_party:
                    self.requirements.add(inner.meaning.package)
                elif not (is_helper and inner.deferred):
                    raise NotExtractable("needs_package", inner.meaning.package)

    def _require_meaning(self, piece: Piece, reference: Reference, because: ast.AST | None) -> None:
        is_target = reference.key == (self._module.name, self._node.name)
        if is_target and reference.is_read and not reference.deferred and piece.node is not self._node:
            raise NotExtractable("needed_before_its_definition", ast.unparse(piece.node)[:100])
        if isinstance(reference.meaning, Definition):
            if reference.is_read or isinstance(reference.node, ast.Global):
                self.require(reference.meaning, because)
        elif reference.meaning is not None:
            self.require_import(reference.meaning)

    def _is_transparent(self, module: Module, position: int, decorator: ast.expr) -> bool:
        if isinstance(module.tree.body[position], ast.ClassDef):
            return False
        try:
            references = references_of(self._modules, module, position, decorator)
        except NotExtractable:
            return False
        return is_transparent(decorator, references.names)

    def _add_effects(self) -> bool:
        """Bring in statements that change what is in already; False if there are no more."""
        bound = self.bound_keys()
        variables = {key for key in bound if self._is_variable(key)}
        found = False
        for module in modules_of((self.target, *self.pieces.values())):
            for position in range(len(module.tree.body)):
                piece = self.pieces.get((module.name, position))
                if piece is not None and not piece.dropped:
                    continue
                node = module.tree.body[position]
                if node in self._without:
                    continue
                changes = self._effects.of_statement(module, position)
                own = {(module.name, name) for name in names_bound(module.occurrences[position])}
                if not (changes.certain & bound | changes.possible & variables) - own:
                    continue
                found = True
                if piece is None:
                    # one that cannot travel is done without
                    self._todo.append((module, position, node))
                else:  # its decorator does more than to return it
                    kept = [decorator for decorator in piece.dropped if decorator in self._without]
                    if kept == piece.dropped:
                        found = False
                        continue
                    self._add_piece(module, position, kept, None)
        return found

    def _is_variable(self, key: Key) -> bool:
        module = self._modules.by_name(key[0])
        return module is not None and any(
            not isinstance(module.tree.body[position], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            for position in module.bindings.get(key[1], ())
        )


@contextmanager
def _blaming(optional: ast.AST | None) -> Iterator[None]:
    """Make what cannot travel the fault of what it is needed for, if that is optional."""
    try:
        yield
    except NotExtractable as error:
        if optional is None:
            raise
        raise OptionalFails(optional, error) from error


def _do_without(references: References, without: frozenset[ast.AST]) -> References:
    """References without those through imports to do without, which stay as they are."""
    if not any(inner.alias in without for inner in references.imports):
        return references
    return References(
        [reference for reference in references.names if reference.through not in without],
        references.annotations,
        references.unknown_annotations,
        [_left_alone(inner) if inner.alias in without else inner for inner in references.imports],
        references.module_variables,
    )


def _left_alone(inner: InnerImport) -> InnerImport:
    return replace(inner, meaning=None, fault=NotExtractable("left_alone"))


def modules_of(pieces: Iterable[Piece]) -> list[Module]:
    """The modules that pieces come from."""
    return list({piece.module.name: piece.module for piece in pieces}.values())
