"""Variants of one encoded value within its shape: neighbours, boundaries, and values made anew."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence

from filters.argument_trees import (
    MAPPINGS,
    SEQUENCES,
    integer_of,
    integer_tree,
    items_of,
    kind_of,
    pairs_of,
    with_items,
    with_pairs,
)
from filters.input_shapes import Shape
from tasks.record import EncodedValue

MAX_ITEMS = 24
MAX_TEXT = 60
_SMALL = 12
_SEPARATORS = (" ", ",", ";", "-", ":", "\n", "/", "_")


class ValueVariation:
    """Makes values by a source of chance and the constants that the reference solution compares with."""

    def __init__(self, chance: random.Random, literals: Sequence[object]) -> None:
        self._chance = chance
        self._integers = [each for each in literals if isinstance(each, int)]
        self._floats = [float(each) for each in literals if isinstance(each, (int, float))]
        self._texts = [each for each in literals if isinstance(each, str) and len(each) <= MAX_TEXT]

    def varied(self, tree: EncodedValue, shape: Shape) -> EncodedValue:
        """A neighbour of a value: one thing in it is changed."""
        kind = kind_of(tree)
        chance = self._chance
        if len(shape.kinds) > 1 and chance.random() < 0.1:
            return self.fresh(shape)
        if kind == "bool":
            return not tree
        if kind == "int":
            return self._varied_integer(integer_of(tree), shape)
        if kind == "float":
            return self._varied_float(tree, shape)
        if kind == "str":
            return self._varied_text(tree, shape)
        if kind == "$tuple" and shape.fields:
            return self._varied_fields(tree, shape.fields)
        if kind in SEQUENCES:
            return self._varied_sequence(tree, shape)
        if kind in MAPPINGS:
            return self._varied_mapping(tree, shape)
        return self.fresh(shape)

    def fresh(self, shape: Shape, depth: int = 0) -> EncodedValue:
        """A value of one of the kinds seen, made anew where that kind can be."""
        chance = self._chance
        kind = chance.choice(sorted(shape.kinds)) if shape.kinds else "none"
        if kind == "none":
            return None
        if kind == "bool":
            return chance.random() < 0.5
        if kind == "int":
            return self._fresh_integer(shape)
        if kind == "float":
            known = [number for number in shape.numbers if isinstance(number, float)]
            return self._varied_float(chance.choice(known), shape)
        if kind == "str":
            return self._fresh_text(shape)
        if kind == "$tuple" and shape.fields:
            return {"$tuple": [self.fresh(each, depth + 1) for each in shape.fields]}
        if kind in SEQUENCES and shape.item is not None:
            size = self._size(shape) if shape.item.kinds else 0
            some = chance.random() < 0.15 and size > 0
            first = self.fresh(shape.item, depth + 1) if size else None
            items = [first if some else self.fresh(shape.item, depth + 1) for _ in range(size)]
            return with_items(_empty(kind), items)
        if kind in MAPPINGS and kind != "$defaultdict" and shape.key is not None and shape.value is not None:
            if shape.records is not None or not shape.key.kinds:
                return self._fresh_record(kind, shape)
            pairs = [
                (self.fresh(shape.key, depth + 1), self.fresh(shape.value, depth + 1))
                for _ in range(self._size(shape))
            ]
            return with_pairs({} if kind == "dict" else {kind: []}, pairs)
        return shape.atoms[chance.choice(sorted(shape.atoms))] if shape.atoms else None

    def boundaries(self, tree: EncodedValue, shape: Shape) -> Iterator[EncodedValue]:
        """The extremes that are allowed in a value's place, and a row's orders and ties."""
        kind = kind_of(tree)
        if kind == "int":
            for number in (shape.minimum, shape.maximum, shape.lowest, 0, 1, 2, -1, *self._integers):
                if isinstance(number, int) or (number is not None and float(number).is_integer()):
                    yield from (integer_tree(int(number) + step) for step in (0, 1, -1))
        elif kind == "float":
            bounds = (shape.minimum, shape.maximum, 0.0, 1.0, -1.0, *self._floats)
            yield from (float(number) for number in bounds if number is not None)
        elif kind == "str":
            yield from ("", *self._texts, *(text[:1] for text in shape.texts[:4]), tree * 2, tree[::-1])
            yield from (tree.upper(), tree.lower(), tree[:1] * len(tree))
        elif kind in SEQUENCES and not (kind == "$tuple" and shape.fields):
            items = items_of(tree)
            longest = min(shape.maximum_length or MAX_ITEMS, MAX_ITEMS)
            rows: list[list[EncodedValue]] = [[], items[:1], items[:2], items[::-1], items[:1] * len(items)]
            rows += [items + items, items + items[:1], items[1:], items[:-1], (items * MAX_ITEMS)[:longest]]
            if all(kind_of(item) in ("int", "float") for item in items):
                rows += [sorted(items, key=_number), sorted(items, key=_number, reverse=True)]
            if shape.minimum_length is not None:
                rows.append((items * (shape.minimum_length + 1))[: shape.minimum_length])
            yield from (with_items(tree, row) for row in rows if len(row) <= MAX_ITEMS)
        elif kind in MAPPINGS and shape.records is None:
            pairs = pairs_of(tree)
            yield from (with_pairs(tree, part) for part in ([], pairs[:1], pairs[1:], pairs[::-1]))

    def _size(self, shape: Shape) -> int:
        """A length within what was seen, or a little beyond it."""
        least, most = min(shape.lengths, default=0), max(shape.lengths, default=0)
        least = max(0, least - 1) if shape.minimum_length is None else shape.minimum_length
        most = min(most + 3, MAX_ITEMS)
        if shape.maximum_length is not None:
            most = min(most, shape.maximum_length)
        return self._chance.randint(least, max(least, most))

    def _varied_integer(self, number: int, shape: Shape) -> EncodedValue:
        chance = self._chance
        return integer_tree(
            chance.choice(
                (
                    number + chance.choice((-1, 1)),
                    number + chance.choice((-2, 2, -10, 10)),
                    number * chance.choice((2, 10)),
                    number // chance.choice((2, 3, 10)),
                    -number,
                    self._known_integer(shape),
                    self._known_integer(shape) + chance.choice((-1, 1)),
                    self._random_integer(shape),
                    self._random_integer(shape),
                )
            )
        )

    def _known_integer(self, shape: Shape) -> int:
        seen = [number for number in shape.numbers if isinstance(number, int)]
        return self._chance.choice([*dict.fromkeys(seen), *self._integers] or [0])

    def _random_integer(self, shape: Shape) -> int:
        """Small or of the order of those seen, within the bounds."""
        seen = [abs(number) for number in shape.numbers if isinstance(number, int)]
        lowest = shape.lowest
        reach = self._chance.choice((_SMALL, 2 * max(seen, default=_SMALL) + 2))
        if shape.maximum is not None:
            reach = min(reach, int(shape.maximum))
        low = -reach if lowest is None else int(lowest)
        return self._chance.randint(low, max(low, reach))

    def _fresh_integer(self, shape: Shape) -> EncodedValue:
        return integer_tree(
            self._known_integer(shape) if self._chance.random() < 0.3 else self._random_integer(shape)
        )

    def _varied_float(self, number: EncodedValue, shape: Shape) -> EncodedValue:
        if not isinstance(number, float):
            return number
        chance = self._chance
        seen = [float(each) for each in shape.numbers]
        made = chance.choice(
            (
                number + chance.choice((-1.0, 1.0, 0.5, -0.5, 0.001)),
                number * chance.choice((2.0, 0.5, 10.0, 0.1, 1.1)),
                -number,
                float(round(number)),
                chance.choice(seen or [number]),
                chance.choice(self._floats or [number]),
                round(chance.uniform(0, 2) * number, 3),
            )
        )
        return made if made - made == 0 else number

    def _varied_text(self, text: str, shape: Shape) -> str:
        chance = self._chance
        if shape.is_choice:
            return chance.choice(shape.texts)
        characters = sorted(shape.characters) or ["a"]
        place = chance.randrange(len(text) + 1)
        other = chance.choice(shape.texts or [text])
        ways = (
            lambda: text[:place] + text[place + 1 :],
            lambda: text[:place] + chance.choice(characters) + text[place:],
            lambda: text[:place] + chance.choice(characters) + text[place + 1 :],
            lambda: text[:place] + text[place : place + 1] * 2 + text[place + 1 :],
            lambda: text[place:] + text[:place],
            lambda: text[::-1],
            lambda: text[:place],
            lambda: text[place:],
            lambda: text[:place] + other[place:],
            lambda: text + other,
            lambda: text[:place] + text[place:].swapcase(),
            lambda: text.replace(chance.choice(text or "a"), chance.choice(characters)),
            lambda: text[:place] + chance.choice(self._texts or [other]) + text[place:],
            lambda: chance.choice(self._texts or [other]),
            lambda: self._varied_words(text, other),
            lambda: self._varied_words(text, other),
            lambda: self._varied_number_within(text),
        )
        return chance.choice(ways)()[: max(MAX_TEXT, len(text))]

    def _varied_words(self, text: str, other: str) -> str:
        """One word of a text, or what stands between its separators, left out, doubled, moved or another."""
        chance = self._chance
        separators = [each for each in _SEPARATORS if each in text] or [" "]
        separator = chance.choice(separators)
        words = text.split(separator)
        place = chance.randrange(len(words))
        more = [*other.split(separator), *self._texts] or [""]
        way = chance.randrange(5)
        if way == 0:
            del words[place]
        elif way == 1:
            words[place:place] = [chance.choice(words)]
        elif way == 2:
            words[place:place] = [chance.choice(more)]
        elif way == 3:
            words[place] = chance.choice(more)
        else:
            words[place:] = [*words[place:], *words[max(0, place - 1) :]]
        return separator.join(words)

    def _varied_number_within(self, text: str) -> str:
        found = list(re.finditer(r"\d+", text))
        if not found:
            return text
        match = self._chance.choice(found)
        number = int(match.group())
        other = self._chance.choice((number + 1, max(0, number - 1), 0, number * 10, *self._integers))
        return text[: match.start()] + str(other) + text[match.end() :]

    def _fresh_text(self, shape: Shape) -> str:
        chance = self._chance
        if shape.is_choice or chance.random() < 0.3:
            return chance.choice(shape.texts)
        some = chance.sample(sorted(shape.characters) or ["a"], min(4, len(shape.characters) or 1))
        longest = min(max(map(len, shape.texts), default=4) + 2, MAX_TEXT)
        return "".join(chance.choice(some) for _ in range(chance.randint(1, max(1, longest))))

    def _varied_fields(self, tree: EncodedValue, fields: list[Shape]) -> EncodedValue:
        items = items_of(tree)
        if items:
            place = self._chance.randrange(min(len(items), len(fields)))
            items = [*items[:place], self.varied(items[place], fields[place]), *items[place + 1 :]]
        return with_items(tree, items)

    def _varied_sequence(self, tree: EncodedValue, shape: Shape) -> EncodedValue:
        chance = self._chance
        items = list(items_of(tree))
        inner = shape.item or Shape()
        if not inner.kinds:
            return tree
        place = chance.randrange(len(items)) if items else 0
        way = chance.random()
        if items and way < 0.45:
            items[place] = self.varied(items[place], inner)
        elif way < 0.6:
            items.insert(place, self.fresh(inner))
        elif items and way < 0.7:
            del items[place]
        elif items and way < 0.8:
            items.insert(chance.randrange(len(items) + 1), items[place])
        elif items and way < 0.88:
            other = chance.randrange(len(items))
            items[place], items[other] = items[other], items[place]
        elif items and way < 0.94:
            items[chance.randrange(len(items))] = items[place]
        elif way < 0.97:
            chance.shuffle(items)
        else:
            items = items[:place]
        return with_items(tree, items)

    def _varied_mapping(self, tree: EncodedValue, shape: Shape) -> EncodedValue:
        chance = self._chance
        pairs = list(pairs_of(tree))
        if shape.key is None or shape.value is None or not shape.key.kinds:
            return tree
        place = chance.randrange(len(pairs)) if pairs else 0
        if pairs and (shape.records is not None or chance.random() < 0.5):
            key, value = pairs[place]
            pairs[place] = key, self.varied(value, shape.value)
        elif pairs and chance.random() < 0.4:
            del pairs[place]
        elif pairs and chance.random() < 0.3:
            pairs[place] = self.varied(pairs[place][0], shape.key), pairs[place][1]
        elif shape.records is None:
            pairs.append((self.fresh(shape.key), self.fresh(shape.value)))
        return with_pairs(tree, pairs)

    def _fresh_record(self, kind: str, shape: Shape) -> EncodedValue:
        empty: dict[str, EncodedValue] = {} if kind == "dict" else {kind: []}
        pairs = [(_key_of(text), self.fresh(each)) for text, each in (shape.records or {}).items()]
        return with_pairs(empty, pairs)


def _key_of(text: str) -> EncodedValue:
    return json.loads(text)


def _empty(kind: str) -> EncodedValue:
    return [] if kind == "list" else {kind: [[], None] if kind == "$deque" else []}


def _number(tree: EncodedValue) -> int | float:
    return integer_of(tree) if kind_of(tree) == "int" else tree
