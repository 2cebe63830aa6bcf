"""Kattis: problems of open.kattis.com and of the contests on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import Page, example, line_of, memory_of, required, sample_text, seconds_of
from scraping.sites.site import Site

_PROBLEM = re.compile(r"/problems/[\w-]+")


class Kattis(Site):
    """Problems. Many are also to be had as packages with tests, which are the better source."""

    name = "kattis"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://open.kattis.com/info/terms-of-service",
        rights=Rights(
            owner="the authors of the problem",
            terms_url="https://open.kattis.com/info/terms-of-service",
            note="each problem has its own licence, which its page names",
        ),
        notes="Prefer the problem packages that organisers publish: they have tests and a licence.",
    )
    addresses = (
        r"[\w-]+\.kattis\.com/(?:[\w-]+/)?problems/(?P<problem>[\w-]+)",
        r"[\w-]+\.kattis\.com/(?:contests|sessions)/(?P<contest>[\w-]+)/problems/(?P<problem>[\w-]+)",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The list of a contest, or the first page of all."""
        if contest:
            return [PageRequest(f"https://open.kattis.com/contests/{contest}/problems")]
        return [PageRequest("https://open.kattis.com/problems")]

    def listing(self, page: Page) -> Listing:
        """The problems that the page's tables link, and the next page."""
        links = [link.attributes.get("href") or "" for link in page.root.css("table a[href]")]
        problems = [link for link in links if re.fullmatch(rf"(?:/contests/[\w-]+)?{_PROBLEM.pattern}", link)]
        following = [
            urljoin(page.url, link.attributes["href"] or "") for link in page.root.css("a[rel=next][href]")
        ]
        return Listing(
            list(dict.fromkeys(urljoin(page.url, link) for link in problems)),
            list(map(PageRequest, following)),
        )

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The problem of the page."""
        heading = required(page.root, "h1")
        for line_break in heading.css("br"):
            line_break.replace_with(" - ")
        title = line_of(heading)
        limits = line_of(required(page.root, ".metadata-grid"), " ")
        statement = required(page.root, ".problembody")
        html = statement.inner_html or ""
        samples = statement.css(".sample")
        tests = [example(number, *_texts(sample)) for number, sample in enumerate(samples, 1)]
        for sample in samples:
            sample.decompose()
        interactive = any(line_of(node) == "Interaction" for node in statement.css("h2, h3"))
        if not tests and not interactive:
            raise MarkupChanged(".sample")
        match = self._address(page.url)
        memory = re.search(r"memory limit(.*)", limits, re.IGNORECASE)
        licence = re.search(r"\b(CC BY(?:-[A-Z]+)*(?: \d\.\d)?|public domain|cc0)\b", limits, re.IGNORECASE)
        rights = self.policy.rights
        if licence:
            rights = Rights(None, rights.owner, rights.terms_url, note=f"the page says: {licence[1]}")
        yield self.problem(
            page,
            self.identifier(page.url),
            title.partition(" - ")[2] or title if re.match(r"Problem \w+ - ", title) else title,
            html,
            statement.inner_html,
            contest=match.groupdict().get("contest") if match else None,
            index=title.split()[1] if re.match(r"Problem \w+ - ", title) else None,
            limits=ProblemLimits(seconds_of(limits), memory_of(memory[1]) if memory else None),
            tests=[] if interactive else tests,
            rights=rights,
            **({"mode": "interactive"} if interactive else {}),
        )


def _texts(sample: LexborNode) -> tuple[str, str]:
    """Input and output of a table whose last row has them, either of which may be missing."""
    given = sample.css_first("tr:last-child > td:first-child > pre")
    wanted = sample.css_first("tr:last-child > td:last-child:not(:first-child) > pre")
    if given is None and wanted is None:
        raise MarkupChanged(".sample tr:last-child > td > pre")
    return sample_text(given, keep_spaces=True), sample_text(wanted, keep_spaces=True)
