"""Type-strict equality of encoded values, decided without decoding them.

``1``, ``1.0`` and ``True`` differ; so do ``[1]`` and ``(1,)``. The order of a dictionary's or set's
items does not matter, as in Python. Every NaN equals every NaN, and ``-0.0`` equals ``0.0``.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from tasks.value_encoding import to_text

_UNORDERED_PAIRS = ("$dict", "$counter")
_MAX_PAIRINGS = 100  # of items without a twin of the same text
_MAX_PAIRED_CHARACTERS = 40_000  # recorded values are shorter; sets within sets would take minutes


@dataclass(frozen=True)
class Comparator:
    """How an expected value and an actual one are compared.

    ``float_tolerance`` accepts ``|expected - actual| <= max(rtol * larger, atol)`` for floats
    anywhere inside the values, and is exact in all else.
    """

    kind: Literal["exact", "float_tolerance"] = "exact"
    rtol: float = 0.0
    atol: float = 0.0


EXACT = Comparator()
FLOAT_TOLERANCE = Comparator("float_tolerance", rtol=1e-6, atol=1e-8)


def equal(expected: object, actual: object, comparator: Comparator = EXACT) -> bool:
    """Whether two encoded values are equal under a comparator."""
    return first_difference(expected, actual, comparator) is None


def first_difference(
    expected: object, actual: object, comparator: Comparator = EXACT, path: str = "result"
) -> str | None:
    """Where two encoded values first differ, in words, or None when they are equal.

    ``actual`` may be anything that was read as JSON: what is no encoding differs from all that are.
    """
    try:
        return _difference(expected, actual, comparator, path)
    except (TypeError, ValueError, IndexError, KeyError, RecursionError) as error:
        return f"{path}: not a well-formed value ({type(error).__name__})"


def _difference(expected: object, actual: object, comparator: Comparator, path: str) -> str | None:
    if type(expected) is not type(actual):
        return _differs(path, expected, actual)
    if isinstance(expected, float) and isinstance(actual, float):
        return None if _floats_equal(expected, actual, comparator) else _differs(path, expected, actual)
    if isinstance(expected, list) and isinstance(actual, list):
        return _lists(expected, actual, comparator, path)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _objects(expected, actual, comparator, path)
    return None if expected == actual else _differs(path, expected, actual)


def holds_float(tree: object) -> bool:
    """Whether a float or complex number occurs anywhere in an encoded value."""
    if isinstance(tree, list):
        return any(map(holds_float, tree))
    if isinstance(tree, dict):
        return _tag(tree) in ("$float", "$complex") or any(map(holds_float, tree.values()))
    return isinstance(tree, float)


def holds_nan(tree: object) -> bool:
    """Whether a float NaN occurs anywhere in an encoded value."""
    if isinstance(tree, list):
        return any(map(holds_nan, tree))
    if isinstance(tree, dict):
        return (_tag(tree) == "$float" and _is_nan(tree["$float"])) or any(map(holds_nan, tree.values()))
    return False


def _floats_equal(expected: float, actual: float, comparator: Comparator) -> bool:
    if comparator.kind == "exact":
        return expected == actual
    return math.isclose(expected, actual, rel_tol=comparator.rtol, abs_tol=comparator.atol)


def _lists(expected: list[Any], actual: list[Any], comparator: Comparator, path: str) -> str | None:
    if len(expected) != len(actual):
        return f"{path}: expected {len(expected)} items, got {len(actual)}"
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        difference = _difference(left, right, comparator, f"{path}[{index}]")
        if difference:
            return difference
    return None


def _objects(
    expected: dict[str, Any], actual: dict[str, Any], comparator: Comparator, path: str
) -> str | None:
    tag = _tag(expected)
    if tag != _tag(actual):
        return _differs(path, expected, actual)
    if tag == "$float" and _is_nan(expected[tag]) and _is_nan(actual[tag]):
        return None
    if tag in ("$set", "$frozenset"):
        return _unordered(expected[tag], actual[tag], comparator, path)
    if tag in _UNORDERED_PAIRS:
        return _pairs(expected[tag], actual[tag], comparator, path)
    if tag == "$defaultdict":
        if expected[tag][0] != actual[tag][0]:
            return _differs(path, expected, actual)
        return _pairs(expected[tag][1], actual[tag][1], comparator, path)
    if expected.keys() != actual.keys():
        return f"{path}: expected the keys {sorted(expected)}, got {sorted(actual)}"
    for key, left in expected.items():
        inner = path if tag else f"{path}[{key!r}]"
        difference = _difference(left, actual[key], comparator, inner)
        if difference:
            return difference
    return None


def _pairs(expected: list[Any], actual: list[Any], comparator: Comparator, path: str) -> str | None:
    """Items of a dictionary, in any order: by the text of their keys, or else one by one."""
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in actual):
        return f"{path}: no pairs"
    left = {to_text(key): value for key, value in expected}
    right = {to_text(key): value for key, value in actual}
    if left.keys() != right.keys() or len(left) != len(expected) or len(right) != len(actual):
        if _unordered(expected, actual, comparator, path) is None:
            return None
        return f"{path}: expected the keys {sorted(left)}, got {sorted(right)}"
    for key, value in left.items():
        difference = _difference(value, right[key], comparator, f"{path}[{key}]")
        if difference:
            return difference
    return None


def _unordered(expected: list[Any], actual: list[Any], comparator: Comparator, path: str) -> str | None:
    """Whether the items can be paired one to one; those of equal text are paired with each other."""
    if len(expected) != len(actual):
        return f"{path}: expected {len(expected)} items, got {len(actual)}"
    texts = Counter(map(to_text, actual))
    left = []
    for item in expected:
        text = to_text(item)
        if texts[text]:
            texts[text] -= 1
        else:
            left.append(item)
    right = [json.loads(text) for text in texts.elements()]
    too_many = len(left) > _MAX_PAIRINGS or len(to_text(left)) > _MAX_PAIRED_CHARACTERS
    if left and (too_many or not _can_be_paired(left, right, comparator, path)):
        return f"{path}: expected an item {_short(left[0])}, which is missing"
    return None


def _can_be_paired(left: list[Any], right: list[Any], comparator: Comparator, path: str) -> bool:
    """A perfect matching by augmenting paths: with a tolerance, the first that fits may be the wrong one."""
    partners: dict[int, int] = {}

    def pair(index: int, tried: set[int]) -> bool:
        for other in range(len(right)):
            if other not in tried and _difference(left[index], right[other], comparator, path) is None:
                tried.add(other)
                if other not in partners or pair(partners[other], tried):
                    partners[other] = index
                    return True
        return False

    return all(pair(index, set()) for index in range(len(left)))


def _tag(tree: dict[str, Any]) -> str | None:
    if len(tree) == 1:
        (key,) = tree
        if key.startswith("$"):
            return key
    return None


def _is_nan(body: object) -> bool:
    return isinstance(body, str) and (body == "nan" or body.startswith("0x"))


def _differs(path: str, expected: object, actual: object) -> str:
    return f"{path}: expected {_short(expected)}, got {_short(actual)}"


def _short(tree: object) -> str:
    text = to_text(tree)
    return text if len(text) <= 200 else text[:197] + "..."
