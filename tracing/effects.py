"""Module-level statements that change what others bound: calls that register, loops that fill a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tracing.dependencies import Definition, NotExtractable, resolve_name
from tracing.project_modules import Module, ProjectModules
from tracing.references import Key, key_of

_MAX_DEPTH = 4
_READING_METHODS = frozenset(
    {
        *("get", "keys", "values", "items", "copy", "index", "count", "union", "intersection", "difference"),
        *("join", "split", "rsplit", "format", "strip", "lstrip", "rstrip", "startswith", "endswith"),
        *("encode", "decode", "lower", "upper", "title", "replace", "isdisjoint", "issubset", "issuperset"),
        *("match", "search", "fullmatch", "findall", "finditer", "sub", "most_common"),
    }
)
_DESCRIPTIVE = frozenset({"__doc__", "__name__", "__qualname__", "__module__", "__annotations__"})
_READING_FUNCTIONS = frozenset(
    {
        *("len", "sorted", "list", "tuple", "set", "frozenset", "dict", "str", "repr", "print", "isinstance"),
        *("issubclass", "type", "min", "max", "sum", "any", "all", "map", "filter", "zip", "enumerate"),
        *("range", "reversed", "iter", "hasattr", "getattr", "callable", "hash", "id", "abs", "bool", "int"),
    }
)


@dataclass(frozen=True)
class Changes:
    """What a statement changes for sure (``certain``), and what it hands to functions that may."""

    certain: frozenset[Key] = frozenset()
    possible: frozenset[Key] = frozenset()


class Effects:
    """Finds the statements of a project's modules that change things which other statements bind."""

    def __init__(self, modules: ProjectModules) -> None:
        self._modules = modules

    def of_statement(self, module: Module, position: int) -> Changes:
        """What executing a top-level statement changes."""
        return self._of(module, position, False, 0)

    def _of(self, module: Module, position: int, called: bool, depth: int) -> Changes:
        key = ("changes", position, called)
        if key not in module.known:
            module.known[key] = Changes()  # for functions that call each other
            certain: set[Key] = set()
            possible: set[Key] = set()
            for is_certain, found in self._find(module, position, called, depth):
                (certain if is_certain else possible).add(found)
            module.known[key] = Changes(frozenset(certain), frozenset(possible))
        changes: Changes = module.known[key]
        return changes

    def _find(self, module: Module, position: int, called: bool, depth: int) -> Iterator[tuple[bool, Key]]:
        statement = module.tree.body[position]
        parents = module.parents(position)
        decorators = {id(decorator) for decorator in getattr(statement, "decorator_list", [])}
        for occurrence in module.occurrences[position]:
            if occurrence.annotation or (occurrence.deferred and not called):
                continue
            node = occurrence.node
            if isinstance(node, ast.Global):
                yield True, (module.name, occurrence.name)
            if not occurrence.is_read or not isinstance(node, ast.Name):
                continue
            use = _use(node, parents, decorators, is_default=called and not occurrence.deferred)
            if use is None:
                continue
            definition = self._definition(module, occurrence.name)
            if definition is None:
                continue
            if use == "called":
                if depth < _MAX_DEPTH:
                    for place in definition.statements:
                        if isinstance(definition.module.tree.body[place], ast.FunctionDef):
                            changes = self._of(definition.module, place, True, depth + 1)
                            yield from ((True, key) for key in changes.certain)
                            yield from ((False, key) for key in changes.possible)
            else:
                yield use == "changed", key_of(definition)

    def _definition(self, module: Module, name: str) -> Definition | None:
        try:
            meaning = resolve_name(self._modules, module, name)
        except NotExtractable:
            return None
        return meaning if isinstance(meaning, Definition) else None


def _use(
    node: ast.Name, parents: dict[ast.AST, ast.AST], decorators: set[int], is_default: bool
) -> str | None:
    """What happens to the thing behind a name: "called", "changed", "handed" on, or nothing."""
    step: ast.AST = node
    method: str | None = None
    while True:
        above = parents.get(step)
        if isinstance(above, ast.Attribute):
            method = above.attr
        elif not (isinstance(above, ast.Subscript) and above.value is step):
            break
        step = above
        assert isinstance(step, ast.Attribute | ast.Subscript)
        if not isinstance(step.ctx, ast.Load):
            return None if method in _DESCRIPTIVE else "changed"
    is_called = (isinstance(above, ast.Call) and above.func is step) or id(step) in decorators
    if is_called:
        if step is node:
            return "called"
        return None if method in _READING_METHODS else "changed"
    if isinstance(above, ast.keyword | ast.Starred):
        above = parents.get(above)
    if isinstance(above, ast.Call) and above.func is not step:
        function = above.func
        harmless = isinstance(function, ast.Name) and function.id in _READING_FUNCTIONS
        return None if harmless else "handed"
    if isinstance(above, ast.arguments) and is_default:
        return "handed"
    if isinstance(above, ast.Tuple | ast.List | ast.Set) and isinstance(parents.get(above), ast.For):
        return "handed"
    return None
