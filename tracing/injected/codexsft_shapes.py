"""How the arguments of one call look, so that calls which look alike need not all be recorded.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from typing import Any, Callable

_SIZED = frozenset(map(id, (str, bytes, bytearray, list, tuple, dict, set, frozenset)))
_PLAIN = frozenset((int, float, str, bool, type(None), bytes, complex))
_MAX_ITEMS = 8
_class_name: Callable[[type], str] = type.__dict__["__name__"].__get__


def plain_key(values: list[Any], keywords: dict[str, Any]) -> int | None:
    """A key that equal calls share, where all arguments are immutable scalars; else None.

    Only exact built-in types are compared, so that no code of a value runs.
    """
    everything = values + list(keywords.values()) if keywords else values
    kinds = tuple(map(type, everything))
    for kind in kinds:
        if id(kind) not in _PLAIN_KINDS:
            return None
    if float in kinds or complex in kinds:  # 0.0 equals -0.0, and nan nothing
        everything = [repr(value) if type(value) in (float, complex) else value for value in everything]
    return hash((kinds, tuple(everything), tuple(keywords)))


def shape(values: list[Any], keywords: dict[str, Any]) -> str:
    """Types and sizes of the arguments; sizes in powers of two, containers by their first items."""
    parts = [_shape(value) for value in values]
    parts += [name + "=" + _shape(value) for name, value in keywords.items()]
    return " ".join(parts)


def is_larger(values: list[Any], characters: int) -> bool:
    """Whether an argument alone is sure to take more characters than so many."""
    return any(id(type(value)) in _SIZED and len(value) > characters for value in values)


def _shape(value: Any) -> str:
    kind = type(value)
    if kind is int:
        size = "-" + str((-value).bit_length()) if value < 0 else str(value.bit_length())
        return "int" + size
    if kind is bool or value is None:
        return str(value)
    if kind is float:
        return "float" + ("-" if value < 0 else "") + ("" if value - value == 0 else "!")
    name = _class_name(kind)
    if id(kind) not in _SIZED:
        return name
    size = str(len(value).bit_length())
    if kind is str or kind is bytes or kind is bytearray or not value:
        return name + size
    inside = set()
    for item in islice(value, _MAX_ITEMS):
        inside.add(_class_name(type(item)))
    if kind is dict:
        inside.update(":" + _class_name(type(item)) for item in islice(value.values(), _MAX_ITEMS))
    return name + size + "<" + ",".join(sorted(inside)) + ">"


_PLAIN_KINDS = frozenset(map(id, _PLAIN))
