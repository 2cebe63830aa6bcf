"""Docstrings as prompts need them: without the examples that would give tested answers away."""

from __future__ import annotations

import doctest
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

MIN_WORDS = 3

_PROMPT = re.compile(r"^\s*(>>>|\.\.\.)( |$)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_BOILERPLATE = re.compile(
    r"^(todo|fixme|docstring|undocumented|no doc\w*)\b.{0,30}$", re.IGNORECASE | re.DOTALL
)
_EXAMPLE_HEADING = re.compile(
    r"^\s*(for\s+|some\s+)?(\w+\s+){0,2}(examples?|usage|doctests?|instance|e\.g\.)(\s+usage)?[\s,.]*:{0,2}\s*$",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"^\s*([-=~^\"'*+#])\1{2,}\s*$")
_DIRECTIVE = re.compile(
    r"^\s*\.\. ((doctest|code|code-block|sourcecode|ipython|testcode|testoutput|plot)::|rubric:: *example)",
    re.IGNORECASE,
)
_OPTION = re.compile(r"^\s+:[\w-]+:")


@dataclass(frozen=True)
class DocstringParts:
    """A docstring taken apart: ``text`` without interactive examples and what only led to them.

    ``examples`` are those, each with its output and the examples right under it; ``removed`` is all
    that ``text`` lacks, in order.
    """

    text: str
    examples: tuple[str, ...]
    removed: str


def split_docstring(docstring: str) -> DocstringParts:
    """Take a docstring's interactive examples out, and the headings and colons these leave empty."""
    lines = docstring.split("\n")
    in_examples = _example_lines(docstring, lines)
    gone = set(in_examples)
    colons = set()
    for first, last in _runs(sorted(in_examples), lines):
        before, after = _said_before(lines, gone, first), _said_after(lines, gone, last)
        while before is not None and _leads_to(lines, before, after):
            gone |= _heading_lines(lines, before)
            before = _said_before(lines, gone, before)
        is_end = before is None or after is None or _indentation(lines[after]) <= _indentation(lines[before])
        if before is not None and is_end and lines[before].rstrip().endswith(":"):
            colons.add(before)
    kept = [
        re.sub(r"\s*:+\s*$", ".", line) if index in colons else line
        for index, line in enumerate(lines)
        if index not in gone
    ]
    return DocstringParts(
        re.sub(r"\n(?:[ \t]*\n)+", "\n\n", "\n".join(line.rstrip() for line in kept).strip()),
        tuple(
            textwrap.dedent("\n".join(lines[first : last + 1]))
            for first, last in _runs(sorted(in_examples), lines, with_gaps=False)
        ),
        "\n".join(lines[index] for index in sorted(gone)),
    )


def without_examples(docstring: str) -> str:
    """The docstring without its interactive examples and the headings these leave empty."""
    return split_docstring(docstring).text


def is_documentation(docstring: str, name: str) -> bool:
    """Whether a docstring says something: at least three words that are not the name or filler."""
    words = [word.lower() for word in _WORD.findall(docstring)]
    of_name = {part.lower() for part in name.split("_")}
    return len(words) >= MIN_WORDS and not set(words) <= of_name and not _BOILERPLATE.match(docstring.strip())


def render_docstring(docstring: str, indent: str) -> str:
    """A docstring as an indented triple-quoted literal that ends in a newline."""
    escaped = docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    escaped = "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in escaped)
    lines = escaped.split("\n")
    if len(lines) == 1:
        closing = " " if lines[0].endswith('"') else ""
        return f'{indent}"""{lines[0]}{closing}"""\n'
    rest = "".join(f"{indent}{line}\n" if line.strip() else "\n" for line in lines[1:])
    return f'{indent}"""{lines[0]}\n{rest}{indent}"""\n'


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _example_lines(docstring: str, lines: list[str]) -> set[int]:
    found: set[int] = set()
    try:
        for example in doctest.DocTestParser().get_examples(docstring):
            count = example.source.count("\n") + example.want.count("\n")
            found |= set(range(example.lineno, min(example.lineno + count, len(lines))))
    except ValueError:  # malformed: from each prompt to the next blank line
        for index, line in enumerate(lines):
            if line.lstrip().startswith(">>>") or (index - 1 in found and line.strip()):
                found.add(index)
    # what the parser leaves is an example that holds nothing but a comment
    return found | {index for index, line in enumerate(lines) if _PROMPT.match(line)}


def _runs(indexes: list[int], lines: list[str], *, with_gaps: bool = True) -> Iterator[tuple[int, int]]:
    """First and last of indexes that follow each other, with nothing but blank lines between."""
    first = last = None
    for index in indexes:
        gap = range(last + 1, index) if last is not None else ()
        if last is None or (gap and not with_gaps) or any(lines[between].strip() for between in gap):
            if first is not None and last is not None:
                yield first, last
            first = index
        last = index
    if first is not None and last is not None:
        yield first, last


def _said_before(lines: list[str], gone: set[int], index: int) -> int | None:
    return next((i for i in range(index - 1, -1, -1) if lines[i].strip() and i not in gone), None)


def _said_after(lines: list[str], gone: set[int], index: int) -> int | None:
    return next((i for i in range(index + 1, len(lines)) if lines[i].strip() and i not in gone), None)


def _leads_to(lines: list[str], index: int, after: int | None) -> bool:
    """Whether a line does nothing but announce what followed it and is gone."""
    line = lines[index]
    if _UNDERLINE.match(line):
        ends = after is None or (after + 1 < len(lines) and _UNDERLINE.match(lines[after + 1]) is not None)
        return index > 0 and ends
    if after is not None and _indentation(lines[after]) > _indentation(line):
        return False
    if index > 0 and _OPTION.match(line) and _DIRECTIVE.match(lines[index - 1]):
        return True
    is_paragraph = index == 0 or not lines[index - 1].strip()
    return _DIRECTIVE.match(line) is not None or (
        _EXAMPLE_HEADING.match(line) is not None and is_paragraph and index > 0
    )


def _heading_lines(lines: list[str], index: int) -> set[int]:
    return {index - 1, index} if _UNDERLINE.match(lines[index]) else {index}


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
