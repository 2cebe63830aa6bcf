"""What the tests of ``tasks`` share: strategies for encodable values, and exact comparison."""

from __future__ import annotations

import collections
import datetime
import decimal
import json
import math
import pathlib
import re
import struct
import zoneinfo
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tasks.value_decoding import decode
from tasks.value_encoding import Encoder, resolve_import, to_text
from tests.tasks.fixed_values import (
    Color,
    Frozen,
    Level,
    Outer,
    Pair,
    Permission,
    Plain,
    Point,
    Simple,
    Slotted,
    SlottedChild,
    float_from_bits,
    plain_function,
)


@dataclass(slots=True)
class SlottedPlain:
    value: Any


def encode_without_limits(value: object) -> object:
    return Encoder(max_nodes=10**9, max_characters=10**9).encode(value)


def text_of(value: object) -> str:
    return to_text(encode_without_limits(value))


def value_of(text: str) -> Any:
    return decode(json.loads(text), resolve_import)


def exact(value: Any) -> Hashable:
    """A form in which two values are equal only if no difference between them can be seen.

    Types are compared at every level, floats by their bits, dictionaries with their order.
    """
    kind = type(value)
    content: Hashable
    if kind is float:
        content = struct.pack(">d", value)
    elif kind is complex:
        content = struct.pack(">dd", value.real, value.imag)
    elif kind in (bytearray, pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath):
        content = str(value)
    elif kind in (list, tuple, Point, Pair):
        content = tuple(map(exact, value))
    elif kind in (set, frozenset):
        content = frozenset(collections.Counter(map(exact, value)).items())
    elif kind in (dict, collections.OrderedDict, collections.Counter):
        content = tuple(map(exact, value.items()))
    elif kind is collections.defaultdict:
        content = (exact(value.default_factory), tuple(map(exact, value.items())))
    elif kind is collections.deque:
        content = (value.maxlen, tuple(map(exact, value)))
    elif kind in (slice, range):
        content = tuple(map(exact, (value.start, value.stop, value.step)))
    elif kind in (datetime.datetime, datetime.time):
        content = (value.replace(tzinfo=None).isoformat(), value.fold, exact(value.tzinfo))
    elif kind is datetime.timezone:
        content = value.__getinitargs__()
    elif kind is zoneinfo.ZoneInfo:
        content = value.key
    elif kind is decimal.Decimal:
        content = value.as_tuple()
    elif kind is re.Pattern:
        content = (exact(value.pattern), value.flags)
    elif kind in _INSTANCES:
        content = (_slots(value), exact(getattr(value, "__dict__", None)))
    else:
        content = value
    return (kind, content)


def _slots(value: object) -> Hashable:
    names = [name for base in type(value).__mro__ for name in getattr(base, "__slots__", ())]
    return tuple(
        (name, exact(getattr(value, name))) for name in names if name != "__dict__" and hasattr(value, name)
    )


_INSTANCES = (Plain, Frozen, SlottedPlain, Simple, Outer.Inner, Slotted, SlottedChild)


def holds_nan(value: object) -> bool:
    """Whether a number that does not equal itself stands anywhere in an encodable value."""
    if isinstance(value, (float, complex)):
        return value != value
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    if isinstance(value, slice):
        return any(map(holds_nan, (value.start, value.stop, value.step)))
    if isinstance(value, dict):
        return any(holds_nan(part) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        return any(map(holds_nan, value))
    return isinstance(value, _INSTANCES) and "nan" in text_of(value).lower()


# --- strategies -----------------------------------------------------------------------------------

any_text = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["\ud83d\ude00", "\ud800", "\udc80\\n", "\u2028", "$tuple", "$", "\x00", "\\ud800"]
)
integers = st.integers() | st.builds(
    lambda sign, bits, step: sign * 2**bits + step,
    st.sampled_from([1, -1]),
    st.sampled_from([53, 64, 4096]) | st.integers(0, 5000),
    st.integers(-1, 1),
)
floats = (
    st.floats()
    | st.integers(0, 2**64 - 1).map(float_from_bits)
    | st.sampled_from(
        [-0.0, math.inf, -math.inf, float_from_bits(0x7FF0000000000001), float_from_bits(2**64 - 1)]
    )
)
timedeltas = st.timedeltas()
zones = st.one_of(
    st.builds(
        lambda offset, names: datetime.timezone(offset, *names),
        st.timedeltas(datetime.timedelta(microseconds=1 - 86_400_000_000), datetime.timedelta(hours=23)),
        st.lists(any_text, max_size=1),
    ),
    st.sampled_from([datetime.UTC, *map(zoneinfo.ZoneInfo, ["Europe/Berlin", "America/New_York", "UTC"])]),
)
_fold_and_zone = {"fold": st.integers(0, 1), "tzinfo": st.none() | zones}
times = st.builds(lambda time, **parts: time.replace(**parts), st.times(), **_fold_and_zone)
datetimes = st.builds(lambda moment, **parts: moment.replace(**parts), st.datetimes(), **_fold_and_zone)
paths = st.builds(
    lambda kind, text: kind(text.replace("\0", "")),
    st.sampled_from([pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath]),
    any_text | st.text("/\\.:ab", max_size=6),
).filter(lambda path: str(type(path)(str(path))) == str(path))  # pathlib's own text is not always stable
patterns = st.one_of(
    st.builds(
        lambda text, flags: re.compile(re.escape(text), flags),
        any_text,
        st.sampled_from([0, re.I, re.M | re.S, re.A, re.X]),
    ),
    st.builds(
        lambda text, flags: re.compile(re.escape(text), flags),
        st.binary(max_size=5),
        st.sampled_from([0, re.L, re.I]),
    ),
    st.sampled_from([re.compile(r"(?im)^(?P<n>a+)(?=b)\1$"), re.compile(rb"(?s).[^\x00]")]),
)
references = st.sampled_from(
    [
        *(len, int, dict, str.upper, math.sqrt, collections.OrderedDict, datetime.datetime, ValueError),
        *(plain_function, Simple, Outer.Inner, Point, Simple.__init__),
    ]
)
decimals = st.decimals() | st.sampled_from(["1E+9999", "-0E-7", "NaN7", "-NaN", "1.10"]).map(decimal.Decimal)
signaling = st.sampled_from(["sNaN", "-sNaN34"]).map(decimal.Decimal)


def _short(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The same under a short name: nested strategies spell out all of their parts, again and again."""
    return st.deferred(lambda: strategy)


_hashable_scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    floats,
    st.builds(complex, floats, floats),
    any_text,
    st.binary(max_size=8),
    st.builds(range, integers, integers, integers.filter(bool)),
    st.sampled_from([..., NotImplemented]),
    st.dates(),
    times,
    datetimes,
    timedeltas,
    zones,
    decimals.filter(lambda number: not number.is_snan()),
    st.fractions(),
    st.builds(Fraction, integers, st.just(2**70 + 1)),
    st.uuids(),
    paths,
    patterns,
    references,
    st.sampled_from([*Color, *Level, *Permission, Permission(3)]),
)
hashable_scalars = _short(_hashable_scalars)


def _hashable_containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    inner = _short(inner)
    items = st.lists(inner, max_size=3)
    return st.one_of(
        items.map(tuple), items.map(frozenset), st.builds(Frozen, inner, inner), st.builds(Pair, inner, inner)
    )


hashables = _short(st.recursive(hashable_scalars, _hashable_containers, max_leaves=4))
scalars = _short(hashable_scalars | st.binary(max_size=8).map(bytearray) | signaling)


def _slotted_child(first: object, attributes: dict[str, object]) -> SlottedChild:
    child = SlottedChild(first)
    child.__dict__.update(attributes)
    return child


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    inner = _short(inner)
    items = st.lists(inner, max_size=4)
    keys = hashables | any_text.map("$".__add__)
    pairs = st.dictionaries(keys, inner, max_size=4)
    attributes = st.dictionaries(any_text, inner, max_size=3)
    return st.one_of(
        items,
        items.map(tuple),
        st.lists(hashables, max_size=4).map(set),
        st.lists(hashables, max_size=4).map(frozenset),
        st.dictionaries(st.text(max_size=4), inner, max_size=4),
        pairs,
        pairs.map(lambda content: collections.OrderedDict(content)),
        st.dictionaries(keys, st.integers(), max_size=4).map(collections.Counter),
        st.builds(collections.defaultdict, st.none() | st.sampled_from([list, int, plain_function]), pairs),
        st.builds(collections.deque, items, st.none() | st.integers(0, 5)),
        st.builds(slice, inner, inner, inner),
        st.builds(Point, inner, inner),
        st.builds(Plain, inner, items),
        st.builds(Frozen, inner, inner),
        st.builds(SlottedPlain, inner),
        attributes.map(lambda content: Simple(**content)),
        attributes.map(lambda content: Outer.Inner(**content)),
        st.builds(_slotted_child, inner, attributes),
    )


values = _short(st.recursive(scalars, _containers, max_leaves=8))
"""Any encodable value."""

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
"""What JSON text can hold."""

TAGS = (
    *("$int", "$float", "$str", "$complex", "$bytes", "$bytearray", "$ellipsis", "$notimplemented"),
    *("$tuple", "$set", "$frozenset", "$dict", "$ordereddict", "$counter", "$defaultdict", "$deque"),
    *("$range", "$slice", "$date", "$time", "$datetime", "$timedelta", "$timezone", "$decimal"),
    *("$fraction", "$uuid", "$path", "$pattern", "$ref", "$enum", "$namedtuple", "$object", "$other"),
)

_names = st.sampled_from(["builtins:eval", "os:system", "tests.tasks.fixed_values:Simple", "nowhere:x", ":"])
hostile_trees: st.SearchStrategy[Any] = st.recursive(
    json_values | _names | st.sampled_from(["0x7ff8000000000001", "-0x10", "nan", "1e999", "/etc/passwd"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(TAGS), inner, min_size=1, max_size=1),
        st.builds(lambda tag, body: {tag: body}, st.sampled_from(TAGS), st.lists(inner, max_size=4)),
        st.builds(lambda tag, key, item: {tag: [[key, item]]}, st.sampled_from(TAGS), inner, inner),
        st.builds(lambda tag, name, body: {tag: [name, body]}, st.sampled_from(TAGS), _names, inner),
    ),
    max_leaves=10,
)
"""Trees that look like encodings and mostly are none."""


@st.composite
def damaged_trees(draw: st.DrawFn) -> tuple[Any, Any]:
    """The encoding of a value, and the same with one part replaced."""
    tree = encode_without_limits(draw(values))
    damaged = [json.loads(to_text(tree))]
    holder, key = draw(st.sampled_from(list(_places(damaged))))
    holder[key] = draw(hostile_trees)
    return tree, damaged[0]


def _places(tree: Any) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, item in items:
        yield tree, key
        yield from _places(item)
