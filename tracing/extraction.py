"""Extracting a function with everything it needs into one standalone module, without running it.

The closure is static: from the function's free names to the statements that bind them, in its own
module and across the project's, to imports of the standard library. What that misses, the proof by
replay finds.
"""

from __future__ import annotations

import ast
import copy
from collections import deque
from dataclasses import dataclass, field

from tracing.dependencies import (
    Definition,
    ModuleReference,
    NotExtractable,
    OutsideImport,
    resolve_import,
    resolve_name,
)
from tracing.effects import effects_on
from tracing.function_text import FunctionText, split_function
from tracing.name_analysis import (
    BUILTIN_NAMES,
    names_bound,
    names_in_annotations,
    names_read,
    writes_globals,
)
from tracing.project_modules import Module, ProjectModules
from tracing.source_edits import Edit, statement_text

MAX_HEADER_CHARACTERS = 16_000

_FILE_NAMES = frozenset({"__file__", "__path__", "__spec__", "__loader__"})
_IMPLICIT_NAMES = frozenset({"__name__", "__doc__", "__debug__", "__builtins__", "__annotations__"})


@dataclass(frozen=True)
class StandaloneFunction:
    """A function that stands alone: ``header`` (imports and helpers) and the function's text.

    ``test_helpers`` is the source of what its test values name and the function does not need.
    """

    name: str
    header: str
    test_helpers: str
    text: FunctionText
    line_start: int
    line_end: int


def find_function(module: Module, name: str, line: int) -> ast.FunctionDef:
    """The top-level definition whose first line, decorators included, is ``line``."""
    todo: deque[ast.AST] = deque([module.tree])
    while todo:
        for node in ast.iter_child_nodes(todo.popleft()):
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
                if node.name == name and line in (first, node.lineno):
                    return node
            elif not isinstance(node, (ast.ClassDef, ast.AsyncFunctionDef, ast.expr)):
                todo.append(node)
    raise NotExtractable("source_not_found", f"{module.path}:{line}")


def extract(
    modules: ProjectModules, module: Module, node: ast.FunctionDef, needed: tuple[Definition, ...] = ()
) -> StandaloneFunction:
    """Make a function stand alone; raises `NotExtractable`. ``needed`` is what its test values name."""
    return _Extractor(modules, module, node).extract(needed)


@dataclass
class _Piece:
    """A top-level statement that travels along, with the replacements it needs."""

    module: Module
    position: int
    edits: list[Edit] = field(default_factory=list)


class _Extractor:
    def __init__(self, modules: ProjectModules, module: Module, node: ast.FunctionDef) -> None:
        self._modules = modules
        self._module = module
        self._node = node
        self._imports: dict[str, str] = {}
        self._pieces: dict[tuple[str, int], _Piece] = {}
        self._origins: dict[str, tuple[str, str]] = {node.name: (module.name, node.name)}
        self._aliases: dict[str, Definition] = {}
        self._uses: dict[Module, list[Module]] = {module: []}
        self._postponed_annotations = False

    def extract(self, needed: tuple[Definition, ...]) -> StandaloneFunction:
        if writes_globals(self._node):
            raise NotExtractable("writes_global", "the function rebinds a global name")
        edits: list[Edit] = []
        try:
            # the tracer saw the function itself, not what its decorators made of it
            bare = copy.copy(self._node)
            bare.decorator_list = []
            self._require(self._module, bare, edits)
            self._add_effects()
            header = self._header(set(), {})
            if self._postponed_annotations:
                header = f"from __future__ import annotations\n{header and chr(10)}{header}"
            own_pieces, own_imports = set(self._pieces), dict(self._imports)
            for definition in needed:
                self._note_use(self._module, definition.module)
                self._add_definition(definition)
            test_helpers = self._header(own_pieces, own_imports)
            source = statement_text(self._module.text, self._node, edits, start=self._node.lineno)
        except (RecursionError, SyntaxError) as error:
            raise NotExtractable("not_analysable", type(error).__name__) from error
        text = split_function(source)
        if len(header) > MAX_HEADER_CHARACTERS:
            raise NotExtractable("too_large", f"{len(header)} characters of helpers")
        return StandaloneFunction(
            self._node.name,
            header,
            test_helpers,
            text,
            self._node.lineno,
            self._node.end_lineno or self._node.lineno,
        )

    def _require(self, module: Module, node: ast.stmt, edits: list[Edit]) -> None:
        """Bring in what a statement needs; ``edits`` collects what has to change in its text."""
        self._inline_local_imports(module, node, edits)
        referenced_modules: set[str] = set()
        for name in sorted(names_read(node)):
            if self._require_name(module, name):
                referenced_modules.add(name)
        self._replace_module_attributes(module, node, referenced_modules, edits)
        for name in sorted(names_in_annotations(node) - BUILTIN_NAMES):
            self._require_annotation(module, name)

    def _require_name(self, module: Module, name: str) -> bool:
        """Bring in what a name stands for; True if that is a module of the project."""
        meaning = resolve_name(self._modules, module, name)
        if meaning is None:
            if name in _FILE_NAMES:
                raise NotExtractable("needs_its_file", name)
            if name in BUILTIN_NAMES or name in _IMPLICIT_NAMES:
                return False
            raise NotExtractable("unresolved_name", name)
        if isinstance(meaning, ModuleReference):
            return True
        if isinstance(meaning, OutsideImport):
            self._add_import(meaning)
        else:
            self._note_use(module, meaning.module)
            self._add_definition(meaning)
            self._bind(name, meaning)
        return False

    def _require_annotation(self, module: Module, name: str) -> None:
        try:
            meaning = resolve_name(self._modules, module, name)
        except NotExtractable:
            meaning = None
        if isinstance(meaning, OutsideImport) and not meaning.package:
            self._add_import(meaning)
        elif name not in self._origins:
            self._postponed_annotations = True

    def _bind(self, name: str, definition: Definition) -> None:
        if name == definition.name:
            return
        if self._origins.setdefault(name, (definition.module.name, definition.name)) != (
            definition.module.name,
            definition.name,
        ):
            raise NotExtractable("name_conflict", name)
        self._aliases[name] = definition

    def _add_import(self, standard: OutsideImport) -> None:
        if standard.package:
            raise NotExtractable("needs_package", standard.package)
        if standard.name in self._origins or self._imports.get(standard.name, standard.text) != standard.text:
            raise NotExtractable("name_conflict", standard.name)
        self._imports[standard.name] = standard.text

    def _note_use(self, user: Module, used: Module) -> None:
        if used is not user and used not in self._uses.setdefault(user, []):
            self._uses[user].append(used)

    def _modules_in_order(self) -> list[Module]:
        """The modules involved, each after those that it uses, as far as they use each other in turn."""
        ordered: dict[Module, None] = {}
        entered: set[Module] = set()

        def enter(module: Module) -> None:
            if module not in entered:
                entered.add(module)
                for used in self._uses.get(module, []):
                    enter(used)
                ordered[module] = None

        enter(self._module)
        return list(ordered)

    def _add_definition(self, definition: Definition) -> None:
        if definition.module.name == self._module.name and definition.name == self._node.name:
            return
        for position in definition.statements:
            self._add_statement(definition.module, position)

    def _add_statement(self, module: Module, position: int) -> None:
        if (module.name, position) in self._pieces:
            return
        node = module.tree.body[position]
        if any(inner is self._node for inner in ast.walk(node)):
            raise NotExtractable("conditional_definition", self._node.name)
        piece = self._pieces[module.name, position] = _Piece(module, position)
        for name in names_bound(module.occurrences[position]):
            origin = (module.name, name)
            if name in self._imports or self._origins.setdefault(name, origin) != origin:
                raise NotExtractable("name_conflict", name)
        if isinstance(node, ast.Try) and _guards_import(node):
            self._require_guarded(module, node, piece.edits)
        else:
            self._reject_third_party(module, node)
            self._require(module, node, piece.edits)

    def _require_guarded(self, module: Module, node: ast.Try, edits: list[Edit]) -> None:
        """``try: import x / except ImportError: ...`` works without ``x`` by its own words."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom) and (
                inner.level or self._modules.by_name(inner.module or "") is not None
            ):
                raise NotExtractable("conditional_project_import", ast.unparse(inner))
        self._require(module, node, edits)

    def _reject_third_party(self, module: Module, node: ast.stmt) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                for alias in inner.names:
                    found = resolve_import(self._modules, module, inner, alias)
                    if isinstance(found, OutsideImport) and found.package:
                        raise NotExtractable("needs_package", found.package)

    def _inline_local_imports(self, module: Module, node: ast.stmt, edits: list[Edit]) -> None:
        """Replace imports of the project inside functions by the definitions themselves."""
        if isinstance(node, ast.Try) and _guards_import(node):
            return
        for inner in ast.walk(node):
            if not isinstance(inner, (ast.Import, ast.ImportFrom)) or inner is node:
                continue
            replacement = []
            for alias in inner.names:
                meaning = resolve_import(self._modules, module, inner, alias)
                if isinstance(meaning, ModuleReference):
                    raise NotExtractable("local_module_import", ast.unparse(inner))
                if isinstance(meaning, OutsideImport):
                    if meaning.package:
                        raise NotExtractable("needs_package", meaning.package)
                    replacement.append(meaning.text)
                else:
                    self._note_use(module, meaning.module)
                    self._add_definition(meaning)
                    name = alias.asname or alias.name
                    if name != meaning.name:
                        replacement.append(f"{name} = {meaning.name}")
            edits.append(Edit(inner, "; ".join(replacement) or "pass"))

    def _replace_module_attributes(
        self, module: Module, node: ast.stmt, names: set[str], edits: list[Edit]
    ) -> None:
        """Replace ``module.name`` by ``name`` for modules of the project."""
        if not names:
            return
        replaced: set[int] = set()
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute):
                chain = _attribute_chain(inner)
                if chain and chain[0].id in names and id(chain[0]) not in replaced:
                    target, definition = self._follow(module, chain[0], inner)
                    if definition is not None:
                        replaced.add(id(chain[0]))
                        edits.append(Edit(target, definition.name))
                        self._note_use(module, definition.module)
                        self._add_definition(definition)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id in names and id(inner) not in replaced:
                raise NotExtractable("module_as_value", inner.id)

    def _follow(
        self, module: Module, root: ast.Name, outermost: ast.Attribute
    ) -> tuple[ast.Attribute, Definition | None]:
        meaning = resolve_name(self._modules, module, root.id)
        path: list[ast.Attribute] = []
        step: ast.expr = outermost
        while isinstance(step, ast.Attribute):
            path.append(step)
            step = step.value
        for attribute in reversed(path):
            if not isinstance(meaning, ModuleReference):
                break
            inside = resolve_name(self._modules, meaning.module, attribute.attr)
            if isinstance(inside, Definition):
                return attribute, inside
            if inside is None:
                submodule = self._modules.by_name(f"{meaning.module.name}.{attribute.attr}")
                inside = ModuleReference(submodule) if submodule else None
            meaning = inside
        return outermost, None

    def _add_effects(self) -> None:
        """Bring in module-level statements that change variables which are already in."""
        while True:
            before = len(self._pieces)
            for module in self._modules_in_order():
                present = {position for name, position in self._pieces if name == module.name}
                target = self._node.name if module is self._module else None
                for position in effects_on(module, present, target):
                    self._add_statement(module, position)
            if len(self._pieces) == before:
                return

    def _header(self, without: set[tuple[str, int]], known_imports: dict[str, str]) -> str:
        """Imports and statements brought in so far, but for those that stand elsewhere already."""
        parts = []
        new_imports = [text for name, text in self._imports.items() if name not in known_imports]
        imports = sorted(new_imports, key=lambda text: (text.startswith("from"), text))
        parts.append("".join(f"{text}\n" for text in imports))
        helpers = []
        for module in self._modules_in_order():
            for (name, position), piece in sorted(self._pieces.items(), key=lambda item: item[0][1]):
                if name == module.name and (name, position) not in without:
                    helpers.append(self._piece_text(piece, position))
            for alias, definition in self._aliases.items():
                if definition.module is module and not without & {
                    (module.name, position) for position in definition.statements
                }:
                    helpers.append(f"{alias} = {definition.name}\n")
        parts.append(_join(helpers))
        return "\n".join(part for part in parts if part)

    def _piece_text(self, piece: _Piece, position: int) -> str:
        node = piece.module.tree.body[position]
        return statement_text(piece.module.text, node, piece.edits)


def _join(texts: list[str]) -> str:
    """Statements one under the other, definitions set off by blank lines."""
    joined = ""
    for text in texts:
        spaced = text.startswith(("def ", "class ", "@", "async "))
        joined += ("\n\n" if joined else "") + text + "\n" if spaced else text
    return joined.rstrip("\n") + "\n" if joined else ""


def _guards_import(node: ast.Try) -> bool:
    caught = {
        name.id
        for handler in node.handlers
        if handler.type
        for name in ast.walk(handler.type)
        if isinstance(name, ast.Name)
    }
    imports = any(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in ast.walk(node))
    return imports and bool(caught & {"ImportError", "ModuleNotFoundError", "Exception"})


def _attribute_chain(node: ast.Attribute) -> list[ast.Name]:
    value = node.value
    while isinstance(value, ast.Attribute):
        value = value.value
    return [value] if isinstance(value, ast.Name) else []
