"""Bounds of legal inputs, read from a statement's constraints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scraping.statements.numbers import number
from scraping.statements.plain_text import unmarked
from tasks.input_bounds import InputBound

_OPERATOR = re.compile(r"<=|>=|==|(?<![<>=!~-])<(?![<>=-])|(?<![<>=!~-])>(?![<>=])|(?<![<>=!~:])=(?![<>=])")
_NAME = r"(?<![\w\\^}])[A-Za-z](?:[A-Za-z0-9]|_(?=\w))*(?:_\{[^{}]*\})?'*"
_SUBJECT = re.compile(
    rf"\|(?P<barred>{_NAME}(?:\[[^\[\]]*\])*)\|"
    rf"|(?:len|length|size|strlen)\((?P<called>{_NAME}(?:\[[^\[\]]*\])*)\)"
    rf"|(?:the )?(?:length|size) of (?:the )?(?:string |array |list |sequence )?(?P<worded>{_NAME})"
    rf"|(?P<named>{_NAME}(?:\[[^\[\]]*\])*)(?P<length>\.(?:length|size|len)\b(?:\(\))?)?(?P<attribute>\.[a-z]\w*)?",
    re.IGNORECASE,
)
_TERM = (
    r"(?:\d+(?:\.\d+)?(?:e-?\d+)?(?:[A-Za-z]\w*)?|\|[^|]{1,20}\||\([^()]*\)"
    r"|(?:min|max|floor|ceil|sqrt|log|len)\([^()]*\)"
    rf"|{_NAME}(?:\[[^\[\]]*\])*(?:\.[a-z]\w*(?:\(\))?)?)(?:\^(?:\{{[^{{}}]*\}}|-?\w+))?"
)
_EXPRESSION = rf"[-+]?\s?{_TERM}(?: ?[-+*/] ?{_TERM})*"
_ITEM = re.sub(r"\?P<\w+>", "?:", _SUBJECT.pattern)
_NAMES = rf"(?:{_ITEM})(?:(?:, ?(?:and )?| and | or )(?:{_ITEM}|\.\.\.))+"
_OPERAND = rf"(?:{_NAMES}|{_EXPRESSION}|{_ITEM})"
_LEFT = re.compile(rf"(?:^|(?<=[\s(\[,:;.])){_OPERAND}\s*\Z", re.IGNORECASE)
_RIGHT = re.compile(rf"\s*{_OPERAND}(?=$|[\s)\],:;.])", re.IGNORECASE)
_WHOLE = re.compile(rf"\s*{_OPERAND}\s*", re.IGNORECASE)
_NO_NAME = re.compile(
    r"(?:is|are|be|and|or|that|than|to|the|of|at|most|least|not|with|for|where|all|each|if|then|it|only|every|both"
    r"|have|has|must|such|following|constraints?)",
    re.IGNORECASE,
)
_PHRASES = (
    (
        r"(?:is|are|be|has|have) (?:at most|no more than|not (?:more|greater) than|less than or equal to)",
        "<=",
    ),
    (r"(?:does|do|will|must)(?: not|n't) exceed", "<="),
    (
        r"(?:is|are|be|has|have) (?:at least|no less than|not less than|(?:more|greater) than or equal to)",
        ">=",
    ),
    (r"(?:is|are|be) (?:strictly )?(?:less|smaller) than", "<"),
    (r"(?:is|are|be) (?:strictly )?(?:more|greater|larger) than", ">"),
)
_RANGE = re.compile(
    r"(?P<subject>[^.;:(]*?)\b(?:is|are|be|lies?|numbers?|always)"
    r" (?:an? )?(?:integers? |numbers? )?"
    r"(?:between|in (?:the )?(?:inclusive )?(?:range|interval)(?: of| from)?|from) ?[\[(]?"
    r"(?P<low>-?\d[-\d.*^ {}]*?) ?(?:,|and|to|\.\.\.?) ?(?P<high>-?\d(?:[-\d*^ {}.]*[\d}])?)",
    re.IGNORECASE,
)
_MAX_SENTENCE = 1_000
_SUBSCRIPT = re.compile(r"(?P<base>[A-Za-z][A-Za-z0-9]*)_(?:\{(?P<braced>[^{}]*)\}|(?P<bare>\w+))'*")
_INDEX = re.compile(r"[a-zA-Z](?: ?[-+] ?\d)?(?:,? ?[a-zA-Z](?: ?[-+] ?\d)?)?")


@dataclass(frozen=True)
class _Subject:
    name: str
    of: Literal["value", "length", "item"]


def read_bounds(markdown: str) -> list[InputBound]:
    r"""The bounds that a statement's constraints give, in their order.

    Reads chains such as ``-10^9 \le a_i \le 10^9``, ``2 <= nums.length <= 10^4``, ``0 <= k < n`` and ranges
    in words, ``n is between 1 and 100``. ``a_i``, ``a[i]`` and ``a_1, ..., a_n`` are items of ``a``; the
    length of ``a[i]`` is that of a thing called ``a[i]``. An index with its range in parentheses is no input.
    A side that depends on other names is their expression, made inclusive: ``k < n`` gives
    ``maximum_name="n - 1"``; beside it stands a number where the chain goes on to one. A name may have
    several bounds; what is bounded may also be an expression, ``m * n``. What is no comparison ("lowercase
    letters") is left out.
    """
    found: list[InputBound] = []
    for line in unmarked(markdown).replace("`", " ").split("\n"):
        plain = _without_separators(" ".join(re.sub(r"^\s*(?:[-*+]|\d+[.)]) ", "", line).split()))
        for phrase, sign in _PHRASES:
            plain = re.sub(rf"\b{phrase}\b", sign, plain, flags=re.IGNORECASE)
        for sentence in re.split(r"(?<=[.;?!]) ", plain):
            if len(sentence) <= _MAX_SENTENCE:
                found += _of_chains(sentence)
                found += _of_words(sentence)
    return list(dict.fromkeys(found))


def _without_separators(line: str) -> str:
    line = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", line)
    return re.sub(
        r"(?<![\w.^*])\d{1,3}(?: \d{3})+(?![\d])", lambda match: match.group().replace(" ", ""), line
    )


def _of_chains(line: str) -> Iterator[InputBound]:
    operators = list(_OPERATOR.finditer(line))
    edges = [0, *(match.end() for match in operators)]
    ends = [*(match.start() for match in operators), len(line)]
    texts = [line[start:end] for start, end in zip(edges, ends, strict=True)]
    indices = set(re.findall(r"\[([A-Za-z])\]", line))
    for match in _SUBSCRIPT.finditer(line):
        indices |= set(re.findall(r"[a-z]", match["braced"] or match["bare"] or ""))
    first = 0
    while first < len(operators):
        last = first
        while last + 1 < len(operators) and _WHOLE.fullmatch(texts[last + 1]):
            last += 1
        left, right = _LEFT.search(texts[first]), _RIGHT.match(texts[last + 1])
        operands = [
            left.group() if left else "",
            *texts[first + 1 : last + 1],
            right.group() if right else "",
        ]
        signs = [match.group() for match in operators[first : last + 1]]
        before = line[: operators[first].start()]
        aside = before.count("(") > before.count(")") or re.search(r"\bfor (?:all|each|every|any)\b", before)
        operands = [operand.strip() for operand in operands]
        if not (aside and indices.intersection(operands)):
            yield from _bounds(operands, signs)
        first = last + 1


def _bounds(operands: list[str], signs: list[str]) -> Iterator[InputBound]:
    if all(sign in (">", ">=") for sign in signs):
        operands = operands[::-1]
        signs = [sign.replace(">", "<") for sign in signs[::-1]]
    text = operands[0] + "".join(
        f" {sign} {operand}" for sign, operand in zip(signs, operands[1:], strict=True)
    )
    if all(sign in ("=", "==") for sign in signs):
        yield from _equalities(operands, text)
    elif all(sign in ("<", "<=", "=", "==") for sign in signs):
        # what is equal shares its bounds: 1 <= n == len(a) <= 9
        signs = [sign if sign in ("<", "<=") else "<=" for sign in signs]
        for at, operand in enumerate(operands):
            for subject in _subjects(operand):
                below, above = _side(operands, signs, at, -1), _side(operands, signs, at, 1)
                if below[0] is not None and above[0] is not None and below[0] > above[0]:
                    continue
                if below != (None, None) or above != (None, None):
                    yield InputBound(
                        subject.name, subject.of, below[0], above[0], below[1], above[1], text.strip()
                    )


def _side(operands: list[str], signs: list[str], at: int, step: int) -> tuple[int | float | None, str | None]:
    """The nearest number beyond a name, and the expression next to it where that is no number."""
    strict, expression = 0, None
    position = at
    while 0 <= position + step < len(operands):
        strict += signs[min(position, position + step)] == "<"
        position += step
        value = number(operands[position])
        if value is not None:
            return (value - step * strict if isinstance(value, int) else value), expression
        if position == at + step and operands[position] and len(_subjects(operands[position])) <= 1:
            expression = operands[position] + (f" {'-' if step > 0 else '+'} 1" if strict else "")
    return None, expression


def _equalities(operands: list[str], text: str) -> Iterator[InputBound]:
    for subject, other in [(operands[0], operands[1]), *zip(operands[1:], operands, strict=False)]:
        for found in _subjects(subject):
            value = number(other)
            if value is not None:
                yield InputBound(found.name, found.of, value, value, text=text)
            elif found.of == "length" and other:
                yield InputBound(found.name, found.of, None, None, other, other, text)


def _subjects(operand: str) -> list[_Subject]:
    """What an operand bounds: one name or several, each with what of it is meant."""
    series = "..." in operand
    parts = [part for part in re.split(r", ?(?:and )?| and | or ", _hidden_commas(operand)) if part != "..."]
    subjects = [_subject(part.replace("\0", ",").strip(), series) for part in parts]
    if all(subjects):
        return list(dict.fromkeys(subject for subject in subjects if subject))
    if number(operand) is None and re.fullmatch(_EXPRESSION, operand, re.IGNORECASE):
        return [_Subject(operand, "value")]
    return []


def _hidden_commas(text: str) -> str:
    return re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", lambda match: match.group().replace(",", "\0"), text)


def _subject(text: str, series: bool) -> _Subject | None:
    match = _SUBJECT.fullmatch(text)
    if match is None or _NO_NAME.fullmatch(text):
        return None
    measured = match["barred"] or match["called"] or match["worded"]
    if measured or match["length"]:
        return _Subject(_indexed(measured or match["named"]), "length")
    name = match["named"]
    if match["attribute"]:
        return _Subject(name + match["attribute"], "value")
    if "[" in name:
        return _Subject(name.partition("[")[0], "item")
    subscript = _SUBSCRIPT.fullmatch(name)
    if subscript:
        index = subscript["braced"] or subscript["bare"]
        if series or _INDEX.fullmatch(index):
            return _Subject(subscript["base"], "item")
    return _Subject(name, "value")


def _indexed(name: str) -> str:
    """``S_i`` as ``S[i]``."""
    subscript = _SUBSCRIPT.fullmatch(name)
    if subscript and _INDEX.fullmatch(subscript["braced"] or subscript["bare"]):
        return f"{subscript['base']}[{subscript['braced'] or subscript['bare']}]"
    return name


def _of_words(line: str) -> Iterator[InputBound]:
    for match in _RANGE.finditer(line):
        low, high = number(match["low"]), number(match["high"])
        counted = re.search(
            r"\b(?:number|length|size|count) of (?:\w+ )*?(?:in |of )?(?:the )?(\w+)\s*$", match["subject"]
        )
        subjects = [_Subject(counted[1], "length")] if counted else []
        if not subjects and (left := _LEFT.search(match["subject"].strip())):
            subjects = _subjects(left.group().strip())
        if low is not None and high is not None and low <= high:
            for subject in subjects:
                yield InputBound(subject.name, subject.of, low, high, text=match.group().strip())
