"""What holds between the arguments of all known calls and looks meant: ``len(a) == n``, a sorted list.

Invariants as of Daikon (Ernst et al. 2007), a handful of them, for whole calls: an input that breaks one of
them is taken for illegal. A chance relation costs some strength, an illegal input a right solution; so a
few known calls are enough to believe one, and one is enough where the statement says so.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from filters.argument_trees import (
    SEQUENCES,
    integer_of,
    integer_tree,
    items_of,
    kind_of,
    length_of,
    numbers_in,
    with_items,
)
from tasks.input_bounds import InputBound
from tasks.record import EncodedValue
from tasks.value_encoding import to_text

Inputs = Mapping[str, EncodedValue]
"""The arguments of one call by the names of their parameters."""

_MAX_MENDINGS = 4


@dataclass(frozen=True)
class Relation:
    """``holds`` tells of a call: True, False, or None where it has nothing to say.

    ``mend`` gives arguments to put in place of those that break it, where there is an obvious way.
    """

    name: str
    holds: Callable[[Inputs], bool | None]
    mend: Callable[[Inputs], dict[str, EncodedValue]] | None = None


def learnt_relations(known: Sequence[Inputs], statement: str = "") -> list[Relation]:
    """The relations that hold in all known calls and in enough of them say something."""
    found = []
    for relation, needed in _candidates(known, statement):
        told = [relation.holds(inputs) for inputs in known]
        # the same call told twice does not make a relation more likely
        saying = {_text(inputs) for inputs, held in zip(known, told, strict=True) if held is not None}
        if False not in told and len(saying) >= needed:
            found.append(relation)
    return found


def bound_relations(bounds: Sequence[InputBound]) -> list[Relation]:
    """The relations that a statement tells by names, as in ``1 <= k <= n``."""
    found = []
    for bound in bounds:
        for other, sign in ((bound.minimum_name, 1), (bound.maximum_name, -1)):
            if other is not None:
                found.append(Relation(bound.text or f"{bound.name}, {other}", _named(bound, other, sign)))
    return found


def broken_relation(relations: Sequence[Relation], inputs: Inputs) -> Relation | None:
    """A relation that a call breaks, or None."""
    return next((relation for relation in relations if relation.holds(inputs) is False), None)


def mended(relations: Sequence[Relation], inputs: Inputs) -> Inputs | None:
    """The call with other arguments in place of those that break relations; None where some remain broken."""
    for _ in range(_MAX_MENDINGS):
        broken = broken_relation(relations, inputs)
        if broken is None:
            return inputs
        if broken.mend is None:
            return None
        inputs = {**inputs, **broken.mend(inputs)}
    return None


def _text(inputs: Inputs) -> str:
    return to_text([[name, tree] for name, tree in sorted(inputs.items())])


def _named(bound: InputBound, other: str, sign: int) -> Callable[[Inputs], bool | None]:
    def holds(inputs: Inputs) -> bool | None:
        tree, limit = inputs.get(bound.name), _amount(inputs, other)
        if bound.name not in inputs or limit is None:
            return None
        if bound.of == "length":
            length = length_of(tree)
            return None if length is None else sign * (length - limit) >= 0
        if bound.of == "value" and kind_of(tree) in SEQUENCES:
            return None
        return all(sign * (number - limit) >= 0 for number in numbers_in(tree))

    return holds


def _amount(inputs: Inputs, name: str) -> int | float | None:
    """What a name in a bound stands for: a number, or the length of what it names."""
    length = re.fullmatch(r"len\((\w+)\)|(\w+)\.length|\|(\w+)\|", name)
    if length:
        return length_of(inputs.get(length[1] or length[2] or length[3]))
    numbers = numbers_in(inputs.get(name)) if kind_of(inputs.get(name)) in ("int", "float") else []
    return numbers[0] if numbers else None


_SAYS_SORTED = re.compile(r"\b(sorted|ascending|descending|increasing|decreasing|order)\b", re.IGNORECASE)
_SAYS_DISTINCT = re.compile(r"\b(distinct|unique|different|duplicates?|permutation)\b", re.IGNORECASE)


def _candidates(known: Sequence[Inputs], statement: str) -> Iterator[tuple[Relation, int]]:
    """Relations with the number of different calls that it takes to believe in them."""
    names = sorted({name for inputs in known for name in inputs})
    ordered = 1 if _SAYS_SORTED.search(statement) else 3
    distinct = 1 if _SAYS_DISTINCT.search(statement) else 3
    for name in names:
        yield _ascends(name, down=False), ordered
        yield _ascends(name, down=True), ordered
        yield _distinct(name), distinct
        yield _rows(name), 1
        yield _texts_of_one_length(name), 1
        yield _square(name), 2
    for left, right in permutations(names, 2):
        if left < right:
            yield _same_length(left, right), 2
        yield _number_and_length(f"{left} == len({right})", left, right, operator.eq), 2
        yield _number_and_length(f"{left} <= len({right})", left, right, operator.le), 4
        yield _below(right, left), 2
        yield _at_most(left, right), 5
        yield _member(left, right), 3


def _row(tree: EncodedValue) -> list[EncodedValue] | None:
    return items_of(tree) if kind_of(tree) in ("list", "$tuple") else None


def _ascends(name: str, *, down: bool) -> Relation:
    def numbers(inputs: Inputs) -> list[int | float] | None:
        row = _row(inputs.get(name))
        found = numbers_in(inputs.get(name)) if row is not None else []
        return found if row and len(found) == len(row) >= 2 else None

    def holds(inputs: Inputs) -> bool | None:
        found = numbers(inputs)
        return None if found is None else found == sorted(found, reverse=down)

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        found = numbers(inputs)
        if found is None:
            return {}
        trees = [
            integer_tree(each) if isinstance(each, int) else each for each in sorted(found, reverse=down)
        ]
        return {name: with_items(inputs[name], trees)}

    return Relation(f"{name} {'descends' if down else 'ascends'}", holds, mend)


def _distinct(name: str) -> Relation:
    def holds(inputs: Inputs) -> bool | None:
        row = _row(inputs.get(name))
        return len(set(map(to_text, row))) == len(row) if row and len(row) >= 3 else None

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        unique = {to_text(item): item for item in items_of(inputs[name])}
        return {name: with_items(inputs[name], list(unique.values()))}

    return Relation(f"{name} has distinct items", holds, mend)


def _rows(name: str) -> Relation:
    def lengths(inputs: Inputs) -> list[int]:
        found = [_row(item) for item in _row(inputs.get(name)) or ()]
        return [] if None in found else [len(row) for row in found if row is not None]

    def holds(inputs: Inputs) -> bool | None:
        found = lengths(inputs)
        return len(set(found)) == 1 if len(found) >= 2 else None

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        shortest = min(lengths(inputs))
        rows = [with_items(row, items_of(row)[:shortest]) for row in items_of(inputs[name])]
        return {name: with_items(inputs[name], rows)}

    return Relation(f"{name} has rows of one length", holds, mend)


def _texts_of_one_length(name: str) -> Relation:
    """The lines of a grid."""

    def texts(inputs: Inputs) -> list[str]:
        row = _row(inputs.get(name)) or []
        return row if all(kind_of(item) == "str" for item in row) else []

    def holds(inputs: Inputs) -> bool | None:
        found = texts(inputs)
        return len(set(map(len, found))) == 1 if len(found) >= 2 else None

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        found = texts(inputs)
        width = Counter(map(len, found)).most_common(1)[0][0]
        filling = max(found, key=len) * width
        return {name: with_items(inputs[name], [(text + filling[len(text) :])[:width] for text in found])}

    return Relation(f"{name} has texts of one length", holds, mend)


def _square(name: str) -> Relation:
    def holds(inputs: Inputs) -> bool | None:
        rows = [_row(item) for item in _row(inputs.get(name)) or ()]
        if not rows or None in rows:
            return None
        return all(len(row or ()) == len(rows) for row in rows)

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        rows = items_of(inputs[name])
        size = min(len(rows), *(len(items_of(row)) for row in rows))
        return {
            name: with_items(inputs[name], [with_items(row, items_of(row)[:size]) for row in rows[:size]])
        }

    return Relation(f"{name} is square", holds, mend)


def _same_length(left: str, right: str) -> Relation:
    def holds(inputs: Inputs) -> bool | None:
        lengths = length_of(inputs.get(left)), length_of(inputs.get(right))
        return None if None in lengths else lengths[0] == lengths[1]

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        shorter = min(length_of(inputs[left]) or 0, length_of(inputs[right]) or 0)
        return {name: _cut(inputs[name], shorter) for name in (left, right)}

    return Relation(f"len({left}) == len({right})", holds, mend)


def _cut(tree: EncodedValue, length: int) -> EncodedValue:
    if kind_of(tree) == "str":
        return tree[:length]
    return with_items(tree, items_of(tree)[:length]) if kind_of(tree) in SEQUENCES else tree


def _number_and_length(label: str, number: str, sequence: str, check: Callable[[int, int], bool]) -> Relation:
    def holds(inputs: Inputs) -> bool | None:
        length = length_of(inputs.get(sequence))
        if kind_of(inputs.get(number)) != "int" or length is None:
            return None
        return check(integer_of(inputs[number]), length)

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        return {number: length_of(inputs[sequence])}

    return Relation(label, holds, mend)


def _below(sequence: str, number: str) -> Relation:
    """Numbers of nodes, say: at most the other argument, and equal to it or one less now and then."""

    def holds(inputs: Inputs) -> bool | None:
        numbers = numbers_in(inputs.get(sequence)) if _row(inputs.get(sequence)) else []
        if not numbers or kind_of(inputs.get(number)) != "int":
            return None
        above = max(numbers) - integer_of(inputs[number])
        return False if above > 0 else True if above >= -1 else None

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        return {number: integer_tree(int(max(numbers_in(inputs[sequence]))) + 1)}

    return Relation(f"items of {sequence} up to {number}", holds, mend)


def _at_most(left: str, right: str) -> Relation:
    def holds(inputs: Inputs) -> bool | None:
        if any(kind_of(inputs.get(name)) not in ("int", "float") for name in (left, right)):
            return None
        return numbers_in(inputs[left])[0] <= numbers_in(inputs[right])[0]

    return Relation(f"{left} <= {right}", holds, lambda inputs: {left: inputs[right], right: inputs[left]})


def _member(left: str, right: str) -> Relation:
    def holds(inputs: Inputs) -> bool | None:
        row = _row(inputs.get(right))
        if left not in inputs or row is None or kind_of(inputs[left]) not in ("int", "float", "str"):
            return None
        return to_text(inputs[left]) in set(map(to_text, row))

    def mend(inputs: Inputs) -> dict[str, EncodedValue]:
        row = items_of(inputs[right])
        return {left: row[len(row) // 2]} if row else {}

    return Relation(f"{left} in {right}", holds, mend)
