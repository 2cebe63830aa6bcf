"""From rows with dots to repetitions: the first and the last item tell what is repeated, and how far."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from scraping.input_formats.elements import (
    Cell,
    Cells,
    Element,
    Gap,
    Joined,
    Loop,
    Row,
    Sign,
    bases,
    mapped,
    shape,
)
from scraping.input_formats.expressions import Atom, Expression, LoopIndex, Variable

_MAX_PERIOD = 12
_MAX_BRANCHES = 3
_MAX_TRIALS = 3_000
_ONE = Expression.number(1)


class NotAlike(ValueError):
    """Two parts are not the first and the last of one repetition."""


class Folder:
    """Folds one format; numbers its repetitions."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._trials = 0

    def rows(self, rows: list[Element]) -> Iterator[tuple[Element, ...]]:
        """The ways to fold rows, the likeliest first; none of them has a gap left."""
        folded = [self._row(row) if isinstance(row, Row) else row for row in rows]
        lines = tuple(row for row in folded if row is not None)
        if len(lines) == len(rows):
            for unfolded in self._without_gaps(lines, "lines", 0):
                yield self._runs(unfolded, "lines")

    def _row(self, row: Row) -> Element | None:
        if len(row.items) == 1 and isinstance(row.items[0], Gap):
            return row.items[0]
        items = next(self._without_gaps(row.items, "spaces", 0), None)
        return None if items is None else Row(items)

    def _without_gaps(
        self, elements: tuple[Element, ...], joined: Joined, depth: int
    ) -> Iterator[tuple[Element, ...]]:
        elements = _single_gaps(elements)
        if not any(isinstance(element, Gap) for element in elements):
            yield elements
            return
        if depth > 2 * _MAX_PERIOD or self._trials > _MAX_TRIALS:
            return
        reductions = sorted(self._reductions(elements, joined), key=lambda found: found[0])
        for _, reduced in reductions[: _MAX_BRANCHES if depth < 6 else 1]:
            yield from self._without_gaps(reduced, joined, depth + 1)

    def _reductions(
        self, elements: tuple[Element, ...], joined: Joined
    ) -> Iterator[tuple[tuple[int, ...], tuple[Element, ...]]]:
        for place, element in enumerate(elements):
            if not isinstance(element, Gap):
                continue
            begin = max((at + 1 for at in range(place) if isinstance(elements[at], Gap)), default=0)
            found = False
            for period in range(1, min(_MAX_PERIOD, place - begin) + 1):
                after = elements[place + 1 : place + 1 + period]
                if len(after) < period or any(isinstance(each, Gap) for each in after):
                    break
                for start in range(begin, place - period + 1):
                    made = self._loop(elements[start:place], after, period, joined)
                    if made:
                        loop, doubts = made
                        loop, rest = _extended(loop, elements[place + 1 :], period)
                        cost = (doubts, 0 if loop.first.constant in (0, 1) else 1, period, start, place)
                        yield cost, (*elements[:start], loop, *rest)
                        found = True
                        break
            if not found:
                for start, loop in self._open_ended(elements[begin:place], joined):
                    yield (3, 0, 0, 0, place), (*elements[: begin + start], loop, *elements[place + 1 :])

    def _loop(
        self,
        before: tuple[Element, ...],
        after: tuple[Element, ...],
        period: int,
        joined: Joined,
    ) -> tuple[Loop, int] | None:
        """The repetition of which ``before`` has the first rounds and ``after`` is the last."""
        self._trials += 1
        if self._trials > _MAX_TRIALS:
            return None
        first = before[:period]
        for place, element in enumerate(before[period:], start=period):
            if shape(element) != shape(first[place % period]) and not (
                type(element) in (Row, Cell, Loop) and bases(element) == bases(first[place % period])
            ):
                return None
        number = next(self._numbers)
        try:
            matched = _Match(first, after, number)
        except NotAlike:
            return None
        doubts = matched.doubts + (len(before) % period > 0)
        if len(before) >= 2 * period and not _follow(before, period, matched.first):
            doubts += 1
        return Loop(number, matched.first, matched.last, matched.body, _how_joined(before, joined)), doubts

    def _open_ended(self, before: tuple[Element, ...], joined: Joined) -> Iterator[tuple[int, Loop]]:
        """Dots with nothing after them that could be the last round."""
        for period in range(1, len(before) // 2 + 1):
            start = len(before) - 2 * period
            number = next(self._numbers)
            try:
                matched = _Match(before[start : start + period], before[start + period :], number)
            except NotAlike:
                continue
            if matched.last == matched.first + _ONE and not matched.doubts:
                yield start, Loop(number, matched.first, None, matched.body, _how_joined(before, joined))
                return

    def _runs(self, elements: tuple[Element, ...], joined: Joined) -> tuple[Element, ...]:
        """With runs of constant indices as repetitions: ``H_1`` and ``H_2``, on two lines or on one."""
        inner: list[Element] = []
        for element in elements:
            if isinstance(element, Row):
                inner.append(Row(self._runs(element.items, "spaces")))
            elif isinstance(element, Loop):
                way: Joined = "lines" if element.joined == "lines" else "spaces"
                inner.append(replace(element, body=self._runs(element.body, way)))
            else:
                inner.append(element)
        folded: list[Element] = []
        place = 0
        while place < len(inner):
            run = self._run(inner, place, joined)
            if run:
                length, loop = run
                folded.append(loop)
                place += length
            else:
                folded.append(inner[place])
                place += 1
        return tuple(folded)

    def _run(self, elements: list[Element], start: int, joined: Joined) -> tuple[int, Loop] | None:
        for period in range(1, (len(elements) - start) // 2 + 1):
            best: tuple[int, Loop] | None = None
            first = elements[start : start + period]
            for rounds in range(2, (len(elements) - start) // period + 1):
                end = start + rounds * period
                number = next(self._numbers)
                try:
                    matched = _Match(first, elements[end - period : end], number)
                except NotAlike:
                    break
                far = Expression.number(rounds - 1)
                if matched.doubts or matched.first.constant is None or matched.last != matched.first + far:
                    break
                way = _how_joined(tuple(elements[start:end]), joined)
                best = end - start, Loop(number, matched.first, matched.last, matched.body, way)
            if best:
                return best
        return None


def _how_joined(rounds: Sequence[Element], joined: Joined) -> Literal["spaces", "lines", "characters"]:
    glued = any(isinstance(each, Cell) and each.glued for each in rounds[1:])
    return "characters" if glued and joined == "spaces" else joined


class _Match:
    """What two sequences have in common, with the indices that differ as those of a repetition.

    ``doubts`` counts what differs in a way that only a slip of the author explains.
    """

    def __init__(self, first: Sequence[Element], last: Sequence[Element], number: int) -> None:
        self.number = number
        self.doubts = 0
        self._pairs: list[tuple[Expression, Expression]] = []
        self._chosen: Expression | None = None
        for left, right in zip(first, last, strict=True):
            self._element(left, right)
        if not self._pairs:
            raise NotAlike
        differences = [right - left for left, right in self._pairs]
        (self.first, self.last), self._chosen = max(
            zip(self._pairs, differences, strict=True),
            key=lambda each: (differences.count(each[1]), each[0][0].constant in (0, 1)),
        )
        self.doubts += any(each != self._chosen for each in differences)
        if self._chosen.constant is not None and self._chosen.constant < 0:
            raise NotAlike
        self.body = tuple(self._element(left, right) for left, right in zip(first, last, strict=True))

    def _element(self, left: Element, right: Element) -> Element:
        if isinstance(left, Row) and isinstance(right, Row):
            return Row(self._elements(left.items, right.items))
        if isinstance(left, Cells) and isinstance(right, Cells):
            return Cells(self._elements(left.parts, right.parts))
        if isinstance(left, Cell) and isinstance(right, Cell):
            if left.base != right.base or len(left.indices) != len(right.indices):
                raise NotAlike
            return replace(left, indices=self._expressions(left.indices, right.indices))
        if isinstance(left, Cell) and isinstance(right, Loop):
            left = _as_loop(left, right)
        if isinstance(left, Loop) and isinstance(right, Loop):
            return self._loops(left, right)
        if isinstance(left, Sign) and left == right:
            return left
        raise NotAlike

    def _elements(self, left: tuple[Element, ...], right: tuple[Element, ...]) -> tuple[Element, ...]:
        if len(left) != len(right):
            raise NotAlike
        return tuple(self._element(first, second) for first, second in zip(left, right, strict=True))

    def _expressions(
        self, left: tuple[Expression, ...], right: tuple[Expression, ...]
    ) -> tuple[Expression, ...]:
        if len(left) != len(right):
            raise NotAlike
        return tuple(self._expression(first, second) for first, second in zip(left, right, strict=True))

    def _loops(self, left: Loop, right: Loop) -> Loop:
        own = Expression.atom(LoopIndex(left.number))

        def renumbered(atom: Atom) -> Expression | None:
            return own if atom == LoopIndex(right.number) else None

        body = self._elements(left.body, tuple(mapped(each, renumbered) for each in right.body))
        if (left.last is None) != (right.last is None):
            raise NotAlike
        last = None
        if left.last is not None and right.last is not None:
            last = self._expression(left.last, right.last)
        return replace(left, body=body, first=self._expression(left.first, right.first), last=last)

    def _expression(self, left: Expression, right: Expression) -> Expression:
        if left == right:
            return left
        if len(left.terms) == len(right.terms):
            pairs = list(zip(left.terms, right.terms, strict=True))
            alike = all(factor == other and len(a) == len(b) for (a, factor), (b, other) in pairs)
            if alike and all(
                a == b or (isinstance(a, Variable) and isinstance(b, Variable) and a.name == b.name)
                for (atoms, _), (others, _) in pairs
                for a, b in zip(atoms, others, strict=True)
            ):
                total = Expression()
                for (atoms, factor), (others, _) in pairs:
                    product = Expression.number(factor)
                    for a, b in zip(atoms, others, strict=True):
                        product = product * Expression.atom(self._variable(a, b))
                    total = total + product
                return total
        difference = right - left
        if self._chosen is None:
            self._pairs.append((left, right))
        elif difference != self._chosen:
            return left
        return left + Expression.atom(LoopIndex(self.number))

    def _variable(self, left: Atom, right: Atom) -> Atom:
        if isinstance(left, Variable) and isinstance(right, Variable):
            return Variable(left.name, self._expressions(left.indices, right.indices))
        return left


def _extended(loop: Loop, after: tuple[Element, ...], period: int) -> tuple[Loop, tuple[Element, ...]]:
    """A repetition with the rounds that stand after its last one, and what is left: ``… X_{M-1} X_M``."""
    while len(after) >= 2 * period and loop.last is not None:
        try:
            matched = _Match(after[:period], after[period : 2 * period], -1)
        except NotAlike:
            break
        if matched.doubts or matched.first != loop.last or matched.last != loop.last + _ONE:
            break
        loop, after = replace(loop, last=matched.last), after[period:]
    return loop, after[period:]


def _as_loop(cell: Cell, like: Loop) -> Loop:
    """A cell as a repetition of one round: the first row of a triangle."""
    if len(like.body) != 1 or not isinstance(like.body[0], Cell):
        raise NotAlike
    pattern = like.body[0]
    if pattern.base != cell.base or len(pattern.indices) != len(cell.indices):
        raise NotAlike
    own = LoopIndex(like.number)
    places = [at for at, index in enumerate(pattern.indices) if own in index.atoms()]
    if len(places) != 1:
        raise NotAlike
    index = cell.indices[places[0]]
    indices = list(cell.indices)
    indices[places[0]] = index + Expression.atom(own)
    return Loop(like.number, index, index, (replace(cell, indices=tuple(indices)),), like.joined)


def _follow(before: tuple[Element, ...], period: int, first: Expression) -> bool:
    """Whether the second round's indices are one more than the first's."""
    try:
        matched = _Match(before[:period], before[period : 2 * period], -1)
    except NotAlike:
        return False
    return matched.doubts == 0 and matched.first == first and matched.last == matched.first + _ONE


def _single_gaps(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    return tuple(
        element
        for place, element in enumerate(elements)
        if not (isinstance(element, Gap) and place and isinstance(elements[place - 1], Gap))
    )
