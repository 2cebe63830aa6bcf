"""What a program prints, as the value that a function returns: its type is told by all expected outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from scraping.input_formats.reading import BadInput, narrowest_type
from scraping.input_formats.structure import ValueType

Layout = Literal["token", "line", "row", "column", "table", "lines", "text"]

_LABEL = re.compile(r"Case\s+#\d+\s*:[ \t]*")


@dataclass(frozen=True)
class ResultForm:
    """How an output stands for a value.

    ``token``: it is one word; ``line``: a text with spaces; ``row``: a list on one line; ``column``: a list
    with an item per line; ``table``: a list of lists; ``lines``: a list of lines as texts; ``text``: all of
    it as it is. ``labelled``: the value follows ``Case #1:``.
    """

    layout: Layout
    item: ValueType = "str"
    labelled: bool = False

    @property
    def annotation(self) -> str:
        """The type as a Python annotation."""
        if self.layout in ("row", "column", "lines"):
            return f"list[{self.item}]"
        return f"list[list[{self.item}]]" if self.layout == "table" else self.item

    def value(self, output: str) -> Any:
        """The value of an output; raises `BadInput` where it has another form."""
        if self.layout == "text":
            return output
        if self.labelled:
            label = _LABEL.match(output.lstrip())
            if not label:
                raise BadInput("the output has no label")
            output = output.lstrip()[label.end() :]
        rows = [line.split() for line in output.splitlines() if line.strip()]
        if self.layout == "table":
            return [[self._item(token) for token in row] for row in rows]
        if self.layout == "lines":
            return [" ".join(row) for row in rows]
        if self.layout == "row":
            return [self._item(token) for row in rows for token in row]
        if self.layout == "column":
            if any(len(row) != 1 for row in rows):
                raise BadInput("a line of the output has more than one value")
            return [self._item(row[0]) for row in rows]
        if len(rows) > 1 or (self.layout == "token" and (not rows or len(rows[0]) != 1)):
            raise BadInput("the output is not one value")
        if self.layout == "line":
            return " ".join(rows[0]) if rows else ""
        return self._item(rows[0][0])

    def _item(self, token: str) -> Any:
        kind = narrowest_type([token])
        if self.item == "int" and kind == "int":
            return int(token)
        if self.item == "float":
            return _number(token)
        if self.item == "str":
            return token
        raise BadInput(f"{token[:20]!r} is no {self.item}")

    def reader(self, output: str) -> str:
        """The value as a Python expression of a variable that holds the output."""
        if self.layout == "text":
            return output
        if self.labelled:
            output = f'{output}.partition(":")[2]'
        convert = "" if self.item == "str" else self.item
        lines = f"{output}.splitlines() if line.strip()"
        read = {
            "token": f"{convert}({output})" if convert else f"{output}.strip()",
            "line": f'" ".join({output}.split())',
            "row": f"list(map({convert}, {output}.split()))" if convert else f"{output}.split()",
            "column": f"list(map({convert}, {output}.split()))" if convert else f"{output}.split()",
            "table": f"[list(map({convert}, line.split())) for line in {lines}]",
            "lines": f'[" ".join(line.split()) for line in {lines}]',
        }[self.layout]
        return read

    def writer(self, result: str) -> str:
        """The output as a Python expression of a variable that holds the value, without a line break."""
        written = {
            "token": f"str({result})",
            "line": result,
            "text": result,
            "row": f'" ".join(map(str, {result}))',
            "column": f'"\\n".join(map(str, {result}))',
            "table": f'"\\n".join(" ".join(map(str, row)) for row in {result})',
            "lines": f'"\\n".join({result})',
        }[self.layout]
        return f'"Case #1: " + {written}' if self.labelled else written


TEXT = ResultForm("text")


def infer_result(outputs: list[str], *, approximate: bool = False) -> ResultForm:
    """The narrowest form that all outputs have. ``approximate``: numbers are only compared as such."""
    tables = [[line.split() for line in output.splitlines() if line.strip()] for output in outputs]
    tokens = [token for table in tables for row in table for token in row]
    item = narrowest_type(tokens) if tokens else "str"
    if item == "int" and approximate:
        item = "float"
    if all(len(table) == 1 and len(table[0]) == 1 for table in tables):
        return ResultForm("token", item)
    if all(len(table) <= 1 for table in tables):
        return ResultForm("line") if item == "str" else ResultForm("row", item)
    if all(len(row) == 1 for table in tables for row in table):
        return ResultForm("column", item)
    return ResultForm("lines") if item == "str" else ResultForm("table", item)


def split_cases(output: str, cases: int) -> tuple[list[str], bool] | None:
    """The parts of an output that belong to each case, and whether they are labelled ``Case #x:``."""
    marks = list(re.finditer(r"(?m)^[ \t]*Case\s+#(\d+)\s*:", output))
    if marks:
        if [int(mark[1]) for mark in marks] != list(range(1, cases + 1)) or output[
            : marks[0].start()
        ].strip():
            return None
        ends = [mark.start() for mark in marks[1:]] + [len(output)]
        return [output[mark.start() : end] for mark, end in zip(marks, ends, strict=True)], True
    lines = [line for line in output.splitlines() if line.strip()]
    if not cases or not lines or len(lines) % cases:
        return None
    height = len(lines) // cases
    return ["\n".join(lines[at : at + height]) for at in range(0, len(lines), height)], False


def _number(token: str) -> float:
    try:
        return float(token)
    except ValueError:
        raise BadInput(f"{token[:20]!r} is no number") from None
