"""A fixed set of values, one or more of every kind that has an encoding.

Also runs on Python 3.8, where `tests.tasks.test_python38` imports it: standard library only.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import re
import struct
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple

try:
    import zoneinfo
except ImportError:
    zoneinfo = None  # type: ignore[assignment]


class Color(enum.Enum):
    RED = 1
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Permission(enum.Flag):
    READ = 1
    WRITE = 2
    BOTH = 3


class Point(NamedTuple):
    x: Any
    y: Any


Pair = collections.namedtuple("Pair", "left right")


class Simple:
    """An object that is nothing but its attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Outer:
    class Inner(Simple):
        pass


class Slotted:
    __slots__ = ("first",)

    def __init__(self, first: Any) -> None:
        self.first = first


class SlottedChild(Slotted):
    __slots__ = ("__dict__", "second")


@dataclass
class Plain:
    number: Any
    items: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Frozen:
    name: Any
    value: Any


def plain_function(value: int) -> int:
    return value + 1


def float_from_bits(bits: int) -> float:
    number: float = struct.unpack(">d", struct.pack(">Q", bits))[0]
    return number


def fixed_values() -> dict[str, object]:
    """Fresh values by name."""
    utc = datetime.timezone.utc  # noqa: UP017 - Python 3.8
    named = datetime.timezone(datetime.timedelta(hours=-5, minutes=-30), "Nowhere\ud800")
    child: Any = SlottedChild([1])
    child.second = None
    child.more = {"a": 1}
    values: dict[str, object] = {
        "none": None,
        "true": True,
        "false": False,
        "zero": 0,
        "last plain integer": 2**53,
        "first big integer": 2**53 + 1,
        "most negative plain integer": -(2**53),
        "last decimal integer": 2**4096 - 1,
        "first hexadecimal integer": 2**4096,
        "huge negative integer": -(3**5000),
        "float": 0.1,
        "whole float": 1.0,
        "negative zero": -0.0,
        "smallest float": 5e-324,
        "largest float": 1.7976931348623157e308,
        "short exponent": 1e22,
        "infinity": math.inf,
        "minus infinity": -math.inf,
        "nan": math.nan,
        "negative nan": float_from_bits(0xFFF8000000000000),
        "nan with a payload": float_from_bits(0x7FF80000DEADBEEF),
        "complex": complex(-0.0, 2.5),
        "complex with nan": complex(math.inf, float_from_bits(0xFFF8000000000001)),
        "string": 'plain \\ "quoted" \n \u2028 é 😀 \x00',
        "lone surrogate": "a\udc80\nb\\",
        "two surrogates": "\ud83d\ude00",
        "empty string": "",
        "bytes": bytes(range(256)),
        "bytearray": bytearray(b"\x00\xff"),
        "list": [1, [2.5, "x"], []],
        "tuple": (1, (2,), ()),
        "set": {3, "a", (1, 2)},
        "frozenset": frozenset(["b", None, frozenset()]),
        "dict": {"b": 1, "a": [2], "": None},
        "dict with a dollar key": {"$tuple": [1]},
        "dict with two dollar keys": {"$a": 1, "b": 2},
        "dict with a surrogate key": {"\ud800": 1},
        "dict with mixed keys": {1: "int", "1": "str", (1,): "tuple", b"1": "bytes", None: 0},
        "dict with a bool key": {True: "yes", 0: "zero"},
        "dict with float keys": {0.5: 1, -0.0: 2, math.inf: 3},
        "empty dict": {},
        "range": range(1, 2**70, 3),
        "slice": slice(None, 3, -1),
        "slice of values": slice("a", [1], (2,)),
        "ellipsis": ...,
        "not implemented": NotImplemented,
        "date": datetime.date(1, 2, 3),
        "time": datetime.time(1, 2, 3, 4),
        "time with zone": datetime.time(1, 2, tzinfo=utc, fold=1),
        "datetime": datetime.datetime(2024, 1, 31),
        "datetime with fold": datetime.datetime(2024, 10, 27, 2, 30, 0, 1, fold=1),
        "datetime with zone": datetime.datetime(2024, 1, 1, tzinfo=utc),
        "datetime with a named zone": datetime.datetime(999, 12, 31, 23, 59, 59, 999999, tzinfo=named),
        "timedelta": datetime.timedelta(days=-3, seconds=5, microseconds=7),
        "utc": utc,
        "zero offset with a name": datetime.timezone(datetime.timedelta(0), "zero"),
        "offset of microseconds": datetime.timezone(datetime.timedelta(microseconds=-1)),
        "decimal": decimal.Decimal("1.10"),
        "decimal exponent": decimal.Decimal("-1E+30"),
        "decimal negative zero": decimal.Decimal("-0E-7"),
        "decimal nan": decimal.Decimal("NaN12"),
        "decimal signaling nan": decimal.Decimal("-sNaN34"),
        "decimal infinity": decimal.Decimal("-Infinity"),
        "fraction": fractions.Fraction(-7, 3),
        "large fraction": fractions.Fraction(2**80 + 1, 2**5000),
        "uuid": uuid.UUID(int=2**127 + 5),
        "pure posix path": pathlib.PurePosixPath("/a/../b c"),
        "pure windows path": pathlib.PureWindowsPath("C:/a/b"),
        "posix path": pathlib.PosixPath("é/\udcff"),
        "empty path": pathlib.PurePosixPath(""),
        "ordered dict": collections.OrderedDict([("b", 1), ("a", {1: 2})]),
        "counter": collections.Counter({"a": 2, 1: -1}),
        "defaultdict": collections.defaultdict(list, {"a": [1]}),
        "defaultdict without factory": collections.defaultdict(None, {1: 2}),
        "deque": collections.deque([1, (2,)]),
        "deque with a limit": collections.deque("abc", maxlen=2),
        "pattern": re.compile(r"(?i)a(?P<n>\d+)\n", re.MULTILINE),
        "bytes pattern": re.compile(rb"[\x00-\xff]+", re.DOTALL),
        "surrogate pattern": re.compile("\ud800"),
        "builtin function": len,
        "builtin class": int,
        "method of a builtin class": str.upper,
        "function of an extension module": math.sqrt,
        "class of the standard library": datetime.datetime,
        "function": plain_function,
        "class": Simple,
        "nested class": Outer.Inner,
        "method": Simple.__init__,
        "enum member": Color.RED,
        "int enum member": Level.HIGH,
        "flag": Permission.WRITE,
        "named combination of flags": Permission.READ | Permission.WRITE,
        "typed namedtuple": Point(1, [2]),
        "namedtuple": Pair("l", Pair(None, ())),
        "dataclass": Plain(1, [Plain(2)]),
        "frozen dataclass": Frozen("n", (1, 2)),
        "simple object": Simple(a=1, b=Simple()),
        "object with odd attributes": Simple(**{"$ref": 1, "not a name": 2, "\ud800": 3}),
        "instance of a nested class": Outer.Inner(a=1),
        "object with slots": Slotted("s"),
        "object with an empty slot": SlottedChild.__new__(SlottedChild),
        "object with inherited slots and attributes": child,
    }
    if zoneinfo is not None:
        berlin = zoneinfo.ZoneInfo("Europe/Berlin")
        values["zone"] = berlin
        values["time in a zone"] = datetime.time(5, tzinfo=berlin)
        values["datetime in a zone"] = datetime.datetime(2024, 10, 27, 2, 30, tzinfo=berlin, fold=1)
    return values
