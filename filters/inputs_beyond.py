"""Inputs beyond the known ones, by one step: what a solution may refuse with an exception of its own.

They break what was learnt from known calls, so they are no ordinary inputs: `generated_cases` keeps those
alone on which the reference raises on purpose what the statement or a known case speaks of.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

from filters.argument_trees import SEQUENCES, integer_of, integer_tree, items_of, kind_of, with_items
from filters.input_shapes import Shape
from filters.input_variation import MAX_INPUT_CHARACTERS, Call, InputSpace
from tasks.record import EncodedValue

_MAX_KNOWN = 12
_STRANGE = "-! 0aA" + string.punctuation


def calls_beyond(space: InputSpace, seed: int, count: int) -> list[Call]:
    """Up to ``count`` calls that `InputSpace.refusal` refuses, each one change away from a known one."""
    chance = random.Random(seed)
    found: dict[str, Call] = {}
    known = [call for call in space.calls if len(call.text) <= MAX_INPUT_CHARACTERS]
    for call in chance.sample(known, min(_MAX_KNOWN, len(known))):
        for name, tree in call.inputs.items():
            for other in _steps(tree, space.shapes[name], space.literals, chance):
                made = Call({**call.inputs, name: other}, call.by_position)
                if len(made.text) <= MAX_INPUT_CHARACTERS and space.refusal(made):
                    found.setdefault(made.text, made)
    return chance.sample(list(found.values()), min(count, len(found)))


def _steps(
    tree: EncodedValue, shape: Shape, literals: list[object], chance: random.Random
) -> Iterator[EncodedValue]:
    kind = kind_of(tree)
    integers = [each for each in literals if isinstance(each, int)]
    if kind == "int":
        number = integer_of(tree)
        edges = (shape.minimum, shape.maximum, shape.lowest, 0, *integers)
        near = {int(edge) + step for edge in edges if edge is not None for step in (-1, 0, 1)}
        yield from map(integer_tree, sorted({-number, -1, *near}))
    elif kind == "float":
        yield from (0.0, -1.0, -tree)
    elif kind == "str":
        texts = [each for each in literals if isinstance(each, str) and len(each) == 1]
        yield from ("", tree[1:], tree[:-1], tree + tree[:1], tree + tree, " ", tree.swapcase())
        for character in (*texts, *_STRANGE[:6], chance.choice(_STRANGE)):
            yield from (character, tree + character, character + tree[1:])
    elif kind in SEQUENCES:
        items = items_of(tree)
        rows = [[], items[1:], items[:-1], items[:1], items + items[:1], items + items, items[::-1]]
        if len(items) > 1:
            rows.append([items[-1], *items[1:]])  # an item twice
        for place in {0, len(items) - 1} if items else ():
            inner = shape.fields[place] if shape.fields else shape.item or Shape()
            for other in _steps(items[place], inner, literals, chance):
                rows.append([*items[:place], other, *items[place + 1 :]])
        yield from (with_items(tree, row) for row in rows)
