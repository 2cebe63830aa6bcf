"""Module-level statements that change variables: calls that register, loops that fill a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tracing.name_analysis import names_bound, names_read
from tracing.project_modules import Module


def effects_on(module: Module, present: set[int], target: str | None) -> Iterator[int]:
    """Positions of absent statements that change a variable which a present statement binds.

    Such as ``TABLE.append(...)``, also through a function: ``register(...)``. Statements that name
    ``target``, the function that is being extracted, cannot come before it and are left out.
    """
    variables = {
        name
        for name, positions in module.bindings.items()
        if not present.isdisjoint(positions) and any(_is_variable(module.tree.body[p]) for p in positions)
    }
    for position, node in enumerate(module.tree.body):
        if position not in present and _is_effect(node):
            names = names_read(node) | set(names_bound(module.occurrences[position]))
            if target not in names and (names & variables or _reaches(module, names, variables)):
                yield position


def _reaches(module: Module, names: set[str] | frozenset[str], variables: set[str]) -> bool:
    """Whether one of the functions named reads one of the variables."""
    for name in names:
        for position in module.bindings.get(name, ()):
            helper = module.tree.body[position]
            if isinstance(helper, ast.FunctionDef) and names_read(helper) & variables:
                return True
    return False


def _is_effect(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, (ast.Subscript, ast.Attribute)) for target in node.targets)
    return isinstance(node, (ast.AugAssign, ast.For, ast.While, ast.With, ast.Delete))


def _is_variable(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.With, ast.If, ast.Try))
