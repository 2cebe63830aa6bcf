"""Input formats told in sentences: "The first line contains two integers n and m"."""

from __future__ import annotations

from collections.abc import Iterator

from scraping.input_formats.structure import Node


def described(text: str) -> Iterator[tuple[Node, ...]]:
    """The structures that an input section describes."""
    return iter(())
