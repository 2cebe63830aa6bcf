"""Docstrings as prompts need them: without the examples that would give tested answers away."""

from __future__ import annotations

import doctest
import re

MIN_WORDS = 3

_PROMPT = re.compile(r"^\s*(>>>|\.\.\.)( |$)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_BOILERPLATE = re.compile(
    r"^(todo|fixme|docstring|undocumented|no doc\w*)\b.{0,30}$", re.IGNORECASE | re.DOTALL
)
_EXAMPLE_HEADING = re.compile(
    r"(for )?(\w+ ){0,2}(examples?|usage|doctests?)( usage)? ?:{0,2}( ?-{3,})?", re.IGNORECASE
)
"""Of a paragraph whose white space is single spaces."""


def without_examples(docstring: str) -> str:
    """The docstring without its interactive examples and the headings these leave empty."""
    try:
        examples = doctest.DocTestParser().get_examples(docstring)
    except ValueError:  # malformed examples: cut from the first prompt to the next blank line
        return _tidy(re.sub(r"^[ \t]*>>>.*?(?=^\s*$|\Z)", "", docstring, flags=re.MULTILINE | re.DOTALL))
    lines: list[str | None] = list(docstring.split("\n"))
    for example in examples:
        count = example.source.count("\n") + example.want.count("\n")
        for index in range(example.lineno, min(example.lineno + count, len(lines))):
            lines[index] = None
    # what is left begins an example that holds nothing but a comment
    return _tidy("\n".join(line for line in lines if line is not None and not _PROMPT.match(line)))


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


def _tidy(text: str) -> str:
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", text.strip())
    kept = [
        paragraph.rstrip()
        for index, paragraph in enumerate(paragraphs)
        if paragraph.strip() and not (index > 0 and _EXAMPLE_HEADING.fullmatch(" ".join(paragraph.split())))
    ]
    return "\n\n".join(kept).strip()
