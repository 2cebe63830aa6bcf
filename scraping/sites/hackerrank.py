"""HackerRank: challenges through the interface that its own pages use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from scraping.problem import Problem, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import Page, line_of, member, paired_examples, required, sample_lines, sample_text
from scraping.sites.site import NotOffered, Site

_REST = "https://www.hackerrank.com/rest/contests"
_ANNOTATED = re.compile(r"\A\s*STDIN(?P<gap> +)Function.*\n[ -]*\n")
_PAGE = 50


class HackerRank(Site):
    """Challenges of the master contest and of other contests.

    Formulas in statements may be drawings without text: the gate of statements tells of them.
    """

    name = "hackerrank"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://www.hackerrank.com/terms-of-service",
        rights=Rights(owner="HackerRank", terms_url="https://www.hackerrank.com/terms-of-service"),
        notes="The terms were not verified. Tests beyond the examples are not asked for.",
    )
    addresses = (
        r"www\.hackerrank\.com/rest/contests/(?P<contest>[\w-]+)/challenges/(?P<problem>[\w-]+)",
        r"www\.hackerrank\.com/contests/(?P<contest>[\w-]+)/challenges/(?P<problem>[\w-]+)(?:/problem)?",
        r"www\.hackerrank\.com/challenges/(?P<problem>[\w-]+)(?:/problem)?",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The first challenges of a contest."""
        return [PageRequest(f"{_REST}/{contest or 'master'}/challenges?offset=0&limit={_PAGE}")]

    def listing(self, page: Page) -> Listing:
        """The challenges of one part of the list, and the next part."""
        models = member(page.json, "models")
        contest = re.search(r"/contests/([\w-]+)/", page.url)
        path = f"contests/{contest[1]}/" if contest and contest[1] != "master" else ""
        references = [
            f"https://www.hackerrank.com/{path}challenges/{entry['slug']}/problem" for entry in models
        ]
        offset = re.search(r"offset=(\d+)", page.url)
        further = []
        if offset and len(models) == _PAGE:
            following = page.url.replace(offset.group(), f"offset={int(offset[1]) + _PAGE}")
            further = [PageRequest(following)]
        return Listing(references, further)

    def requests(self, reference: str) -> list[PageRequest]:
        """The challenge as JSON."""
        match = self._address(reference)
        contest = (match.groupdict().get("contest") if match else None) or "master"
        return [PageRequest(f"{_REST}/{contest}/challenges/{self.identifier(reference)}")]

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The challenge of an answer, or of a page that a person saved."""
        if page.text.lstrip().startswith("{"):
            model = member(page.json, "model")
            name, html = member(model, "name"), member(model, "body_html")
        else:
            model = {}
            name = line_of(required(page.root, "h1.page-label, h2.hr_tour-challenge-name"))
            html = required(page.root, ".challenge-body-html").inner_html or ""
        if not html:
            raise NotOffered("empty_statement")
        body = LexborHTMLParser(html)
        given = body.css(".challenge_sample_input pre")
        wanted = body.css(".challenge_sample_output pre")
        if not given or not wanted:
            raise MarkupChanged(".challenge_sample_input pre and .challenge_sample_output pre")
        slug = model.get("slug") or self.identifier(page.url)
        yield self.problem(
            page,
            slug,
            name,
            html,
            url=f"https://www.hackerrank.com/challenges/{slug}/problem",
            contest=model.get("contest_slug"),
            tests=paired_examples(
                [_input(sample_text(node)) for node in given], list(map(sample_text, wanted))
            ),
            difficulty=model.get("difficulty_name"),
            tags=model.get("tag_names") or [],
        )


def _input(text: str) -> str:
    """An input without the notes that stand beside its lines under ``STDIN   Function``."""
    header = _ANNOTATED.match(text)
    if header is None:
        return text
    width = len("STDIN") + len(header["gap"])
    lines = text[header.end() :].split("\n")
    # a line that runs into the notes is parted from its own by two spaces
    return sample_lines(
        "\n".join(
            line[:width].rstrip() if line[width - 1 : width] in ("", " ") else line.partition("  ")[0]
            for line in lines
        )
    )
