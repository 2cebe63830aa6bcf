"""POJ, the judge of Peking University."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import (
    Page,
    line_of,
    memory_of,
    paired_examples,
    required,
    sample_text,
    seconds_of,
)
from scraping.sites.site import Site


class Poj(Site):
    """Problems, each a row of headings ``p.pst`` and the element after each."""

    name = "poj"
    policy = SitePolicy(
        minimal_interval_seconds=5.0,
        rights=Rights(
            owner="the authors of the problem", note="most are of contests with terms of their own"
        ),
        notes="The site is slow and states no terms that were found.",
    )
    addresses = (r"poj\.org/problem\?id=(?P<problem>\d+)(?:&.*)?", r"poj\.org/problemlist(?:\?.*)?")

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The first volume of the archive."""
        return [] if contest else [PageRequest("http://poj.org/problemlist?volume=1")]

    def listing(self, page: Page) -> Listing:
        """The problems of a volume, and the other volumes."""
        links = [link.attributes.get("href") or "" for link in page.root.css("a[href]")]
        problems = [link for link in links if re.fullmatch(r"problem\?id=\d+", link)]
        volumes = [link for link in links if re.fullmatch(r"problemlist\?volume=\d+", link)]
        return Listing(
            [f"http://poj.org/{link}" for link in dict.fromkeys(problems)],
            [PageRequest(f"http://poj.org/{link}") for link in dict.fromkeys(volumes)],
        )

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The problem of the page."""
        title = line_of(required(page.root, ".ptt"))
        limits = line_of(required(page.root, ".plm"), " ")
        texts: list[tuple[str, str]] = []
        given: list[str] = []
        wanted: list[str] = []
        for heading in page.root.css("p.pst"):
            name, block = line_of(heading), heading.next
            while block is not None and block.is_text_node:
                block = block.next
            if block is None:
                raise MarkupChanged("an element after p.pst")
            if name.startswith("Sample Input"):
                given.append(sample_text(block))
            elif name.startswith("Sample Output"):
                wanted.append(sample_text(block))
            elif name != "Source":
                texts.append((name, block.html or ""))
        if not texts or not given:
            raise MarkupChanged("p.pst of Description and Sample Input")
        memory = re.search(r"Memory Limit:(.*)", limits)
        yield self.problem(
            page,
            self.identifier(page.url),
            title,
            "".join(f"<h3>{escape(name)}</h3>{html}" for name, html in texts),
            limits=ProblemLimits(seconds_of(limits), memory_of(memory[1]) if memory else None),
            tests=paired_examples(given, wanted),
        )
