"""What a function's known inputs have in common, part by part, and whether another input has it too.

A shape is learnt from the values that stand at one place of the recorded calls (an argument, the items of
a list): their kinds, the signs of their numbers, the characters of their texts, their lengths. An input is
refused that has a kind, a sign or a character that no known input has there; what a statement says
(`InputBound`) takes precedence over what was seen.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from filters.argument_trees import MAPPINGS, SEQUENCES, integer_of, items_of, kind_of, length_of, pairs_of
from tasks.input_bounds import InputBound
from tasks.record import EncodedValue
from tasks.value_encoding import to_text

MAX_RECORD_KEYS = 12
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_FEW_TEXTS = 6


@dataclass
class Shape:
    """What is known of the values at one place. Filled by `learn`, read only afterwards.

    ``more_characters`` are allowed in its texts and ``more_numbers`` in their place, besides those seen;
    ``closed`` allows no other texts than those seen.
    """

    kinds: set[str] = field(default_factory=set)
    numbers: list[int | float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    more_characters: str = ""
    more_numbers: set[int] = field(default_factory=set)
    closed: bool = False
    lengths: set[int] = field(default_factory=set)
    atoms: dict[str, EncodedValue] = field(default_factory=dict)
    item: Shape | None = None
    fields: list[Shape] | None = None
    key: Shape | None = None
    value: Shape | None = None
    records: dict[str, Shape] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    minimum_length: int | None = None
    maximum_length: int | None = None

    def learn(self, tree: EncodedValue) -> None:
        """Take a known value into account."""
        kind = kind_of(tree)
        self.kinds.add(kind)
        length = length_of(tree)
        if length is not None:
            self.lengths.add(length)
        if kind == "int":
            self.numbers.append(integer_of(tree))
        elif kind == "float":
            self.numbers.append(tree)
        elif kind == "str":
            self.texts.append(tree)
        elif kind == "$tuple":
            self._learn_tuple(items_of(tree))
        elif kind in SEQUENCES:
            self.item = self.item or Shape()
            for item in items_of(tree):
                self.item.learn(item)
        elif kind in MAPPINGS:
            self._learn_mapping(tree)
        else:
            self.atoms.setdefault(to_text(tree), tree)

    def _learn_tuple(self, items: list[EncodedValue]) -> None:
        self.item = self.item or Shape()
        if self.fields is None and len(self.lengths) == 1:
            self.fields = [Shape() for _ in items]
        if self.fields is not None and len(items) != len(self.fields):
            self.fields = []  # tuples of several lengths are lists
        for index, item in enumerate(items):
            self.item.learn(item)
            if self.fields:
                self.fields[index].learn(item)

    def _learn_mapping(self, tree: EncodedValue) -> None:
        first = self.key is None
        self.key = self.key or Shape()
        self.value = self.value or Shape()
        pairs = pairs_of(tree)
        keys = [to_text(key) for key, _ in pairs]
        if first and 0 < len(keys) <= MAX_RECORD_KEYS:
            self.records = {key: Shape() for key in keys}
        elif self.records is not None and set(keys) != self.records.keys():
            self.records = None  # keys that differ are data, not the names of fields
        for text, (key, value) in zip(keys, pairs, strict=True):
            self.key.learn(key)
            self.value.learn(value)
            if self.records is not None:
                self.records[text].learn(value)

    @property
    def lowest(self) -> int | float | None:
        """The smallest number allowed: as the statement says, else by the signs that were seen."""
        if self.minimum is not None or not self.numbers:
            return self.minimum
        smallest = min(self.numbers)
        return None if smallest < 0 else 0 if smallest < 1 else 1

    @property
    def is_choice(self) -> bool:
        """Whether the texts seen here look like words of a fixed list, of which nobody makes others."""
        distinct = set(self.texts)
        few = len(self.texts) >= 2 * len(distinct) and 1 < len(distinct) <= _FEW_TEXTS
        return self.closed or (few and any(character.isalnum() for text in distinct for character in text))

    @property
    def characters(self) -> set[str]:
        """The characters allowed in texts: those seen, and their whole class where several are of it."""
        seen = {character for text in self.texts for character in text}
        for members in _CLASSES:
            if len(seen.intersection(members)) > 1:
                seen.update(members)
        return seen.union(self.more_characters)


def refusal(shape: Shape, tree: EncodedValue, path: str = "input") -> str | None:
    """Why a value does not fit a shape, or None where it does."""
    kind = kind_of(tree)
    if kind not in shape.kinds:
        return f"{path}: no known input has a {kind} there"
    length = length_of(tree)
    if length is not None:
        if shape.minimum_length is not None and length < shape.minimum_length:
            return f"{path}: shorter than {shape.minimum_length}"
        if shape.maximum_length is not None and length > shape.maximum_length:
            return f"{path}: longer than {shape.maximum_length}"
    if kind in ("int", "float"):
        return _number_refusal(shape, integer_of(tree) if kind == "int" else tree, path)
    if kind == "str":
        return _text_refusal(shape, tree, path)
    if kind == "$tuple" and shape.fields:
        items = items_of(tree)
        if len(items) != len(shape.fields):
            return f"{path}: {len(items)} items, where all known inputs have {len(shape.fields)}"
        return _first(zip(shape.fields, items, strict=True), path)
    if kind in SEQUENCES:
        item = shape.item or Shape()
        return _first([(item, each) for each in items_of(tree)], path)
    if kind in MAPPINGS:
        return _mapping_refusal(shape, tree, path)
    if kind in ("none", "bool"):
        return None
    return None if to_text(tree) in shape.atoms else f"{path}: a {kind} that no known input has"


def _first(pairs: Iterable[tuple[Shape, EncodedValue]], path: str) -> str | None:
    found = (refusal(shape, tree, f"{path}[{index}]") for index, (shape, tree) in enumerate(pairs))
    return next((reason for reason in found if reason), None)


def _number_refusal(shape: Shape, number: int | float, path: str) -> str | None:
    lowest = shape.lowest
    handled = shape.minimum is None and number in shape.more_numbers
    if lowest is not None and number < lowest and not handled:
        return f"{path}: less than {lowest}"
    if shape.maximum is not None and number > shape.maximum:
        return f"{path}: more than {shape.maximum}"
    return None


def _text_refusal(shape: Shape, text: str, path: str) -> str | None:
    if text in shape.texts:
        return None
    if shape.is_choice:
        return f"{path}: not one of the words that known inputs have"
    strange = set(text) - shape.characters
    return f"{path}: has {min(strange)!r}, which no known input has" if strange else None


def _mapping_refusal(shape: Shape, tree: EncodedValue, path: str) -> str | None:
    pairs = pairs_of(tree)
    if shape.records is not None:
        if {to_text(key) for key, _ in pairs} != shape.records.keys():
            return f"{path}: other keys than all known inputs have"
        return _first([(shape.records[to_text(key)], value) for key, value in pairs], path)
    keys = _first([(shape.key or Shape(), key) for key, _ in pairs], f"{path} keys")
    return keys or _first([(shape.value or Shape(), value) for _, value in pairs], path)


def bound_shape(shape: Shape, bounds: Sequence[InputBound]) -> None:
    """Write into an argument's shape what the statement says about it and no known value contradicts."""
    for bound in bounds:
        if bound.of == "length":
            if _contradicted(bound, shape.lengths):
                continue
            shape.minimum_length = _whole(bound.minimum, shape.minimum_length)
            shape.maximum_length = _whole(bound.maximum, shape.maximum_length)
            continue
        for place in _number_shapes(shape) if bound.of == "item" else [shape]:
            if _contradicted(bound, place.numbers):
                continue
            place.minimum = place.minimum if bound.minimum is None else bound.minimum
            place.maximum = place.maximum if bound.maximum is None else bound.maximum


def _contradicted(bound: InputBound, known: Iterable[int | float]) -> bool:
    return any(
        (bound.minimum is not None and number < bound.minimum)
        or (bound.maximum is not None and number > bound.maximum)
        for number in known
    )


def _whole(bound: int | float | None, before: int | None) -> int | None:
    return before if bound is None else int(bound)


def parts(shape: Shape) -> Iterator[Shape]:
    """A shape and all shapes inside it."""
    yield shape
    inner = (shape.item, shape.key, shape.value, *(shape.fields or ()), *(shape.records or {}).values())
    for each in filter(None, inner):
        yield from parts(each)


def _number_shapes(shape: Shape) -> list[Shape]:
    """The shapes of the numbers inside lists, at whatever depth."""
    found: list[Shape] = []
    for inner in filter(None, (shape.item, *(shape.fields or ()))):
        found += [inner] if inner.numbers else _number_shapes(inner)
    return found
