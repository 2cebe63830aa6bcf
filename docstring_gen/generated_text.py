"""The docstring in what a model wrote: without tests, which it was not asked for, and without its quotes."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from dataclasses import dataclass

from sft.row_texts import DOCSTRING_QUOTES
from tasks.syntax_trees import parse_module
from tracing.docstrings import split_docstring

_TEST_DEFINITION = re.compile(
    r"^\s*(?:def (?:test(?:_\w*)?|check)\(|class \w*Test\w*\b.*:|import unittest\b|unittest\.)"
)
_ARROW = re.compile(r"\s*(?:->|=>|→|==)\s*")
_PROMPT = ">>> "
_PARSER = doctest.DocTestParser()


@dataclass(frozen=True)
class GeneratedDocstring:
    """``text`` is the docstring without tests. ``examples`` are those of its tests that can be run alone;
    ``test_lines`` counts the lines that were taken out, of tests of any kind and their headings.
    """

    text: str
    examples: tuple[doctest.Example, ...] = ()
    test_lines: int = 0


def read_generated(completion: str, entry_point: str) -> GeneratedDocstring:
    """Take a completion apart: what stands before the closing quotes, its tests, and the rest.

    Tests are interactive examples, assertions, lines such as ``f(2) -> 4`` or ``f(2) == 4``, and definitions
    of test functions and classes (Chen et al. 2021, §5: wrong tests beside a docstring are ignored).
    """
    written = inspect.cleandoc(completion.partition(DOCSTRING_QUOTES)[0]).strip()
    told = _as_examples(_without_test_definitions(written), entry_point)
    try:
        examples = _PARSER.get_examples(told)
    except ValueError:  # malformed, and so no test
        examples = []
    text = split_docstring(told).text if _PROMPT.strip() in told else told.strip()
    taken = sum(map(bool, map(str.strip, written.splitlines())))
    taken -= sum(map(bool, map(str.strip, text.splitlines())))
    return GeneratedDocstring(text, tuple(examples), taken)


def _without_test_definitions(docstring: str) -> str:
    kept: list[str] = []
    inside: int | None = None
    for line in docstring.split("\n"):
        depth = len(line) - len(line.lstrip())
        if inside is not None and line.strip() and depth <= inside:
            inside = None
        if inside is None and _TEST_DEFINITION.match(line):
            inside = depth
        if inside is None:
            kept.append(line)
    return "\n".join(kept)


def _as_examples(docstring: str, entry_point: str) -> str:
    """The docstring with its other tests written as interactive examples, each with a blank line after it.

    Lines of interactive examples, their outputs among them, are left as they are.
    """
    lines: list[str] = []
    inside = False
    for line in docstring.split("\n"):
        inside = bool(line.strip()) and (inside or line.lstrip().startswith(_PROMPT.strip()))
        source = None if inside else _assertion(line.strip(), entry_point)
        if source is None:
            lines.append(line)
        else:
            indent = line[: len(line) - len(line.lstrip())]
            lines += [f"{indent}{_PROMPT}{source}", ""]
    return "\n".join(lines)


def _assertion(line: str, entry_point: str) -> str | None:
    """The assertion that a line stands for, if it is a test and nothing else."""
    bare = line.removeprefix("- ").removeprefix("* ").strip("`")
    if bare.startswith("assert ") and f"{entry_point}(" in bare:
        return bare if _parses(bare) else None
    if not bare.startswith(f"{entry_point}("):
        return None
    call, arrow, value = _split(bare)
    if not arrow or not _parses(call) or not _is_literal(value):
        return None
    return f"assert ({call}) == ({value})"


def _split(line: str) -> tuple[str, str, str]:
    """A call, what stands between, and the value after the last arrow."""
    places = list(_ARROW.finditer(line))
    if not places:
        return line, "", ""
    last = places[-1]
    return line[: last.start()], last[0], line[last.end() :].partition("  #")[0].rstrip(" .,;")


def _parses(source: str) -> bool:
    try:
        parse_module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return True
