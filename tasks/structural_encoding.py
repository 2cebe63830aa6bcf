"""Encoding of any object by its structure, to compare results where the project is installed.

Runs wherever `tasks.value_encoding` does. It asks objects for their state as pickling does, which runs
code of their classes: for traced programs and for processes of samples alone. What it makes is there to
be compared, not to be decoded.
"""

from __future__ import annotations

import itertools
import types

from .rebuilt_values import RebuildingEncoder, RecordingEncoder, ResultEncoder
from .value_encoding import MAX_NODES, NotEncodable, class_name

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from typing import Any


class _ByStructure(RebuildingEncoder):
    """``{"$reduced": [maker, arguments, state, items, pairs]}`` stands for an object as
    ``__reduce_ex__`` describes it, ``{"$cycle": class}`` for one that is met again inside itself."""

    def _encode_other(self, value: Any, kind: type, depth: int) -> object:
        if id(value) in self._open:
            return {"$cycle": class_name(kind)}
        return super()._encode_other(value, kind, depth)

    def _referred(self, value: Any, kind: type, depth: int) -> object:
        try:
            return super()._referred(value, kind, depth)
        except NotEncodable:
            # one that the task itself makes has a name that only its author could know
            if kind is types.BuiltinFunctionType or value.__module__ == "task":
                raise
            name = class_name(value) if kind is type else f"{value.__module__}:{value.__qualname__}"
            return {"$ref": name}

    def _instance(self, value: Any, kind: type, depth: int) -> object:
        before = len(self._open)
        try:
            return super()._instance(value, kind, depth)
        except NotEncodable as error:
            if error.reason in ("too_large", "too_deep", "iterator") or len(self._open) != before:
                raise
        if isinstance(value, type):
            return {"$ref": class_name(value)}
        self._enter(value)
        try:
            described = value.__reduce_ex__(2)
            parts = None if type(described) is str else _parts(described)
        except Exception as error:
            raise NotEncodable("unsupported_type", class_name(kind)) from error
        if parts is None:
            self._open.discard(id(value))
            return {"$ref": f"{class_name(kind)}.{described}"}
        maker, arguments, state, items, pairs = parts
        tree = [
            self.encode(maker, depth + 1),
            self._items(arguments, depth),
            self.encode(state, depth + 1),
            self._items(items, depth),
            [self._items(pair, depth) for pair in pairs],
        ]
        self._open.discard(id(value))
        return {"$reduced": tree}


class StructuralRecordingEncoder(_ByStructure, RecordingEncoder):
    """For results while the program runs on."""


class StructuralResultEncoder(_ByStructure, ResultEncoder):
    """For results of a sample: iterators by what they yield."""


def _parts(described: Any) -> tuple[Any, tuple[Any, ...], Any, list[Any], list[tuple[Any, ...]]]:
    """The parts of what an object reduces to, taken out of its iterators; may raise anything."""
    maker, arguments, state, items, pairs = (*described, None, None, None)[:5]
    pairs = [tuple(pair) for pair in itertools.islice(pairs or (), MAX_NODES)]
    return maker, tuple(arguments), state, list(itertools.islice(items or (), MAX_NODES)), pairs
