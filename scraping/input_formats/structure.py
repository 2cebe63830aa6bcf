"""The structure of an input: values, words, lines, and what is repeated how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from scraping.input_formats.expressions import Expression

ValueType = Literal["int", "float", "str"]


@dataclass(frozen=True)
class Value:
    """One value to read, which goes to the array of its name if it is in a repetition.

    ``whole_line``: it is a text with spaces.
    """

    name: str
    whole_line: bool = False


@dataclass(frozen=True)
class FixedText:
    """What stands in every input as it stands here."""

    text: str


@dataclass(frozen=True)
class Composite:
    """Values in one word, with fixed texts between them, such as ``month/day``."""

    parts: tuple[Value | FixedText, ...]


@dataclass(frozen=True)
class Repeat:
    """Something that comes ``count`` times, or with None as long as there is more on the line or at all.

    ``number`` names its round in expressions; ``first`` is the index that the format gives to the first
    round. ``joined`` tells what is between the rounds: a space, a line break, or nothing (``characters``),
    in which case the values of the one name in it make a text.
    """

    number: int
    count: Expression | None
    body: tuple[Node, ...]
    joined: Literal["spaces", "lines", "characters"]
    first: Expression = field(default_factory=Expression)


@dataclass(frozen=True)
class Line:
    """What is on one line."""

    items: tuple[Node, ...]


Node = Value | FixedText | Composite | Repeat | Line


@dataclass(frozen=True)
class InputFormat:
    """The structure of an input, with the type of each name's values, as all samples were read with it.

    ``origin`` tells what it was read from, ``samples`` being the weakest.
    """

    nodes: tuple[Node, ...]
    types: dict[str, ValueType]
    origin: Literal["format", "prose", "samples"] = "format"

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Names in their order, with Python annotations."""
        return [
            (name, "list[" * depth + self.types[name] + "]" * depth)
            for name, depth in depths(self.nodes).items()
        ]


def depths(nodes: tuple[Node, ...]) -> dict[str, int]:
    """How many repetitions each name is in, those of characters not counted."""
    return {value.name: depth for value, depth in _values(nodes, 0)}


def _values(nodes: tuple[Node, ...], depth: int) -> Iterator[tuple[Value, int]]:
    for node in nodes:
        if isinstance(node, Value):
            yield node, depth
        elif isinstance(node, Composite):
            yield from _values(node.parts, depth)
        elif isinstance(node, Line):
            yield from _values(node.items, depth)
        elif isinstance(node, Repeat):
            yield from _values(node.body, depth + (node.joined != "characters"))


def names_in(nodes: tuple[Node, ...], *, whole_lines_only: bool = False) -> list[str]:
    """Every name, as often as it occurs."""
    return [value.name for value, _ in _values(nodes, 0) if value.whole_line or not whole_lines_only]


def texts_in(nodes: tuple[Node, ...]) -> set[str]:
    """The names whose values are rows of characters."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Repeat):
            found |= set(names_in(node.body)) if node.joined == "characters" else texts_in(node.body)
        elif isinstance(node, Line):
            found |= texts_in(node.items)
    return found
