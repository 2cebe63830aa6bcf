"""Equality of encoded values: as strict as types are, as Python's ``==`` in all else."""

from __future__ import annotations

import collections
import datetime
import decimal
import math
from collections.abc import Hashable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.equality import EXACT, FLOAT_TOLERANCE, Comparator, equal, first_difference, holds_float
from tasks.value_encoding import encode
from tests.tasks.fixed_values import (
    Color,
    Frozen,
    Level,
    Pair,
    Plain,
    Point,
    Simple,
    fixed_values,
    float_from_bits,
)
from tests.tasks.values import (
    damaged_trees,
    encode_without_limits,
    floats,
    text_of,
    value_of,
    values,
)

OrderedDict, Counter, defaultdict, deque = (
    collections.OrderedDict,
    collections.Counter,
    collections.defaultdict,
    collections.deque,
)
COMPARATORS = (EXACT, FLOAT_TOLERANCE, Comparator("float_tolerance"))
comparators = st.sampled_from(COMPARATORS)


def same(left: object, right: object, comparator: Comparator = EXACT) -> bool:
    """Whether the encodings are equal, which must not depend on the side."""
    left_tree, right_tree = encode(left), encode(right)
    result = equal(left_tree, right_tree, comparator)
    assert equal(right_tree, left_tree, comparator) is result
    return result


# --- types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, True),
        (1.0, True),
        (0, False),
        (0, None),
        (False, None),
        ("", None),
        (1, 1 + 0j),
        (1.0, 1 + 0j),
        (1, decimal.Decimal(1)),
        (1, Level.LOW),
        ("1", 1),
        ("a", b"a"),
        (b"a", bytearray(b"a")),
        ([1], (1,)),
        ([], ()),
        ([], {}),
        ([], None),
        ({1}, frozenset([1])),
        (set(), []),
        ({"a": 1}, OrderedDict(a=1)),
        ({"a": 1}, Counter(a=1)),
        ({"a": 1}, defaultdict(int, a=1)),
        (Counter(a=1), OrderedDict(a=1)),
        ([1], deque([1])),
        ((1, 2), Point(1, 2)),
        (Pair(1, 2), Point(1, 2)),
        (Simple(number=1, items=[]), Plain(1)),
        (range(1), [0]),
        (math.inf, "inf"),
        (math.nan, None),
        (2**60, str(2**60)),
        (datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1)),
        (datetime.date(2024, 1, 1), "2024-01-01"),
    ],
)
def test_values_of_different_types_differ_everywhere(left: Any, right: Any, comparator: Comparator) -> None:
    assert not same(left, right, comparator)
    assert not same([left], [right], comparator)
    assert not same({"a": left}, {"a": right}, comparator)
    assert not same({1: (left,)}, {1: (right,)}, comparator)
    assert not same(OrderedDict(a=left), OrderedDict(a=right), comparator)
    assert not same(deque([left]), deque([right]), comparator)
    assert not same(Simple(a=left), Simple(a=right), comparator)


@pytest.mark.parametrize(("left", "right"), [(1, True), (1, 1.0), ("a", b"a"), ((1,), (True,))], ids=repr)
def test_keys_and_items_of_sets_of_different_types_differ(left: Any, right: Any) -> None:
    assert not same({left: 0}, {right: 0})
    assert not same(Counter([left]), Counter([right]))
    assert not same(defaultdict(None, {left: 0}), defaultdict(None, {right: 0}))
    assert not same({left}, {right})
    assert not same(frozenset([left, "x"]), frozenset([right, "x"]))


@pytest.mark.parametrize("name", fixed_values())
def test_each_kind_of_value_equals_itself_and_nothing_else(name: str) -> None:
    tree = encode(fixed_values()[name])
    for other_name, other in fixed_values().items():
        both_nan = {name, other_name} <= {"nan", "negative nan", "nan with a payload"}
        assert same(fixed_values()[name], other) == (name == other_name or both_nan), other_name
    assert equal(tree, encode(value_of(text_of(fixed_values()[name]))))


# --- order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        dict,
        lambda pairs: {**dict(pairs), "$": 0},
        lambda pairs: {**dict(pairs), 1: 0},
        lambda pairs: defaultdict(list, pairs),
        lambda pairs: Counter(dict(pairs)),
        lambda pairs: Simple(**dict(pairs)),
        lambda pairs: Simple(**dict(pairs), **{"$": 0}),
    ],
    ids=["plain", "dollar key", "int key", "defaultdict", "Counter", "attributes", "odd attributes"],
)
def test_the_order_of_items_does_not_matter(make: Any) -> None:
    forwards, backwards = make([("a", 1), ("b", 2)]), make([("b", 2), ("a", 1)])
    assert text_of(forwards) != text_of(backwards)
    assert same(forwards, backwards)
    assert same([forwards], [backwards])
    assert not same(forwards, make([("a", 2), ("b", 1)]))
    assert not same(forwards, make([("a", 1)]))
    assert not same(forwards, make([("a", 1), ("b", 2), ("c", 3)]))


def test_the_order_of_an_ordered_dict_matters() -> None:
    assert not same(OrderedDict(a=1, b=2), OrderedDict(b=2, a=1))
    assert same(OrderedDict(a={1: 1, 2: 2}), OrderedDict(a={2: 2, 1: 1}))


@pytest.mark.parametrize("make", [list, tuple, deque, lambda items: slice(*items)])
def test_the_order_of_a_sequence_matters(make: Any) -> None:
    assert not same(make([1, 2, 3]), make([2, 1, 3]))


def test_sets_are_equal_when_their_items_are() -> None:
    assert same({1, 2, "a"}, {"a", 2, 1})
    assert not same({1, 2}, {1, 3})
    assert not same({1, 2}, {1})
    assert same({frozenset([1, 2])}, {frozenset([2, 1])})


def test_the_factory_of_a_defaultdict_and_the_limit_of_a_deque_matter() -> None:
    assert not same(defaultdict(list), defaultdict(int))
    assert not same(defaultdict(list), defaultdict(None))
    assert not same(deque([1], 2), deque([1]))


# --- floats ---------------------------------------------------------------------------------------

NANS = (math.nan, float_from_bits(0xFFF8000000000000), float_from_bits(0x7FF0000000000001))


@pytest.mark.parametrize("comparator", COMPARATORS)
def test_every_nan_equals_every_nan_and_nothing_else(comparator: Comparator) -> None:
    for left in NANS:
        for right in NANS:
            assert same(left, right, comparator)
            assert same([complex(1, left)], [complex(1, right)], comparator)
        assert not same(left, math.inf, comparator)
        assert not same(left, 0.0, comparator)


@pytest.mark.parametrize("comparator", COMPARATORS)
def test_zeros_are_equal_and_infinities_are_not(comparator: Comparator) -> None:
    assert same(0.0, -0.0, comparator)
    assert same([complex(0.0, -0.0)], [complex(-0.0, 0.0)], comparator)
    assert same(math.inf, math.inf, comparator)
    assert not same(math.inf, -math.inf, comparator)
    assert not same(math.inf, 1.7976931348623157e308, comparator)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param({0.0}, {-0.0}, id="zero in a set"),
        pytest.param({0.0, -1.0}, {-0.0, -1.0}, id="zero among others in a set"),
        pytest.param({0.0: 1}, {-0.0: 1}, id="zero as a key"),
        pytest.param({(0.0,): 1}, {(-0.0,): 1}, id="zero in a key"),
        pytest.param({math.nan, math.inf}, {NANS[1], math.inf}, id="nan among others in a set"),
        pytest.param({math.nan: 1}, {NANS[1]: 1}, id="nan as a key"),
        pytest.param(defaultdict(None, {0.0: 1}), defaultdict(None, {-0.0: 1}), id="key of a defaultdict"),
    ],
)
def test_zeros_and_nans_are_equal_as_items_of_sets_and_as_keys(left: Any, right: Any) -> None:
    assert same(left, right)


def test_keys_that_equal_no_other_are_counted() -> None:
    assert not same({math.nan: 1, float("nan"): 2}, {math.nan: 2})


def holding(number: float) -> list[Any]:
    return [
        number,
        [number],
        {"a": (1, number)},
        {1: [number]},
        {"$": number},
        OrderedDict(a=number),
        defaultdict(list, {"a": number}),
        Counter({"a": number}),
        deque([number]),
        slice(number, None),
        complex(number, 1),
        [complex(1, number)],
        Point(0, number),
        Frozen("a", [number]),
        Simple(a={"b": number}),
    ]


@pytest.mark.parametrize(
    ("expected", "actual", "comparator", "close"),
    [
        (1.0, 1.0 + 1e-16, EXACT, True),  # the same float
        (1.0, 1.0 + 3e-16, EXACT, False),
        (1.0, 1.0 + 3e-16, FLOAT_TOLERANCE, True),
        (1e6, 1e6 + 0.9, FLOAT_TOLERANCE, True),
        (1e6, 1e6 + 1.1, FLOAT_TOLERANCE, False),
        (-1e6, -1e6 - 0.9, FLOAT_TOLERANCE, True),
        (0.0, 0.9e-8, FLOAT_TOLERANCE, True),
        (0.0, 1.1e-8, FLOAT_TOLERANCE, False),
        (1.0, -1.0, FLOAT_TOLERANCE, False),
        (100.0, 110.0, Comparator("float_tolerance", rtol=0.1), True),
        (100.0, 112.0, Comparator("float_tolerance", rtol=0.1), False),
        (100.0, 100.5, Comparator("float_tolerance", atol=0.5), True),
        (100.0, 100.6, Comparator("float_tolerance", atol=0.5), False),
        (1.0, 1.0 + 3e-16, Comparator("float_tolerance"), False),
    ],
)
def test_tolerance_holds_at_every_place_up_to_its_limit(
    expected: float, actual: float, comparator: Comparator, close: bool
) -> None:
    for left, right in zip(holding(expected), holding(actual), strict=True):
        assert same(left, right, comparator) is close, left


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param({1.5}, {1.5 + 1e-12}, id="one item"),
        pytest.param({10.0, 5.0}, {9.9999999, 5.0}, id="items whose texts change places"),
        pytest.param({(10.0, 1), (5.0, 2)}, {(9.9999999, 1), (5.0, 2)}, id="items that hold floats"),
        pytest.param({0.0, -1.0}, {-1e-9, -1.0}, id="about zero"),
        pytest.param({10.000005, 9.999996}, {10.000001, 10.000012}, id="one way only to pair the items"),
    ],
)
def test_tolerance_holds_in_sets(left: Any, right: Any) -> None:
    assert same(left, right, FLOAT_TOLERANCE)
    assert not same(left, right, EXACT)


def test_each_item_of_a_set_counts_once() -> None:
    assert not same({1.0, 1.0 + 1e-7}, {1.0, 5.0}, FLOAT_TOLERANCE)


def test_tolerance_is_exact_in_all_but_floats() -> None:
    assert not same(10**9, 10**9 + 1, FLOAT_TOLERANCE)
    assert not same("1.0", "1.0000000001", FLOAT_TOLERANCE)
    assert not same(decimal.Decimal("1.0"), decimal.Decimal("1.0000000001"), FLOAT_TOLERANCE)
    assert not same([1.0], [1.0, 1.0], FLOAT_TOLERANCE)


@given(floats, floats, st.floats(0, 1), st.floats(0, 1e9))
def test_tolerance_is_the_larger_of_both_limits(left: float, right: float, rtol: float, atol: float) -> None:
    close = math.isclose(left, right, rel_tol=rtol, abs_tol=atol) or (left != left and right != right)
    assert same([left], [right], Comparator("float_tolerance", rtol, atol)) is close


@pytest.mark.parametrize("number", [1.5, -0.0, math.inf, math.nan, NANS[1]])
def test_floats_are_found_wherever_they_are(number: float) -> None:
    for value in (*holding(number), {number}, {number: 1}, {(number,): 1}):
        assert holds_float(encode(value)), value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        2**80,
        "1.5",
        "nan",
        {"$float": "nan"},
        {"$complex": 1},
        decimal.Decimal("1.5"),
        {1: (2,)},
    ],
    ids=repr,
)
def test_no_floats_are_found_where_there_are_none(value: Any) -> None:
    assert not holds_float(encode(value))


# --- messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "actual", "message"),
    [
        (1, 2, "result: expected 1, got 2"),
        (1, True, "result: expected 1, got true"),
        ([1, [2, 3]], [1, [2, 4]], "result[1][1]: expected 3, got 4"),
        ([1], [1, 2], "result: expected 1 items, got 2"),
        ((1, (2,)), (1, (3,)), "result[1][0]: expected 2, got 3"),
        ({"a": {"b": [1]}}, {"a": {"b": [2]}}, "result['a']['b'][0]: expected 1, got 2"),
        ({"a": 1}, {"b": 1}, "result: expected the keys ['a'], got ['b']"),
        ({1: {"a": 2}}, {1: {"a": 3}}, "result[1]['a']: expected 2, got 3"),
        ({(1,): 2}, {(1,): 3}, 'result[{"$tuple":[1]}]: expected 2, got 3'),
        ({1: 2}, {2: 2}, "result: expected the keys ['1'], got ['2']"),
        (defaultdict(None, {"a": 1}), defaultdict(None, {"a": 2}), 'result["a"]: expected 1, got 2'),
        ([], (), 'result: expected [], got {"$tuple":[]}'),
        (math.inf, -math.inf, 'result: expected "inf", got "-inf"'),
        ("a" * 300, 1, 'result: expected "' + "a" * 196 + "..., got 1"),
    ],
)
def test_differences_name_the_place_and_both_values(expected: Any, actual: Any, message: str) -> None:
    assert first_difference(encode(expected), encode(actual)) == message


def test_differences_begin_with_the_given_name() -> None:
    assert (
        first_difference([1], [2], path="arguments afterwards")
        == "arguments afterwards[0]: expected 1, got 2"
    )


def test_the_first_of_several_differences_is_named() -> None:
    assert first_difference([0, 1, 2], [0, 5, 6]) == "result[1]: expected 1, got 5"


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(values, comparators)
def test_a_value_equals_itself(value: Any, comparator: Comparator) -> None:
    tree = encode_without_limits(value)
    assert first_difference(tree, encode_without_limits(value), comparator) is None


@settings(max_examples=200, deadline=None)
@given(values, values, comparators)
def test_equality_is_symmetric(left: Any, right: Any, comparator: Comparator) -> None:
    left, right = encode_without_limits(left), encode_without_limits(right)
    assert equal(left, right, comparator) is equal(right, left, comparator)


@settings(max_examples=200, deadline=None)
@given(values, values)
def test_what_is_equal_exactly_is_equal_within_a_tolerance(left: Any, right: Any) -> None:
    trees = encode_without_limits(left), encode_without_limits(right)
    assert equal(*trees, FLOAT_TOLERANCE) or not equal(*trees)


plain_keys = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "$a", "1", 2**60, b"", b"a"]),
    lambda inner: st.lists(inner, max_size=2).map(tuple) | st.frozensets(inner, max_size=2),
    max_leaves=3,
)


def _plain_containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    items = st.lists(inner, max_size=3)
    pairs = st.dictionaries(plain_keys, inner, max_size=3)
    return st.one_of(
        items,
        items.map(tuple),
        items.map(deque),
        st.sets(plain_keys, max_size=3),
        pairs,
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        pairs.map(OrderedDict),
        st.builds(defaultdict, st.sampled_from([None, list]), pairs),
        st.builds(Point, inner, inner),
        st.builds(Frozen, inner, inner),
    )


plain_values = st.recursive(
    plain_keys | st.binary(max_size=1).map(bytearray) | st.sampled_from(Color),
    _plain_containers,
    max_leaves=6,
)


@st.composite
def similar_pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A value and the same again but for some parts; the order of dictionaries changes at will."""
    value = draw(plain_values)
    return value, _changed(draw, value)


def _changed(draw: st.DrawFn, value: Any) -> Any:
    change = draw(st.integers(0, 15))
    if change == 0:
        return draw(plain_values)
    if change == 1 and isinstance(value, (bool, int)):
        return int(value) if isinstance(value, bool) else bool(value)
    if change == 1 and type(value) in (list, tuple):
        return tuple(value) if type(value) is list else list(value)
    if change == 1 and type(value) is dict:
        return OrderedDict(value)
    if type(value) in (list, tuple, deque):
        return type(value)(_changed(draw, item) for item in value)
    if isinstance(value, dict):
        pairs = [(key, _changed(draw, value[key])) for key in draw(st.permutations(list(value)))]
        if type(value) is defaultdict:
            return defaultdict(value.default_factory, pairs)
        return type(value)(pairs)
    if isinstance(value, Point):
        return Point(*(_changed(draw, item) for item in value))
    if isinstance(value, Frozen):
        return Frozen(_changed(draw, value.name), _changed(draw, value.value))
    return value


def typed(value: Any) -> Hashable:
    """The types in a value, with its keys and set items: what Python's ``==`` does not look at."""
    content: Hashable = None
    if isinstance(value, (set, frozenset)):
        content = frozenset(map(typed_key, value))
    elif isinstance(value, OrderedDict):
        content = tuple((typed_key(key), typed(item)) for key, item in value.items())
    elif isinstance(value, dict):
        factory = getattr(value, "default_factory", None)
        content = (factory, frozenset((typed_key(key), typed(item)) for key, item in value.items()))
    elif isinstance(value, (list, tuple, deque)):
        content = tuple(map(typed, value))
    elif isinstance(value, Frozen):
        content = (typed(value.name), typed(value.value))
    return (type(value), content)


def typed_key(value: Any) -> Hashable:
    if isinstance(value, (tuple, frozenset)):
        return (type(value), type(value)(map(typed_key, value)))
    return (type(value), value)


@settings(max_examples=500, deadline=None)
@given(similar_pairs() | st.tuples(plain_values, plain_values))
@example(([{1: "a"}], [{True: "a"}]))
@example(({"a": 1, "b": 2}, {"b": 2, "a": 1}))
@example((OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)))
def test_without_floats_equality_is_that_of_values_and_of_all_types(pair: tuple[Any, Any]) -> None:
    left, right = pair
    assert same(left, right) is (left == right and typed(left) == typed(right))


# --- what the sandbox sends is not trusted --------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({1: 2}, {"$dict": 5}),
        ({1: 2}, {"$dict": [[1]]}),
        ({1: 2}, {"$dict": None}),
        (Counter("a"), {"$counter": [1]}),
        (defaultdict(list), {"$defaultdict": []}),
        (defaultdict(list), {"$defaultdict": None}),
        (math.nan, {"$float": 5}),
        ({1}, {"$set": 5}),
        ([0], ["\ud800"]),
    ],
    ids=repr,
)
def test_a_malformed_tree_differs_from_every_value(expected: Any, actual: Any) -> None:
    assert isinstance(first_difference(encode(expected), actual), str)


@settings(max_examples=600, deadline=None)
@given(damaged_trees(), comparators)
def test_comparing_with_any_tree_gives_an_answer(trees: tuple[Any, Any], comparator: Comparator) -> None:
    difference = first_difference(*trees, comparator)
    assert difference is None or difference.startswith("result")
