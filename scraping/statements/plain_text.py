"""Markdown as plain text of a given width: what a docstring holds."""

from __future__ import annotations

import re
import textwrap

from scraping.statements.mathematics import outside_code, plain_characters, plain_formulas

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+)[^`\n]*$")
_HEADING = re.compile(r"^#{1,6} +(?P<title>.*[^ #]|.)[ #]*$")
_ITEM = re.compile(r"^(?P<indent> *)(?P<bullet>[-*+]|\d{1,3}[.)]) +(?=\S)")
_IMAGE = re.compile(r"!\[(?P<alternative>[^\]]{0,300})\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK = re.compile(
    r"(?<!!)\[(?P<text>[^\]\n]{1,300})\]"
    r"\((?:(?:https?:|mailto:|/|#|\.)[^()\s]*(?:\([^()\s]*\)[^()\s]*)*|[^()\s]+\.\w{2,4})\)"
)
_EMPHASIS = (
    re.compile(r"(?<![*\w])\*\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*\*(?![*\w])"),
    re.compile(r"\*\*(?=\S)((?:[^*\n]|\*(?!\*))+?)(?<=\S)\*\*"),
    re.compile(r"(?<![*\w])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![*\w])"),
)
_PROMPT = re.compile(r"^(\s*)>>>(?= |$)", re.MULTILINE)


def plain_text(markdown: str, width: int = 80) -> str:
    """``markdown`` without its markup, wrapped at ``width`` columns.

    Formulas and typographic characters become ASCII. Lists keep their bullets, tables and line breaks their
    lines; blocks are indented by four spaces and keep their lines whatever their length. Doctest prompts lose
    a ``>``, so that nothing in a statement is taken for an example of the task.
    """
    blocks: list[str] = []
    lines = unmarked(markdown).split("\n")
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at])
        if opened:
            end = next(
                (n for n in range(at + 1, len(lines)) if lines[n].strip() == opened["fence"]), len(lines)
            )
            inside = textwrap.dedent("\n".join(lines[at + 1 : end]))
            blocks.append(textwrap.indent(inside, opened["indent"] + "    "))
            at = end + 1
            continue
        blocks.append(_wrapped(lines[at], width))
        at += 1
    text = "\n".join(line.rstrip() for line in "\n".join(blocks).split("\n"))
    return _PROMPT.sub(r"\1>>", re.sub(r"\n{3,}", "\n\n", text)).strip("\n")


def unmarked(markdown: str) -> str:
    """``markdown`` on its own lines without emphasis, links, pictures and TeX; code and its fences stay."""
    text = outside_code(plain_formulas(markdown), _unmarked)
    return outside_code(text, plain_characters, spans=False)


def _unmarked(text: str) -> str:
    text = _IMAGE.sub(
        lambda match: f"[picture: {match['alternative']}]" if match["alternative"] else "", text
    )
    text = _LINK.sub(lambda match: match["text"], text)
    for pattern in _EMPHASIS:
        text = pattern.sub(r"\1", text)
    return text


def _wrapped(line: str, width: int) -> str:
    heading = _HEADING.match(line)
    if heading:
        title = heading["title"]
        return title if title.endswith((":", "?", ".", "!")) else f"{title}:"
    if line.lstrip().startswith("|"):
        return line
    item = _ITEM.match(line)
    indent = " " * len(item.group()) if item else " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=item["indent"] if item else indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
