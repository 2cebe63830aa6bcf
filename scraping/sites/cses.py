"""CSES problem set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

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


class Cses(Site):
    """Tasks of the problem set and of contests."""

    name = "cses"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://cses.fi/problemset/text/2433",
        rights=Rights(
            owner="the authors of CSES",
            terms_url="https://cses.fi/problemset/text/2433",
            note="said to be CC BY-NC-SA 4.0, which was not verified: not for commercial use",
        ),
        notes="Full tests are shown to users who are logged in; they are not asked for.",
    )
    addresses = (
        r"(?:www\.)?cses\.fi/(?:problemset|[\w/]+)/task/(?P<problem>\w+)",
        r"(?:www\.)?cses\.fi/problemset(?:/list)?",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The list of a contest's tasks or of the problem set."""
        return [PageRequest(f"https://cses.fi/{contest}/list/" if contest else "https://cses.fi/problemset/")]

    def listing(self, page: Page) -> Listing:
        """The tasks that the list links."""
        links = [link.attributes.get("href") or "" for link in page.root.css("a[href]")]
        tasks = [urljoin(page.url, link) for link in links if re.search(r"/task/\w+/?$", link)]
        return Listing(list(dict.fromkeys(tasks)))

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The task of the page: its examples are the first two blocks after each heading that says so."""
        title = line_of(required(page.root, ".title-block > h1"))
        limits = line_of(required(page.root, ".task-constraints"), " ")
        content = required(page.root, ".content")
        given: list[str] = []
        wanted: list[str] = []
        expected = 0
        for node in content.css("[id^=example], pre"):
            if node.tag != "pre":
                expected = 2
            elif expected:
                (given if expected == 2 else wanted).append(sample_text(node))
                expected -= 1
        for listed in content.css(".task-constraints"):
            listed.decompose()
        interactive = any(line_of(node).lower() == "interaction" for node in content.css("h1, h2, h3"))
        if not given and not interactive:
            raise MarkupChanged("[id^=example], with two pre after it")
        yield self.problem(
            page,
            self.identifier(page.url),
            title,
            content.inner_html or "",
            limits=ProblemLimits(seconds_of(limits), memory_of(limits.lower().partition("memory")[2])),
            tests=paired_examples(given, wanted) if not interactive else [],
            **({"mode": "interactive"} if interactive else {}),
        )
