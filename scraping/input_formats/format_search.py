"""Where a problem's input format is to be had, in the order of how much it can be trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from scraping.input_formats.cases import repeated_for_cases
from scraping.input_formats.inference import suggested
from scraping.input_formats.notation import BadNotation, read_notation
from scraping.input_formats.prose import described
from scraping.input_formats.reading import BadInput, narrowest_types, read_values
from scraping.input_formats.solving import fitting, read_format, structures
from scraping.input_formats.structure import InputFormat, Node
from scraping.problem import Problem

_FEW = 12
_CODE_BLOCK = re.compile(r"(?ms)^[ \t]*(```+|~~~+)[^\n]*\n(.*?)^[ \t]*\1")
_PREFORMATTED = re.compile(r"(?is)<h3[^>]*>\s*(?:Input|入力)[^<]*</h3>.*?<pre[^>]*>(.*?)</pre>")


def formats_of(problem: Problem, inputs: list[str]) -> Iterator[InputFormat]:
    """Formats that read all inputs, with types that all their values have."""
    few = sorted(dict.fromkeys(inputs), key=len)[:_FEW]
    seen: set[object] = set()
    for found in _candidates(problem, few):
        complete = _for_all(found, inputs)
        if complete is not None and complete.nodes not in seen:
            seen.add(complete.nodes)
            yield complete


def _candidates(problem: Problem, few: list[str]) -> Iterator[InputFormat]:
    texts = list(format_texts(problem))
    for number, text in enumerate(texts):
        found = read_format(text, few)
        if isinstance(found, InputFormat):
            yield found
        elif found.reason == "cases_without_format" and number + 1 < len(texts):
            yield from _of(fitting(_with_cases(text, texts[number + 1]), few), "format")
    yield from _of(fitting(described(_prose(problem)), few), "prose")
    yield from _of(fitting(suggested(few), few), "samples")


def _with_cases(whole: str, case: str) -> Iterator[tuple[Node, ...]]:
    """``T``, ``case_1`` to ``case_T``, and the format of a case by itself."""
    count = re.match(r"\s*\$*([A-Za-z]\w*)", whole)
    try:
        lines = read_notation(case)
    except BadNotation:
        return
    for nodes in structures(lines) if count else ():
        yield repeated_for_cases(count[1] if count else "", nodes)


def _of(found: object, origin: Literal["format", "prose", "samples"]) -> Iterator[InputFormat]:
    if isinstance(found, InputFormat):
        yield replace(found, origin=origin)


def format_texts(problem: Problem) -> Iterator[str]:
    """The texts of a statement that are written as input formats."""
    for block in _CODE_BLOCK.finditer(problem.sections.input):
        yield block[2]
    for block in _PREFORMATTED.finditer(problem.statement_html):
        yield block[1]


def _prose(problem: Problem) -> str:
    return _CODE_BLOCK.sub("", problem.sections.input)


def _for_all(found: InputFormat, inputs: list[str]) -> InputFormat | None:
    try:
        readings = [read_values(found.nodes, text)[0] for text in inputs]
    except BadInput:
        return None
    return replace(found, types=narrowest_types(found.nodes, readings))
