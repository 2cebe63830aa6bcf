"""Reading an input text by its structure: values by name, in nested lists. Pure, and bounded by the text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from scraping.input_formats.expressions import BadExpression, Expression, Length, Variable
from scraping.input_formats.structure import (
    Composite,
    FixedText,
    InputFormat,
    Line,
    Node,
    Repeat,
    Value,
    ValueType,
    names_in,
    texts_in,
)

Values = dict[str, Any]
"""Tokens, or nested lists of them, by their names."""

MAX_DIGITS = 4_000
"""Python refuses to read longer integers."""

_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d*)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


class BadInput(ValueError):
    """A text does not have the structure of the format."""


def read_values(nodes: tuple[Node, ...], text: str) -> tuple[Values, bool]:
    """The tokens of an input, and whether its lines are those of the format too. Raises `BadInput`."""
    reader = _Reader(text)
    reader.read(nodes)
    if reader.more():
        raise BadInput("there is more in the input than in the format")
    return reader.values, reader.lines_kept


def typed_values(input_format: InputFormat, text: str) -> Values:
    """The values of an input as those of their types. Raises `BadInput`."""
    values, _ = read_values(input_format.nodes, text)
    return {name: _typed(value, input_format.types[name]) for name, value in values.items()}


def narrowest_types(nodes: tuple[Node, ...], readings: list[Values]) -> dict[str, ValueType]:
    """For each name, the narrowest type that all its tokens have; rows of characters are texts."""
    found: dict[str, ValueType] = {}
    texts = texts_in(nodes)
    for name in dict.fromkeys(names_in(nodes)):
        tokens = [token for values in readings for token in _flat(values[name])]
        is_text = name in texts or _digits_of_a_text(name, tokens)
        found[name] = "str" if is_text else narrowest_type(tokens)
    return found


def _digits_of_a_text(name: str, tokens: list[str]) -> bool:
    """Whether tokens that read as integers are texts all the same: bits, or a long ``S``."""
    longest = max(map(len, tokens), default=0)
    return longest > 18 and (name.lower() in ("s", "t") or all(set(token) <= {"0", "1"} for token in tokens))


def narrowest_type(tokens: list[str]) -> ValueType:
    """``int`` if all are written as integers are, ``float`` if all are numbers, else ``str``."""
    if all(_INTEGER.fullmatch(token) and len(token) <= MAX_DIGITS and token.isascii() for token in tokens):
        return "int"
    if all(_NUMBER.fullmatch(token) and token.isascii() for token in tokens) and any(
        not re.fullmatch(r"[+-]?\d+", token) for token in tokens
    ):
        return "float"
    return "str"


def _typed(value: Any, kind: ValueType) -> Any:
    if isinstance(value, list):
        return [_typed(item, kind) for item in value]
    if kind == "str":
        return value
    if kind == "int":
        if not _INTEGER.fullmatch(value) or len(value) > MAX_DIGITS:
            raise BadInput(f"{value[:20]!r} is no integer")
        return int(value)
    if not _NUMBER.fullmatch(value):
        raise BadInput(f"{value[:20]!r} is no number")
    return float(value)


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


class _Reader:
    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._tokens = [line.split() for line in self._lines]
        self._left = sum(map(len, self._tokens))
        self._row = 0
        self._column = 0
        self._open: dict[str, list[Any]] = {}
        self._rounds: dict[int, int] = {}
        self.values: Values = {}
        self.lines_kept = True

    def more(self) -> bool:
        return self._left > 0

    def read(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if isinstance(node, Line):
                if self._column and self._column < len(self._tokens[self._row]):
                    self.lines_kept = False
                self._to_next_line()
                row = self._row
                self.read(node.items)
                if self._row != row:
                    self.lines_kept = False
            elif isinstance(node, Repeat):
                self._repeat(node)
            elif isinstance(node, Value):
                self._put(node.name, self._whole_line() if node.whole_line else self._token())
            elif isinstance(node, Composite):
                self._composite(node, self._token())
            elif self._token() != node.text:
                raise BadInput(f"{node.text!r} is missing")

    def _to_next_line(self) -> None:
        """To the next line that has anything on it."""
        while self._row < len(self._tokens) - 1 and self._column >= len(self._tokens[self._row]):
            self._row += 1
            self._column = 0

    def _token(self) -> str:
        self._to_next_line()
        if self._left == 0:
            raise BadInput("the input ends too early")
        token = self._tokens[self._row][self._column]
        self._column += 1
        self._left -= 1
        return token

    def _whole_line(self) -> str:
        if self._left == 0:
            raise BadInput("the input ends too early")
        if self._column:
            raise BadInput("a line begins before")
        self._left -= len(self._tokens[self._row])
        self._column = len(self._tokens[self._row])
        return self._lines[self._row].strip("\r")

    def _put(self, name: str, token: Any) -> None:
        if name in self._open:
            self._open[name].append(token)
        elif name in self.values:
            raise BadInput(f"{name} comes twice")
        else:
            self.values[name] = token

    def _composite(self, node: Composite, token: str) -> None:
        kinds = [type(part) for part in node.parts]
        if any(one is two is Value for one, two in itertools.pairwise(kinds)):
            raise BadInput("nothing tells where a value ends")
        pattern = "".join(
            re.escape(part.text) if isinstance(part, FixedText) else "(.+?)" for part in node.parts
        )
        match = re.fullmatch(pattern, token)
        if not match:
            raise BadInput(f"{token[:40]!r} has other signs than the format")
        values = [part for part in node.parts if isinstance(part, Value)]
        for value, found in zip(values, match.groups(), strict=True):
            self._put(value.name, found)

    def _repeat(self, node: Repeat) -> None:
        count = None if node.count is None else self._count(node.count)
        if node.joined == "characters":
            (value,) = node.body
            token = self._token() if count != 0 else ""
            if not isinstance(value, Value) or (count is not None and len(token) != count):
                raise BadInput("a text has another length than the format says")
            self._put(value.name, token)
            return
        if count is not None and not 0 <= count <= max(self._left, len(self._lines)):
            raise BadInput(f"the input has less than {count} of something")
        outer = dict(self._open)
        for name in dict.fromkeys(names_in(node.body)):
            new: list[Any] = []
            self._put(name, new)
            self._open[name] = new
        self._to_next_line()
        row, number = self._row, 0
        while self._goes_on(node, row) if count is None else number < count:
            self._rounds[node.number] = number
            self.read(node.body)
            number += 1
        self._open = outer

    def _goes_on(self, node: Repeat, row: int) -> bool:
        on_line = self._row == row and self._column < len(self._tokens[row])
        return self._left > 0 and (node.joined == "lines" or on_line)

    def _count(self, expression: Expression) -> int:
        try:
            return expression.value(self._lookup, self._rounds)
        except (BadExpression, KeyError, IndexError, TypeError) as error:
            raise BadInput(f"a count cannot be told: {error}") from error

    def _lookup(self, variable: Variable | Length) -> int:
        value = self.values[variable.name]
        if isinstance(variable, Length):
            return len(value)
        for index in variable.indices:
            place = index.value(self._lookup, self._rounds)
            if place < 0:
                raise BadExpression("an index is below 0")
            value = value[place]
        if not isinstance(value, str) or not _INTEGER.fullmatch(value) or len(value) > 18:
            raise BadExpression(f"{variable.name} is no integer")
        return int(value)
