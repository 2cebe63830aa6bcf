"""Which Python files a base model is trained on: the paper's filters, one file at a time."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

RejectionReason = Literal[
    "too_large",
    "not_text",
    "empty",
    "long_lines",
    "long_line",
    "auto_generated",
    "few_alphanumeric",
    "duplicate",
]

_HEAD_LINES = 10
_GENERATED = re.compile(
    r"\bauto-?generated\b"
    r"|\bautomatically[ -](generated|created|produced)\b"
    r"|@generated\b"
    r"|\bdo not (edit|modify|change)\b.{0,60}\b(generated|by hand|manually|directly)\b"
    r"|\bgenerated\b.{0,80}\bdo not (edit|modify|change)\b"
    r"|^\W*(this (file|code|module|script)( (is|was|has been))? )?generated (by|from|with|using|on)\b"
    r"|^\W*do not (edit|modify)\W*$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class CorpusFilters:
    """What a file has to meet (Chen et al. 2021, §3.1).

    Lengths are in characters, without line ends. The paper asks for more than "a small percentage" of
    alphanumeric characters; a quarter is our reading of it.
    """

    max_bytes: int = 1_000_000
    max_mean_line: float = 100.0
    max_line: int = 1000
    min_alphanumeric: float = 0.25


@dataclass(frozen=True)
class CorpusFile:
    """A file that is kept: its text with line ends as ``\\n``, and the digest by which it is unique."""

    project: str
    path: str
    text: str
    sha256: str


@dataclass(frozen=True)
class RejectedFile:
    """A file that is left out: a stable reason, and in words what was found."""

    project: str
    path: str
    reason: RejectionReason
    detail: str


def judge_file(
    project: str, path: str, content: bytes, filters: CorpusFilters | None = None
) -> CorpusFile | RejectedFile:
    """The file as the corpus holds it, or the first reason why it does not. Does not look for duplicates."""
    filters = filters or CorpusFilters()

    def rejected(reason: RejectionReason, detail: str) -> RejectedFile:
        return RejectedFile(project, path, reason, detail)

    if len(content) >= filters.max_bytes:
        return rejected("too_large", f"{len(content)} bytes or more")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return rejected("not_text", f"no UTF-8 at byte {error.start}")
    if "\0" in text:
        return rejected("not_text", f"a zero at character {text.index(chr(0))}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return rejected("empty", "nothing but white space")
    lengths = [len(line) for line in text.rstrip("\n").split("\n")]
    if max(lengths) > filters.max_line:
        return rejected("long_line", f"line {lengths.index(max(lengths)) + 1} has {max(lengths)} characters")
    mean = sum(lengths) / len(lengths)
    if mean > filters.max_mean_line:
        return rejected("long_lines", f"{mean:.1f} characters a line")
    marker = generated_marker(text)
    if marker is not None:
        return rejected("auto_generated", marker)
    share = sum(map(str.isalnum, text)) / len(text)
    if share < filters.min_alphanumeric:
        return rejected("few_alphanumeric", f"{share:.3f} of the characters")
    return CorpusFile(project, path, text, hashlib.sha256(text.encode()).hexdigest())


def generated_marker(text: str) -> str | None:
    """What in the first lines says that a program wrote the file, or None."""
    head = "\n".join(text.split("\n", _HEAD_LINES)[:_HEAD_LINES])
    found = _GENERATED.search(head)
    return " ".join(found.group().split()) if found else None


def split_of(project: str, validation_share: float) -> Literal["train", "validation"]:
    """Where a project belongs. All of its files go there, whatever else the corpus holds."""
    place = int.from_bytes(hashlib.sha256(project.encode()).digest()[:8]) / 2**64
    return "validation" if place < validation_share else "train"
