"""Values and calls that are written out in Python source, read without running any of it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasks.equality import EXACT, Comparator
from tasks.record import Expected, TestCase
from tasks.value_encoding import Encoder, NotEncodable

_MAX_SIZE = 100_000
"""Of an integer's bits, a sequence's items and a range that is written out; of a value with all that is in
it, however often, where it is given a name."""
_MAX_ENCODED = 100_000
"""Of a value of a test, as `bearable_size` counts."""
_MAX_COMPUTED = 1_000
"""Operations and calls in one expression."""


class NotLiteral(ValueError):
    """An expression that is no value written out; the message is a stable reason."""


@dataclass(frozen=True)
class Call:
    """A call with values for arguments."""

    function: str
    arguments: list[Any]
    keywords: dict[str, Any]


def literal_value(node: ast.expr, names: Mapping[str, Any] | None = None) -> Any:
    """The value of an expression of literals; raises `NotLiteral`.

    Besides what `ast.literal_eval` takes: known names, ``+ - * **`` between literals, and calls of the
    built-in containers, ``range`` and ``float`` on literals.
    """
    _require_few_operations(node)
    return _value(node, names or {})


def _require_few_operations(node: ast.expr) -> None:
    """A few characters of each can stand for something large."""
    if sum(isinstance(part, ast.BinOp | ast.Call) for part in ast.walk(node)) > _MAX_COMPUTED:
        raise NotLiteral("too_large")


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Tuple(elts=items):
            return tuple(_items(items, names))
        case ast.List(elts=items):
            return _items(items, names)
        case ast.Set(elts=items):
            return _made(set, _items(items, names))
        case ast.Dict(keys=keys, values=values):
            if any(key is None for key in keys):
                raise NotLiteral("not_literal")
            pairs = [
                (_value(key, names), _value(value, names))
                for key, value in zip(keys, values, strict=True)
                if key
            ]
            return _made(dict, pairs)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            value = _value(operand, names)
            if not isinstance(value, int | float | complex):
                raise NotLiteral("not_literal")
            return -value if isinstance(sign, ast.USub) else value
        case ast.BinOp():
            return _computed(node, names)
        case ast.Call():
            return _constructed(node, names)
        case _:
            raise NotLiteral("not_literal")


def named_value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """As `literal_value`, for a value that gets a name; raises `NotLiteral` for one that is large.

    Names could else make values that double from line to line.
    """
    value = literal_value(node, names)
    bearable_size(value, _MAX_SIZE)
    return value


def bearable_size(value: Any, most: int) -> int:
    """How many items, characters and words of integers are in a value, as often as they are.

    Raises `NotLiteral` where that is more than ``most``, without looking at all of it.
    """
    waiting, size = [value], 0
    while waiting:
        item = waiting.pop()
        size += 1
        if isinstance(item, str | bytes | range):
            size += len(item)
        elif isinstance(item, int):
            size += item.bit_length() // 64
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += item
        if size + len(waiting) > most:
            raise NotLiteral("too_large")
    return size


def literal_call(node: ast.expr, names: Mapping[str, Any] | None = None, module: str | None = None) -> Call:
    """A call of a plain function, or of one of ``module``, with literal arguments; raises `NotLiteral`."""
    if not isinstance(node, ast.Call):
        raise NotLiteral("not_a_call")
    _require_few_operations(node)
    return _call(node, names or {}, module)


def _call(node: ast.Call, names: Mapping[str, Any], module: str | None = None) -> Call:
    match node.func:
        case ast.Name(id=function):
            pass
        case ast.Attribute(value=ast.Name(id=owner), attr=function) if owner == module:
            pass
        case _:
            raise NotLiteral("not_a_call")
    arguments = _items(node.args, names)
    keywords = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise NotLiteral("not_literal")
        keywords[keyword.arg] = _value(keyword.value, names)
    return Call(function, arguments, keywords)


def returned(
    call: Call,
    value: Any,
    origin: Literal["example", "extracted", "generated"],
    comparator: Comparator = EXACT,
) -> TestCase:
    """The test that a call returns a value; raises `NotLiteral` for values that have no encoding."""
    return _case(call, Expected("returned", encoded(value)), origin, comparator)


def raised(call: Call, exception: str, origin: Literal["example", "extracted", "generated"]) -> TestCase:
    """The test that a call raises an exception, which has to be a built-in one; raises `NotLiteral`."""
    kind = getattr(builtins, exception, None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise NotLiteral("own_exception")
    return _case(call, Expected("raised", exception=f"builtins:{kind.__name__}"), origin, EXACT)


def encoded(value: Any) -> Any:
    """The encoding of a value; raises `NotLiteral`. An object that stands twice in it is written twice."""
    bearable_size(value, _MAX_ENCODED)
    try:
        return Encoder().encode(_unshared(value))
    except NotEncodable as error:
        raise NotLiteral(error.reason) from error


def _case(
    call: Call,
    expected: Expected,
    origin: Literal["example", "extracted", "generated"],
    comparator: Comparator,
) -> TestCase:
    keywords = {name: encoded(value) for name, value in call.keywords.items()}
    return TestCase([encoded(value) for value in call.arguments], keywords, expected, comparator, origin)


def _unshared(value: Any) -> Any:
    """A copy in which no container occurs twice, as there is none in written values."""
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(map(_unshared, value))
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return value


def _items(nodes: list[ast.expr], names: Mapping[str, Any]) -> list[Any]:
    return [_value(node, names) for node in nodes]


def _made(kind: Any, content: Any) -> Any:
    bearable_size(content, _MAX_ENCODED)  # hashing goes through all of it
    try:
        return kind(content)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotLiteral("not_literal") from error


def _computed(node: ast.BinOp, names: Mapping[str, Any]) -> Any:
    left, right = _value(node.left, names), _value(node.right, names)
    numbers = type(left) in (int, float, complex) and type(right) in (int, float, complex)
    if sum(value.bit_length() for value in (left, right) if isinstance(value, int)) > _MAX_SIZE:
        raise NotLiteral("too_large")
    try:
        if numbers and isinstance(node.op, ast.Add):
            return left + right
        if numbers and isinstance(node.op, ast.Sub):
            return left - right
        if numbers and isinstance(node.op, ast.Mult):
            return left * right
        if numbers and isinstance(node.op, ast.Div):
            return left / right
        if isinstance(node.op, ast.Pow) and type(left) is int and type(right) is int and right >= 0:
            if left.bit_length() * right <= _MAX_SIZE:
                return left**right
        elif isinstance(node.op, ast.Mult) and type(left) in (str, list, tuple) and type(right) is int:
            if len(left) * right <= _MAX_SIZE:
                return left * right
        elif isinstance(node.op, ast.Add) and type(left) is type(right) and type(left) in (str, list, tuple):  # noqa: SIM102
            if len(left) + len(right) <= _MAX_SIZE:
                return left + right
    except (ArithmeticError, ValueError) as error:
        raise NotLiteral("not_literal") from error
    raise NotLiteral("not_literal")


def _constructed(node: ast.Call, names: Mapping[str, Any]) -> Any:
    call = _call(node, names)
    if call.keywords or len(call.arguments) > 3:
        raise NotLiteral("not_literal")
    if call.function == "range" and all(type(argument) is int for argument in call.arguments):
        found = _made(lambda arguments: range(*arguments), call.arguments)
        if len(found) <= _MAX_SIZE:
            return found
    elif call.function in ("set", "frozenset", "list", "tuple", "dict") and len(call.arguments) <= 1:
        return _made(lambda arguments: getattr(builtins, call.function)(*arguments), call.arguments)
    elif call.function == "float" and len(call.arguments) == 1 and type(call.arguments[0]) is str:
        return _made(float, call.arguments[0])
    raise NotLiteral("not_literal")
