"""Values that calls make anew: encoded without being consumed, and made again the same."""

from __future__ import annotations

import functools
import io
import itertools
import json
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tasks.python_source import NotRenderable, SourceRenderer
from tasks.rebuilt_values import (
    MAX_ITERATED,
    REBUILDERS,
    RebuildingEncoder,
    RecordingEncoder,
    ResultEncoder,
    is_iterator,
)
from tasks.value_decoding import MalformedEncoding, decode
from tasks.value_encoding import NotEncodable, encode, resolve_import, to_text
from tests.tasks.fixed_values import fixed_values
from tests.tasks.rebuilt_samples import Plain, Slotted, rebuilt_values

NAMES = sorted(rebuilt_values())
ENDLESS = ("count", "count by steps", "endless repeat")


def text(value: Any) -> str:
    return to_text(RebuildingEncoder().encode(value))


def made_again(tree: str) -> Any:
    return decode(json.loads(tree), resolve_import)


def behaviour(value: Any) -> Any:
    """What a value does, deeply enough to tell two of them apart."""
    if is_iterator(value):
        return [behaviour(item) for item in itertools.islice(value, 5)]
    if isinstance(value, re.Match):
        return [value.re, value.string, value.span(), value.groups()]
    if isinstance(value, (list, tuple, type({}.values()))):
        return [behaviour(item) for item in value]
    if isinstance(value, dict):
        return {key: behaviour(item) for key, item in value.items()}
    return repr(value).partition(" at 0x")[0] if callable(value) else value


@pytest.mark.parametrize("name", NAMES)
def test_a_value_made_again_has_the_same_text(name: str) -> None:
    first = text(rebuilt_values()[name])
    assert text(made_again(first)) == first


@pytest.mark.parametrize("name", NAMES)
def test_encoding_consumes_nothing(name: str) -> None:
    value = rebuilt_values()[name]
    assert text(value) == text(value)
    assert behaviour(value) == behaviour(rebuilt_values()[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_value_made_again_does_the_same(name: str) -> None:
    assert behaviour(made_again(text(rebuilt_values()[name]))) == behaviour(rebuilt_values()[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_expression_of_a_value_makes_it(name: str) -> None:
    tree = text(rebuilt_values()[name])
    if "$object" in tree:
        with pytest.raises(NotRenderable):
            SourceRenderer().render(json.loads(tree))
        return
    renderer = SourceRenderer()
    expression = renderer.render(json.loads(tree))
    names: dict[str, Any] = {}
    exec("".join(f"import {module}\n" for module in renderer.imports), names)  # noqa: S102
    assert text(eval(expression, names)) == tree  # noqa: S307 - made of values written here


def test_every_rebuilder_is_tested() -> None:
    texts = "".join(text(value) for value in rebuilt_values().values())
    assert [name for name in REBUILDERS if f'"{name}"' not in texts] == []


def test_arguments_of_calls_that_are_known() -> None:
    assert RebuildingEncoder().encode(functools.partial(operator.add, 1)) == {
        "$call": ["functools:partial", [{"$ref": "_operator:add"}, 1], {}]
    }
    assert RebuildingEncoder().encode(iter([1])) == {"$call": ["builtins:iter", [[1]], {}]}
    assert RebuildingEncoder().encode([5].pop) == {"$call": ["builtins:getattr", [[5], "pop"], {}]}


class Counting:
    """An iterator of a class of its own, which tells how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __iter__(self) -> Counting:
        return self

    def __next__(self) -> int:
        self.asked += 1
        return self.asked


def _generator() -> Iterator[int]:
    yield 1


class _Hiding:
    def method(self) -> None:
        """Hidden by an attribute of the instance's class below."""


class _Renamed(_Hiding):
    other = _Hiding.method
    method = None  # type: ignore[assignment]


def _with_attribute() -> Any:
    made = functools.partial(max)
    made.note = 1  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_generator, "unsupported_type"),
        (lambda: io.StringIO("text"), "unsupported_type"),
        (lambda: itertools.chain([1], [2]), "unsupported_type"),
        (lambda: itertools.count(0.5), "unsupported_type"),
        (lambda: zip([1], [2], strict=True), "unsupported_type"),
        (lambda: functools.partial(lambda: 1), "not_importable"),
        (lambda: map(lambda x: x, [1]), "not_importable"),
        (_with_attribute, "unsupported_type"),
        (lambda: _Renamed().other, "not_importable"),
        (lambda: iter(type("Own", (list,), {})([1])), "unsupported_type"),
        (lambda: reversed(type("Own", (list,), {})([1])), "unsupported_type"),
        (lambda: functools.partial(max, _generator()), "unsupported_type"),
        (lambda: Slotted(1, 2).total, "unsupported_type"),
    ],
)
def test_what_no_call_makes_anew_has_a_reason(make: Callable[[], Any], reason: str) -> None:
    with pytest.raises(NotEncodable) as error:
        RebuildingEncoder().encode(make())
    assert error.value.reason == reason


@pytest.mark.parametrize("encoder", [RebuildingEncoder, ResultEncoder, RecordingEncoder])
def test_a_list_in_itself_is_refused_and_one_that_occurs_twice_is_not(encoder: Any) -> None:
    shared = [1]
    assert encoder().encode([shared, shared]) == [[1], [1]]
    shared.append(shared)  # type: ignore[arg-type]
    with pytest.raises(NotEncodable, match="cyclic_reference"):
        encoder().encode(shared)


@pytest.mark.parametrize("encoder", [RebuildingEncoder, ResultEncoder, RecordingEncoder])
def test_all_encoders_agree_on_plain_data(encoder: Any) -> None:
    for value in fixed_values().values():
        assert encoder().encode(value) == encode(value)


def test_results_hold_what_iterators_yield() -> None:
    assert ResultEncoder().encode(iter([1, "a"])) == {"$iterator": [[1, "a"], True]}
    assert ResultEncoder().encode([map(str, [1]), _generator()]) == [
        {"$iterator": [["1"], True]},
        {"$iterator": [[1], True]},
    ]
    assert ResultEncoder().encode(zip([iter([1])])) == {
        "$iterator": [[{"$tuple": [{"$iterator": [[1], True]}]}], True]
    }


def test_an_iterator_in_a_result_is_read_only_so_far() -> None:
    endless = Counting()
    tree: Any = ResultEncoder().encode(endless)
    assert tree == {"$iterator": [list(range(1, MAX_ITERATED + 1)), False]}
    assert endless.asked == MAX_ITERATED + 1
    assert ResultEncoder().encode(iter(range(MAX_ITERATED)))["$iterator"][1] is True  # type: ignore[index]


def test_recording_leaves_iterators_alone() -> None:
    untouched = Counting()
    for value in (untouched, [untouched], iter([1]), _generator(), itertools.count(), zip()):
        with pytest.raises(NotEncodable, match="iterator"):
            RecordingEncoder().encode(value)
    assert untouched.asked == 0


def test_what_makes_an_iterator_is_its_class_and_nothing_of_it_runs() -> None:
    class Loud(type):
        def __getattribute__(cls, name: str) -> Any:
            raise AssertionError("code of the value ran")

    class Value(metaclass=Loud):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError("code of the value ran")

        def __next__(self) -> int:
            raise AssertionError("code of the value ran")

    assert is_iterator(object.__new__(Value))
    assert is_iterator(_generator())
    assert is_iterator(Counting())
    assert not is_iterator([1])
    assert not is_iterator(Counting)
    fake = Plain(1)
    fake.__next__ = lambda: 1  # type: ignore[attr-defined]
    assert not is_iterator(fake)


@pytest.mark.parametrize(
    "tree",
    [
        {"$call": ["builtins:eval", ["1"], {}]},
        {"$call": ["os:system", ["true"], {}]},
        {"$call": ["builtins:iter", [1], {}]},
        {"$call": ["builtins:iter", []]},
        {"$call": "builtins:iter"},
        {"$iterator": [[1], True]},
    ],
)
def test_nothing_but_rebuilders_is_called_when_decoding(tree: Any) -> None:
    with pytest.raises(MalformedEncoding):
        decode(tree, resolve_import)


def test_rendered_calls_name_their_modules_and_refuse_what_is_no_identifier() -> None:
    renderer = SourceRenderer()
    tree: Any = {"$call": ["functools:partial", [{"$ref": "builtins:sorted"}], {"reverse": True}]}
    assert renderer.render(tree) == "functools.partial(sorted, reverse=True)"
    assert renderer.imports == {"functools"}
    for name in ("no name", "class"):
        with pytest.raises(NotRenderable):
            renderer.render({"$call": ["functools:partial", [{"$ref": "builtins:dict"}], {name: 1}]})
