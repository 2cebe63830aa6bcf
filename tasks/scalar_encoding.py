"""Encoding of values that have no parts: numbers, texts, moments, paths, patterns and the like.

Runs wherever `tasks.value_encoding` does, under the same rules.
"""

from __future__ import annotations

import datetime
import re
import struct
import sys
import types

TYPE_CHECKING = (
    False  # the module `typing`, and those in `_LATER`, would cost each traced process a millisecond
)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PLAIN_INTEGER_LIMIT = 2**53
"""Beyond it, other JSON readers round."""

_DECIMAL_DIGITS_BITS = 2_048  # beyond it, Python may refuse conversion to decimal text
_QUIET_NAN = "7ff8000000000000"
_SURROGATE = re.compile("[\ud800-\udfff]")
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE

_class_module = type.__dict__["__module__"].__get__
_class_flags = type.__dict__["__flags__"].__get__
_class_qualname = type.__dict__["__qualname__"].__get__
_class_namespace = type.__dict__["__dict__"].__get__
_module_namespace = vars(types.ModuleType)["__dict__"].__get__


class NotEncodable(ValueError):
    """A value has no encoding; ``reason`` is a stable name, ``detail`` says which part of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason + (": " + detail if detail else ""))
        self.reason = reason
        self.detail = detail


def class_name(cls: type) -> str:
    """``module:qualified.name`` of a class, read without running its metaclass."""
    module = (
        _class_module(cls) if _class_flags(cls) & _HEAP_TYPE == 0 else _class_namespace(cls).get("__module__")
    )
    return f"{exact_text(module)}:{exact_text(_class_qualname(cls))}"


def exact_text(name: object) -> str:
    """A name, if it is a text and of no subclass."""
    return name if type(name) is str else "?"


def has_surrogates(text: str) -> bool:
    """Whether a text is no valid UTF-8."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def scalar_encoder(kind: type) -> Callable[[Any], Any] | None:
    """What encodes values of exactly this class, if they have no parts."""
    found = _SCALARS.get(id(kind))
    if found is None and _LATER:
        find_scalars()
        found = _SCALARS.get(id(kind))
    return found


def _encode_int(value: int) -> object:
    if -PLAIN_INTEGER_LIMIT <= value <= PLAIN_INTEGER_LIMIT:
        return value
    if value.bit_length() <= _DECIMAL_DIGITS_BITS:
        return {"$int": str(value)}
    return {"$int": hex(value)}


def _encode_float(value: float) -> object:
    if value - value == 0:
        return value
    if value == value:
        return {"$float": "inf" if value > 0 else "-inf"}
    bits = struct.pack(">d", value).hex()
    return {"$float": "nan" if bits == _QUIET_NAN else "0x" + bits}


def _encode_str(value: str) -> object:
    if type(value) is not str:
        raise NotEncodable("unsupported_type", "text of a subclass of str")
    if has_surrogates(value):
        return {"$str": value.encode("unicode_escape").decode("ascii")}
    return value


def _encode_timezone(zone: object) -> object:
    if zone is None:
        return None
    if type(zone) is datetime.timezone:
        offset, *names = zone.__getinitargs__()  # type: ignore[attr-defined]
        return [offset.days, offset.seconds, offset.microseconds, *map(_encode_str, names)]
    if scalar_encoder(type(zone)) is _encode_zone:
        return _zone_key(zone)
    raise NotEncodable("unsupported_type", class_name(type(zone)))


def _encode_zone(value: Any) -> object:
    return {"$timezone": _zone_key(value)}


def _zone_key(zone: Any) -> str:
    if type(zone.key) is str:
        key: str = zone.key
        return key
    raise NotEncodable("unsupported_type", class_name(type(zone)))


def _encode_moment(tag: str, value: datetime.datetime | datetime.time) -> object:
    return {tag: [value.replace(tzinfo=None, fold=0).isoformat(), _encode_timezone(value.tzinfo), value.fold]}


_SCALAR_TYPES: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: None,
    bool: lambda value: value,
    int: _encode_int,
    float: _encode_float,
    str: _encode_str,
    complex: lambda value: {"$complex": [_encode_float(value.real), _encode_float(value.imag)]},
    bytes: lambda value: {"$bytes": value.decode("latin-1")},
    type(Ellipsis): lambda value: {"$ellipsis": None},
    type(NotImplemented): lambda value: {"$notimplemented": None},
    range: lambda value: {"$range": [_encode_int(part) for part in (value.start, value.stop, value.step)]},
    datetime.date: lambda value: {"$date": value.isoformat()},
    # by the types as they are now: tests that freeze the clock put others in their place
    datetime.time: lambda value: _encode_moment("$time", value),
    datetime.datetime: lambda value: _encode_moment("$datetime", value),
    datetime.timedelta: lambda value: {"$timedelta": [value.days, value.seconds, value.microseconds]},
    datetime.timezone: lambda value: {"$timezone": _encode_timezone(value)},
    re.compile("").__class__: lambda value: {"$pattern": [_encode_pattern(value.pattern), value.flags]},
}


def _encode_decimal(value: Any) -> object:
    import decimal

    return {"$decimal": decimal.Context(capitals=1).to_sci_string(value)}


def _encode_fraction(value: Any) -> object:
    return {"$fraction": [_encode_int(int(value.numerator)), _encode_int(int(value.denominator))]}


def _encode_path(value: object) -> object:
    return {"$path": [type(value).__name__, _encode_str(str(value))]}


def _encode_pattern(pattern: str | bytes) -> object:
    if type(pattern) is str:
        return _encode_str(pattern)
    if type(pattern) is bytes:
        return {"$bytes": pattern.decode("latin-1")}
    raise NotEncodable("unsupported_type", "pattern of " + class_name(type(pattern)))


_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")
_SCALARS = {id(kind): encode_scalar for kind, encode_scalar in _SCALAR_TYPES.items()}
_LATER: dict[str, dict[str, Callable[[Any], Any]]] = {
    "decimal": {"Decimal": _encode_decimal},
    "fractions": {"Fraction": _encode_fraction},
    "pathlib": dict.fromkeys(_PATHS, _encode_path),
    "uuid": {"UUID": lambda value: {"$uuid": str(value)}},
    "zoneinfo": {"ZoneInfo": _encode_zone},
}
"""Modules that most programs never import, and then have no values of; found when they have been."""


def find_scalars() -> None:
    """Take note of the classes of those modules that have been imported by now."""
    for module in [name for name in _LATER if name in sys.modules]:
        try:
            namespace = _module_namespace(sys.modules[module])
            classes = {namespace[name]: encode_scalar for name, encode_scalar in _LATER[module].items()}
        except (KeyError, TypeError):
            continue  # it is just being imported, or a test has put something else in its place
        _SCALAR_TYPES.update(classes)  # which keeps them alive, for what they are known by is their id
        _SCALARS.update((id(kind), encode_scalar) for kind, encode_scalar in classes.items())
        _LATER.pop(module, None)


find_scalars()
