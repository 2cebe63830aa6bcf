"""The weakest hint: a structure that the inputs alone suggest, by counts that agree in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scraping.input_formats.expressions import Expression, Variable
from scraping.input_formats.reading import narrowest_type
from scraping.input_formats.structure import Line, Node, Repeat, Value

_MAX_STEPS = 12
_MAX_WIDTH = 10
_MAX_TRIALS = 400
_NUMBER_NAMES = tuple("nmkpqrhwtxyz")
_TEXT_NAMES = ("s", "t", "u", "v", "w")
_ARRAY_NAMES = tuple("abcdefg")
_LINE_OFFSETS = (0, -1, 1)


@dataclass(frozen=True)
class _State:
    """How far each input is read, and which numbers were read before."""

    places: tuple[int, ...]
    nodes: tuple[Node, ...] = ()
    known: tuple[tuple[str, tuple[int, ...]], ...] = ()
    names: frozenset[str] = frozenset()


def suggested(inputs: list[str]) -> Iterator[tuple[Node, ...]]:
    """Structures that read all inputs, those with more counts explained first; none for a single input."""
    rows = [[line.split() for line in text.splitlines() if line.strip()] for text in inputs]
    if len(rows) < 2 or not all(rows):
        return
    trials = [0]
    yield from _finished(_Inputs(rows), _State((0,) * len(rows)), trials)


@dataclass(frozen=True)
class _Inputs:
    rows: list[list[list[str]]]

    def heads(self, state: _State) -> list[list[str]] | None:
        """The next line of each input, None where some have none."""
        if any(place >= len(rows) for place, rows in zip(state.places, self.rows, strict=True)):
            return None
        return [rows[place] for place, rows in zip(state.places, self.rows, strict=True)]

    def ended(self, state: _State) -> bool:
        return all(place == len(rows) for place, rows in zip(state.places, self.rows, strict=True))

    def block(self, state: _State, heights: tuple[int, ...]) -> list[list[list[str]]] | None:
        """So many next lines of each input, None where there are fewer."""
        found = [
            rows[place : place + height]
            for place, rows, height in zip(state.places, self.rows, heights, strict=True)
        ]
        return found if all(map(lambda lines, height: len(lines) == height, found, heights)) else None


def _finished(inputs: _Inputs, state: _State, trials: list[int]) -> Iterator[tuple[Node, ...]]:
    trials[0] += 1
    if inputs.ended(state):
        yield state.nodes
        return
    if len(state.nodes) >= _MAX_STEPS or trials[0] > _MAX_TRIALS:
        return
    for following in _steps(inputs, state):
        yield from _finished(inputs, following, trials)


def _steps(inputs: _Inputs, state: _State) -> Iterator[_State]:
    for name, values in reversed(state.known):
        for offset in _LINE_OFFSETS:
            heights = tuple(value + offset for value in values)
            if min(heights) >= 0 and max(heights) > 1:
                count = Expression.atom(Variable(name)) + Expression.number(offset)
                yield from _block(inputs, state, heights, count)
    heads = inputs.heads(state)
    rest = tuple(len(rows) - place for place, rows in zip(state.places, inputs.rows, strict=True))
    counted = heads is not None and _counts_lines(heads, rest)
    if min(rest) > 0 and len(set(rest)) > 1 and not counted:
        yield from _block(inputs, state, rest, None)
    if heads is not None:
        yield from _array(state, heads)
        yield from _counted_row(state, heads)
        yield from _scalars(state, heads)
    if heads is not None and any(len(head) > 1 for head in heads):
        (name,) = _new_names(state, _TEXT_NAMES, 1)
        yield _after(state, [1] * len(heads), Line((Value(name, whole_line=True),)), (name,))


def _counts_lines(heads: list[list[str]], rest: tuple[int, ...]) -> bool:
    """Whether a number on the next line says how many lines follow it."""
    columns = zip(*heads, strict=False)
    return any(
        all(token == str(height - 1) for token, height in zip(column, rest, strict=True))
        for column in columns
    )


def _block(
    inputs: _Inputs, state: _State, heights: tuple[int, ...], count: Expression | None
) -> Iterator[_State]:
    lines = inputs.block(state, heights)
    if lines is None:
        return
    widths = {len(row) for block in lines for row in block}
    number = len(state.nodes)
    if len(widths) == 1 and max(widths) <= _MAX_WIDTH:
        (width,) = widths
        columns = [[row[at] for block in lines for row in block] for at in range(width)]
        names: tuple[str, ...] = ()
        for column in columns:
            letters = _TEXT_NAMES if narrowest_type(column) == "str" else _ARRAY_NAMES
            names += _new_names(replace(state, names=state.names | set(names)), letters, 1)
        body: Node = Line(tuple(map(Value, names)))
        yield _after(state, list(heights), Repeat(number, count, (body,), "lines"), names)
    elif len(widths) > 1 and count is not None:
        (name,) = _new_names(state, _TEXT_NAMES, 1)
        body = Line((Value(name, whole_line=True),))
        if narrowest_type([token for block in lines for row in block for token in row]) == "str":
            yield _after(state, list(heights), Repeat(number, count, (body,), "lines"), (name,))


def _array(state: _State, heads: list[list[str]]) -> Iterator[_State]:
    """A line with as many values as a number says that was read before."""
    lengths = [len(head) for head in heads]
    for name, values in reversed(state.known):
        for offset in _LINE_OFFSETS:
            if lengths == [value + offset for value in values] and max(lengths) > 1:
                (array,) = _new_names(state, _ARRAY_NAMES, 1)
                count = Expression.atom(Variable(name)) + Expression.number(offset)
                row = Line((Repeat(len(state.nodes), count, (Value(array),), "spaces"),))
                yield _after(state, [1] * len(heads), row, (array,))


def _counted_row(state: _State, heads: list[list[str]]) -> Iterator[_State]:
    """A line that begins with how many values follow on it."""
    if len({len(head) for head in heads}) == 1 or not all(head[0].isdecimal() for head in heads):
        return
    if all(int(head[0]) == len(head) - 1 for head in heads):
        (count,) = _new_names(state, _NUMBER_NAMES, 1)
        (array,) = _new_names(state, _ARRAY_NAMES, 1)
        repeat = Repeat(len(state.nodes), Expression.atom(Variable(count)), (Value(array),), "spaces")
        yield _after(state, [1] * len(heads), Line((Value(count), repeat)), (count, array))


def _scalars(state: _State, heads: list[list[str]]) -> Iterator[_State]:
    widths = {len(head) for head in heads}
    if len(widths) > 1 or max(widths) > _MAX_WIDTH:
        return
    names: tuple[str, ...] = ()
    known = state.known
    for column in zip(*heads, strict=True):
        is_text = narrowest_type(list(column)) == "str"
        taken = replace(state, names=state.names | set(names))
        (name,) = _new_names(taken, _TEXT_NAMES if is_text else _NUMBER_NAMES, 1)
        names += (name,)
        if all(token.isdecimal() and len(token) <= 7 for token in column):
            known = (*known, (name, tuple(map(int, column))))
    line = Line(tuple(map(Value, names)))
    yield replace(_after(state, [1] * len(heads), line, names), known=known)


def _after(state: _State, heights: list[int], node: Node, names: tuple[str, ...]) -> _State:
    places = tuple(place + height for place, height in zip(state.places, heights, strict=True))
    return _State(places, (*state.nodes, node), state.known, state.names | set(names))


def _new_names(state: _State, letters: tuple[str, ...], count: int) -> tuple[str, ...]:
    numbered = (f"{letter}{number}" for number in range(2, 100) for letter in letters)
    free = (name for name in (*letters, *numbered) if name not in state.names)
    return tuple(name for name, _ in zip(free, range(count), strict=False))
