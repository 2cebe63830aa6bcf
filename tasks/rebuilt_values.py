"""Encoding of what a call makes anew: iterators, partial functions, getters and bound methods.

Runs wherever `tasks.value_encoding` does, under the same rules. Such a value is an object
``{"$call": ["functools:partial", arguments, keyword_arguments]}`` with one of `REBUILDERS` in it.
"""

from __future__ import annotations

import functools
import itertools
import operator
import re
import types
import warnings

from .value_encoding import Encoder, NotEncodable, class_name

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    _Parts = Any  # the name of a rebuilder, its arguments and its keyword arguments

REBUILDERS: dict[str, Callable[..., Any]] = {
    "builtins:dict.items": dict.items,
    "builtins:dict.keys": dict.keys,
    "builtins:dict.values": dict.values,
    "builtins:iter": iter,
    "builtins:enumerate": enumerate,
    "builtins:filter": filter,
    "builtins:getattr": getattr,
    "builtins:map": map,
    "builtins:zip": zip,
    "functools:partial": functools.partial,
    "itertools:count": itertools.count,
    "itertools:repeat": itertools.repeat,
    "operator:attrgetter": operator.attrgetter,
    "operator:itemgetter": operator.itemgetter,
    "operator:methodcaller": operator.methodcaller,
    "re:search": re.search,
}
"""What decoding may call, by the names under which encoded values refer to it."""

MAX_ITERATED = 50
"""So many items of an iterator in a result are looked at."""

_SEQUENCES = frozenset(map(id, (list, tuple, str, bytes, bytearray, range)))
_COUNT = re.compile(r"count\((-?\d+)(?:, (-?\d+))?\)")
_class_mro = type.__dict__["__mro__"].__get__
_class_namespace = type.__dict__["__dict__"].__get__


class RebuildingEncoder(Encoder):
    """Also encodes what a call makes anew, and objects that occur twice, as if there were two.

    Nothing is consumed: of an iterator, what is left in it is encoded.
    """

    def _enter(self, value: object) -> None:
        key = id(value)
        if key in self._open:
            raise NotEncodable("cyclic_reference", class_name(type(value)))
        self._seen[key] = value
        self._open.add(key)

    def _referred(self, value: Any, kind: type, depth: int) -> object:
        try:
            return super()._referred(value, kind, depth)
        except NotEncodable:
            owner = getattr(value, "__self__", None) if kind is types.BuiltinFunctionType else None
            if owner is None or type(owner) is types.ModuleType:
                raise
        return self._call("builtins:getattr", [owner, value.__name__], {}, depth)

    def _instance(self, value: Any, kind: type, depth: int) -> object:
        parts_of = _REBUILT.get(id(kind))
        if parts_of is None:
            return super()._instance(value, kind, depth)
        name, arguments, keywords = parts_of(value)
        return self._call(name, arguments, keywords, depth)

    def _call(self, name: str, arguments: list[Any], keywords: dict[str, Any], depth: int) -> object:
        encoded = {key: self.encode(item, depth + 1) for key, item in keywords.items()}
        return {"$call": [name, self._items(arguments, depth), encoded]}


class ResultEncoder(RebuildingEncoder):
    """Encodes results: iterators by what they yield, ``{"$iterator": [items, whether that is all]}``.

    That consumes them and runs their code, so it is for the process of a sample alone.
    """

    def _instance(self, value: Any, kind: type, depth: int) -> object:
        if is_iterator(value):
            try:
                taken = list(itertools.islice(value, MAX_ITERATED + 1))
            except Exception as error:  # one that breaks, or only its class says that it is one
                raise NotEncodable("unsupported_type", class_name(kind)) from error
            whole = len(taken) <= MAX_ITERATED
            return {"$iterator": [self._items(taken[:MAX_ITERATED], depth), whole]}
        return super()._instance(value, kind, depth)


class RecordingEncoder(RebuildingEncoder):
    """Encodes results while the program runs on: iterators are left alone, so they have no encoding."""

    def _instance(self, value: Any, kind: type, depth: int) -> object:
        if is_iterator(value):
            raise NotEncodable("iterator", class_name(kind))
        return super()._instance(value, kind, depth)


def is_iterator(value: object) -> bool:
    """Whether a value's class makes it an iterator. Nothing of the value runs."""
    return any("__next__" in _class_namespace(base) for base in _class_mro(type(value)))


def _remaining(iterator: Any) -> _Parts:
    make, arguments, *state = iterator.__reduce__()
    sequence = arguments[0]
    if make not in (iter, reversed) or len(arguments) != 1 or id(type(sequence)) not in _SEQUENCES:
        raise NotEncodable("unsupported_type", class_name(type(iterator)))
    if make is reversed:
        return "builtins:iter", [list(sequence[state[0] :: -1]) if state else []], {}
    return "builtins:iter", [sequence[state[0] :] if state and state[0] else sequence], {}


def _reduced(iterator: Any) -> _Parts:
    with warnings.catch_warnings():  # Python 3.12 warns that 3.14 will not tell any more
        warnings.simplefilter("ignore")
        make, arguments, *state = iterator.__reduce__()
    if any(part is not None for part in state):
        raise NotEncodable("unsupported_type", class_name(type(iterator)) + " with a state")
    return f"{make.__module__}:{make.__name__}", list(arguments), {}


def _count(iterator: Any) -> _Parts:
    found = _COUNT.fullmatch(repr(iterator))
    if found is None:
        raise NotEncodable("unsupported_type", "itertools:count")
    return "itertools:count", [int(part) for part in found.groups() if part], {}


def _partial(value: functools.partial[Any]) -> _Parts:
    if value.__dict__:
        raise NotEncodable("unsupported_type", "functools:partial with attributes")
    return "functools:partial", [value.func, *value.args], value.keywords


def _getter(value: Any) -> _Parts:
    make, arguments = value.__reduce__()
    if type(make) is functools.partial:  # a methodcaller with keyword arguments
        return "operator:methodcaller", [*make.args, *arguments], make.keywords
    return f"operator:{make.__name__}", list(arguments), {}


def _view(value: Any) -> _Parts:
    items, keys, _ = _VIEWS
    if type(value) is items:
        return "builtins:dict.items", [dict(value)], {}
    if type(value) is keys:
        return "builtins:dict.keys", [dict.fromkeys(value)], {}
    return "builtins:dict.values", [dict(enumerate(value))], {}


def _match(value: re.Match[Any]) -> _Parts:
    found = value.re.search(value.string)
    if type(value.string) not in (str, bytes) or found is None or found.span() != value.span():
        raise NotEncodable("unsupported_type", "a match that is not the first")
    return "re:search", [value.re, value.string], {}


def _bound_method(value: types.MethodType) -> _Parts:
    function = value.__func__
    if type(function) is not types.FunctionType:
        raise NotEncodable("unsupported_type", "method of a " + class_name(type(function)))
    name = function.__name__
    owner = value.__self__
    mro = _class_mro(owner if issubclass(type(owner), type) else type(owner))
    found = next((_class_namespace(base)[name] for base in mro if name in _class_namespace(base)), None)
    if type(found) is classmethod:
        found = found.__func__
    if found is not function:
        raise NotEncodable("not_importable", name)
    return "builtins:getattr", [owner, name], {}


def _flat_iterators() -> Iterator[type]:
    values: list[Any] = [[], (), "", "\u1234", b"", bytearray(), range(1), range(2**70)]
    values += [_NOTHING, _NOTHING.values(), _NOTHING.items(), set()]
    for value in values:
        yield type(iter(value))
    yield type(reversed([]))


_NOTHING: dict[int, int] = {}
_VIEWS = (type(_NOTHING.items()), type(_NOTHING.keys()), type(_NOTHING.values()))
_REBUILT: dict[int, Callable[[Any], Any]] = {
    **{id(kind): _remaining for kind in _flat_iterators()},
    **{id(kind): _reduced for kind in (enumerate, zip, map, filter, itertools.repeat)},
    **{id(kind): _getter for kind in (operator.itemgetter, operator.attrgetter, operator.methodcaller)},
    **{id(kind): _view for kind in _VIEWS},
    id(itertools.count): _count,
    id(re.Match): _match,
    id(functools.partial): _partial,
    id(types.MethodType): _bound_method,
}
