"""Codeforces: statements of one problem, or of a whole round on one page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import (
    Page,
    line_of,
    member,
    memory_of,
    own_text,
    paired_examples,
    required,
    sample_text,
    seconds_of,
)
from scraping.sites.site import NotOffered, Site

_STREAMS = frozenset(
    ["stdin", "stdout", "standard input", "standard output", "стандартный ввод", "стандартный вывод"]
)
_HEADINGS = {
    "input-specification": "Input",
    "output-specification": "Output",
    "sample-tests": "Examples",
    "note": "Note",
}


class Codeforces(Site):
    """Problems of rounds, gyms and groups; ``/contest/{id}/problems`` has those of a round in one page.

    The archive of acm.sgu.ru, whose pages have another form, is not read.
    """

    name = "codeforces"
    policy = SitePolicy(
        minimal_interval_seconds=2.0,
        terms_url="https://codeforces.com/terms",
        rights=Rights(
            owner="Codeforces and the authors of the problems",
            terms_url="https://codeforces.com/blog/entry/967",
            note="Materials usage license v0.1: texts may be published with a link to their source; other"
            " uses of the materials, such as automatic testing elsewhere, are not allowed",
        ),
        notes="The API allows one request in two seconds. Pages have been behind a challenge since 2024: a"
        " refusal stops the host. Tests that submissions show are cut and never used.",
    )
    addresses = (
        r"(?:[\w-]+\.)?codeforces\.(?:com|net|ml|es)/(?:contest|gym)/(?P<contest>\d+)/problem/(?P<index>\w+)",
        r"(?:[\w-]+\.)?codeforces\.(?:com|net|ml|es)/problemset/(?:problem|gymProblem)/(?P<contest>\d+)/(?P<index>\w+)",
        r"(?:[\w-]+\.)?codeforces\.(?:com|net|ml|es)/group/\w+/contest/(?P<contest>\d+)/problem/(?P<index>\w+)",
        r"(?:[\w-]+\.)?codeforces\.(?:com|net|ml|es)/(?:contest|gym)/(?P<contest>\d+)/problems",
        r"(?:[\w-]+\.)?codeforces\.(?:com|net|ml|es)/contest/(?P<contest>\d+)",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The API's list of all problems; nothing for a contest, whose page of problems is its reference."""
        return [] if contest else [PageRequest("https://codeforces.com/api/problemset.problems")]

    def listing(self, page: Page) -> Listing:
        """The contests of the API's problems, each once: their problems stand on one page."""
        problems = member(page.json, "result", "problems")
        contests = dict.fromkeys(entry["contestId"] for entry in problems if "contestId" in entry)
        return Listing([f"https://codeforces.com/contest/{contest}/problems" for contest in contests])

    def requests(self, reference: str) -> list[PageRequest]:
        """The page itself; for a contest the page of all its problems."""
        match = self._address(reference)
        if match and "index" not in match.groupdict() and not urlsplit(reference).path.endswith("/problems"):
            return [PageRequest(f"https://codeforces.com/contest/{match['contest']}/problems")]
        return [PageRequest(reference)]

    def identifier(self, url: str) -> str:
        """Contest and index, ``1779F``."""
        match = self._address(url)
        return "".join(filter(None, match.groups())) if match else url

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """Every statement of the page; one that cannot be read rejects itself alone."""
        statements = page.root.css(".problem-statement")
        if not statements and page.root.css_matches("embed[type='application/pdf']"):
            raise NotOffered("statement_in_pdf")
        match = self._address(page.url)
        contest = match["contest"] if match else ""
        for number, statement in enumerate(statements, 1):
            index = _index(statement) or (match.groupdict().get("index") if match else None) or str(number)

            def one(
                statement: LexborNode = statement, index: str = index
            ) -> list[Problem | ProblemRejection]:
                return [self._problem(page, statement, contest, index)]

            yield from self.attempt(contest + index, page.url, one)

    def _problem(self, page: Page, statement: LexborNode, contest: str, index: str) -> Problem:
        title = line_of(required(statement, ".header > .title"))
        files = [_file(required(statement, f".header > .{kind}-file")) for kind in ("input", "output")]
        limits = ProblemLimits(
            seconds_of(_value(required(statement, ".header > .time-limit"))),
            memory_of(_value(required(statement, ".header > .memory-limit"))),
            *files,
        )
        html, without_examples = _composed(statement)
        samples = statement.css_first(".sample-tests")
        given = samples.css(".input pre") if samples is not None else []
        wanted = samples.css(".output pre") if samples is not None else []
        tests = paired_examples([sample_text(node) for node in given], [sample_text(node) for node in wanted])
        problem = self.problem(
            page,
            contest + index,
            title.removeprefix(f"{index}. "),
            html,
            without_examples,
            url=re.sub(r"/problems(?=[/?#]|$).*", f"/problem/{index}", page.url),
            contest=contest,
            index=index,
            limits=limits,
            tests=tests,
            language="ru" if "ограничение" in line_of(required(statement, ".header > .time-limit")) else "en",
            **({"mode": "file"} if any(files) else {}),
        )
        if not tests and problem.mode != "interactive":
            raise MarkupChanged(".sample-tests .input pre")
        return problem


def _index(statement: LexborNode) -> str | None:
    """The letter that stands before the title."""
    letter, dot, _ = line_of(required(statement, ".header > .title")).partition(". ")
    return letter if dot and letter.isalnum() and len(letter) <= 3 else None


def _value(node: LexborNode) -> str:
    """What stands beside a property's name, also where it is emphasised."""
    styled = node.css_first(".tex-font-style-sl, .tex-font-style-bf")
    return own_text(styled if styled is not None else node)


def _file(node: LexborNode) -> str | None:
    value = _value(node)
    return value if value and value not in _STREAMS else None


def _composed(statement: LexborNode) -> tuple[str, str]:
    """The statement's parts under headings, with and without the examples."""
    parts: list[tuple[str, str]] = []
    for child in statement.iter():
        classes = (child.attributes.get("class") or "").split()
        if "header" in classes:
            continue
        title = child.css_first(".section-title")
        heading = next((_HEADINGS[name] for name in classes if name in _HEADINGS), "")
        if title is not None:
            heading = heading or line_of(title)
            title.decompose()
        text = f"<h3>{escape(heading)}</h3>{child.inner_html}" if heading else child.html or ""
        parts.append((heading, text))
    if not any(not heading for heading, _ in parts):
        raise MarkupChanged(".problem-statement > div without a heading")
    return "".join(text for _, text in parts), "".join(
        text for heading, text in parts if heading != "Examples"
    )
