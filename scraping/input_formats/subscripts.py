"""What subscripts mean: how many dimensions an array has, and which index stands for each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scraping.input_formats.expressions import BadExpression, Expression, parse_expression
from scraping.input_formats.notation import Reference

Indices = tuple[Expression, ...]
Reading = dict[Reference, Indices]


def readings(references: list[Reference], scalars: frozenset[str]) -> Iterator[Reading]:
    """The ways to understand the subscripts of a format's references, the likeliest first.

    ``x_{12}`` may be the twelfth of a row or the second of the first row. A reference whose subscripts are
    no indices (``x_{max}``) is missing from a reading: they belong to its name.
    """
    by_base: dict[str, list[Reference]] = defaultdict(list)
    for reference in references:
        if reference.subscripts and reference not in by_base[reference.base]:
            by_base[reference.base].append(reference)
    two: Reading = {}
    one: Reading = {}
    for group in by_base.values():
        plain = {each: indices for each in group if (indices := _each_parsed(each, scalars)) is not None}
        split = _split_in_two(group, scalars)
        one.update(plain)
        two.update(plain if split is None else split)
    yield two
    if one != two:
        yield one


def _each_parsed(reference: Reference, scalars: frozenset[str]) -> Indices | None:
    try:
        return tuple(_parsed(subscript, scalars) for subscript in reference.subscripts)
    except BadExpression:
        return None


def _parsed(subscript: str, scalars: frozenset[str]) -> Expression:
    """One index. A run of small letters that names no scalar (``max``, ``src``) is none."""
    word = re.fullmatch(r"[^\W\d_]{2,}", subscript)
    if word and subscript not in scalars and not all(letter in scalars for letter in subscript):
        raise BadExpression(f"{subscript} is a word")
    return parse_expression(subscript, scalars)


def _split_in_two(group: list[Reference], scalars: frozenset[str]) -> Reading | None:
    """Each reference's one subscript as two, if the first one says so and the others can."""
    if any(len(reference.subscripts) != 1 for reference in group):
        return None
    units = {reference: _units(reference.subscripts[0]) for reference in group}
    first = units[group[0]]
    if len(first) != 2 or not all(unit.isdecimal() for unit in first):
        return None
    found: Reading = {}
    row = ""
    for reference, parts in units.items():
        if len(parts) < 2:
            return None
        row_cut = (each for each in range(1, len(parts)) if "".join(parts[:each]) == row)
        cut = next(row_cut, 2 if len(parts) == 3 and _follows(row, parts[:2]) else 1)
        row = "".join(parts[:cut])
        try:
            found[reference] = (
                parse_expression(row, scalars),
                parse_expression("".join(parts[cut:]), scalars),
            )
        except BadExpression:
            return None
    return found


def _follows(row: str, parts: list[str]) -> bool:
    """Whether two digits are the number of the next row."""
    number = "".join(parts)
    return row.isdecimal() and number.isdecimal() and int(number) == int(row) + 1


_UNIT = re.compile(r"\d|(?:[^\W\d_]'*|\([^()]*\))(?:_(?:\w|\{[^{}]*\}))*|\s+|\{[^{}]*\}")


def _units(subscript: str) -> list[str]:
    """Digits, letters with what belongs to them, brackets; operators join their neighbours."""
    units: list[str] = []
    position = 0
    joining = False
    while position < len(subscript):
        if subscript[position] in "+-*/^":
            if not units:
                return []
            units[-1] += subscript[position]
            joining = True
            position += 1
            continue
        match = _UNIT.match(subscript, position)
        if not match:
            return []
        text = match[0].strip()
        position = match.end()
        if joining:
            units[-1] += text
            joining = False
        elif text:
            units.append(text)
    return units
