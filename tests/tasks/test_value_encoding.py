"""The value encoding: exact round trips, stable rejections, and no code of the values run."""

from __future__ import annotations

import abc
import array
import collections
import contextlib
import datetime
import decimal
import enum
import fractions
import functools
import inspect
import io
import math
import pathlib
import queue
import random
import re
import subprocess
import sys
import threading
import types
import uuid
import weakref
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import MagicMock, Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.value_decoding import MalformedEncoding, decode
from tasks.value_encoding import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    Encoder,
    NotEncodable,
    class_name,
    encode,
    resolve_import,
    to_text,
)
from tests.tasks.fixed_values import (
    Color,
    Outer,
    Pair,
    Permission,
    Plain,
    Point,
    Simple,
    Slotted,
    fixed_values,
    float_from_bits,
    plain_function,
)
from tests.tasks.values import (
    any_text,
    damaged_trees,
    exact,
    hashables,
    hostile_trees,
    json_values,
    text_of,
    value_of,
    values,
)

ROOT = Path(__file__).parents[2]


def rejection(value: object) -> str:
    with pytest.raises(NotEncodable) as caught:
        encode(value)
    return caught.value.reason


# --- round trips ----------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(values)
def test_any_value_survives_encoding_exactly_and_is_left_as_it_was(value: Any) -> None:
    before = exact(value)
    text = text_of(value)
    assert exact(value) == before
    decoded = value_of(text)
    assert exact(decoded) == before
    assert text_of(decoded) == text


@settings(max_examples=150, deadline=None)
@given(values)
def test_text_is_valid_utf8(value: Any) -> None:
    text = text_of(value)
    assert text.encode("utf-8").decode("utf-8") == text


@pytest.mark.parametrize("name", fixed_values())
def test_each_kind_of_value_survives_encoding_exactly(name: str) -> None:
    value = fixed_values()[name]
    decoded = value_of(text_of(value))
    assert exact(decoded) == exact(value)
    assert text_of(decoded) == text_of(value)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(-(2**64), 2**64))
def test_integers_of_a_million_bits_survive(bits: int, step: int) -> None:
    for value in ((1 << bits) + step, -(1 << bits) - step):
        assert value_of(text_of(value)) == value


@given(st.integers(0, 2**64 - 1))
def test_every_pattern_of_float_bits_survives(bits: int) -> None:
    value = float_from_bits(bits)
    assert exact(value_of(text_of(value))) == exact(value)


@given(any_text)
def test_dictionary_keys_and_attribute_names_may_be_any_text(name: str) -> None:
    for value in ({name: 1}, {"$" + name: 1, name: 2}, Simple(**{name: 1})):
        assert exact(value_of(text_of(value))) == exact(value)


@given(st.lists(hashables, max_size=6).map(set), st.randoms(use_true_random=False))
def test_text_of_a_set_does_not_depend_on_the_order_of_its_items(
    items: set[Any], shuffler: random.Random
) -> None:
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    assert text_of(set(shuffled)) == text_of(items)
    assert text_of(frozenset(shuffled)) == text_of(frozenset(items))


def test_dictionaries_keep_the_order_of_their_items() -> None:
    for value in ({"b": 1, "a": 2}, {2: 1, 1: 2}, collections.Counter({"b": 1, "a": 2})):
        assert list(value_of(text_of(value))) == list(value)


def test_frozen_dataclasses_with_slots_survive() -> None:
    assert exact(value_of(text_of(SlottedFrozen(1)))) == exact(SlottedFrozen(1))
    assert value_of(text_of(SlottedFrozen(1))) == SlottedFrozen(1)


@dataclass(frozen=True, slots=True)
class SlottedFrozen:
    value: Any


class Guarded:
    """Cannot be made by calling it."""

    __slots__ = ("__dict__", "slot")

    def __new__(cls) -> Guarded:
        raise AssertionError("the constructor ran")

    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError("an attribute was set through the class")


def test_decoding_calls_no_constructor(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = object.__new__(Guarded)
    guarded.__dict__["a"] = 1
    object.__setattr__(guarded, "slot", 2)
    text = text_of([guarded, Point(1, 2)])
    monkeypatch.setattr(Point, "__new__", Guarded.__new__)
    assert text_of(value_of(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (2**53, "9007199254740992"),
        (2**53 + 1, '{"$int":"9007199254740993"}'),
        (math.nan, '{"$float":"nan"}'),
        (float_from_bits(0xFFF8000000000000), '{"$float":"0xfff8000000000000"}'),
        (-math.inf, '{"$float":"-inf"}'),
        (1 - 0.5j, '{"$complex":[1.0,-0.5]}'),
        ("é\u2028", '"é\u2028"'),
        ("\ud83d\ude00é", r'{"$str":"\\ud83d\\ude00\\xe9"}'),
        (b"x\xff", '{"$bytes":"xÿ"}'),
        (bytearray(b"x"), '{"$bytearray":"x"}'),
        ((1, 2.5), '{"$tuple":[1,2.5]}'),
        ({2, 10}, '{"$set":[10,2]}'),
        (frozenset([None]), '{"$frozenset":[null]}'),
        ({"a": [True]}, '{"a":[true]}'),
        ({1: "x"}, '{"$dict":[[1,"x"]]}'),
        ({"$tuple": [1]}, '{"$dict":[["$tuple",[1]]]}'),
        (range(3), '{"$range":[0,3,1]}'),
        (slice(1), '{"$slice":[null,1,null]}'),
        (..., '{"$ellipsis":null}'),
        (datetime.date(2024, 1, 2), '{"$date":"2024-01-02"}'),
        (datetime.datetime(2024, 1, 2, fold=1), '{"$datetime":["2024-01-02T00:00:00",null,1]}'),
        (datetime.time(1, tzinfo=datetime.UTC), '{"$time":["01:00:00",[0,0,0],0]}'),
        (datetime.timedelta(-1), '{"$timedelta":[-1,0,0]}'),
        (decimal.Decimal("1E+3"), '{"$decimal":"1E+3"}'),
        (fractions.Fraction(1, 3), '{"$fraction":[1,3]}'),
        (uuid.UUID(int=1), '{"$uuid":"00000000-0000-0000-0000-000000000001"}'),
        (pathlib.PurePosixPath("a/b"), '{"$path":["PurePosixPath","a/b"]}'),
        (re.compile("a", re.I), '{"$pattern":["a",34]}'),
        (collections.OrderedDict(b=1), '{"$ordereddict":[["b",1]]}'),
        (collections.Counter("aa"), '{"$counter":[["a",2]]}'),
        (collections.defaultdict(list), '{"$defaultdict":[{"$ref":"builtins:list"},[]]}'),
        (collections.deque([1], 2), '{"$deque":[[1],2]}'),
        (str.upper, '{"$ref":"builtins:str.upper"}'),
        (Color.RED, '{"$enum":["tests.tasks.fixed_values:Color","RED"]}'),
        (Pair(1, 2), '{"$namedtuple":["tests.tasks.fixed_values:Pair",[1,2]]}'),
        (Plain(1, []), '{"$object":["tests.tasks.fixed_values:Plain",{"number":1,"items":[]}]}'),
        (Outer.Inner(), '{"$object":["tests.tasks.fixed_values:Outer.Inner",{}]}'),
    ],
)
def test_the_format_stays_as_it_is(value: object, text: str) -> None:
    assert to_text(encode(value)) == text


def test_the_decimal_context_does_not_change_the_text() -> None:
    value = decimal.Decimal("1E+30")
    with decimal.localcontext() as context:
        context.capitals = 0
        context.prec = 1
        assert to_text(encode(value)) == '{"$decimal":"1E+30"}'
        assert exact(value_of('{"$decimal":"1.2345E+30"}')) == exact(decimal.Decimal("1.2345E+30"))


def test_a_low_limit_on_integer_digits_does_not_matter() -> None:
    previous = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert value_of(to_text(encode(1 << 4000))) == 1 << 4000
    finally:
        sys.set_int_max_str_digits(previous)


def test_enum_members_with_surrogates_in_their_names_have_valid_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd: Any = enum.Enum("odd", [("\ud800", 1)])
    odd.__module__ = __name__
    monkeypatch.setattr(sys.modules[__name__], "odd", odd, raising=False)
    try:
        text = to_text(encode(odd["\ud800"]))
    except NotEncodable:
        return
    assert value_of(text.encode("utf-8").decode("utf-8")) is odd["\ud800"]


# --- limits ---------------------------------------------------------------------------------------

NESTINGS: dict[str, Callable[[Any], Any]] = {
    "list": lambda inner: [inner],
    "tuple": lambda inner: (inner,),
    "frozenset": lambda inner: frozenset([inner]),
    "dict": lambda inner: {"a": inner},
    "dict with an int key": lambda inner: {1: inner},
    "ordered dict": lambda inner: collections.OrderedDict([(1, inner)]),
    "defaultdict": lambda inner: collections.defaultdict(None, {1: inner}),
    "deque": lambda inner: collections.deque([inner]),
    "slice": lambda inner: slice(inner),
    "namedtuple": lambda inner: Point(inner, 0),
    "object": lambda inner: Simple(a=inner),
    "object with odd attributes": lambda inner: Simple(**{"$": inner}),
    "object with slots": lambda inner: Slotted(inner),
}


def nested(nest: Callable[[Any], Any], depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = nest(value)
    return value


@pytest.mark.parametrize("kind", NESTINGS)
def test_the_deepest_value_that_can_be_encoded_can_be_decoded(kind: str) -> None:
    deepest = nested(NESTINGS[kind], MAX_DEPTH)
    assert exact(value_of(to_text(encode(deepest)))) == exact(deepest)


@pytest.mark.parametrize("kind", NESTINGS)
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5_000])
def test_deeper_values_are_too_deep(kind: str, depth: int) -> None:
    assert rejection(nested(NESTINGS[kind], depth)) == "too_deep"


def test_the_limit_on_nodes_is_exact() -> None:
    assert encode([()] * (MAX_NODES - 1))
    assert rejection([()] * MAX_NODES) == "too_large"


def test_small_values_that_unfold_without_end_are_too_large() -> None:
    value: Any = ()
    for _ in range(MAX_DEPTH - 1):
        value = (value, value)
    assert rejection(value) == "too_large"


@pytest.mark.parametrize(
    "make", [lambda count: "a" * count, lambda count: b"a" * count], ids=["str", "bytes"]
)
def test_the_longest_scalar_is_about_as_long_as_the_limit(make: Callable[[int], Any]) -> None:
    assert encode(make(MAX_CHARACTERS - 20))
    assert rejection(make(MAX_CHARACTERS + 1)) == "too_large"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("\ud800" * MAX_CHARACTERS, id="str with surrogates"),
        pytest.param(bytearray(MAX_CHARACTERS + 1), id="bytearray"),
        pytest.param([bytearray(1_000) for _ in range(50)], id="bytearrays"),
        pytest.param(1 << (8 * MAX_CHARACTERS), id="int"),
        pytest.param(decimal.Decimal("1" * (MAX_CHARACTERS + 1)), id="decimal"),
        pytest.param(fractions.Fraction(1, 1 << (8 * MAX_CHARACTERS)), id="fraction"),
        pytest.param(range(1 << (8 * MAX_CHARACTERS)), id="range"),
        pytest.param(pathlib.PurePosixPath("a" * (MAX_CHARACTERS + 1)), id="path"),
        pytest.param(re.compile("a" * (MAX_CHARACTERS + 1)), id="pattern"),
        pytest.param(["a" * 1_000] * 50, id="strings together"),
        pytest.param({"a" * (MAX_CHARACTERS + 1): 1}, id="plain key"),
        pytest.param({"a" * (MAX_CHARACTERS + 1): []}, id="plain key of a container"),
        pytest.param({"$" + "a" * (MAX_CHARACTERS + 1): []}, id="key"),
        pytest.param(Simple(**{"a" * (MAX_CHARACTERS + 1): []}), id="attribute name"),
        pytest.param(
            datetime.timezone(datetime.timedelta(0), "a" * (MAX_CHARACTERS + 1)), id="name of a timezone"
        ),
    ],
)
def test_long_values_are_too_large(value: object) -> None:
    assert rejection(value) == "too_large"


def test_limits_hold_for_all_values_of_one_encoder_together() -> None:
    encoder = Encoder(max_nodes=3)
    encoder.encode([1])
    encoder.encode(1)
    with pytest.raises(NotEncodable) as caught:
        encoder.encode(1)
    assert caught.value.reason == "too_large"


# --- cycles and sharing ---------------------------------------------------------------------------


def _cyclic_list() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def _cyclic_dict() -> Any:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def _cyclic_dict_of_pairs() -> Any:
    value: dict[int, Any] = {}
    value[1] = [value]
    return value


def _cyclic_object() -> Any:
    value = Simple()
    value.__dict__["me"] = value
    return value


def _cyclic_slots() -> Any:
    value = Slotted(None)
    value.first = value
    return value


def _cyclic_deque() -> Any:
    value: collections.deque[Any] = collections.deque()
    value.append(value)
    return value


def _cycle_through_a_tuple() -> Any:
    value: list[Any] = []
    value.append((1, (value,)))
    return value[0]


def _cycle_through_a_frozenset() -> Any:
    value = Simple()
    value.__dict__["items"] = frozenset([value])
    return value.__dict__["items"]


def _cycle_through_a_namedtuple() -> Any:
    value = Point([], 0)
    value.x.append(value)
    return value


def _cyclic_ordered_dict() -> Any:
    value: collections.OrderedDict[int, Any] = collections.OrderedDict()
    value[1] = value
    return value


def _cyclic_defaultdict() -> Any:
    value: collections.defaultdict[int, Any] = collections.defaultdict()
    value[1] = slice(value)
    return value


@pytest.mark.parametrize(
    "make",
    [
        _cyclic_list,
        _cyclic_dict,
        _cyclic_dict_of_pairs,
        _cyclic_object,
        _cyclic_slots,
        _cyclic_deque,
        _cycle_through_a_tuple,
        _cycle_through_a_frozenset,
        _cycle_through_a_namedtuple,
        _cyclic_ordered_dict,
        _cyclic_defaultdict,
    ],
)
def test_values_that_contain_themselves_are_cyclic(make: Callable[[], Any]) -> None:
    assert rejection(make()) == "cyclic_reference"


MUTABLES: dict[str, Callable[[], Any]] = {
    "list": lambda: [1],
    "empty list": list,
    "dict": lambda: {"a": 1},
    "set": lambda: {1},
    "bytearray": lambda: bytearray(b"a"),
    "ordered dict": collections.OrderedDict,
    "counter": collections.Counter,
    "defaultdict": collections.defaultdict,
    "deque": collections.deque,
    "object": Simple,
    "object with slots": lambda: Slotted(1),
}


@pytest.mark.parametrize("kind", MUTABLES)
def test_a_mutable_object_that_appears_twice_is_shared(kind: str) -> None:
    shared = MUTABLES[kind]()
    assert rejection([shared, shared]) == "shared_reference"
    assert rejection({"a": (shared,), "b": Point(0, shared)}) == "shared_reference"


@pytest.mark.parametrize("kind", MUTABLES)
def test_sharing_is_noticed_across_the_values_of_one_encoder_only(kind: str) -> None:
    shared = MUTABLES[kind]()
    encoder = Encoder()
    tree = encoder.encode(shared)
    with pytest.raises(NotEncodable) as caught:
        encoder.encode([shared])
    assert caught.value.reason == "shared_reference"
    assert Encoder().encode(shared) == tree


def test_short_lived_objects_are_not_mistaken_for_each_other() -> None:
    encoder = Encoder()
    for number in range(200):
        assert encoder.encode([number]) == [number]


@pytest.mark.parametrize(
    "shared", [(1, 2), "text", frozenset([1]), 2**100, Point(1, 2), Color.RED, len, range(3)], ids=repr
)
def test_immutable_values_may_appear_twice(shared: object) -> None:
    assert exact(value_of(text_of([shared, shared]))) == exact([shared, shared])


# --- what is rejected, and why --------------------------------------------------------------------


class Reduced:
    def __reduce__(self) -> Any:
        return (Reduced, ())


class ReducedByBase(Reduced):
    pass


class WithState:
    def __getstate__(self) -> Any:
        return 1


class WithArguments:
    def __getnewargs__(self) -> Any:
        return ()


class ReducedEx:
    def __reduce_ex__(self, protocol: Any) -> Any:
        return (ReducedEx, ())


class WithAttributeAccess:
    def __getattribute__(self, name: str) -> Any:
        return None


class ListChild(list[int]):
    pass


class DictChild(dict[str, int]):
    pass


class IntChild(int):
    pass


class StrChild(str):
    pass


class TupleChild(tuple[int, ...]):
    pass


class DateChild(datetime.datetime):
    pass


class Abstract(abc.ABC):  # noqa: B024
    pass


class Meta(type):
    pass


class WithMetaclass(metaclass=Meta):
    pass


class WithMethod:
    def method(self) -> None:
        pass


class Moved:
    pass


def moved() -> None:
    pass


FORMER_CLASS, FORMER_FUNCTION = Moved, moved


class Moved:  # type: ignore[no-redef]
    pass


def moved() -> None:  # type: ignore[no-redef]
    pass


def local_function() -> Callable[[], None]:
    def inner() -> None:
        pass

    return inner


def local_class() -> Any:
    class Inner:
        pass

    return Inner


def generator() -> Iterator[int]:
    yield 1


async def coroutine() -> None:
    pass


def _closed_coroutine() -> Any:
    made = coroutine()
    made.close()
    return made


REJECTED: list[tuple[str, str, Callable[[], Any]]] = [
    ("not_importable", "lambda", lambda: lambda: None),
    ("not_importable", "local function", local_function),
    ("not_importable", "local class", local_class),
    ("not_importable", "instance of a local class", lambda: local_class()()),
    ("not_importable", "replaced class", lambda: FORMER_CLASS),
    ("not_importable", "instance of a replaced class", FORMER_CLASS),
    ("not_importable", "replaced function", lambda: FORMER_FUNCTION),
    ("not_importable", "bound builtin method", lambda: [].append),
    ("not_importable", "class method of a builtin class", lambda: dict.fromkeys),
    ("not_importable", "type of None", lambda: type(None)),
    ("not_importable", "type of functions", lambda: types.FunctionType),
    ("not_importable", "defaultdict of a lambda", lambda: collections.defaultdict(lambda: 0)),
    ("not_importable", "Mock", Mock),
    ("not_importable", "MagicMock of list", lambda: MagicMock(spec=list)),
    ("unsupported_type", "__reduce__", Reduced),
    ("unsupported_type", "inherited __reduce__", ReducedByBase),
    ("unsupported_type", "__reduce_ex__", ReducedEx),
    ("unsupported_type", "__getstate__", WithState),
    ("unsupported_type", "__getnewargs__", WithArguments),
    ("unsupported_type", "__getattribute__", WithAttributeAccess),
    ("unsupported_type", "object", object),
    ("unsupported_type", "generator", generator),
    ("unsupported_type", "coroutine", _closed_coroutine),
    ("unsupported_type", "list iterator", lambda: iter([])),
    ("unsupported_type", "map", lambda: map(str, [])),
    ("unsupported_type", "keys of a dict", lambda: {}.keys()),
    ("unsupported_type", "mapping proxy", lambda: types.MappingProxyType({})),
    ("unsupported_type", "match", lambda: re.match("a", "a")),
    ("unsupported_type", "module", lambda: re),
    ("unsupported_type", "exception", ValueError),
    ("unsupported_type", "memoryview", lambda: memoryview(b"")),
    ("unsupported_type", "array", lambda: array.array("i")),
    ("unsupported_type", "stream", io.BytesIO),
    ("unsupported_type", "lock", threading.Lock),
    ("unsupported_type", "thread locals", threading.local),
    ("unsupported_type", "queue of an extension module", queue.SimpleQueue),
    ("unsupported_type", "random generator", random.Random),
    ("unsupported_type", "partial", lambda: functools.partial(len)),
    ("unsupported_type", "bound method", lambda: WithMethod().method),
    ("unsupported_type", "property", property),
    ("unsupported_type", "weak reference", lambda: weakref.ref(WithMethod)),
    ("unsupported_type", "generic alias", lambda: list[int]),
    ("unsupported_type", "union of types", lambda: int | str),
    ("unsupported_type", "struct sequence", lambda: sys.version_info),
    ("unsupported_type", "signature", lambda: inspect.signature(len)),
    ("unsupported_type", "abstract class", lambda: Abstract),
    ("unsupported_type", "enum class", lambda: Color),
    ("unsupported_type", "instance of a class with a metaclass", WithMetaclass),
    ("unsupported_type", "subclass of list", ListChild),
    ("unsupported_type", "subclass of dict", DictChild),
    ("unsupported_type", "subclass of int", lambda: IntChild(1)),
    ("unsupported_type", "subclass of str", lambda: StrChild("a")),
    ("unsupported_type", "subclass of tuple", lambda: TupleChild((1,))),
    ("unsupported_type", "subclass of datetime", lambda: DateChild(2024, 1, 1)),
    ("unsupported_type", "time in a foreign zone", lambda: datetime.time(1, tzinfo=_OwnZone())),
    ("unnamed_enum_member", "combination of flags", lambda: re.I | re.M),
    ("unnamed_enum_member", "no flag", lambda: Permission.READ & Permission.WRITE),
]


class _OwnZone(datetime.tzinfo):
    def utcoffset(self, moment: datetime.datetime | None) -> None:
        return None

    tzname = dst = utcoffset


@pytest.mark.parametrize(
    ("reason", "make"), [pytest.param(reason, make, id=name) for reason, name, make in REJECTED]
)
def test_other_values_are_rejected_with_a_stable_reason(reason: str, make: Callable[[], Any]) -> None:
    assert rejection(make()) == reason
    assert rejection({"a": [(make(),)]}) == reason


def test_instances_of_abstract_base_classes_are_plain_objects() -> None:
    assert type(value_of(text_of(Abstract()))) is Abstract


def test_a_rejection_names_the_type() -> None:
    with pytest.raises(NotEncodable) as caught:
        encode([generator()])
    assert caught.value.detail == "builtins:generator"
    assert str(caught.value) == "unsupported_type: builtins:generator"


def test_what_is_defined_in_the_main_module_is_not_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    class MainClass:
        pass

    class MainEnum(enum.Enum):
        A = 1

    class MainTuple(NamedTuple):
        a: int

    def main_function() -> None:
        pass

    for thing in (MainClass, MainEnum, MainTuple, main_function):
        thing.__module__, thing.__qualname__ = "__main__", thing.__name__
        monkeypatch.setattr(sys.modules["__main__"], thing.__name__, thing, raising=False)
    reasons = [
        rejection_or_none(v) for v in (main_function, MainClass, MainClass(), MainEnum.A, MainTuple(1))
    ]
    assert reasons == ["not_importable"] * 5


def rejection_or_none(value: object) -> str | None:
    try:
        encode(value)
    except NotEncodable as error:
        return error.reason
    return None


class Mixin:
    pass


class QueueWithMixin(queue.SimpleQueue, Mixin):  # type: ignore[type-arg]
    pass


class TupleWithFields(tuple[int, ...]):
    _fields = ("a", "b")


def _queue_with_an_item() -> Any:
    made = QueueWithMixin()
    made.put(1)
    return made


def _with_attribute(value: Any) -> Any:
    value.extra = 1
    return value


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(_queue_with_an_item, id="base class of an extension module beside a mixin"),
        pytest.param(lambda: _with_attribute(TupleWithFields((1, 2))), id="attribute of a tuple with fields"),
        pytest.param(lambda: _with_attribute(collections.Counter()), id="attribute of a counter"),
        pytest.param(lambda: _with_attribute(collections.OrderedDict()), id="attribute of an ordered dict"),
    ],
)
def test_state_that_the_encoding_would_lose_is_rejected(make: Callable[[], Any]) -> None:
    assert rejection(make()) == "unsupported_type"


# --- any object at all ----------------------------------------------------------------------------

_ALL_OBJECTS = """
import sys
sys.path.insert(0, sys.argv[2])
import gc, importlib, warnings
warnings.simplefilter("ignore")
from tasks.value_encoding import Encoder, NotEncodable, to_text
for name in sys.argv[3].split():
    importlib.import_module(name)
objects = gc.get_objects()
for module in list(sys.modules.values()):
    for thing in list(vars(module).values()):
        objects.append(thing)
        if isinstance(thing, type):
            objects.extend(vars(thing).values())
if sys.argv[1] == "half made":
    classes = [thing for thing in objects if isinstance(thing, type)]
    objects = []
    for cls in classes:
        try:
            objects.append(object.__new__(cls))
        except TypeError:
            pass
counts, failures = {}, {}
for thing in objects:
    kind = type(thing)
    if counts.setdefault(id(kind), 0) > 40:
        continue
    counts[id(kind)] += 1
    try:
        to_text(Encoder(max_nodes=200).encode(thing)).encode("utf-8")
    except NotEncodable as error:
        assert error.reason in sys.argv[4:], error.reason
    except BaseException as error:
        failures.setdefault(type.__repr__(kind), f"{type(error).__name__}: {error}")
print(len(counts))
for kind, error in failures.items():
    print(kind, error)
"""
_MODULES = """
    argparse ast asyncio calendar concurrent.futures configparser contextvars csv ctypes dataclasses difflib
    doctest email.message fileinput gettext hashlib heapq http.client http.cookies inspect ipaddress itertools
    json.decoder locale logging.config mailbox mimetypes multiprocessing numbers operator optparse pickle
    platform plistlib pprint queue random sched selectors shelve signal socket statistics string struct
    subprocess sysconfig tarfile tempfile textwrap threading timeit token tokenize traceback tracemalloc
    typing unittest.mock urllib.request uuid weakref xml.dom.minidom xml.etree.ElementTree zipfile zoneinfo
"""


@pytest.mark.parametrize("which", ["made", "half made"])
def test_every_object_of_a_running_python_gives_a_tree_or_a_reason(which: str) -> None:
    """``object.__new__`` makes what a traced ``__new__`` or ``__init__`` sees: nothing is set yet."""
    reasons = {reason for reason, _, _ in REJECTED}
    reasons |= {"too_deep", "too_large", "cyclic_reference", "shared_reference"}
    run = subprocess.run(
        [sys.executable, "-I", "-B", "-c", _ALL_OBJECTS, which, str(ROOT), _MODULES, *reasons],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    kinds, *failures = run.stdout.splitlines()
    assert int(kinds) > 200
    assert failures == []


@pytest.mark.parametrize("value", [[[[1]]], {"a": Simple(b=(1,))}])
def test_near_the_recursion_limit_only_that_limit_stops_encoding(value: Any) -> None:
    def descend() -> object:
        try:
            return descend()
        except RecursionError:
            with contextlib.suppress(NotEncodable, RecursionError):
                to_text(encode(value))
            raise

    with pytest.raises(RecursionError):
        descend()


# --- no code of the value runs --------------------------------------------------------------------


class CodeRan(BaseException):
    """Raised by every hook below."""


class Wire:
    """Makes methods that, while armed, note that they ran and raise."""

    def __init__(self) -> None:
        self.armed = False
        self.ran: list[str] = []

    def method(self, name: str, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        def hook(*arguments: Any, **keywords: Any) -> Any:
            if self.armed:
                self.ran.append(name)
                raise CodeRan(name)
            return otherwise(*arguments, **keywords)

        return hook

    def try_to_encode(self, value: object) -> None:
        """Encode; whether there is an encoding does not matter, only that nothing runs."""
        self.armed = True
        try:
            to_text(encode(value))
        except NotEncodable:
            pass
        except CodeRan:
            assert self.ran
        finally:
            self.armed = False
        assert self.ran == []


INSTANCE_HOOKS: dict[str, Callable[..., Any]] = {
    "__eq__": object.__eq__,
    "__hash__": object.__hash__,
    "__lt__": lambda self, other: False,
    "__repr__": object.__repr__,
    "__str__": object.__str__,
    "__format__": object.__format__,
    "__bool__": lambda self: True,
    "__len__": lambda self: 0,
    "__iter__": lambda self: iter(()),
    "__getitem__": lambda self, key: None,
    "__contains__": lambda self, item: False,
    "__index__": lambda self: 0,
    "__int__": lambda self: 0,
    "__float__": lambda self: 0.0,
    "__call__": lambda self: None,
    "__getattr__": lambda self, name: None,
    "__getattribute__": object.__getattribute__,
    "__dir__": object.__dir__,
    "__reduce__": object.__reduce__,
    "__reduce_ex__": object.__reduce_ex__,
    "__getstate__": lambda self: None,
    "__copy__": lambda self: self,
    "__deepcopy__": lambda self, memo: self,
    "__sizeof__": object.__sizeof__,
    "__set_name__": lambda self, owner, name: None,
    "__instancecheck__": lambda self, instance: False,
    "__get__": lambda self, instance, owner=None: None,
    "items": lambda self: [],
    "isoformat": lambda self: "",
    "utcoffset": lambda self, moment: None,
}
METACLASS_HOOKS: dict[str, Callable[..., Any]] = {
    "__getattribute__": type.__getattribute__,
    "__getattr__": lambda cls, name: None,
    "__eq__": type.__eq__,
    "__ne__": type.__ne__,
    "__hash__": type.__hash__,
    "__repr__": type.__repr__,
    "__format__": object.__format__,
    "__instancecheck__": type.__instancecheck__,
    "__subclasscheck__": type.__subclasscheck__,
    "__call__": type.__call__,
    "__bool__": lambda cls: True,
    "__iter__": lambda cls: iter(()),
    "__contains__": lambda cls, item: False,
    "__dir__": type.__dir__,
    "mro": type.mro,
}


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """An importable module to put hostile classes into."""
    made = types.ModuleType("hostile_module")
    monkeypatch.setitem(sys.modules, "hostile_module", made)
    return made


def define(
    module: types.ModuleType,
    namespace: dict[str, Any],
    bases: tuple[type, ...] = (),
    metaclass: type = type,
) -> Any:
    names = {"__module__": module.__name__, "__qualname__": "Hostile", **namespace}
    vars(module)["Hostile"] = cls = metaclass("Hostile", bases, names)
    return cls


def with_slots(namespace: dict[str, Any]) -> dict[str, Any]:
    return {**namespace, "__slots__": ("value",)}


@pytest.mark.parametrize("hook", INSTANCE_HOOKS)
def test_no_method_of_an_object_runs(hook: str, wire: Wire, module: types.ModuleType) -> None:
    method = wire.method(hook, INSTANCE_HOOKS[hook])
    cls = define(module, {"__hash__": object.__hash__, hook: method})
    hostile = cls()
    hostile.__dict__["value"] = 1
    wire.try_to_encode(hostile)
    wire.try_to_encode(cls)
    wire.try_to_encode([hostile, (cls,)])
    wire.try_to_encode({"a": hostile, 1: cls})
    wire.try_to_encode({hostile: 1})
    wire.try_to_encode({hostile})
    wire.try_to_encode(Point(hostile, slice(hostile)))
    wire.try_to_encode(collections.defaultdict(cls))
    wire.try_to_encode(collections.deque([hostile]))
    wire.try_to_encode(Simple(a=hostile))


SUBCLASSABLE: dict[type, tuple[Any, ...]] = {
    list: (),
    dict: (),
    str: (),
    bytes: (),
    int: (),
    float: (),
    complex: (),
    tuple: (),
    set: (),
    frozenset: (),
    bytearray: (),
    datetime.date: (2024, 1, 1),
    datetime.datetime: (2024, 1, 1),
    datetime.time: (),
    datetime.timedelta: (),
    datetime.tzinfo: (),
    zoneinfo.ZoneInfo: ("UTC",),
    decimal.Decimal: (),
    fractions.Fraction: (),
    uuid.UUID: ("0" * 32,),
    pathlib.PurePosixPath: (),
    collections.OrderedDict: (),
    collections.Counter: (),
    collections.defaultdict: (),
    collections.deque: (),
    Point: (1, 2),
}


def method_of(base: type, name: str) -> Any:
    return next((vars(cls)[name] for cls in base.__mro__ if name in vars(cls)), INSTANCE_HOOKS.get(name))


@pytest.mark.parametrize("base", SUBCLASSABLE)
def test_no_method_of_a_subclass_of_a_supported_type_runs(
    base: type, wire: Wire, module: types.ModuleType
) -> None:
    for hook in INSTANCE_HOOKS:
        if isinstance(vars(base).get(hook), classmethod) or hook == "__set_name__":
            continue
        namespace = {"__hash__": base.__hash__, hook: wire.method(hook, method_of(base, hook))}
        hostile = define(module, namespace, (base,))(*SUBCLASSABLE[base])
        wire.try_to_encode([hostile])
        if isinstance(hostile, datetime.tzinfo):
            wire.try_to_encode(datetime.time(1, tzinfo=hostile))
            wire.try_to_encode(datetime.datetime(2024, 1, 1, tzinfo=hostile))


@pytest.mark.parametrize("hook", sorted({*INSTANCE_HOOKS} - {"__set_name__", "__get__"}))
def test_no_method_of_an_enum_member_runs(hook: str, wire: Wire, module: types.ModuleType) -> None:
    names = enum.EnumMeta.__prepare__("Hostile", (enum.Enum,))
    names.update({"__module__": module.__name__, "__qualname__": "Hostile", "A": 1})
    names["__hash__"] = object.__hash__
    names[hook] = wire.method(
        hook, _raise_attribute_error if hook == "__getattr__" else method_of(enum.Enum, hook)
    )
    vars(module)["Hostile"] = cls = enum.EnumMeta("Hostile", (enum.Enum,), names)
    wire.try_to_encode([cls["A"], {"a": cls}])


def _raise_attribute_error(*_: object) -> Any:
    raise AttributeError


@pytest.mark.parametrize("hook", METACLASS_HOOKS)
def test_no_method_of_a_metaclass_runs(hook: str, wire: Wire, module: types.ModuleType) -> None:
    meta = type("Meta", (type,), {hook: wire.method(hook, METACLASS_HOOKS[hook]), "__module__": "x"})
    cls = define(module, {}, metaclass=meta)
    hostile = cls()
    wire.try_to_encode(hostile)
    wire.try_to_encode(cls)
    wire.try_to_encode([hostile, {"a": cls}])
    wire.try_to_encode(collections.defaultdict(cls))


def test_a_metaclass_without_hash_is_no_obstacle(module: types.ModuleType) -> None:
    meta = type("Meta", (type,), {"__eq__": lambda cls, other: cls is other})
    cls = define(module, {}, metaclass=meta)
    assert rejection(cls()) == "unsupported_type"


@pytest.mark.parametrize(
    "name", ["__class__", "__dict__", "__module__", "__qualname__", "__objclass__", "__slots__", "_fields"]
)
def test_no_property_of_an_object_runs(name: str, wire: Wire, module: types.ModuleType) -> None:
    hook = wire.method(name, lambda self: ())
    hostile_property: Any = () if name == "__slots__" else property(hook)
    if name in ("__module__", "__qualname__"):
        cls = define(module, {})
        if name == "__module__":
            cls.__module__ = hostile_property
    else:
        cls = define(module, {name: hostile_property})
    wire.try_to_encode(cls())
    wire.try_to_encode(cls)


@pytest.mark.parametrize(
    "name", ["__objclass__", "__dict__", "__class__", "_fields", "_name_", "__get__", "value", "__self__"]
)
def test_no_descriptor_of_a_class_runs(name: str, wire: Wire, module: types.ModuleType) -> None:
    hooks = {hook: wire.method(hook, lambda *_: None) for hook in ("__get__", "__set__", "__delete__")}
    cls = define(module, {name: type("Descriptor", (), hooks)()})
    wire.try_to_encode(cls)
    wire.try_to_encode(cls())


def test_a_module_name_that_is_no_string_is_not_formatted(wire: Wire) -> None:
    hooks = {name: wire.method(name, lambda *_: "") for name in ("__str__", "__format__", "__repr__")}
    hostile = type("Name", (), hooks)()

    def function() -> None:
        pass

    function.__module__ = hostile
    cls = type("Hostile", (), {"__module__": hostile})
    wire.try_to_encode(function)
    wire.try_to_encode(cls)
    wire.try_to_encode(cls())


def _raising(*_: object) -> Any:
    raise RuntimeError("the code of a project ran")


def test_a_lazy_module_is_not_asked_for_missing_names(wire: Wire, module: types.ModuleType) -> None:
    vars(module)["__getattr__"] = wire.method("__getattr__", _raising)
    cls = define(module, {})
    hostile = cls()
    del vars(module)["Hostile"]

    def function() -> None:
        pass

    function.__module__, function.__qualname__ = module.__name__, "function"
    wire.try_to_encode(hostile)
    wire.try_to_encode(cls)
    wire.try_to_encode(function)


def test_a_proxy_in_the_place_of_a_decorated_function_is_not_asked(
    wire: Wire, module: types.ModuleType
) -> None:
    """As left by decorators whose wrapper looks every attribute up somewhere else."""
    hooks = {name: wire.method(name, _raising) for name in ("__getattr__", "__eq__")}
    vars(module)["task"] = type("Proxy", (), hooks)()

    def inner() -> None:
        pass

    inner.__module__, inner.__qualname__ = module.__name__, "task.<locals>.inner"
    cls = type("Inner", (), {"__module__": module.__name__, "__qualname__": "task.<locals>.Inner"})
    wire.try_to_encode(inner)
    wire.try_to_encode(cls)
    wire.try_to_encode(cls())


def test_a_class_is_found_in_its_outer_class_without_its_metaclass(
    wire: Wire, module: types.ModuleType
) -> None:
    hook = wire.method("__getattribute__", type.__getattribute__)
    meta = type("Meta", (type,), {"__getattribute__": hook})
    inner = type("Inner", (), {"__module__": module.__name__, "__qualname__": "Hostile.Inner"})
    define(module, {"Inner": inner}, metaclass=meta)
    wire.try_to_encode(inner)
    wire.try_to_encode(inner())


def test_slots_are_read_without_the_class(wire: Wire, module: types.ModuleType) -> None:
    hooks = {name: wire.method(name, INSTANCE_HOOKS[name]) for name in ("__eq__", "__getattr__")}
    cls = define(module, with_slots(hooks))
    hostile = cls()
    hostile.value = [1]
    wire.try_to_encode(hostile)
    assert encode(hostile) == {"$object": ["hostile_module:Hostile", {"value": [1]}]}


def _named(thing: Any, name: str) -> Any:
    thing.__qualname__ = name
    return thing


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(re.compile, id="pattern"),
        pytest.param(lambda text: datetime.timezone(datetime.timedelta(0), text), id="name of a timezone"),
        pytest.param(
            lambda text: datetime.time(1, tzinfo=datetime.timezone(datetime.timedelta(0), text)),
            id="name of the timezone of a time",
        ),
        pytest.param(
            lambda text: zoneinfo.ZoneInfo.no_cache(type(text)("Europe/Berlin")), id="key of a zone"
        ),
        pytest.param(lambda text: _named(local_function(), text), id="name of a function"),
        pytest.param(lambda text: _named(local_class(), text), id="name of a class"),
        pytest.param(lambda text: _named(local_class(), text)(), id="name of the class of an object"),
    ],
)
def test_no_method_of_a_subclass_of_str_inside_a_value_runs(make: Callable[[Any], Any], wire: Wire) -> None:
    names = ("encode", "__repr__", "__str__", "__format__", "__eq__", "__hash__", "__len__", "partition")
    cls = type("Text", (str,), {name: wire.method(name, getattr(str, name)) for name in names})
    wire.try_to_encode(make(cls("text of its own")))
    wire.try_to_encode(make(cls("text of its own \ud800")))


@pytest.mark.parametrize("name", ["__reduce__", "__getstate__", "__dict__", "__slots__", "_fields", "value"])
def test_no_attribute_of_an_object_in_a_class_is_read(
    name: str, wire: Wire, module: types.ModuleType
) -> None:
    hooks = {hook: wire.method(hook, getattr(object, hook)) for hook in ("__getattribute__", "__eq__")}
    hostile = type("Attribute", (), {**hooks, "__iter__": lambda self: iter(())})()
    cls = define(module, {name: hostile})
    wire.try_to_encode(cls)
    wire.try_to_encode(cls())


# --- decoding hostile trees -----------------------------------------------------------------------

PLAIN_TYPES = {type(value) for value in fixed_values().values()} - {
    *(type(value) for value in (len, plain_function, int, str.upper, Color.RED)),
    *(type(fixed_values()[name]) for name in fixed_values() if "object" in name or "enum" in name),
    *(type(fixed_values()[name]) for name in fixed_values() if "namedtuple" in name or "dataclass" in name),
    *(type(fixed_values()[name]) for name in ("flag", "class", "instance of a nested class")),
}


def types_in(value: Any) -> Iterator[type]:
    yield type(value)
    parts: Any = ()
    if isinstance(value, dict):
        parts = [part for pair in value.items() for part in pair]
        parts.append(getattr(value, "default_factory", None))
    elif isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        parts = value
    elif isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
    for part in parts:
        yield from types_in(part)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(json_values | hostile_trees | damaged_trees().map(lambda trees: trees[1]))
def test_any_tree_is_decoded_to_plain_data_or_malformed(tree: Any) -> None:
    try:
        value = decode(tree)
    except MalformedEncoding:
        return
    assert set(types_in(value)) <= PLAIN_TYPES


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(hostile_trees | damaged_trees().map(lambda trees: trees[1]))
def test_with_a_resolver_too_a_tree_is_decoded_or_malformed(tree: Any) -> None:
    with contextlib.suppress(MalformedEncoding):
        decode(tree, resolve_import)


@pytest.mark.parametrize(
    "tree",
    [
        {"$ref": "shutil:rmtree"},
        {"$enum": ["tests.tasks.fixed_values:Color", "RED"]},
        {"$namedtuple": ["tests.tasks.fixed_values:Point", [1, 2]]},
        {"$object": ["tests.tasks.fixed_values:Simple", {}]},
        {"$defaultdict": [{"$ref": "builtins:list"}, []]},
        [{"a": {"$tuple": [{"$ref": "builtins:len"}]}}],
    ],
    ids=to_text,
)
def test_names_are_refused_unless_there_is_a_resolver(tree: Any) -> None:
    with pytest.raises(MalformedEncoding, match=r"the name '.*' is not allowed here"):
        decode(tree)
    assert to_text(encode(decode(tree, resolve_import))) == to_text(tree)


def test_a_resolver_that_fails_in_any_way_makes_the_tree_malformed() -> None:
    for error in (KeyError("x"), AttributeError(), ImportError("no"), RuntimeError(), RecursionError()):

        def resolve(name: str, error: Exception = error) -> Any:
            raise error

        with pytest.raises(MalformedEncoding):
            decode({"$ref": "a:b"}, resolve)


@pytest.mark.parametrize(
    "tree",
    [
        {"$nothing": 1},
        {"$": 1},
        {"$int": None},
        {"$int": "x"},
        {"$int": "9" * 10_000},
        {"$float": "0x00"},
        {"$str": "é"},
        {"$bytes": "\u0100"},
        {"$tuple": 1},
        {"$set": [[]]},
        {"$dict": [[{}, 1]]},
        {"$dict": [[1, 2, 3]]},
        {"$deque": [[1], -1]},
        {"$slice": []},
        {"$range": [0, 1, 0]},
        {"$date": "2024-13-01"},
        {"$time": ["25:00:00", None, 0]},
        {"$datetime": ["2024-01-01T00:00:00", None, 2]},
        {"$datetime": ["2024-01-01T00:00:00", [2, 0, 0], 0]},
        {"$timezone": "../../etc/passwd"},
        {"$timezone": "No/Such/Zone"},
        {"$decimal": "one"},
        {"$fraction": [1, 0]},
        {"$uuid": "x"},
        {"$path": ["Path", "a"]},
        {"$path": ["os", "a"]},
        {"$pattern": ["(", 0]},
        {"$pattern": ["a", 2**40]},
        (1, 2),
        {1: 2},
        object(),
    ],
)
def test_trees_that_encode_nothing_are_malformed(tree: Any) -> None:
    with pytest.raises(MalformedEncoding):
        decode(tree)


@pytest.mark.parametrize(
    "wrap", [lambda tree: [tree], lambda tree: {"$tuple": [tree]}, lambda tree: {"a": tree}]
)
def test_trees_nested_without_end_are_malformed(wrap: Callable[[Any], Any]) -> None:
    tree: Any = 0
    for _ in range(100_000):
        tree = wrap(tree)
    with pytest.raises(MalformedEncoding, match="nested too deeply"):
        decode(tree)
    while tree:  # taken apart by hand: a recursive release could overflow the stack
        tree = tree[0] if isinstance(tree, list) else next(iter(tree.values()))


# --- names ----------------------------------------------------------------------------------------


def test_class_names_are_read_past_the_metaclass(wire: Wire, module: types.ModuleType) -> None:
    hook = wire.method("__getattribute__", type.__getattribute__)
    meta = type("Meta", (type,), {"__getattribute__": hook})
    cls = define(module, {}, metaclass=meta)
    wire.armed = True
    assert class_name(cls) == "hostile_module:Hostile"
    assert class_name(int) == "builtins:int"
    assert class_name(datetime.datetime) == "datetime:datetime"
    assert class_name(Outer.Inner) == "tests.tasks.fixed_values:Outer.Inner"


@pytest.mark.parametrize("name", ["no_such_module:x", "os:no_such_name", "os:path.no_such_name", "os", ""])
def test_names_that_do_not_exist_are_key_errors(name: str) -> None:
    with pytest.raises(KeyError):
        resolve_import(name)


def test_resolving_a_name_imports_nothing() -> None:
    assert "this" not in sys.modules
    with pytest.raises(KeyError):
        resolve_import("this:s")
    assert "this" not in sys.modules
