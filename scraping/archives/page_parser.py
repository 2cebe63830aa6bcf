"""Who reads the pages that archives hold: the site adapters, unless another function is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scraping.problem import Problem, ProblemRejection
from scraping.sites.registry import parse_page as parse_page_of_site

PageParser = Callable[[str, bytes, str], Iterable[Problem | ProblemRejection]]
"""The problems of a page, from its address, its body and its content type."""


def parse_page(url: str, body: bytes, content_type: str) -> Iterable[Problem | ProblemRejection]:
    """The problems of a page as the site adapter that knows its address reads it."""
    return parse_page_of_site(url, body, content_type)
