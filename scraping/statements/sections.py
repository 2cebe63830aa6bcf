"""The parts of a statement, told by its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scraping.problem import Sections

MAX_STATEMENT_CHARACTERS = 100_000
"""Of a text that is looked at; the longest of 4,000 real statements has 25,000, markup and all."""

_HEADING = re.compile(r"^(?P<level>#{1,6}) +(?P<title>.*[^ #]|.)[ #]*$")
_BOLD_LINE = re.compile(r"^\*\*(?P<title>[^*_]{2,60}?):?\*\*:? *$")
_BOLD_START = re.compile(r"^\*\*(?P<title>[^*_]{2,40}?)(?::\*\*|\*\*:)(?P<text> *\S.*)$")
_FENCE = re.compile(r"^ *(?P<fence>```+)")
_TITLES = (
    ("examples", r"(sample|example)s?\b.*|.*\b(sample|example) (input|output|test|case|i/o)s?\b.*"),
    ("examples", r".*[入出]力例.*|пример(ы)?( .*)?"),
    ("interaction", r"interaction( protocol)?|interactive|communication( protocol)?|протокол взаимодействия"),
    (
        "constraints",
        r"(input )?(constraints?|limits?|limitations?|bounds)\b.*|(subtasks?|scoring|grading)\b.*",
    ),
    ("constraints", "制約|部分点"),
    ("input", r"(the )?input\b.*|入力|входные данные"),
    ("output", r"(the )?output\b.*|出力|выходные данные"),
    ("notes", r"(notes?|hints?|explanations?|remarks?|clarifications?|follow[- ]?up)( .*)?|注意|примечание"),
    ("legend", r"(the )?(problem|task)( (statement|description))?|statement|description|legend|background"),
    ("legend", "問題文?"),
)
_RUN_IN = ("constraints", "notes", "examples")
_LABEL = re.compile(
    r"(\W|\*|_)*((sample|example) )?(in|out)put( (for|of) (the )?(sample|example).*)?( ?#?\d+)?(\W|\*|_)*"
    r"|(\W|_)*(sample|example)s?( ?(case )?#?\d+)?(\W|_)*",
    re.IGNORECASE,
)


@dataclass
class _Part:
    kind: str
    lines: list[str] = field(default_factory=list)


class StatementTooLong(ValueError):
    """A text that is no statement by its length."""


def split_sections(markdown: str) -> Sections:
    """The parts of a statement in Markdown.

    What stands under no heading, or under one that names no part, stays with what is before it; the
    first of it is the legend. The examples themselves are left out: they are tests. What is said about them
    becomes part of the notes. Raises `StatementTooLong`.
    """
    if len(markdown) > MAX_STATEMENT_CHARACTERS:
        raise StatementTooLong(f"{len(markdown)} characters")
    parts = [_Part("legend")]
    fence = ""
    for line in markdown.split("\n"):
        opened = _FENCE.match(line)
        if fence or opened:
            parts[-1].lines.append(line)
            if opened and not fence:
                fence = opened["fence"]
            elif fence and line.strip() == fence:
                fence = ""
            continue
        kind, title, text = section_heading(line)
        inside_examples = parts[-1].kind == "examples"
        if kind and not (inside_examples and not title and kind in ("input", "output")):
            parts.append(_Part(kind, [text] if text else []))
        else:
            parts[-1].lines.append(line)
    texts: dict[str, list[str]] = {}
    for part in parts:
        if part.kind == "examples":
            texts.setdefault("notes", []).append(_without_examples(part.lines))
        else:
            texts.setdefault(part.kind, []).append(_without_empty_headings(part.lines))
    return Sections(**{kind: "\n\n".join(filter(None, found)) for kind, found in texts.items()})


def section_heading(line: str) -> tuple[str, bool, str]:
    """The kind of part that ``line`` opens, whether it is a heading by its markup, and the text beside it."""
    for pattern, by_markup in ((_HEADING, True), (_BOLD_LINE, False)):
        match = pattern.match(line)
        if match:
            return title_kind(match["title"]), by_markup, ""
    match = _BOLD_START.match(line)
    if match and (kind := title_kind(match["title"])) in _RUN_IN:
        label = (
            "" if kind != "notes" or re.fullmatch("notes?", match["title"], re.IGNORECASE) else match["title"]
        )
        return kind, False, f"{label}: {match['text'].strip()}".removeprefix(": ")
    return "", False, ""


def title_kind(title: str) -> str:
    """The part that a heading names: a field of `Sections` or ``examples``; empty for any other heading."""
    plain = re.sub(r"[*_`$:]+|\(.*\)", "", title).strip().lower()
    return next((kind for kind, pattern in _TITLES if re.fullmatch(pattern, plain)), "")


def _without_examples(lines: list[str]) -> str:
    """What is said beside examples: no blocks, no tables, no labels."""
    kept, fence = [], ""
    for line in lines:
        opened = _FENCE.match(line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opened:
            fence = opened["fence"]
        elif not line.startswith("|") and not _LABEL.fullmatch(line.strip() or "x"):
            kept.append(line)
    return _text(kept)


def _without_empty_headings(lines: list[str]) -> str:
    """The lines without a heading under which nothing stands, such as the problem's own title."""
    kept: list[str] = []
    for line in [*lines, ""]:
        if _HEADING.match(line):
            while kept and (not kept[-1].strip() or _HEADING.match(kept[-1])):
                kept.pop()
            if kept:
                kept.append("")
        kept.append(line)
    while kept and (not kept[-1].strip() or _HEADING.match(kept[-1])):
        kept.pop()
    return _text(kept)


def _text(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
