"""Which branch of a module's version checks is the live one."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

_SETTLED = {"__name__": None, "sys.platform": "linux", "os.name": "posix", "platform.system()": "Linux"}
"""What never changes where projects run; a module that is imported is not ``"__main__"``."""
_IMPORT_FAULTS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_TYPING_ONLY = frozenset({"TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"})


def live_statements(
    body: Sequence[ast.stmt],
    version: tuple[int, ...],
    import_works: Callable[[ast.Import | ast.ImportFrom], bool | None],
) -> Iterator[ast.stmt]:
    """Top-level statements, those of ``if sys.version_info >= (3, 9):`` put in its place.

    ``try: import a / except ImportError: ...`` is decided by ``import_works``, which tells None for
    what it does not know. ``if TYPE_CHECKING:`` never runs. Conditions of any other kind stay.
    """
    constants: dict[str, bool] = {}
    yield from _live(body, version, import_works, constants)


def _live(
    body: Sequence[ast.stmt],
    version: tuple[int, ...],
    import_works: Callable[[ast.Import | ast.ImportFrom], bool | None],
    constants: dict[str, bool],
) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _holds(node.value, version, constants)
            if value is not None:  # ``PY3 = sys.version_info >= (3,)``
                constants[node.targets[0].id] = value
        if isinstance(node, ast.Try):
            chosen = _branch_of_try(node, import_works)
            if chosen is None:
                yield node
            else:
                yield from _live(chosen, version, import_works, constants)
            continue
        holds = _holds(node.test, version, constants) if isinstance(node, ast.If) else None
        if holds is None:
            yield node
        else:
            assert isinstance(node, ast.If)
            yield from _live(node.body if holds else node.orelse, version, import_works, constants)


def statements_with_branch_of(body: Sequence[ast.stmt], target: ast.AST) -> Iterator[ast.stmt]:
    """Top-level statements, with those of the branches put in place in which ``target`` stands."""
    for node in body:
        if not isinstance(node, ast.If | ast.Try) or not any(inner is target for inner in ast.walk(node)):
            yield node
            continue
        blocks = [[*node.body, *node.orelse]] if isinstance(node, ast.Try) else [node.body, node.orelse]
        if isinstance(node, ast.Try):
            blocks += [handler.body for handler in node.handlers]
        for block in blocks:
            if any(inner is target for statement in block for inner in ast.walk(statement)):
                yield from statements_with_branch_of(block, target)
        yield from getattr(node, "finalbody", [])


def catches_import_fault(node: ast.Try) -> bool:
    """Whether a ``try`` goes on when an import in it fails."""
    return _handler_of_import_fault(node) is not None


def _handler_of_import_fault(node: ast.Try) -> ast.ExceptHandler | None:
    for handler in node.handlers:
        caught = ast.walk(handler.type) if handler.type else ()
        if handler.type is None or any(
            isinstance(name, ast.Name) and name.id in _IMPORT_FAULTS for name in caught
        ):
            return handler
    return None


def _branch_of_try(
    node: ast.Try, import_works: Callable[[ast.Import | ast.ImportFrom], bool | None]
) -> list[ast.stmt] | None:
    """The statements that a guarded import comes to, or None if that cannot be told."""
    handler = _handler_of_import_fault(node)
    if handler is None or not isinstance(node.body[0], (ast.Import, ast.ImportFrom)):
        return None
    for statement in node.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            works = import_works(statement)
            if works is None:
                return None
            if not works:
                return [*handler.body, *node.finalbody] if handler.name is None else None
    return [*node.body, *node.orelse, *node.finalbody]


def typing_only_imports(body: Sequence[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports under top-level ``if TYPE_CHECKING:``."""
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) in _TYPING_ONLY:
            for inner in node.body:
                if isinstance(inner, (ast.Import, ast.ImportFrom)):
                    yield inner


def _holds(test: ast.expr, version: tuple[int, ...], constants: Mapping[str, bool]) -> bool | None:
    if isinstance(test, ast.Name) and test.id in constants:
        return constants[test.id]
    if ast.unparse(test) in _TYPING_ONLY:
        return False
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _holds(test.operand, version, constants)
        return None if inner is None else not inner
    text = ast.unparse(test)
    if text.startswith("sys.platform.startswith(") and isinstance(test, ast.Call):
        return isinstance(test.args[0], ast.Constant) and "linux".startswith(str(test.args[0].value))
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    compare = _COMPARISONS.get(type(test.ops[0]))
    try:
        wanted = ast.literal_eval(test.comparators[0])
    except ValueError:
        return None
    left = ast.unparse(test.left)
    if left in _SETTLED and isinstance(test.ops[0], ast.Eq | ast.NotEq):
        return (wanted == _SETTLED[left]) is isinstance(test.ops[0], ast.Eq)
    if compare is None:
        return None
    if left == "sys.version_info" and isinstance(wanted, tuple):
        return compare(version, wanted)
    if left in ("sys.version_info[0]", "sys.version_info.major") and isinstance(wanted, int):
        return compare(version[0], wanted)
    if left == "sys.version_info[:2]" and isinstance(wanted, tuple):
        return compare(version[:2], wanted)
    return None
