"""The operators of first-order mutation: what one place of a Python program may be replaced by.

A small set after Mothra's (King and Offutt 1991), for Python: each operator is a rule from a node of the
syntax tree to the nodes or texts that stand in its place.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Replacement = ast.expr | str
"""A new expression, or the line that a statement gives way to."""

MAX_TEXT = 400
"""Constants longer than that are data, in which one change more or less says little."""


@dataclass(frozen=True)
class Change:
    """One node of the tree gives way to something else. ``operator`` names the rule."""

    operator: str
    node: ast.expr | ast.stmt
    replacement: Replacement


def changes(tree: ast.Module, first_line: int = 1) -> Iterator[Change]:
    """All changes of the nodes that begin at ``first_line`` or below, in the order of the tree.

    Passed over is what calls do not depend on: docstrings, annotations, decorators, the messages of
    exceptions, and what only runs as a script.
    """
    for node, around in _mutable(tree):
        if node.lineno < first_line:
            continue
        if isinstance(node, (ast.If, ast.While)) and not _is_fixed(node.test):
            yield Change("condition", node.test, ast.UnaryOp(ast.Not(), node.test))
        for operator, rule in _RULES:
            for replacement in rule(node, around):
                yield Change(operator, node, replacement)


@dataclass(frozen=True)
class Surroundings:
    """Where the function around a node first binds each of its names: the line, 0 for parameters."""

    bound_at: dict[str, int] = field(default_factory=dict)


def _mutable(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, Surroundings]]:
    waiting: list[tuple[ast.AST, Surroundings]] = [(tree, Surroundings())]
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            around = Surroundings(_bound_at(node))
        if isinstance(node, (ast.expr, ast.stmt)):
            yield node, around
        waiting += [(child, around) for child in reversed(list(_children(node)))]


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body)
    elif isinstance(node, ast.ClassDef):
        yield from node.body
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from (node.target, node.value)
    elif isinstance(node, ast.Assert):
        yield node.test
    elif isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)):
        return  # what is raised is told by its type alone; places within f-strings are not exact
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    elif isinstance(node, ast.If) and _is_script_guard(node.test):
        yield from node.orelse
    elif isinstance(node, ast.ExceptHandler):
        yield from node.body
    else:
        yield from ast.iter_child_nodes(node)


def _is_fixed(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) or _is_script_guard(test)


def _is_script_guard(test: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id in ("__name__", "TYPE_CHECKING") for node in ast.walk(test)
    )


def _bound_at(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> dict[str, int]:
    arguments = function.args
    lines = {each.arg: 0 for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lines[node.id] = min(node.lineno, lines.get(node.id, node.lineno))
    return lines


Rule = Callable[[ast.expr | ast.stmt, Surroundings], Iterator[Replacement]]


def _comparison(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """``<`` to ``>``, ``==`` to ``!=``, ``in`` to ``not in``, ``is`` to ``is not`` and back."""
    yield from _other_comparisons(node, _OPPOSITES)


def _boundary(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """``<`` to ``<=``, ``>`` to ``>=`` and back: the case of equality goes the other way."""
    yield from _other_comparisons(node, _BOUNDARIES)


def _other_comparisons(
    node: ast.AST, others: dict[type[ast.cmpop], type[ast.cmpop]]
) -> Iterator[Replacement]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            if type(operator) in others:
                changed = copy.deepcopy(node)
                changed.ops[index] = others[type(operator)]()
                yield changed


def _arithmetic(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """``+`` to ``-``, ``*`` to ``//``, ``&`` to ``|`` and the like, also in ``+=``."""
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        if _is_text(node.left) or _is_text(node.right):
            return  # it would only raise
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC and not _is_text(node.value):
        changed = ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
        yield ast.unparse(changed)
    elif (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, (ast.USub, ast.Invert))
        and not isinstance(node.operand, ast.Constant)
    ):
        yield node.operand


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    )


def _boolean(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """``and`` to ``or`` and back, one operand alone, ``not x`` to ``x``."""
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        if len(node.values) > 1:
            for index in range(len(node.values)):
                rest = [value for other, value in enumerate(node.values) if other != index]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _constant(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """A number plus and minus one, the other truth value, an empty text for a full one."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)) and abs(value) < 1e18:
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, (str, bytes)) and len(value) <= MAX_TEXT:
        other = "x" if isinstance(value, str) else b"x"
        yield ast.Constant(value[:0] if value else other)


def _condition(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """The branches of ``a if b else c`` swapped, a comprehension without one of its conditions."""
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        for index, generator in enumerate(node.generators):
            for position in range(len(generator.ifs)):
                changed = copy.deepcopy(node)
                del changed.generators[index].ifs[position]
                yield changed


def _removal(node: ast.expr | ast.stmt, around: Surroundings) -> Iterator[Replacement]:
    """A statement left out, unless what follows could not run without it."""
    if isinstance(node, (ast.AugAssign, ast.Delete, ast.Raise)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Yield, ast.YieldFrom, ast.Await))
    ):
        yield "pass"
    elif isinstance(node, ast.Assign):
        targets = [name for target in node.targets for name in _parts(target)]
        if all(
            not isinstance(name, ast.Name) or around.bound_at.get(name.id, node.lineno) < node.lineno
            for name in targets
        ):
            yield "pass"


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for item in target.elts for part in _parts(item)]
    return [target]


def _loop(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """``break`` to ``continue`` and back, a bound of ``range`` moved by one."""
    if isinstance(node, ast.Break):
        yield "continue"
    elif isinstance(node, ast.Continue):
        yield "break"
    elif isinstance(node, ast.Call) and _called_plainly(node) == "range":
        for index, bound in enumerate(node.args[:2]):
            if not isinstance(bound, ast.Constant):
                for operator in (ast.Add(), ast.Sub()):
                    arguments = list(node.args)
                    arguments[index] = ast.BinOp(bound, operator, ast.Constant(1))
                    yield ast.Call(node.func, arguments, [])


def _called_plainly(call: ast.Call) -> str | None:
    """The name of what is called with nothing but positional arguments."""
    if call.keywords or any(isinstance(part, ast.Starred) for part in call.args):
        return None
    return call.func.id if isinstance(call.func, ast.Name) else None


def _swapped_arguments(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """Two neighbouring arguments of a call in the other order, unless that makes no difference."""
    if isinstance(node, ast.Call) and not any(isinstance(part, ast.Starred) for part in node.args):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else _called_plainly(node)
        if name in _ORDER_DOES_NOT_MATTER:
            return
        for index in range(len(node.args) - 1):
            arguments = list(node.args)
            arguments[index : index + 2] = arguments[index + 1], arguments[index]
            yield ast.Call(node.func, arguments, node.keywords)


def _returned(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """``return x`` and ``yield x`` to those of None; a returned comparison to its opposite."""
    if isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield "return None"
        if isinstance(node.value, (ast.BoolOp, ast.Compare)):
            yield ast.unparse(ast.Return(ast.UnaryOp(ast.Not(), node.value)))
    elif isinstance(node, ast.Yield) and node.value is not None:
        yield ast.Yield(None)


def _slice(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """A slice without one of its bounds."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node.slice, bound) is not None:
                changed = copy.deepcopy(node)
                setattr(changed.slice, bound, None)
                yield changed


def _function(node: ast.expr | ast.stmt, _: Surroundings) -> Iterator[Replacement]:
    """A well-known function or method by its counterpart: ``min`` and ``max``, ``find`` and ``rfind``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _COUNTERPARTS:
        yield ast.Call(ast.Name(_COUNTERPARTS[node.func.id]), node.args, node.keywords)
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _METHOD_COUNTERPARTS
        and (node.func.attr not in ("split", "rsplit") or len(node.args) + len(node.keywords) > 1)
    ):
        method = ast.Attribute(node.func.value, _METHOD_COUNTERPARTS[node.func.attr])
        yield ast.Call(method, node.args, node.keywords)
    elif isinstance(node, ast.Call) and _called_plainly(node) in _UNWRAPPED and len(node.args) == 1:
        yield node.args[0]


def _both_ways(pairs: dict[str, str]) -> dict[str, str]:
    return {**pairs, **{right: left for left, right in pairs.items()}}


_COUNTERPARTS = _both_ways({"min": "max", "any": "all"})
_METHOD_COUNTERPARTS = _both_ways(
    {
        "lower": "upper",
        "lstrip": "rstrip",
        "find": "rfind",
        "index": "rindex",
        "split": "rsplit",
        "ljust": "rjust",
        "startswith": "endswith",
        "union": "intersection",
        "isdigit": "isalpha",
    }
) | {"appendleft": "append", "popleft": "pop"}
_UNWRAPPED = ("abs", "sorted", "reversed", "set", "round")
_ORDER_DOES_NOT_MATTER = ("max", "min", "gcd", "lcm", "isinstance", "hypot")
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.GtE,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
_RULES: tuple[tuple[str, Rule], ...] = (
    ("arithmetic", _arithmetic),
    ("boolean", _boolean),
    ("boundary", _boundary),
    ("comparison", _comparison),
    ("condition", _condition),
    ("constant", _constant),
    ("function", _function),
    ("loop", _loop),
    ("removal", _removal),
    ("returned", _returned),
    ("slice", _slice),
    ("swapped_arguments", _swapped_arguments),
)
OPERATORS = tuple(name for name, _ in _RULES)
