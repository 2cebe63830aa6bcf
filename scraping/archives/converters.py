"""What other parts of scraping do for the importers, as functions that can be given to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from scraping.problem import Problem, ProblemRejection

HtmlToMarkdown = Callable[[str], str]
"""HTML to Markdown that keeps exponents, subscripts and formulas."""

PageParser = Callable[[str, bytes, str], Iterable[Problem | ProblemRejection]]
"""The problems of a page, from its address, its body and its content type."""


def html_to_markdown(html: str) -> str:
    """The default `HtmlToMarkdown`."""
    # by name: the statements' own packages build on this one's record, not on its importers
    return str(import_module("scraping.statements.markdown").to_markdown(html))


def parse_page(url: str, body: bytes, content_type: str) -> Iterable[Problem | ProblemRejection]:
    """The default `PageParser`: the site adapter that knows the address."""
    return list(import_module("scraping.sites").parse_page(url, body, content_type))
