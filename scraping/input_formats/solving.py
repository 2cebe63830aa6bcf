"""A format and sample inputs: of the ways to understand the one, the first that reads all the others."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scraping.input_formats.elements import Cell, Cells, Element, Gap, Loop, Row, Sign
from scraping.input_formats.expressions import Atom, Expression, Length, LoopIndex, Variable
from scraping.input_formats.folding import Folder
from scraping.input_formats.naming import variable_name
from scraping.input_formats.notation import BadNotation, Dots, Punctuation, Reference, Word, read_notation
from scraping.input_formats.reading import BadInput, narrowest_types, read_values
from scraping.input_formats.structure import (
    Composite,
    FixedText,
    InputFormat,
    Line,
    Node,
    Repeat,
    Value,
    names_in,
)
from scraping.input_formats.subscripts import Reading, readings

_MAX_CANDIDATES = 200
_QUERY = re.compile(r"(?i)quer(?:y|ies)|op(?:eration)?s?|events?|commands?|クエリ|information")
_CASE = re.compile(r"(?i)(?:test)?_?(?:case|data_?set|set)s?|test")


@dataclass(frozen=True)
class Unreadable:
    """Why there is no structure: a stable name, and the particulars."""

    reason: str
    detail: str = ""


def read_format(text: str, samples: list[str]) -> InputFormat | Unreadable:
    """The structure that a format in the style of AtCoder has, checked on the sample inputs."""
    if not samples:
        return Unreadable("no_samples")
    try:
        lines = read_notation(text)
    except BadNotation as error:
        return Unreadable(error.reason, error.detail)
    found = fitting(structures(lines), samples)
    if isinstance(found, InputFormat) and not any(
        _stands_for_more(name) for name in names_in(found.nodes, whole_lines_only=True)
    ):
        return found
    bases = {piece.base for line in lines for word in line for piece in word if isinstance(piece, Reference)}
    reason = next(filter(None, map(_stands_for_more, sorted(bases))), None)
    return Unreadable(reason) if reason else found


def _stands_for_more(name: str) -> str | None:
    """What is wrong where a name stands for a line whose own format is elsewhere."""
    if _QUERY.fullmatch(name):
        return "query_kinds"
    return "cases_without_format" if _CASE.fullmatch(name) else None


def fitting(candidates: Iterator[tuple[Node, ...]], samples: list[str]) -> InputFormat | Unreadable:
    """The first structure that reads all samples completely, line by line rather than across lines."""
    second: InputFormat | None = None
    problem = Unreadable("dots_not_understood")
    for nodes in itertools.islice(candidates, _MAX_CANDIDATES):
        try:
            values = [read_values(nodes, sample) for sample in samples]
        except BadInput as error:
            if problem.reason == "dots_not_understood":
                problem = Unreadable("samples_do_not_fit", str(error))
            continue
        found = InputFormat(nodes, narrowest_types(nodes, [each for each, _ in values]))
        if all(lines_kept for _, lines_kept in values):
            return found
        second = second or found
    return second or problem


def structures(lines: list[tuple[Word, ...]]) -> Iterator[tuple[Node, ...]]:
    """All ways to understand a format, the likeliest first."""
    references = [piece for line in lines for word in line for piece in word if isinstance(piece, Reference)]
    scalars = frozenset(each.base for each in references if not each.subscripts)
    for reading in readings(references, scalars):
        rows: list[Element] = [Row(tuple(_elements(line, reading))) for line in lines]
        for folded in Folder().rows(_with_gaps(rows)):
            finished = _Finish(folded).nodes
            for nodes in _joining_ways(finished):
                yield nodes
            for nodes in _joining_ways(_with_whole_lines(finished)):
                yield nodes


def _elements(line: tuple[Word, ...], reading: Reading) -> Iterator[Element]:
    for word in line:
        if any(isinstance(piece, Punctuation) for piece in word):
            parts = tuple(_element(piece, reading, False) for piece in word)
            if len(parts) == 1 or any(isinstance(part, Gap) for part in parts):
                yield from parts
            else:
                yield Cells(parts)
        else:
            for place, piece in enumerate(word):
                yield _element(piece, reading, place > 0)


def _element(piece: Reference | Punctuation | Dots, reading: Reading, glued: bool) -> Element:
    if isinstance(piece, Dots):
        return Gap(glued)
    if isinstance(piece, Punctuation):
        return Sign(piece.text)
    indices = reading.get(piece)
    if indices is None:
        return Cell("_".join((piece.base, *piece.subscripts)), (), glued)
    return Cell(piece.base, indices, glued)


def _with_gaps(rows: list[Element]) -> list[Element]:
    """With the dots that an author forgot: between rows or cells whose index jumps to a variable."""
    filled: list[Element] = []
    for row in rows:
        items: list[Element] = []
        for item in row.items if isinstance(row, Row) else ():
            if items and _jumps(items[-1], item):
                items.append(Gap())
            items.append(item)
        filled.append(Row(tuple(items)))
    return filled


def _jumps(left: Element, right: Element) -> bool:
    if not (isinstance(left, Cell) and isinstance(right, Cell)):
        return False
    if left.base != right.base or len(left.indices) != len(right.indices):
        return False
    pairs = [(a, b) for a, b in zip(left.indices, right.indices, strict=True) if a != b]
    return (
        len(pairs) == 1 and pairs[0][0].constant is not None and (pairs[0][1] - pairs[0][0]).constant is None
    )


class _Finish:
    """Elements as nodes: names, and counts that refer to what was read before."""

    def __init__(self, elements: tuple[Element, ...]) -> None:
        self._cells: dict[str, Cell] = {}
        self._seen: dict[str, Cell] = {}
        self._depth: dict[str, int] = {}
        self._taken: set[str] = set()
        self._used: Counter[str] = Counter()
        self.nodes = self._nodes(elements, ())

    def _nodes(self, elements: tuple[Element, ...], loops: tuple[int, ...]) -> tuple[Node, ...]:
        return tuple(self._node(element, loops) for element in elements)

    def _node(self, element: Element, loops: tuple[int, ...]) -> Node:
        if isinstance(element, Row):
            return Line(self._nodes(element.items, loops))
        if isinstance(element, Sign):
            return FixedText(element.text)
        if isinstance(element, Cell):
            return self._value(element, loops)
        if isinstance(element, Cells):
            parts = [part for part in self._nodes(element.parts, loops)]
            return Composite(tuple(part for part in parts if isinstance(part, Value | FixedText)))
        assert isinstance(element, Loop), "gaps are folded"
        count = self._resolved(element.count)
        body = self._nodes(element.body, (*loops, element.number))
        joined = element.joined
        if joined == "characters" and not (len(body) == 1 and isinstance(body[0], Value)):
            joined = "spaces"
        first = element.first
        return Repeat(element.number, count, body, joined, first)

    def _value(self, cell: Cell, loops: tuple[int, ...]) -> Value:
        """Its name is the base, with those indices that no repetition has."""
        own = [index for index in cell.indices if not _rounds(index) & set(loops)]
        name = cell.base
        if own and (not loops or len(cell.indices) > len(loops)):
            name = "_".join([cell.base, *map(_index_text, own)])
        name = variable_name(name)
        while name in self._taken:
            self._used[cell.base] += 1
            name = f"{variable_name(cell.base)}_{self._used[cell.base] + 1}"
        self._taken.add(name)
        self._cells[name] = cell
        return Value(name)

    def _resolved(self, count: Expression | None) -> Expression | None:
        """The count by the names of what was read, None where it is not known."""
        if count is None:
            return None
        missing = False

        def change(atom: Atom) -> Expression | None:
            nonlocal missing
            if isinstance(atom, Variable | Length):
                found = self._known(atom)
                missing = missing or found is None
                return None if found is None else Expression.atom(found)
            return None

        resolved = count.mapped(change)
        return None if missing else resolved

    def _known(self, atom: Variable | Length) -> Variable | Length | None:
        if isinstance(atom, Length):
            name = variable_name(atom.name)
            sized = self._cells.get(name)
            return None if sized is None else Variable(name) if sized.base.startswith("|") else Length(name)
        flat = variable_name("_".join([atom.name, *map(_index_text, atom.indices)]))
        if flat in self._cells and not _holds_rounds(self._cells[flat]):
            return Variable(flat)
        names = [name for name, cell in self._cells.items() if cell.base == atom.name]
        if not names and not atom.indices:
            names = [name for name in self._cells if name.lower() == atom.name.lower()]
        for name in names:
            cell = self._cells[name]
            if len(cell.indices) == len(atom.indices):
                at_start = (each.mapped(_first_round) for each in cell.indices)
                pairs = zip(cell.indices, atom.indices, at_start, strict=True)
                positions = tuple(index - start for own, index, start in pairs if _rounds(own))
                return Variable(name, positions)
        return None


def _first_round(atom: Atom) -> Expression | None:
    return Expression() if isinstance(atom, LoopIndex) else None


def _rounds(index: Expression) -> set[int]:
    return {atom.number for atom in index.atoms() if isinstance(atom, LoopIndex)}


def _holds_rounds(cell: Cell) -> bool:
    return any(_rounds(index) for index in cell.indices)


def _index_text(index: Expression) -> str:
    def show(atom: Atom) -> str:
        if isinstance(atom, Variable):
            return "_".join([atom.name, *map(_index_text, atom.indices)])
        return "i" if isinstance(atom, LoopIndex) else atom.name if isinstance(atom, Length) else ""

    return index.text(show).replace(" ", "")


def _joining_ways(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """With texts as rows of values and rows of values as texts: authors write one for the other."""
    numbers = [repeat.number for repeat in _rows_of_one(nodes)]
    yield nodes
    yield _joined(nodes, dict.fromkeys(numbers, "spaces"))
    yield _joined(nodes, dict.fromkeys(numbers, "characters"))
    if 1 < len(numbers) <= 5:
        for ways in itertools.product(("spaces", "characters"), repeat=len(numbers)):
            if len(set(ways)) == 2:
                yield _joined(nodes, dict(zip(numbers, ways, strict=True)))


def _rows_of_one(nodes: tuple[Node, ...]) -> Iterator[Repeat]:
    for node in nodes:
        if isinstance(node, Repeat):
            if node.joined != "lines" and len(node.body) == 1 and isinstance(node.body[0], Value):
                yield node
            yield from _rows_of_one(node.body)
        elif isinstance(node, Line):
            yield from _rows_of_one(node.items)


def _joined(nodes: tuple[Node, ...], ways: dict[int, str]) -> tuple[Node, ...]:
    changed: list[Node] = []
    for node in nodes:
        if isinstance(node, Line):
            changed.append(Line(_joined(node.items, ways)))
        elif isinstance(node, Repeat):
            way = ways.get(node.number, node.joined)
            changed.append(replace(node, joined=way, body=_joined(node.body, ways)))  # type: ignore[arg-type]
        else:
            changed.append(node)
    return tuple(changed)


def _with_whole_lines(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """With values that have a line of their own as texts with spaces."""
    changed: list[Node] = []
    for node in nodes:
        if isinstance(node, Line) and len(node.items) == 1 and isinstance(node.items[0], Value):
            changed.append(Line((replace(node.items[0], whole_line=True),)))
        elif isinstance(node, Repeat) and node.joined == "lines":
            changed.append(replace(node, body=_with_whole_lines(node.body)))
        else:
            changed.append(node)
    return tuple(changed)
