"""Python source that reads and writes inputs of a format."""

from __future__ import annotations

from collections.abc import Iterator

from scraping.input_formats.expressions import Atom, Expression, Length, LoopIndex
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
)

_ROUNDS = "ijklmnpq"


def writer_lines(input_format: InputFormat, lines: str) -> list[str]:
    """Statements that make the list called ``lines`` of an input's lines, from variables of its names."""
    statements = list(_Source(input_format, {lines}).written(input_format.nodes, lines, ()))
    first: list[str] = []
    while statements and not statements[0].startswith("for "):
        statement = statements.pop(0)
        content = statement.partition("(")[2][:-1]
        first.append(content if statement.startswith(f"{lines}.append") else f"*{content}")
    return [f"{lines} = [{', '.join(first)}]", *statements]


def reader_source(input_format: InputFormat, name: str = "read_input") -> str:
    """A function that takes an input's text and returns a tuple of its values."""
    source = _Source(input_format, {"data", "lines", "tokens", "line"})
    by_line = any(_needs_lines(node) for node in input_format.nodes)
    body = list(source.read(input_format.nodes, (), by_line))
    names = list(dict.fromkeys(names_in(input_format.nodes)))
    values = ", ".join(names) + ("," if len(names) == 1 else "")
    if by_line:
        start = ["lines = iter([line for line in data.splitlines() if line.strip()])"]
    else:
        start = ["tokens = iter(data.split())"]
    statements = [*start, *body, f"return ({values})"]
    return "\n".join([f"def {name}(data):", *("    " + each for each in statements), ""])


def _needs_lines(node: Node) -> bool:
    if isinstance(node, Value):
        return node.whole_line
    if isinstance(node, Line):
        return any(map(_needs_lines, node.items))
    if isinstance(node, Repeat):
        unbounded = node.count is None and node.joined != "characters"
        return unbounded or any(map(_needs_lines, node.body))
    return False


def _lines_of_one_value(node: Node) -> str | None:
    """The name of an array that has one item, a value or a text, on each of its lines."""
    match node:
        case Repeat(joined="lines", body=(Line((Value(name),)),)):
            return name
        case Repeat(joined="lines", body=(Line((Repeat(joined="characters", body=(Value(name),)),)),)):
            return name
    return None


class _Source:
    """Rounds are variables with names that nothing else has."""

    def __init__(self, input_format: InputFormat, taken: set[str]) -> None:
        self._types = input_format.types
        self._taken = taken | set(names_in(input_format.nodes))
        self._rounds: dict[int, str] = {}

    def _round(self, number: int) -> str:
        if number not in self._rounds:
            free = (name for name in (*_ROUNDS, *(f"round_{each}" for each in range(1000))))
            self._rounds[number] = next(name for name in free if name not in self._taken)
            self._taken.add(self._rounds[number])
        return self._rounds[number]

    def written(self, nodes: tuple[Node, ...], lines: str, loops: tuple[int, ...]) -> Iterator[str]:
        for node in nodes:
            if (array := _lines_of_one_value(node)) is not None:
                whole = self._types[array] == "str"
                shown = self._at(array, loops)
                yield f"{lines}.extend({shown if whole else f'map(str, {shown})'})"
            elif isinstance(node, Repeat) and node.joined == "lines":
                some = names_in(node.body)[0]
                yield f"for {self._round(node.number)} in range(len({self._at(some, loops)})):"
                for statement in self.written(node.body, lines, (*loops, node.number)):
                    yield "    " + statement
            else:
                items = node.items if isinstance(node, Line) else (node,)
                yield f"{lines}.append({self._line(items, loops)})"

    def _line(self, items: tuple[Node, ...], loops: tuple[int, ...]) -> str:
        if len(items) == 1:
            return self._joined(items[0], loops)
        if all(isinstance(item, FixedText) for item in items):
            return repr(" ".join(item.text for item in items if isinstance(item, FixedText)))
        if not any(isinstance(item, Repeat) and item.joined != "characters" for item in items):
            return 'f"' + " ".join(self._in_text(item, loops) for item in items) + '"'
        return '" ".join([' + ", ".join(self._unpacked(item, loops) for item in items) + "])"

    def _joined(self, item: Node, loops: tuple[int, ...]) -> str:
        if isinstance(item, Repeat) and item.joined != "characters":
            if len(item.body) == 1 and isinstance(item.body[0], Value):
                array = self._at(item.body[0].name, loops)
                whole = self._types[item.body[0].name] == "str"
                return f'" ".join({array})' if whole else f'" ".join(map(str, {array}))'
            return f'" ".join([{self._unpacked(item, loops)}])'
        if isinstance(item, Value | Repeat):
            return self._text(item, loops)
        if isinstance(item, FixedText):
            return '"' + self._in_text(item, loops) + '"'
        return 'f"' + self._in_text(item, loops) + '"'

    def _unpacked(self, item: Node, loops: tuple[int, ...]) -> str:
        if not isinstance(item, Repeat) or item.joined == "characters":
            return self._joined(item, loops)
        if len(item.body) == 1 and isinstance(item.body[0], Value):
            array = self._at(item.body[0].name, loops)
            return f"*{array}" if self._types[item.body[0].name] == "str" else f"*map(str, {array})"
        rounds = self._round(item.number)
        inner = self._line(item.body, (*loops, item.number))
        return f"*({inner} for {rounds} in range(len({self._at(names_in(item.body)[0], loops)})))"

    def _text(self, item: Node, loops: tuple[int, ...]) -> str:
        """A value as a text."""
        name = names_in((item,))[0]
        shown = self._at(name, loops)
        return shown if self._types[name] == "str" else f"str({shown})"

    def _in_text(self, item: Node, loops: tuple[int, ...]) -> str:
        """A node as a part of a formatted text."""
        if isinstance(item, FixedText):
            return item.text.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("}", "}}")
        if isinstance(item, Composite):
            return "".join(self._in_text(part, loops) for part in item.parts)
        return "{" + self._at(names_in((item,))[0], loops) + "}"

    def _at(self, name: str, loops: tuple[int, ...]) -> str:
        return name + "".join(f"[{self._round(number)}]" for number in loops)

    def read(self, nodes: tuple[Node, ...], loops: tuple[int, ...], by_line: bool) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, Line):
                whole = len(node.items) == 1 and isinstance(node.items[0], Value) and node.items[0].whole_line
                if by_line and not whole:
                    yield "tokens = iter(next(lines).split())"
                yield from self.read(node.items, loops, by_line)
            elif isinstance(node, Repeat):
                yield from self._read_repeat(node, loops, by_line)
            elif isinstance(node, Value):
                yield self._stored(node.name, self._token(node.name, node.whole_line), loops)
            elif isinstance(node, FixedText):
                yield f"assert next(tokens) == {node.text!r}"
            else:
                yield from self._read_composite(node, loops)

    def _read_composite(self, node: Composite, loops: tuple[int, ...]) -> Iterator[str]:
        names = [part.name for part in node.parts if isinstance(part, Value)]
        yield "rest = next(tokens)"
        texts = [part.text for part in node.parts if isinstance(part, FixedText)]
        if isinstance(node.parts[0], FixedText):
            yield f"rest = rest[{len(texts.pop(0))}:]"
        for name in names:
            if texts:
                yield f"first, _, rest = rest.partition({texts.pop(0)!r})"
                yield self._stored(name, _converted(self._types[name], "first"), loops)
            else:
                yield self._stored(name, _converted(self._types[name], "rest"), loops)

    def _read_repeat(self, node: Repeat, loops: tuple[int, ...], by_line: bool) -> Iterator[str]:
        names = list(dict.fromkeys(names_in(node.body)))
        if node.joined == "characters":
            yield self._stored(names[0], "next(tokens)", loops)
            return
        (first, *rest) = node.body
        count = None if node.count is None else self._count(node.count)
        if isinstance(first, Value) and not rest:
            if count is None:
                read = f"[{_converted(self._types[first.name], 'each')} for each in tokens]"
            else:
                read = f"[{self._token(first.name, first.whole_line)} for _ in range({count})]"
            yield self._stored(first.name, read, loops)
            return
        for name in names:
            yield self._stored(name, "[]", loops)
        rounds = self._round(node.number)
        if count is not None:
            yield f"for {rounds} in range({count}):"
        elif node.joined == "lines":
            yield "rest_of_lines = list(lines)"
            yield "lines = iter(rest_of_lines)"
            yield f"for {rounds} in range(len(rest_of_lines) // {_height(node.body)}):"
        else:
            yield "rest_of_tokens = list(tokens)"
            yield "tokens = iter(rest_of_tokens)"
            yield f"for {rounds} in range(len(rest_of_tokens) // {len(node.body)}):"
        for statement in self.read(node.body, (*loops, node.number), by_line):
            yield "    " + statement

    def _token(self, name: str, whole_line: bool) -> str:
        return _converted(self._types[name], "next(lines)" if whole_line else "next(tokens)")

    def _stored(self, name: str, value: str, loops: tuple[int, ...]) -> str:
        if not loops:
            return f"{name} = {value}"
        return f"{self._at(name, loops[:-1])}.append({value})"

    def _count(self, count: Expression) -> str:
        return count.text(self._shown)

    def _shown(self, atom: Atom) -> str:
        if isinstance(atom, LoopIndex):
            return self._round(atom.number)
        if isinstance(atom, Length):
            return f"len({atom.name})"
        name = getattr(atom, "name", "")
        return name + "".join(f"[{index.text(self._shown)}]" for index in getattr(atom, "indices", ()))


def _converted(kind: ValueType, token: str) -> str:
    return token if kind == "str" else f"{kind}({token})"


def _height(nodes: tuple[Node, ...]) -> int:
    return sum(1 for node in nodes if isinstance(node, Line)) or 1
