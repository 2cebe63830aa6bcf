"""Input formats told in sentences: "The first line contains two integers n and m".

Sentences become a format in the notation that is read elsewhere; what cannot be told from them is left to
the samples to refuse.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scraping.input_formats.cases import repeated_for_cases
from scraping.input_formats.notation import BadNotation, plain_text, read_notation
from scraping.input_formats.solving import structures
from scraping.input_formats.structure import Node, names_in

_MAX_CHARACTERS = 4_000
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_NUMBERS |= {"nine": 9, "ten": 10}
_NUMBERS |= {"single": 1, "a": 1, "an": 1, "only": 1}
_NAME = r"(?:\b(?![aA]\s+(?!and\b|or\b)[a-z]{2})[A-Za-z]\d?'?(?:_\{?\w+(?:[-+]\d)?\}?)?(?![\w'(]))"
_NAMES = rf"{_NAME}(?:\s*,\s*(?:and\s+)?{_NAME}|\s+and\s+{_NAME})*"
_KIND = (
    r"(?:(?:space[- ]separated|positive|negative|non-?negative|distinct|unique|different|binary|real|decimal|"
    r"rational|natural|lowercase|uppercase|starting|floating[- ]point|whole)\s+)*"
    r"(?P<kind>integers?|numbers?|reals?|rationals?|floats?|strings?|words?|characters?|names?|values?|"
    r"array of integers|sequence of integers)"
)
_DOTTED = re.compile(
    rf"(?P<base>[A-Za-z])_\{{?(?P<first>\d)\}}?[\s,]*(?:{_NAME}[\s,]*){{0,8}}\.\.\.[\s,]*"
    r"(?P=base)_\{?(?P<last>[\w+*-]+)\}?"
)
_COUNTED = re.compile(rf"\b(?P<count>{'|'.join(_NUMBERS)}|\d+|{_NAME}(?:[-+]\d)?)\s+{_KIND}")
_BLOCK = re.compile(
    rf"\b(?P<count>{'|'.join(_NUMBERS)}|\d+|{_NAME}(?:[-+]\d+)?)\s+(?:more\s+|other\s+)?(?:lines|rows)\b"
)
_CASES = re.compile(rf"\bnumber of (?:test ?cases|cases|tests|data ?sets)(?:\s+(?:is\s+)?(?P<name>{_NAME}))?")
_CONTENT = re.compile(
    r"\b(?:contain(?:s|ing)?|consist(?:s|ing)? of|has|have|with|gives?|describ(?:es?|ing)|is|are|will be)\b"
)
_ITH = re.compile(r"\b\w-th\b.*?\b(?:is|contains|represents|describes)\b.*?(?P<name>[A-Za-z])_\{?[a-z]\}?")


_EVERY_LINE = re.compile(r"\bi-?th line\b")


@dataclass
class _Told:
    """What was told so far: the number of cases, and lines in the notation of formats.

    ``pending`` lines follow that have yet to be described; of ``height`` lines is a case.
    """

    cases: str = ""
    lines: list[str] = field(default_factory=list)
    pending: str = ""
    height: str = ""
    unnamed: int | None = None
    taken: set[str] = field(default_factory=set)

    def name(self, letters: str) -> str:
        """A name that is still free."""
        numbered = (f"value{number}" for number in itertools.count(2))
        names = itertools.chain(letters, "uvwxyz", ["value"], numbered)
        name: str = next(each for each in names if each not in self.taken)
        self.taken.add(name)
        return name


def described(text: str) -> Iterator[tuple[Node, ...]]:
    """The structures that an input section describes, as far as its sentences are understood."""
    told = _Told()
    for sentence in _sentences(text[:_MAX_CHARACTERS]):
        _read(sentence, told)
    if told.pending or not told.lines:
        return
    try:
        lines = read_notation("\n".join(told.lines))
    except BadNotation:
        return
    for nodes in structures(lines):
        if not names_in(nodes, whole_lines_only=True):
            yield repeated_for_cases(told.cases, nodes) if told.cases else nodes


def _sentences(text: str) -> Iterator[str]:
    plain = re.sub(
        r"\*\*|(?<![\w}])_(?=\w+_(?!\w))|(?<=\w)_(?!\w|\{)|`|(?<!\d)\*(?!\d)", "", plain_text(text)
    )
    plain = re.sub(r"\s*\.\.\.\s*", " ... ", plain)
    plain = re.sub(r"\([^()]*\)", " ", plain)  # constraints
    plain = re.sub(r"\b([A-Za-z]) ([-+]) (\d)", r"\1\2\3", plain)
    plain = re.sub(r"([A-Za-z])\[(\w+)\]", r"\1_{\2}", plain)
    for paragraph in re.split(r"\n\s*\n|\n\s*[-•]\s", plain):
        line = re.sub(r"\s+", " ", paragraph).replace(" ... ", "\0")
        for sentence in re.split(r"(?<=[.;:])\s*(?=[A-Z0-9])(?<!\d\.)|;\s*|\.\s*$", line):
            if sentence.strip():
                yield sentence.replace("\0", " ... ").strip(" .")


def _read(sentence: str, told: _Told) -> None:
    cases = _CASES.search(sentence)
    if cases:
        ahead = re.search(rf"\b(?:integer|number)\s+({_NAME})\W", sentence[: cases.start()])
        named = ahead[1] if ahead else cases["name"] or _name_after(sentence, cases.end())
        told.cases = (named or "t").strip()
        told.taken.add(told.cases)
        return
    ith = _ITH.search(sentence)
    if ith and told.unnamed is not None and not told.pending:
        told.lines[told.unnamed] = _renamed(told.lines[told.unnamed], ith["name"])
        told.taken.add(ith["name"])
        told.unnamed = None
        return
    block = _BLOCK.search(sentence)
    of_lines = re.search(r"(?i)\b(?:lines?|case|each|input)\b", sentence)
    if block and told.cases and block["count"].strip() == told.cases:
        sentence = sentence[block.end() :]  # a line for each case
        block = None
    elif block and re.search(r"(?:test )?case\b.*consists? of$", sentence[: block.start()].rstrip()):
        told.height = str(_NUMBERS.get(block["count"], block["count"]))
        sentence = sentence[block.end() :]
        block = None
    if told.height and _EVERY_LINE.search(sentence):
        told.pending, told.height = told.height, ""
    if told.pending:
        content = sentence[match.end() :] if (match := _CONTENT.search(sentence)) else ""
        columns = _columns(content, told)
        if columns:
            told.lines += _repeated(columns, told.pending)
            told.pending = ""
            return
    if block:
        before = sentence[: block.start()]
        if re.search(r"\blines?\b", before) and _CONTENT.search(before):
            _read(before, told)
        count = str(_NUMBERS.get(block["count"], block["count"]))
        match = re.compile(r"\s*of\b").match(sentence, block.end()) or _CONTENT.search(sentence, block.end())
        columns = _columns(sentence[match.end() :], told) if match else []
        if columns:
            told.lines += _repeated(columns, count)
        else:
            told.pending = count
        return
    if of_lines:
        for match in _CONTENT.finditer(sentence):
            columns = _columns(sentence[match.end() :], told)
            if columns:
                told.lines.append(" ".join(columns))
                return


def _name_after(sentence: str, place: int) -> str:
    match = re.match(rf"\s*[,:]?\s*(?:the\s+integer\s+)?({_NAME})", sentence[place:])
    return match[1] if match else ""


def _columns(content: str, told: _Told) -> list[str]:
    """What stands on a line, in the notation of formats."""
    columns: list[str] = []
    quoted = re.search(rf'format "({_NAME}(?: {_NAME})*)"', content)
    if quoted:
        columns = quoted[1].split()
        told.taken.update(columns)
        return columns
    place = 0
    while place < len(content):
        if columns and not re.match(r"\s*(?:,|and\b|followed by|then)", content[place:]):
            break
        dotted = _DOTTED.search(content, place)
        counted = _COUNTED.search(content, place)
        if counted and (not dotted or counted.start() < dotted.start()):
            found, place = _counted(content, counted, told)
            columns += found
        elif dotted:
            columns.append(_array(dotted["base"], dotted["first"], dotted["last"]))
            told.taken.add(dotted["base"])
            place = dotted.end()
        else:
            break
    if not columns:
        names = re.match(rf"\s*(?:the\s+)?(?:\w+\s+)?({_NAMES})(?=$|[\s,:]|\W*$)", content)
        columns = _split_names(names[1]) if names else []
        told.taken.update(columns)
    return columns


def _counted(content: str, counted: re.Match[str], told: _Told) -> tuple[list[str], int]:
    """``two integers n and m``, ``n integers a_1, ..., a_n``, ``a string s``."""
    rest = content[counted.end() :]
    is_text = counted["kind"][:4] in ("stri", "word", "name")
    told_count = counted["count"]
    number = int(told_count) if told_count.isdecimal() else _NUMBERS.get(told_count)
    gap = re.match(r"\s*[,:—-]*\s*(?:(?:the|denoting|namely|array|sequence|called)\s+)*", rest)
    begin = counted.end() + (gap.end() if gap else 0)
    dotted = _DOTTED.match(content, begin)
    if dotted and (number is None or number == 1):
        told.taken.add(dotted["base"])
        return [_array(dotted["base"], dotted["first"], dotted["last"])], dotted.end()
    names = re.match(_NAMES, content[begin:])
    listed = _split_names(names[0]) if names else []
    end = begin + (names.end() if names else 0)
    if number is None:
        count = counted["count"].strip()
        if counted["kind"].startswith("character"):
            return [told.name("s")], end
        base = listed[0].split("_")[0] if listed else told.name("ab")
        told.taken.add(base)
        if not listed:
            told.unnamed = len(told.lines)
        return [_array(base, "1", count)], end
    while len(listed) < number:
        listed.append(told.name("stuv" if is_text else "nmkpqr"))
    told.taken.update(listed)
    return listed[:number] if number > 1 or len(listed) == 1 else listed, end


def _split_names(text: str) -> list[str]:
    return [re.sub(r"\s", "", name) for name in re.findall(_NAME, re.sub(r"\band\b", ",", text))]


def _array(base: str, first: str, last: str) -> str:
    return f"{base}_{{{first}}} ... {base}_{{{last}}}"


def _renamed(line: str, name: str) -> str:
    return re.sub(r"\b[a-z](?=_)", name, line)


def _repeated(columns: list[str], count: str) -> list[str]:
    """The first and the last of lines of the same columns."""

    def row(index: str) -> str:
        shown = []
        for column in columns:
            if "..." in column:
                shown.append(re.sub(r"_\{", "_{" + index + ",", column))
            else:
                base = re.sub(r"_\{?([a-z])\}?$", "", column)
                shown.append(f"{base}_{{{index}}}")
        return " ".join(shown)

    return [row("1"), ":", row(count)]
