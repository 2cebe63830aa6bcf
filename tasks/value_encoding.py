"""One canonical, human-readable encoding of plain Python data as JSON.

The same file runs in three places: in the tracer inside foreign environments, in the sandbox's
sample worker, and on the trusted side. It imports only the standard library and keeps to Python 3.8.

An *encoded value* (a "tree") is what ``json.loads`` returns. Scalars, lists and dictionaries with
plain string keys are themselves; all else is an object with one key that starts with ``$``, such as
``{"$tuple": [1, 2.5]}``.

Encoding runs no code of the value: only exact built-in types are looked into, and objects of other
classes are read through their instance dictionary and slots. Decoding creates instances without
calling their constructors, and resolves names only through the resolver it is given.
"""

from __future__ import annotations

import abc
import collections
import contextlib
import enum
import json
import struct
import sys
import types
from _weakref import ref

from .scalar_encoding import PLAIN_INTEGER_LIMIT, exact_text, has_surrogates, scalar_encoder
from .scalar_encoding import NotEncodable as NotEncodable
from .scalar_encoding import class_name as class_name

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_DEPTH = 60
MAX_NODES = 20_000
MAX_CHARACTERS = 20_000

_COPY_HOOKS = frozenset(["__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__"])
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_MISSING = object()

_class_mro = type.__dict__["__mro__"].__get__
_class_flags = type.__dict__["__flags__"].__get__
_class_base = type.__dict__["__base__"].__get__
_class_size = type.__dict__["__basicsize__"].__get__
_class_item_size = type.__dict__["__itemsize__"].__get__
_class_namespace = type.__dict__["__dict__"].__get__
_module_namespace = vars(types.ModuleType)["__dict__"].__get__
_METHOD_DESCRIPTOR = type(str.upper)
_REFERABLE = frozenset(map(id, (types.FunctionType, types.BuiltinFunctionType, _METHOD_DESCRIPTOR, type)))
_SHOWN_STATE = (types.MemberDescriptorType, types.GetSetDescriptorType)
_ANY_ATTRIBUTES = vars(types.FunctionType)["__dict__"]
_POINTER_BYTES = struct.calcsize("P")
_WITH_ATTRIBUTES = frozenset(map(id, (collections.Counter, collections.OrderedDict)))
_to_text = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode


def to_text(tree: object) -> str:
    """The canonical text of an encoded value: compact JSON that is always valid UTF-8."""
    return _to_text(tree)


def encode(value: object) -> object:
    """Encode one value; raises `NotEncodable`."""
    return Encoder().encode(value)


def resolve_import(name: str) -> object:
    """Resolve ``module:qualified.name`` among the modules already imported; `KeyError` if absent.

    Only the namespaces of modules and classes are looked into, so nothing of theirs runs.
    """
    module_name, _, qualified = name.partition(":")
    found: Any = sys.modules[module_name]
    namespace_of: Callable[[Any], Any] = _module_namespace
    for part in qualified.split("."):
        try:
            found = namespace_of(found)[part]
        except TypeError:
            raise KeyError(name) from None
        namespace_of = _class_namespace
    return found


class Encoder:
    """Encodes values that belong together, such as the arguments of one call.

    One encoder remembers every mutable object it has met, so that an object which appears twice
    (its sharing would be lost) and one that contains itself are rejected across all of them.
    """

    def __init__(
        self, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES, max_characters: int = MAX_CHARACTERS
    ) -> None:
        self._max_depth = max_depth
        self._nodes_left = max_nodes
        self._characters_left = max_characters
        self._seen: dict[int, object] = {}
        self._open: set[int] = set()
        self._references: dict[int, str] = {}

    @property
    def nodes_left(self) -> int:
        """How many more nodes may be encoded."""
        return self._nodes_left

    def encode(self, value: Any, depth: int = 0) -> object:
        """Encode one value; raises `NotEncodable`."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise NotEncodable("too_large", "more nodes than the limit")
        if depth > self._max_depth:
            raise NotEncodable("too_deep", f"nested deeper than {self._max_depth}")
        kind = type(value)
        # most values are among these, which are sure to encode as themselves
        if kind is str and value.isascii():
            self._characters_left -= len(value)
        elif (kind is int and -PLAIN_INTEGER_LIMIT <= value <= PLAIN_INTEGER_LIMIT) or (
            value is None or kind is bool or (kind is float and value - value == 0)
        ):
            self._characters_left -= 8
        else:
            return self._encode_other(value, kind, depth)
        if self._characters_left < 0:
            raise NotEncodable("too_large", "longer than the limit")
        plain: object = value
        return plain

    def _encode_other(self, value: Any, kind: type, depth: int) -> object:
        if kind is tuple:
            return {"$tuple": self._items(value, depth)}
        if kind is frozenset:
            return {"$frozenset": self._sorted_items(value, depth)}
        if kind is slice:
            return {"$slice": self._items((value.start, value.stop, value.step), depth)}
        key = id(kind)  # a class may have a metaclass whose __hash__ and __eq__ must not run
        container = _CONTAINERS.get(key)
        if container is not None:
            self._enter(value)
            if key in _WITH_ATTRIBUTES and value.__dict__:
                raise NotEncodable("unsupported_type", class_name(kind) + " with attributes")
            tree = container(self, value, depth)
            self._open.discard(id(value))
            return tree
        scalar = scalar_encoder(kind)
        if scalar is not None:
            return self._scalar(scalar, value, kind)
        if key in _REFERABLE:
            return self._referred(value, kind, depth)
        return self._instance(value, kind, depth)

    def _scalar(self, encode_scalar: Callable[[Any], Any], value: object, kind: type) -> object:
        try:
            tree = encode_scalar(value)
        except NotEncodable:
            raise
        except Exception as error:  # an object that was never initialised, say
            raise NotEncodable("unsupported_type", class_name(kind)) from error
        if type(tree) is dict:
            self._spend(sum(len(str(part)) for part in tree.values()))
        self._spend(len(tree) if type(tree) is str else 8)
        return tree

    def _spend(self, characters: int) -> None:
        self._characters_left -= characters
        if self._characters_left < 0:
            raise NotEncodable("too_large", "longer than the limit")

    def _enter(self, value: object) -> None:
        key = id(value)
        if key in self._seen:
            inside = key in self._open
            raise NotEncodable("cyclic_reference" if inside else "shared_reference", class_name(type(value)))
        self._seen[key] = value
        self._open.add(key)

    def _items(self, values: Iterable[object], depth: int) -> list[object]:
        depth += 1
        encode_one = self.encode
        return [encode_one(value, depth) for value in values]

    def _sorted_items(self, values: Iterable[object], depth: int) -> list[object]:
        return sorted(self._items(values, depth), key=to_text)

    def _pairs(self, value: dict[Any, Any], depth: int) -> list[object]:
        depth += 1
        encode_one = self.encode
        return [[encode_one(key, depth), encode_one(item, depth)] for key, item in dict.items(value)]

    def _dict(self, value: dict[Any, Any], depth: int) -> object:
        for key in value:
            if type(key) is not str or key[:1] == "$" or has_surrogates(key):
                return {"$dict": self._pairs(value, depth)}
        self._spend(sum(map(len, value)))
        depth += 1
        encode_one = self.encode
        return {key: encode_one(item, depth) for key, item in value.items()}

    def _defaultdict(self, value: collections.defaultdict[object, object], depth: int) -> object:
        return {"$defaultdict": [self.encode(value.default_factory, depth + 1), self._pairs(value, depth)]}

    def _bytearray(self, value: bytearray, depth: int) -> object:
        self._spend(len(value))
        return {"$bytearray": value.decode("latin-1")}

    def _deque(self, value: collections.deque[object], depth: int) -> object:
        return {"$deque": [self._items(value, depth), value.maxlen]}

    def _referred(self, value: Any, kind: type, depth: int) -> object:
        if kind is type:
            name = class_name(value)
        elif kind is _METHOD_DESCRIPTOR:
            name = f"{class_name(value.__objclass__)}.{value.__name__}"
        else:
            name = f"{exact_text(value.__module__)}:{exact_text(value.__qualname__)}"
        return {"$ref": _checked_name(value, name)}

    def _instance(self, value: Any, kind: type, depth: int) -> object:
        layout = _layouts.get(id(kind))
        if layout is None:
            if is_opaque(kind):
                raise NotEncodable("unsupported_type", class_name(kind))
            mro = _class_mro(kind)
            if any(base is enum.Enum for base in mro):
                return _enum_member(value, kind)
            namespace = _class_namespace(kind)
            if (
                len(mro) > 1
                and mro[1] is tuple
                and type(namespace.get("_fields")) is tuple
                and "__slots__" in namespace
            ):
                name = _checked_name(kind, class_name(kind))
                return {"$namedtuple": [name, self._items(tuple.__iter__(value), depth)]}
            layout = _Layout(kind, mro)
        if id(kind) not in self._references:
            self._references[id(kind)] = _checked_name(kind, class_name(kind))
            _layouts[id(kind)] = layout  # a class that has a name is kept alive by its module
        self._enter(value)
        tree = {"$object": [self._references[id(kind)], self._dict(layout.state(value), depth)]}
        self._open.discard(id(value))
        return tree


class _Layout:
    """Where the state of a class's instances is; raises `NotEncodable` where they are more than that."""

    def __init__(self, kind: type, mro: tuple[type, ...]) -> None:
        if not _is_simple(kind, mro):
            _opaque[id(kind)] = ref(kind)
            raise NotEncodable("unsupported_type", class_name(kind))
        self._kind = kind
        self._slots = [
            (name, member)
            for base in reversed(mro)
            for name, member in _class_namespace(base).items()
            if type(member) is types.MemberDescriptorType
        ]
        self._attributes = next(
            (_class_namespace(base)["__dict__"] for base in mro if "__dict__" in _class_namespace(base)), None
        )

    def state(self, value: object) -> dict[str, object]:
        """The attributes of an instance, read without running any code of its class."""
        state: dict[str, object] = {}
        for name, member in self._slots:
            with contextlib.suppress(AttributeError):
                state[name] = member.__get__(value, self._kind)
        if self._attributes is not None:
            state.update(self._attributes.__get__(value, self._kind))
        return state


_layouts: dict[int, _Layout] = {}
_opaque: dict[int, ref[type]] = {}


def is_opaque(kind: type) -> bool:
    """Whether instances of a class are known to be more than their state, and so have no encoding."""
    known = _opaque.get(id(kind))
    return known is not None and known() is kind


def _enum_member(value: Any, kind: type) -> object:
    try:
        name = object.__getattribute__(value, "_name_")
    except AttributeError:
        name = None
    if type(name) is not str or "|" in name or has_surrogates(name):
        raise NotEncodable("unnamed_enum_member", class_name(kind))
    return {"$enum": [_checked_name(kind, class_name(kind)), name]}


def _checked_name(value: object, name: str) -> str:
    """The name, if it leads back to the value."""
    try:
        found = resolve_import(name)
    except KeyError:
        found = _MISSING
    if found is not value or name.startswith("__main__:"):
        raise NotEncodable("not_importable", name)
    return name


def _is_simple(kind: type, mro: tuple[type, ...]) -> bool:
    """Whether instances are nothing but their attributes: classes written in Python on `object`."""
    metaclass = type(kind)
    if (metaclass is not type and metaclass is not abc.ABCMeta) or mro[-1] is not object or len(mro) == 1:
        return False
    for base in mro[:-1]:
        namespace = _class_namespace(base)
        if type(namespace.get("__dict__", _ANY_ATTRIBUTES)) is not types.GetSetDescriptorType:
            return False  # a property in the place of the instance dictionary
        if not _class_flags(base) & _HEAP_TYPE or "__getattribute__" in namespace:
            return False
        if any(_is_copy_hook(namespace[name]) for name in _COPY_HOOKS if name in namespace):
            return False
        shown = [name for name, member in namespace.items() if type(member) in _SHOWN_STATE]
        grown = _class_size(base) - _class_size(_class_base(base))
        if grown > len(shown) * _POINTER_BYTES or _class_item_size(base):
            return False  # a class of an extension module, with state that no attribute shows
    return True


def _is_copy_hook(method: object) -> bool:
    """Whether a method says how to copy an instance; those that dataclasses add say nothing new."""
    return type(method) is not types.FunctionType or method.__module__ != "dataclasses"


_CONTAINER_TYPES: dict[type, Callable[..., Any]] = {
    list: Encoder._items,
    dict: Encoder._dict,
    set: lambda self, value, depth: {"$set": self._sorted_items(value, depth)},
    bytearray: Encoder._bytearray,
    collections.OrderedDict: lambda self, value, depth: {"$ordereddict": self._pairs(value, depth)},
    collections.Counter: lambda self, value, depth: {"$counter": self._pairs(value, depth)},
    collections.defaultdict: Encoder._defaultdict,
    collections.deque: Encoder._deque,
}

_CONTAINERS = {id(kind): encode_container for kind, encode_container in _CONTAINER_TYPES.items()}
