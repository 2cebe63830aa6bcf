"""Decoding of encoded values, where they are needed as Python objects: inside the sandbox.

The trusted side compares encoded values as they are and has no reason to decode them. Imports only
the standard library and keeps to Python 3.8, like `tasks.value_encoding`, whose inverse it is.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pathlib
import re
import struct
import types
import uuid
from typing import Any, Callable

from tasks.rebuilt_values import REBUILDERS
from tasks.scalar_encoding import find_scalars
from tasks.value_encoding import MAX_DEPTH


class MalformedEncoding(ValueError):
    """A tree is not the encoding of any value."""


Resolver = Callable[[str], Any]


def refuse_names(name: str) -> Any:
    """The default resolver: plain data needs no names, so none is looked up."""
    raise MalformedEncoding(f"the name {name!r} is not allowed here")


def decode(tree: object, resolve: Resolver = refuse_names) -> Any:
    """The value whose encoding ``tree`` is; raises `MalformedEncoding`.

    ``resolve`` turns ``module:qualified.name`` into the function or class of that name.
    """
    try:
        return _Decoder(resolve).decode(tree, 0)
    except MalformedEncoding:
        raise
    except Exception as error:  # hostile trees fail in the constructors, in many ways
        raise MalformedEncoding(f"{type(error).__name__}: {error}") from error


class _Decoder:
    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve

    def decode(self, tree: object, depth: int) -> Any:
        if depth > 2 * MAX_DEPTH + 2:
            raise MalformedEncoding("nested too deeply")
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return tree
        if isinstance(tree, list):
            return [self.decode(item, depth + 1) for item in tree]
        if not isinstance(tree, dict):
            raise MalformedEncoding(f"unexpected {type(tree).__name__}")
        if len(tree) == 1:
            ((tag, body),) = tree.items()
            if tag[:1] == "$":
                return self._tagged(tag, body, depth + 1)
        return {key: self.decode(item, depth + 1) for key, item in tree.items()}

    def _tagged(self, tag: str, body: Any, depth: int) -> Any:
        plain = _PLAIN.get(tag)
        if plain is not None:
            return plain(body)
        sequence = _SEQUENCES.get(tag)
        if sequence is not None:
            return sequence(self.decode(item, depth) for item in body)
        if tag in ("$dict", "$ordereddict"):
            return (dict if tag == "$dict" else collections.OrderedDict)(self._pairs(body, depth))
        if tag == "$counter":
            counter: collections.Counter[Any] = collections.Counter()
            dict.update(counter, self._pairs(body, depth))
            return counter
        if tag == "$defaultdict":
            return collections.defaultdict(self.decode(body[0], depth), self._pairs(body[1], depth))
        if tag == "$deque":
            return collections.deque((self.decode(item, depth) for item in body[0]), body[1])
        if tag == "$slice":
            return slice(*(self.decode(item, depth) for item in body))
        if tag == "$pattern":
            return re.compile(self.decode(body[0], depth), body[1])
        if tag == "$ref":
            return self._resolve(body)
        if tag == "$call":
            arguments = [self.decode(item, depth) for item in body[1]]
            return REBUILDERS[body[0]](
                *arguments, **{key: self.decode(item, depth) for key, item in body[2].items()}
            )
        if tag == "$enum":
            return self._resolve(body[0]).__members__[body[1]]
        if tag == "$namedtuple":
            return tuple.__new__(self._resolve(body[0]), [self.decode(item, depth) for item in body[1]])
        if tag == "$object":
            return self._instance(self._resolve(body[0]), self.decode(body[1], depth))
        raise MalformedEncoding(f"unknown tag {tag!r}")

    def _pairs(self, body: list[list[object]], depth: int) -> list[tuple[Any, Any]]:
        return [(self.decode(key, depth), self.decode(value, depth)) for key, value in body]

    def _instance(self, cls: type, state: dict[str, object]) -> object:
        instance: Any = object.__new__(cls)
        for name, value in state.items():
            slot = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
            if isinstance(slot, types.MemberDescriptorType):
                slot.__set__(instance, value)
            else:
                instance.__dict__[name] = value
        return instance


def _int(body: Any) -> int:
    if not isinstance(body, str):
        return int(body)
    return int(body, 16) if "x" in body else int(body)


def _integer_tree(tree: Any) -> int:
    return _int(tree["$int"]) if isinstance(tree, dict) else _int(tree)


def _float(body: str) -> float:
    if body.startswith("0x"):
        unpacked: float = struct.unpack(">d", bytes.fromhex(body[2:]))[0]
        return unpacked
    return float(body)


def _float_tree(tree: Any) -> float:
    return _float(tree["$float"]) if isinstance(tree, dict) else float(tree)


def _str(body: str) -> str:
    return body.encode("ascii").decode("unicode_escape")


def _timezone(body: Any) -> datetime.tzinfo | None:
    if body is None:
        return None
    if isinstance(body, str):
        import zoneinfo

        return zoneinfo.ZoneInfo(body)
    names = [_str(name["$str"]) if isinstance(name, dict) else name for name in body[3:]]
    return datetime.timezone(datetime.timedelta(*body[:3]), *names)


def _datetime(body: Any) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(body[0])
    return moment.replace(tzinfo=_timezone(body[1]), fold=body[2])


def _time(body: Any) -> datetime.time:
    return datetime.time.fromisoformat(body[0]).replace(tzinfo=_timezone(body[1]), fold=body[2])


def _path(body: Any) -> pathlib.PurePath:
    if body[0] not in ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath"):
        raise MalformedEncoding(f"unknown path class {body[0]!r}")
    path_class = getattr(pathlib, body[0])
    path: pathlib.PurePath = path_class(_str(body[1]["$str"]) if isinstance(body[1], dict) else body[1])
    return path


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "$int": _int,
    "$float": _float,
    "$str": _str,
    "$complex": lambda body: complex(_float_tree(body[0]), _float_tree(body[1])),
    "$bytes": lambda body: body.encode("latin-1"),
    "$bytearray": lambda body: bytearray(body.encode("latin-1")),
    "$ellipsis": lambda body: Ellipsis,
    "$notimplemented": lambda body: NotImplemented,
    "$range": lambda body: range(*map(_integer_tree, body)),
    "$date": datetime.date.fromisoformat,
    "$time": _time,
    "$datetime": _datetime,
    "$timedelta": lambda body: datetime.timedelta(*body),
    "$timezone": _timezone,
    "$decimal": decimal.Decimal,
    "$fraction": lambda body: fractions.Fraction(*map(_integer_tree, body)),
    "$uuid": uuid.UUID,
    "$path": _path,
}

find_scalars()  # before any code that is not ours could put others in their place

_SEQUENCES: dict[str, Callable[[Any], Any]] = {"$tuple": tuple, "$set": set, "$frozenset": frozenset}
