"""Values that calls make anew, and objects that only their structure describes, one or more of a kind.

Also runs on Python 3.8, like `tests.tasks.fixed_values`: standard library only.
"""

from __future__ import annotations

import functools
import itertools
import operator
import re
from typing import Any


class Slotted:
    """Its state is in slots, and it says itself how to be made again."""

    __slots__ = ("left", "right")

    def __init__(self, left: Any, right: Any) -> None:
        self.left = left
        self.right = right

    def __reduce__(self) -> Any:
        return Slotted, (self.left, self.right)

    def total(self) -> Any:
        return self.left + self.right


class Plain:
    """Nothing but its attributes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def doubled(self) -> Any:
        return self.value * 2

    @classmethod
    def made(cls, value: Any) -> Plain:
        return cls(value)


class Table(dict):  # type: ignore[type-arg]
    """A dictionary with an attribute."""

    def __init__(self, *items: Any, note: str = "") -> None:
        super().__init__(*items)
        self.note = note


class Row(list):  # type: ignore[type-arg]
    """A list with a name of its own."""


class Text(str):
    """A text with a name of its own."""

    __slots__ = ()


class Constant:
    """Pickled by the name of a global."""

    def __reduce__(self) -> str:
        return "CONSTANT"


class Meta(type):
    """A metaclass: classes of it are values of another type than `type`."""


class WithMeta(metaclass=Meta):
    """A class that is not of the type `type`."""


CONSTANT = Constant()


def advanced(iterator: Any, steps: int = 1) -> Any:
    """An iterator of which some items were taken already."""
    for _ in range(steps):
        next(iterator)
    return iterator


def rebuilt_values() -> dict[str, Any]:
    """Values that `tasks.rebuilt_values.REBUILDERS` make anew."""
    shared = [1]
    return {
        "items of a dictionary": {1: 2, "a": [3]}.items(),
        "keys of a dictionary": {1: 2, "a": 3}.keys(),
        "values of a dictionary": {1: 2, "a": [3]}.values(),
        "match": re.search("(a+)b", "xaab"),
        "list iterator": iter([1, 2, 3]),
        "list iterator, advanced": advanced(iter([1, 2, 3])),
        "list iterator, at its end": advanced(iter([1]), 1),
        "list iterator, exhausted": exhausted(iter([1])),
        "tuple iterator": iter((1, "a")),
        "tuple iterator, advanced": advanced(iter((1, "a"))),
        "text iterator": advanced(iter("abc")),
        "wide text iterator": advanced(iter("\u1234bc")),
        "bytes iterator": advanced(iter(b"abc")),
        "bytearray iterator": iter(bytearray(b"abc")),
        "range iterator": advanced(iter(range(5))),
        "long range iterator": advanced(iter(range(2**70, 2**70 + 3))),
        "dictionary iterator": advanced(iter({"a": 1, "b": 2})),
        "values iterator": advanced(iter({"a": 1, "b": 2}.values())),
        "items iterator": advanced(iter({"a": 1, "b": 2}.items())),
        "set iterator": iter({7}),
        "reversed list": advanced(reversed([1, 2, 3])),
        "reversed list, exhausted": exhausted(reversed([1])),
        "enumerate": advanced(enumerate("abc", 5)),
        "zip": advanced(zip([1, 2], "ab")),  # noqa: B905 - Python 3.8
        "zip of nothing": zip(),
        "map": map(str.upper, ["a", "b"]),
        "filter": filter(None, [0, 1]),
        "filter by a function": advanced(filter(str.isdigit, ["a", "1", "2"])),
        "count": advanced(itertools.count(3)),
        "count by steps": advanced(itertools.count(10, -2)),
        "endless repeat": itertools.repeat("x"),
        "repeat": advanced(itertools.repeat("x", 3)),
        "partial": functools.partial(operator.add, 1),
        "partial with keywords": functools.partial(sorted, key=str.lower, reverse=True),
        "partial of a partial": functools.partial(functools.partial(int, base=2), "101"),
        "item getter": operator.itemgetter(1),
        "item getter of several": operator.itemgetter("a", slice(1, None)),
        "attribute getter": operator.attrgetter("a.b", "c"),
        "method caller": operator.methodcaller("split"),
        "method caller with arguments": operator.methodcaller("split", "-", maxsplit=1),
        "bound method": Plain(2).doubled,
        "class method": Plain.made,
        "method of a list": [1, 2].append,
        "method of a class": dict.fromkeys,
        "method of a text": "a,b".split,
        "nested iterators": zip(map(int, iter(["1"])), enumerate(reversed([2, 3]))),  # noqa: B905 - Python 3.8
        "in containers": {"key": [iter([1]), (operator.itemgetter(0),)]},
        "one object twice": [shared, shared, functools.partial(max, shared)],
    }


def exhausted(iterator: Any) -> Any:
    """An iterator of which nothing is left."""
    list(iterator)
    return iterator


def structured_values() -> dict[str, Any]:
    """Objects that `tasks.structural_encoding` describes and the plain encoding refuses."""
    knot: list[Any] = [1]
    knot.append(knot)
    looped = Plain(None)
    looped.value = {"self": looped}

    class Local:
        def __init__(self) -> None:
            self.value = 1

    return {
        "reduced": Slotted(1, [2]),
        "dictionary subclass": Table({"a": 1}, note="n"),
        "list subclass": Row([1, [2]]),
        "text subclass": Text("abc"),
        "global": CONSTANT,
        "class with a metaclass": WithMeta,
        "list in itself": knot,
        "object in itself": looped,
        "instance of a local class": Local(),
        "local class": Local,
        "lambda": lambda: 1,
        "exception": ValueError("wrong", 1),
        "within": {"rows": [Row([Slotted(1, 2)])]},
    }
