"""Type-strict equality of encoded values, decided without decoding them.

``1``, ``1.0`` and ``True`` differ; so do ``[1]`` and ``(1,)``. The order of a dictionary's or set's
items does not matter, as in Python. Every NaN equals every NaN, and ``-0.0`` equals ``0.0``.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from tasks.pairing import can_be_paired
from tasks.text_comparison import TextComparison, text_difference
from tasks.value_encoding import to_text

_UNORDERED_PAIRS = ("$dict", "$counter")
_MAX_PAIRINGS = 100  # of items without a twin of the same text
_MAX_PAIRED_CHARACTERS = 40_000  # recorded values are shorter; sets within sets would take minutes


@dataclass(frozen=True)
class Comparator:
    """How an expected value and an actual one are compared.

    ``float_tolerance`` accepts ``|expected - actual| <= max(rtol * larger, atol)`` for floats
    anywhere inside the values, and is exact in all else. ``unordered`` takes the items of a list or tuple
    in any order, ``set`` also without regard to how often each occurs: of the outermost one only, with the
    tolerances inside. Where the value is a text, these two compare its lines so, and ``tokens`` and
    ``lines`` as in `tasks.text_comparison`, with ``case_sensitive`` and ``space_sensitive``, numbers
    among the tokens with the tolerances. ``numbers_by_value``: an integer and a float may be equal, as in
    Python.
    """

    kind: Literal["exact", "float_tolerance", "unordered", "set", "tokens", "lines"] = "exact"
    rtol: float = 0.0
    atol: float = 0.0
    case_sensitive: bool = True
    space_sensitive: bool = False
    numbers_by_value: bool = False

    @property
    def inside(self) -> Comparator:
        """How what is inside of the value, or beside it, is compared: in order, with the tolerances."""
        if self.kind in ("exact", "float_tolerance"):
            return self
        kind: Literal["exact", "float_tolerance"] = "float_tolerance" if self.rtol or self.atol else "exact"
        return Comparator(kind, self.rtol, self.atol, numbers_by_value=self.numbers_by_value)

    @property
    def of_texts(self) -> TextComparison | None:
        """How two texts are compared, None where that is character by character."""
        kind = self.kind
        if kind == "exact" or kind == "float_tolerance":
            return None
        return TextComparison(
            kind, self.rtol or None, self.atol or None, self.case_sensitive, self.space_sensitive
        )


EXACT = Comparator()
LIKE_PYTHON = Comparator(numbers_by_value=True)
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
        return _outermost(expected, actual, comparator, path)
    except (TypeError, ValueError, IndexError, KeyError, RecursionError) as error:
        return f"{path}: not a well-formed value ({type(error).__name__})"


def _outermost(expected: object, actual: object, comparator: Comparator, path: str) -> str | None:
    inside = comparator.inside
    texts = comparator.of_texts
    if texts is not None and isinstance(expected, str) and isinstance(actual, str):
        difference = text_difference(texts, expected, actual)
        return f"{path}: {difference}" if difference else None
    if comparator.kind in ("unordered", "set"):
        left, right = _items(expected), _items(actual)
        if left is not None and right is not None and type(expected) is type(actual):
            if comparator.kind == "unordered":
                return _unordered(left, right, inside, path)
            return _as_sets(left, right, inside, path)
    return _difference(expected, actual, inside, path)


def _items(tree: object) -> list[Any] | None:
    """The items of a list or a tuple, None of anything else."""
    if isinstance(tree, dict) and _tag(tree) == "$tuple":
        tree = tree["$tuple"]
    return tree if isinstance(tree, list) else None


def _as_sets(expected: list[Any], actual: list[Any], comparator: Comparator, path: str) -> str | None:
    """Whether each item occurs on the other side too."""
    left, right = ({to_text(item): item for item in items} for items in (expected, actual))
    missing = [item for text, item in left.items() if text not in right]
    further = [item for text, item in right.items() if text not in left]
    if max(len(missing), len(further)) <= _MAX_PAIRINGS:
        missing = [
            item
            for item in missing
            if all(_difference(item, other, comparator, path) for other in right.values())
        ]
        further = [
            item
            for item in further
            if all(_difference(other, item, comparator, path) for other in left.values())
        ]
    if missing:
        return f"{path}: expected an item {_short(missing[0])}, which is missing"
    return f"{path}: an item {_short(further[0])} was not expected" if further else None


def _difference(expected: object, actual: object, comparator: Comparator, path: str) -> str | None:
    if type(expected) is not type(actual):
        if comparator.numbers_by_value and _is_number(expected) and _is_number(actual):
            return _difference(float(expected), float(actual), comparator, path)
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


def _is_number(tree: object) -> TypeGuard[int | float]:
    return type(tree) in (int, float)


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

    def fits(one: Any, other: Any) -> bool:
        return _difference(one, other, comparator, path) is None

    too_many = len(left) > _MAX_PAIRINGS or len(to_text(left)) > _MAX_PAIRED_CHARACTERS
    if left and (too_many or not can_be_paired(left, right, fits)):
        return f"{path}: expected an item {_short(left[0])}, which is missing"
    return None


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
