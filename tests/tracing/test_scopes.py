"""Scopes: what is found agrees with Python's own symbol tables, on the standard library's modules."""

from __future__ import annotations

import ast
import builtins
import symtable
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracing.scopes import Occurrence, global_occurrences

_LIBRARY = Path(sysconfig.get_paths()["stdlib"])


def _globals_read(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_read(child)


def _reads(source: str) -> set[str]:
    (statement,) = ast.parse(source).body
    return {found.name for found in global_occurrences(statement) if found.is_read and not found.annotation}


@pytest.mark.parametrize("module", ["argparse", "dataclasses", "inspect", "typing", "pathlib", "ast", "enum"])
def test_all_that_the_symbol_tables_call_global_is_found(module: str) -> None:
    text = (_LIBRARY / f"{module}.py").read_text()
    table = symtable.symtable(text, module, "exec")
    expected = {name for child in table.get_children() for name in _globals_read(child)}
    found = {
        occurrence.name
        for statement in ast.parse(text).body
        for occurrence in global_occurrences(statement)
        if occurrence.is_read and occurrence.through is None
    }
    # names bound in a class are missing from the tables where the class reads the global first
    assert expected - found - {"__class__"} == set()
    assert found <= expected | {symbol.get_name() for symbol in table.get_symbols()} | set(dir(builtins))


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("class A:\n    x = x\n    y = x\n    def f(self): return x\n", {"x"}),
        ("class A:\n    y = 1\n    z = [y for _ in y]\n", {"y"}),
        (
            "def f(a, b=c):\n    global d\n    d += a\n    return [e for e in g if (h := e)] + [h]\n",
            {"c", "d", "g"},
        ),
        ("def f():\n    def g():\n        nonlocal x\n        return x\n    x = 1\n", set()),
        ("def f(x):\n    match x:\n        case [A(), *rest] | {'k': rest}: return rest\n", {"A"}),
        ("def f():\n    try: pass\n    except E as e: return e\n", {"E"}),
        ("x += 1", {"x"}),
        ("[a for a in b for c in a if d]", {"b", "d"}),
        ("lambda a, *b, c=d, **e: (a, b, c, e, f)", {"d", "f"}),
        ("@a\ndef f(x: b) -> c:\n    y: d = e\n", {"a", "e"}),
    ],
)
def test_names_are_resolved_by_the_rules_of_the_language(source: str, reads: set[str]) -> None:
    assert _reads(source) == reads


def test_what_is_executed_later_is_told_apart() -> None:
    (statement,) = ast.parse("class A(B):\n    c = d\n    def f(self, x=e): return g(lambda: h)\n").body
    deferred = {found.name for found in global_occurrences(statement) if found.deferred}
    assert deferred == {"g", "h"}


def test_an_import_in_a_function_gives_its_name_only_where_nothing_else_does() -> None:
    source = "def f(a):\n    import b, c\n    c = 1\n    return a, b, c\n"
    (statement,) = ast.parse(source).body
    through: list[Occurrence] = [found for found in global_occurrences(statement) if found.through]
    assert {found.name for found in through} == {"b"}
