"""A page that was asked for: its text, its parts, and what they say of limits and examples."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraping.problem import ProblemTest
from scraping.sites.adapter import MarkupChanged
from scraping.statements.markdown import preformatted_text

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30}


@dataclass(frozen=True)
class Page:
    """One answer of a site. ``content_type`` is the header's value, empty where it is not known."""

    url: str
    body: bytes
    content_type: str = ""

    @property
    def sha256(self) -> str:
        """The digest of the body."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def is_pdf(self) -> bool:
        """Whether this is a document for print, or a frame around one."""
        return self.body.startswith(b"%PDF") or "application/pdf" in self.content_type

    @cached_property
    def text(self) -> str:
        """The body as text: in the charset that it names, else in UTF-8 with marks for what is not."""
        named = _CHARSET.search(self.content_type) or _CHARSET.search(
            self.body[:2_048].decode("ascii", "ignore")
        )
        for encoding in ("utf-8-sig", named[1] if named else "utf-8"):
            try:
                return self.body.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
        return self.body.decode("utf-8", "replace")

    @cached_property
    def root(self) -> LexborNode:
        """The page's root element; raises `MarkupChanged` for a page of no elements."""
        root = LexborHTMLParser(self.text).root
        if root is None:
            raise MarkupChanged("a page of HTML")
        return root

    @property
    def json(self) -> Any:
        """The body as JSON; raises `MarkupChanged` where it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise MarkupChanged("JSON") from None


def required(node: LexborNode, selector: str) -> LexborNode:
    """The first element of ``selector`` in ``node``; raises `MarkupChanged` where there is none."""
    found = node.css_first(selector)
    if found is None:
        raise MarkupChanged(selector)
    return found


def member(value: Any, *path: str) -> Any:
    """What a JSON document has under the names of ``path``; raises `MarkupChanged` where it has nothing."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise MarkupChanged(".".join(path))
        value = value[name]
    return value


def line_of(node: LexborNode, separator: str = "") -> str:
    """An element's text in one line, with ``separator`` between the texts of the elements in it."""
    return " ".join((node.text(separator=separator) or "").split())


def own_text(node: LexborNode) -> str:
    """The text that stands directly in an element, without that of the elements in it."""
    texts = [child.text_content or "" for child in node.iter(include_text=True) if child.is_text_node]
    return " ".join("".join(texts).split())


def seconds_of(text: str) -> float | None:
    """A time limit: ``2 seconds``, ``1.5 s``, ``1500 ms``, ``2000MS``; None where it names none."""
    match = re.search(r"(\d+(?:[.,]\d+)?)\s*(m(?:illi)?s|s|сек)", text, re.IGNORECASE)
    if match is None:
        return None
    value = float(match[1].replace(",", "."))
    return value / 1000 if match[2].lower().startswith("m") else value


def memory_of(text: str) -> int | None:
    """A memory limit in bytes: ``256 megabytes``, ``1024 MiB``, ``65536K``; None where it names none."""
    match = re.search(r"(\d+(?:\.\d+)?)\s*([kmg]|[кмг](?=[а-яб]))", text, re.IGNORECASE)
    if match is None:
        return None
    unit = match[2].lower().translate(str.maketrans("кмг", "kmg"))
    return int(float(match[1]) * _BYTES[unit])


def sample_text(node: LexborNode | None, keep_spaces: bool = False) -> str:
    """The text of an example's ``pre``: ends with one newline, or is empty.

    Without ``keep_spaces`` the ends of lines lose their spaces, which pages have for layout.
    """
    return sample_lines(preformatted_text(node) if node is not None else "", keep_spaces)


def sample_lines(text: str, keep_spaces: bool = False) -> str:
    """As `sample_text`, for a text."""
    text = text.replace("\r\n", "\n")
    if keep_spaces:
        return text if not text or text.endswith("\n") else text + "\n"
    text = "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")
    return text + "\n" if text else ""


def example(number: int, given: str, wanted: str, explanation: str = "") -> ProblemTest:
    """The example with a number, counted from 1."""
    return ProblemTest("example", str(number), given, wanted, explanation=explanation)


def paired_examples(given: list[str], wanted: list[str]) -> list[ProblemTest]:
    """Examples from their inputs and outputs; raises `MarkupChanged` where one has no counterpart."""
    if len(given) != len(wanted):
        raise MarkupChanged(f"as many outputs as inputs of examples ({len(given)}, {len(wanted)})")
    return [example(index, *pair) for index, pair in enumerate(zip(given, wanted, strict=True), 1)]
