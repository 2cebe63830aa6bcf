"""What a definition needs of its module: the other statements, and imports of nothing else."""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from scraping.input_formats.program_wrapping import STAR_MODULES
from tasks.syntax_trees import parse_module

_LIKE_BUILTIN = frozenset({"abs"})
"""What `operator` has under a builtin's name, with its meaning."""


@dataclass(frozen=True)
class NeededStatements:
    """The imports, one name after another, and the other statements as they are written, in their order."""

    imports: list[str]
    others: list[str]


def needed_statements(program: str, names: Collection[str]) -> NeededStatements:
    """What of a module the definitions of ``names`` need, themselves included; raises `SyntaxError`.

    Calls at the top are kept. Star imports of the standard library become imports of what is used.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = parse_module(program)
    wanted = set(names)
    kept: set[ast.stmt] = set()
    grown = True
    while grown:
        grown = False
        for statement in module.body:
            if statement not in kept and (_bound(statement) & wanted or _is_call(statement)):
                kept.add(statement)
                wanted |= _used(statement)
                grown = True
    lines = program.split("\n")
    others = [
        "\n".join(lines[_first_line(statement) - 1 : statement.end_lineno])
        for statement in module.body
        if statement in kept and not isinstance(statement, ast.Import | ast.ImportFrom)
    ]
    return NeededStatements(_imports(module, kept, wanted), others)


def _imports(module: ast.Module, kept: set[ast.stmt], wanted: set[str]) -> list[str]:
    missing = set(wanted)
    for statement in module.body:
        missing -= _bound(statement)
    of_stars: dict[str, list[str]] = {}
    found: list[str] = []
    for statement in reversed(module.body):  # the last star import that has a name gives it
        if not isinstance(statement, ast.ImportFrom) or statement.names[0].name != "*":
            continue
        if statement.module is None or statement.module not in STAR_MODULES:
            found.append(ast.unparse(statement))
            continue
        names = sorted(missing & public_names(statement.module) - _LIKE_BUILTIN)
        missing -= set(names)
        if names:
            of_stars.setdefault(statement.module, []).extend(names)
    for statement in module.body:
        if statement in kept and isinstance(statement, ast.Import | ast.ImportFrom):
            aliases = [alias for alias in statement.names if _name_of(alias) in wanted]
            if isinstance(statement, ast.Import):
                found.append(ast.unparse(ast.Import(aliases)))
            elif statement.module != "__future__":
                found.append(ast.unparse(ast.ImportFrom(statement.module, aliases, statement.level)))
    found += [f"from {source} import {', '.join(names)}" for source, names in of_stars.items()]
    return sorted(set(found))


def public_names(module: str) -> frozenset[str]:
    """What a star import of a module of the standard library gives."""
    imported = importlib.import_module(module)
    return frozenset(
        getattr(imported, "__all__", None) or [each for each in vars(imported) if each[0] != "_"]
    )


def _is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)


def _name_of(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {_name_of(alias) for alias in statement.names} - {"*"}
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {_name_of(alias) for alias in node.names}
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            found |= {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
    return found


def _used(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])
