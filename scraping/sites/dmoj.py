"""DMOJ, and other sites that run its software."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import Page, line_of, memory_of, paired_examples, required, sample_text, seconds_of
from scraping.sites.site import Site


class Dmoj(Site):
    """Problems, from their pages: the API has no statements, and robots.txt closes it."""

    name = "dmoj"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://dmoj.ca/about/",
        rights=Rights(
            owner="the authors of the problem", note="many are of other contests, with terms of their own"
        ),
        notes="robots.txt of the software disallows /api, /problem/*/submissions, /problem/*/test_data and"
        " /problem/*/rank; nothing of these is asked for.",
    )
    addresses = (
        r"(?:www\.)?(?:dmoj\.ca|oj\.vnoi\.info|lqdoj\.edu\.vn)/problem/(?P<problem>\w+)",
        r"(?:www\.)?(?:dmoj\.ca|oj\.vnoi\.info|lqdoj\.edu\.vn)/problems",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The first page of all problems, or a contest's page."""
        return [PageRequest(f"https://dmoj.ca/contest/{contest}" if contest else "https://dmoj.ca/problems/")]

    def listing(self, page: Page) -> Listing:
        """The problems that the page links, and the next page."""
        links = [link.attributes.get("href") or "" for link in page.root.css("td a[href]")]
        problems = [urljoin(page.url, link) for link in links if re.fullmatch(r"/problem/\w+", link)]
        following = page.root.css(
            ".pagination li:not(.disabled-page) a[rel=next], .pagination li.next a[href]"
        )
        further = [PageRequest(urljoin(page.url, link.attributes.get("href") or "")) for link in following]
        return Listing(list(dict.fromkeys(problems)), further)

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The problem of the page."""
        title = line_of(required(page.root, ".problem-title h2"))
        body = required(page.root, ".content-description")
        for hidden in body.css(".tex-text"):
            hidden.decompose()
        html = body.inner_html or ""
        tests = paired_examples(*_samples(body))
        statement = LexborHTMLParser(_with_formulas(html))
        interactive = bool(re.search(r"\binteractive (?:problem|task)\b", line_of(body), re.IGNORECASE))
        if not tests and not interactive:
            raise MarkupChanged("h4 'Sample Input', with a pre after it")
        yield self.problem(
            page,
            self.identifier(page.url),
            title,
            (statement.body and statement.body.inner_html) or "",
            limits=ProblemLimits(
                seconds_of(_property(page, ".fa-clock-o, .fa-clock")),
                memory_of(_property(page, ".fa-server")),
            ),
            tests=tests,
            **({"mode": "interactive"} if interactive else {}),
        )


def _with_formulas(html: str) -> str:
    """The statement with the software's own mark for formulas, ``~n~``, as the usual one."""
    parts = re.split(r"(<pre\b.*?</pre>|<code\b.*?</code>)", html, flags=re.DOTALL)
    return "".join(
        part if index % 2 else re.sub(r"~(?! )([^~<>\n]+?)(?<! )~", r"\\(\1\\)", part)
        for index, part in enumerate(parts)
    )


def _samples(body: LexborNode) -> tuple[list[str], list[str]]:
    given: list[str] = []
    wanted: list[str] = []
    into: list[str] | None = None
    for node in body.css("h2, h3, h4, h5, pre, .admonition.question > details"):
        title = line_of(node).lower()
        if node.tag == "details":
            pre = node.css_first("pre")
            if pre is not None:
                (given if node.prev is None or len(given) == len(wanted) else wanted).append(sample_text(pre))
        elif node.tag != "pre":
            into = _kind(title, given, wanted)
        elif into is not None:
            into.append(sample_text(node))
            into = None
    return given, wanted


def _kind(title: str, given: list[str], wanted: list[str]) -> list[str] | None:
    if "explanation" in title:
        return None
    if "sample output" in title or "output for sample input" in title:
        return wanted
    return given if "sample input" in title else None


def _property(page: Page, icon: str) -> str:
    """The value beside an icon among the problem's properties; raises `MarkupChanged`."""
    for entry in page.root.css(".problem-info-entry"):
        if entry.css_first(icon) is not None:
            return line_of(entry, " ").rpartition(":")[2].strip()
    raise MarkupChanged(f".problem-info-entry {icon}")
