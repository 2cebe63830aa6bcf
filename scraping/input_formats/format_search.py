"""Where a problem's input format is to be had, in the order of how much it can be trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from scraping.input_formats.inference import suggested
from scraping.input_formats.prose import described
from scraping.input_formats.reading import BadInput, narrowest_types, read_values
from scraping.input_formats.solving import fitting, read_format
from scraping.input_formats.structure import InputFormat, names_in
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
    for text in format_texts(problem):
        found = read_format(text, few)
        if isinstance(found, InputFormat):
            yield found
    yield from _of(fitting(described(_prose(problem)), few), "prose")
    yield from _of(fitting(suggested(few), few), "samples")


def _of(found: object, origin: Literal["prose", "samples"]) -> Iterator[InputFormat]:
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
    names = list(dict.fromkeys(names_in(found.nodes)))
    return replace(found, types=narrowest_types(names, readings))
