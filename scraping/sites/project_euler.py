"""Project Euler: problems whose answer is a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scraping.problem import Problem, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import Page, line_of, required
from scraping.sites.site import NotOffered, Site


class ProjectEuler(Site):
    """Problems, from their pages or in the short form that the site offers to programs."""

    name = "project_euler"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://projecteuler.net/copyright",
        rights=Rights(
            license="CC-BY-NC-SA-4.0",
            owner="Project Euler",
            terms_url="https://projecteuler.net/copyright",
            note="not for commercial use; the licence was not verified",
        ),
        notes="Answers are not public.",
    )
    addresses = (
        r"projecteuler\.net/problem=(?P<problem>\d+)",
        r"projecteuler\.net/minimal=(?P<problem>\d+)",
        r"projecteuler\.net/minimal=problems",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The table of all problems."""
        return [] if contest else [PageRequest("https://projecteuler.net/minimal=problems")]

    def listing(self, page: Page) -> Listing:
        """The problems of the table, whose lines are ``number##title##...``."""
        numbers = re.findall(r"^(\d+)##", page.text, re.MULTILINE)
        return Listing([f"https://projecteuler.net/problem={number}" for number in numbers])

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The problem of the page."""
        number = self.identifier(page.url)
        if "/minimal=" in page.url:
            if "Data for that problem cannot be found" in page.text:
                raise NotOffered("not_found")
            title, html = f"Problem {number}", page.text
        else:
            content = required(page.root, ".problem_content")
            title, html = line_of(required(page.root, "h2")), content.inner_html or ""
        if not html.strip():
            raise MarkupChanged(".problem_content with a text")
        published = re.search(r"Published on ([^;<]+)", page.text)
        difficulty = re.search(r"Difficulty(?: rating| level)?: ([^<\]]+)", page.text)
        yield self.problem(
            page,
            number,
            title,
            html,
            mode="answer_only",
            published_at=published[1].strip() if published else None,
            difficulty=difficulty[1].strip() if difficulty else None,
        )
