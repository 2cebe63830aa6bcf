"""Decoders of JSON into typed records, made one at a time.

The first decoder of a class writes down what the class is made of, and msgspec 0.22 does so unguarded: two
threads that meet there end the process (Beam runs a thread for each worker).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Hashable
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

_ONE_AT_A_TIME = threading.RLock()


def json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a type, which any number of threads may use."""
    with _ONE_AT_A_TIME:
        return _made(cast(Hashable, kind))


def converted(found: Any, kind: type[T]) -> T:
    """Plain data as a type; raises ``msgspec.ValidationError``."""
    json_decoder(kind)
    return msgspec.convert(found, kind)


@functools.cache
def _made(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
