"""The docstring of a problem's function: what to do, within which bounds, and examples."""

from __future__ import annotations

import re
import textwrap

from scraping.problem import Problem, Signature
from scraping.statements.example_calls import example_lines
from scraping.statements.plain_text import plain_text
from tasks.python_source import NotRenderable
from tasks.record import TestCase

WIDTH = 80
"""Columns of the text: 88 with the indentation and the quotes that its first line has."""
_INDENT = 4
_MAX_EXAMPLE_CHARACTERS = 1_000
_RESOURCES = re.compile(r"^[-* ]*(?:time|memory) limit\b.*$\n?", re.IGNORECASE | re.MULTILINE)
_FORMAT_PHRASE = re.compile(
    r"(?:The )?input is given from standard input in (?:the following|this) format[:.]?", re.IGNORECASE
)
_FOLLOW_UP = re.compile(r"^(?:[^\w\n]*follow[- ]?up\b).*\Z", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")


def problem_docstring(problem: Problem, signature: Signature, examples: list[TestCase]) -> str:
    """The docstring's text, at most 88 columns wide with its indentation, but for blocks and results.

    It has the legend, what arguments and result mean, the constraints, the notes and the examples. A
    function that stands for a whole program gets the description of input and output as that of its
    parameters and its result. Examples of more than 1,000 characters are left out where there
    is a shorter one, and those with values that no expression writes.
    """
    sections = problem.sections
    legend = sections.legend
    if not any((legend, sections.input, sections.output)):
        legend = problem.statement_markdown
    parts = [
        _text(legend),
        *_meaning(problem, signature),
        _titled("Constraints", _RESOURCES.sub("", sections.constraints)),
        _titled("Notes", _FOLLOW_UP.sub("", sections.notes)),
        "\n\n".join(_examples(signature, examples)),
    ]
    return "\n\n".join(filter(None, parts))


def docstring_literal(text: str, indent: int = _INDENT) -> str:
    """``text`` as a function's docstring in source, indented, with a newline at its end."""
    lines = text.split("\n")
    quote = '"""'
    raw = "\\" in text and quote not in text and not text.endswith(("\\", '"'))
    if not raw:
        inside = text.rstrip('"')
        at_end = '\\"' * (len(text) - len(inside))
        lines = (inside.replace("\\", "\\\\").replace(quote, '\\"\\"\\"') + at_end).split("\n")
    space = " " * indent
    body = "\n".join(space + line if line and index else line for index, line in enumerate(lines))
    end = f"\n{space}" if len(lines) > 1 else ""
    return f"{space}{'r' if raw else ''}{quote}{body}{end}{quote}\n"


def _meaning(problem: Problem, signature: Signature) -> list[str]:
    given, wanted = problem.sections.input, problem.sections.output
    if signature.origin not in ("inferred", "fallback"):
        return [_titled("Input", given), _titled("Output", wanted)]
    if signature.origin == "fallback":
        (data,) = signature.parameters
        return [
            _filled(f"`{data.name}` is the whole input, and the returned text is the whole output."),
            _titled("Input", given),
            _titled("Output", wanted),
        ]
    named = ", ".join(f"`{parameter.name}`" for parameter in signature.parameters)
    returned = f" as `{signature.returns}`" if signature.returns else ""
    return [
        _filled(f"The parameters are {named}, from the input that is described here:"),
        _text(_FORMAT_PHRASE.sub("In this order:", given)),
        _filled(f"Returns{returned} what is described here as the output:") if wanted else "",
        _text(wanted),
    ]


def _titled(title: str, markdown: str) -> str:
    text = _text(markdown)
    return f"{title}:\n\n{text}" if text else ""


def _text(markdown: str) -> str:
    markdown = _NO_TEXT.sub("", _LINE_ENDS.sub("\n", markdown)).expandtabs(4)
    return plain_text(markdown, WIDTH)


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _examples(signature: Signature, examples: list[TestCase]) -> list[str]:
    shown = []
    for case in examples:
        try:
            shown.append("\n".join(example_lines(signature, case, WIDTH)))
        except NotRenderable:
            continue
    short = [text for text in shown if len(text) <= _MAX_EXAMPLE_CHARACTERS]
    return short or sorted(shown, key=len)[:1]
