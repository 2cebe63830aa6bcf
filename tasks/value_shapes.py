"""Whether something read as JSON is an encoded value: known tags, each with a body of its shape.

What programs wrote themselves may be anything. Behind this check, nothing that a value holds can become
more than a literal in rendered text, and nothing nests deeper than what encodes values goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tasks.rebuilt_values import REBUILDERS
from tasks.value_encoding import MAX_DEPTH

_MAX_NESTING = MAX_DEPTH + 8
_LARGEST_PLAIN_INTEGER = 2**53
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,4000}|0x[0-9a-f]+)")
_FLOAT = re.compile(r"nan|-?inf|0x[0-9a-f]{16}")
_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")


def is_encoding(tree: object) -> bool:
    """Whether a tree of JSON values is an encoding. Takes time as the tree has nodes, and no recursion."""
    waiting: list[tuple[Any, int]] = [(tree, 0)]
    while waiting:
        found, depth = waiting.pop()
        if type(found) is int and abs(found) > _LARGEST_PLAIN_INTEGER:
            return False
        if not isinstance(found, (list, dict)):
            continue
        try:
            parts = found if isinstance(found, list) else list(_parts(found))
        except (TypeError, ValueError, KeyError):
            return False
        if depth > _MAX_NESTING:
            return False
        waiting += [(part, depth + 1) for part in parts]
    return True


def _parts(tree: dict[str, Any]) -> Iterable[Any]:
    """The encoded values inside an object; raises for one that is no encoding."""
    if not any(key.startswith("$") for key in tree):
        return tree.values()
    ((tag, body),) = tree.items()
    return _PARTS[tag](body)


def _is(kind: type, *values: object) -> tuple[()]:
    for value in values:
        if type(value) is not kind:
            raise TypeError(kind)
    return ()


def _in(values: Iterable[object], value: object) -> tuple[()]:
    if not any(type(value) is type(known) and value == known for known in values):
        raise ValueError(value)
    return ()


def _like(pattern: re.Pattern[str], body: str) -> tuple[()]:
    if not pattern.fullmatch(body):
        raise ValueError(body)
    return ()


def _text(encoding: str, body: str) -> tuple[()]:
    _is(str, body)
    body.encode(encoding)
    return ()


def _list(body: list[Any]) -> list[Any]:
    _is(list, body)
    return body


def _integer(body: Any) -> tuple[()]:
    return _is(int, body) if type(body) is not dict else _like(_INTEGER, body["$int"])


def _pairs(body: list[Any]) -> Iterable[Any]:
    for pair in _list(body):
        key, value = _list(pair)
        yield from (key, value)


def _counted(count: int, body: list[Any]) -> list[Any]:
    if len(_list(body)) != count:
        raise ValueError(count)
    return body


def _integers(count: int, body: list[Any]) -> tuple[()]:
    for part in _counted(count, body):
        _integer(part)
    return ()


def _complex(body: list[Any]) -> Iterable[Any]:
    for part in _counted(2, body):
        if type(part) is dict:
            _like(_FLOAT, part["$float"])
        elif type(part) not in (int, float):
            raise TypeError(part)
    return ()


def _timezone(body: Any) -> Iterable[Any]:
    if body is None or type(body) is str:
        return ()
    _is(int, *_list(body)[:3])
    return _list(body)[3:]


def _moment(body: list[Any]) -> Iterable[Any]:
    text, zone, fold = _list(body)
    _is(str, text)
    _in((0, 1), fold)
    return _timezone(zone)


def _named(body: list[Any]) -> list[Any]:
    name, state = _list(body)
    _is(str, name)
    return [state]


def _deque(body: list[Any]) -> Iterable[Any]:
    items, longest = _list(body)
    if longest is not None:
        _is(int, longest)
    return _list(items)


def _path(body: list[Any]) -> Iterable[Any]:
    kind, text = _list(body)
    _in(_PATHS, kind)
    return (text,)


def _pattern(body: list[Any]) -> Iterable[Any]:
    pattern, flags = _list(body)
    _is(int, flags)
    return (pattern,)


def _call(body: list[Any]) -> Iterable[Any]:
    name, arguments, keywords = _list(body)
    _in(REBUILDERS, name)
    _is(dict, keywords)
    return (*_list(arguments), *keywords.values())


def _iterator(body: list[Any]) -> Iterable[Any]:
    items, whole = _list(body)
    _is(bool, whole)
    return _list(items)


def _function(body: dict[str, Any]) -> Iterable[Any]:
    _is(str, body["file"], body["name"])
    _is(int, body["line"])
    if body["column"] is not None:
        _is(int, body["column"])
    _is(dict, body["enclosed"])
    return list(body["enclosed"].values())


_PARTS: dict[str, Callable[[Any], Iterable[Any]]] = {
    "$int": lambda body: _like(_INTEGER, body),
    "$float": lambda body: _like(_FLOAT, body),
    "$str": lambda body: _text("ascii", body),
    "$complex": _complex,
    "$bytes": lambda body: _text("latin-1", body),
    "$bytearray": lambda body: _text("latin-1", body),
    "$ellipsis": lambda body: _in((None,), body),
    "$notimplemented": lambda body: _in((None,), body),
    "$range": lambda body: _integers(3, body),
    "$slice": lambda body: _counted(3, body),
    "$tuple": _list,
    "$set": _list,
    "$frozenset": _list,
    "$dict": _pairs,
    "$ordereddict": _pairs,
    "$counter": _pairs,
    "$defaultdict": lambda body: (_counted(2, body)[0], *_pairs(body[1])),
    "$deque": _deque,
    "$date": lambda body: _is(str, body),
    "$time": _moment,
    "$datetime": _moment,
    "$timedelta": lambda body: _is(int, *_counted(3, body)),
    "$timezone": _timezone,
    "$decimal": lambda body: _is(str, body),
    "$fraction": lambda body: _integers(2, body),
    "$uuid": lambda body: _is(str, body),
    "$path": _path,
    "$pattern": _pattern,
    "$ref": lambda body: _is(str, body),
    "$enum": lambda body: _is(str, *_counted(2, body)),
    "$namedtuple": lambda body: _list(_named(body)[0]),
    "$object": _named,
    "$call": _call,
    "$iterator": _iterator,
    "$reduced": lambda body: _counted(5, body),
    "$cycle": lambda body: _is(str, body),
    "$function": _function,
}
