"""What rows of a format are made of before repetitions are found, and while they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from scraping.input_formats.expressions import Atom, Expression

_ONE = Expression.number(1)
Joined = Literal["spaces", "lines"]


@dataclass(frozen=True)
class Cell:
    """One value, by its name and indices. ``glued``: nothing stands between it and the one before."""

    base: str
    indices: tuple[Expression, ...] = ()
    glued: bool = False


@dataclass(frozen=True)
class Sign:
    """A text that is the same in every input."""

    text: str


@dataclass(frozen=True)
class Cells:
    """Values and signs in one word."""

    parts: tuple[Element, ...]


@dataclass(frozen=True)
class Gap:
    """Dots."""

    glued: bool = False


@dataclass(frozen=True)
class Row:
    """A line."""

    items: tuple[Element, ...]


@dataclass(frozen=True)
class Loop:
    """What is repeated, from the index ``first`` to ``last`` (None: as far as it goes)."""

    number: int
    first: Expression
    last: Expression | None
    body: tuple[Element, ...]
    joined: Literal["spaces", "lines", "characters"]

    @property
    def count(self) -> Expression | None:
        return None if self.last is None else self.last - self.first + _ONE


Element = Cell | Sign | Cells | Gap | Row | Loop


def mapped(element: Element, change: Callable[[Atom], Expression | None]) -> Element:
    """An element with the atoms of all its expressions changed."""
    if isinstance(element, Cell):
        return replace(element, indices=tuple(each.mapped(change) for each in element.indices))
    if isinstance(element, Cells):
        return Cells(tuple(mapped(part, change) for part in element.parts))
    if isinstance(element, Row):
        return Row(tuple(mapped(item, change) for item in element.items))
    if isinstance(element, Loop):
        return replace(
            element,
            first=element.first.mapped(change),
            last=element.last and element.last.mapped(change),
            body=tuple(mapped(each, change) for each in element.body),
        )
    return element


def shape(element: Element) -> object:
    """What has to be the same in all rounds of a repetition."""
    if isinstance(element, Cell):
        return element.base
    if isinstance(element, Cells):
        return tuple(map(shape, element.parts))
    if isinstance(element, Row):
        return "row", tuple(map(shape, element.items))
    if isinstance(element, Loop):
        return "loop", tuple(map(shape, element.body))
    return element


def bases(element: Element) -> frozenset[str]:
    """The names in an element."""
    if isinstance(element, Cell):
        return frozenset({element.base})
    parts: tuple[Element, ...] = ()
    if isinstance(element, Cells):
        parts = element.parts
    elif isinstance(element, Row):
        parts = element.items
    elif isinstance(element, Loop):
        parts = element.body
    return frozenset().union(*map(bases, parts))
