"""A program without what its author chose freely: names, annotations, docstrings, order of definitions."""

from __future__ import annotations

import ast
import builtins
import hashlib

from tasks.syntax_trees import parse_module

_KEPT = frozenset(dir(builtins))


def normalised_tree(program: str, entry_point: str) -> str | None:
    """A digest that programs share which differ in such things only; None when it cannot be parsed.

    Only what the entry point reaches counts, so that imports and helpers which nothing uses make no
    difference.
    """
    try:
        module = parse_module(program)
        definitions = {
            node.name: node
            for node in module.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }
        if entry_point not in definitions:
            return None
        reached: list[str] = []
        _reach(entry_point, definitions, reached)
        names = {name: f"definition_{place}" for place, name in enumerate(reached)}
        parts = [_normalised(definitions[name], names) for name in reached]
    except (SyntaxError, ValueError, RecursionError):
        return None
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _reach(name: str, definitions: dict[str, _Definition], reached: list[str]) -> None:
    """Definitions in the order in which the entry point's text comes upon them."""
    if name in reached:
        return
    reached.append(name)
    for node in ast.walk(definitions[name]):
        if isinstance(node, ast.Name) and node.id in definitions:
            _reach(node.id, definitions, reached)


def _normalised(definition: _Definition, names: dict[str, str]) -> str:
    copy = parse_module(ast.unparse(definition)).body[0]
    return ast.dump(_Renamer(dict(names), _bound(copy)).visit(copy), annotate_fields=False)


def _bound(tree: ast.AST) -> set[str]:
    """Names that the definition itself binds, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            found |= {node.name} if node.name else set()
    return found


class _Renamer(ast.NodeTransformer):
    """Gives bound names numbers in the order of their first occurrence."""

    def __init__(self, names: dict[str, str], bound: set[str]) -> None:
        self._names = names
        self._bound = bound

    def _name(self, name: str) -> str:
        if name in self._names:
            return self._names[name]
        if name not in self._bound:
            return name
        return self._names.setdefault(name, f"name_{len(self._names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._name(node.arg)
        node.annotation = None
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg in self._bound - _KEPT:
            node.arg = self._name(node.arg)
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain = ast.Assign(targets=[node.target], value=node.value)
        self.generic_visit(plain)
        return plain

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._definition(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name:
            node.name = self._name(node.name)
        self.generic_visit(node)
        return node

    def _definition(self, node: _Definition) -> ast.AST:
        node.name = self._name(node.name)
        if not isinstance(node, ast.ClassDef):
            node.returns = None
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        return node
