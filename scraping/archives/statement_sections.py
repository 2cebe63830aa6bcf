"""The parts of a statement in Markdown, told by their headings."""

from __future__ import annotations

import re

from scraping.problem import Sections

_HEADING = re.compile(r"^(?:#{1,6}\s+(.+?)\s*#*|(.+)\n(?:=+|-+)|\*\*(.+?)\*\*:?)\s*$", re.MULTILINE)
_FENCED = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)
_PARTS = (
    ("interaction", r"interaction|interaktion|interactive"),
    ("input", r"input|indata|input format|input specification|the input"),
    ("output", r"output|utdata|output format|output specification|the output"),
    (
        "constraints",
        r"constraints?|limits?|bounds|begränsningar|scoring|poängsättning|subtasks?|test groups?",
    ),
    ("notes", r"notes?|follow.?up.*|remarks?|explanations?( of .+)?|förklaring.*|hints?"),
    ("", r"(sample|example).*|exempel.*"),
    ("legend", r"problem|description|problem statement|task|instructions?|introduction|instruction append"),
)


def sections_of_markdown(markdown: str) -> Sections:
    """Split a statement at its headings.

    A line in bold counts as one. What stands before the first is the legend; samples are left out, since
    the tests hold them; a part with any other heading stays in the part before it, heading included.
    """
    fenced = [range(found.start(), found.end()) for found in _FENCED.finditer(markdown)]
    parts: dict[str, list[str]] = {}
    part, end = "legend", 0
    for heading in _HEADING.finditer(markdown):
        if any(heading.start() in block for block in fenced):
            continue
        name = _part_of(heading[1] or heading[2] or heading[3])
        if name is None:
            continue
        parts.setdefault(part, []).append(markdown[end : heading.start()])
        part, end = name, heading.end()
    parts.setdefault(part, []).append(markdown[end:])
    parts.pop("", None)
    return Sections(
        **{name: "\n\n".join(filter(None, map(str.strip, texts))) for name, texts in parts.items()}
    )


def _part_of(heading: str) -> str | None:
    words = re.sub(r"[*_`:$\xa0]", "", heading).strip().lower()
    return next((part for part, names in _PARTS if re.fullmatch(names, words)), None)
