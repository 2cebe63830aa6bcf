"""CodeChef: problems through the interface that its own pages use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from scraping.problem import Problem, ProblemLimits, ProblemRejection, ProblemTest, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import Page, example, member, sample_lines, sample_text
from scraping.sites.site import NotOffered, Site
from scraping.statements.sections import split_sections, title_kind

_API = "https://www.codechef.com/api/contests"
_PARTS = (
    ("statement", ""),
    ("inputFormat", "Input"),
    ("outputFormat", "Output"),
    ("constraints", "Constraints"),
)
_HTML = re.compile(r"<(?:p|pre|h[1-6]|ul|div|br)\b", re.IGNORECASE)
_SUBTASKS = re.compile(r"^#+ *subtasks?.*?(?=^#|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(
    r"^(?:#+ *)?\W*(?P<title>(?:sample|example)[^\n]*)\n+```[^\n]*\n(?P<text>.*?)\n?```",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_BOTH = re.compile(r"(?:^|\n)\W*input:?\W*\n(.*?)\n\W*output:?\W*\n(.*)", re.DOTALL | re.IGNORECASE)
_TRANSLATIONS = re.compile(r"^#* *Read problems? statements? in .*$\n*", re.IGNORECASE | re.MULTILINE)


class CodeChef(Site):
    """Problems of contests and of the practice area, whose statements are Markdown or, if old, HTML."""

    name = "codechef"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://www.codechef.com/terms",
        rights=Rights(
            owner="CodeChef and the authors of the problem", terms_url="https://www.codechef.com/terms"
        ),
        notes="The terms were not verified. To probe for tests with submissions counts as abuse there.",
    )
    addresses = (
        r"www\.codechef\.com/api/contests/(?P<contest>\w+)/problems/(?P<problem>\w+)",
        r"www\.codechef\.com/api/contests/(?P<contest>\w+)",
        r"www\.codechef\.com/(?:problems|submit)(?:-old)?/(?P<problem>\w+)",
        r"www\.codechef\.com/(?P<contest>\w+)/(?:problems|submit)(?:-old)?/(?P<problem>\w+)",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """A contest's problems; there is no list of all that could be read."""
        return [PageRequest(f"{_API}/{contest}")] if contest else []

    def listing(self, page: Page) -> Listing:
        """The problems of a contest."""
        answer = page.json
        codes, contest = member(answer, "problems"), member(answer, "code")
        return Listing([f"https://www.codechef.com/{contest}/problems/{code}" for code in codes])

    def requests(self, reference: str) -> list[PageRequest]:
        """The problem as JSON, from its contest or from the practice area."""
        match = self._address(reference)
        contest = (match.groupdict().get("contest") if match else None) or "PRACTICE"
        return [PageRequest(f"{_API}/{contest}/problems/{self.identifier(reference)}")]

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The problem of an answer."""
        answer = page.json
        if not isinstance(answer, dict) or answer.get("status") == "error":
            raise NotOffered(
                "not_found", str(answer.get("message") or "") if isinstance(answer, dict) else ""
            )
        code = member(answer, "problem_code")
        components = answer.get("problemComponents") or {}
        text = _statement(answer, components)
        if not text:
            raise NotOffered("empty_statement")
        html = text if _HTML.search(text) and "```" not in text else ""
        tests = _tests(components) or (_html_tests(html) if html else _markdown_tests(text))
        interactive = "interactive problem" in text
        if not tests and not interactive:
            raise MarkupChanged("problemComponents.sampleTestCases, or examples in body")
        limit = answer.get("max_timelimit")
        fields: dict[str, Any] = {
            "url": f"https://www.codechef.com/problems/{code}",
            "limits": ProblemLimits(float(limit) if limit else None),
            "tests": tests,
            "tags": _values(answer.get("user_tags") or answer.get("tags")),
            "difficulty": str(answer.get("difficulty_rating") or answer.get("category_name") or "") or None,
            "contest": answer.get("contest_code") or answer.get("intended_contest_code"),
            **({"mode": "interactive"} if interactive else {}),
        }
        problem = self.problem(page, code, answer.get("problem_name") or code, html, **fields)
        if not html:
            problem = replace(
                problem, statement_markdown=text, sections=split_sections(_SUBTASKS.sub("", text))
            )
        yield problem


def _statement(answer: dict[str, Any], components: dict[str, Any]) -> str:
    """The statement's text: from its components where they have one, else as a whole."""
    if components.get("statement"):
        parts = [
            (f"### {title}\n\n" if title else "") + components[name]
            for name, title in _PARTS
            if components.get(name)
        ]
        text = "\n\n".join(parts)
    else:
        text = answer.get("body") or ""
    return _TRANSLATIONS.sub("", text.replace("\r\n", "\n")).strip()


def _values(container: Any) -> list[Any]:
    """The entries of a list, which may also be an object with numbers for names."""
    if isinstance(container, dict):
        return list(container.values())
    return container if isinstance(container, list) else []


def _tests(components: dict[str, Any]) -> list[ProblemTest]:
    entries = [entry for entry in _values(components.get("sampleTestCases")) if not entry.get("isDeleted")]
    return [
        example(
            number,
            sample_lines(str(entry.get("input", ""))),
            sample_lines(str(entry.get("output", ""))),
            str(entry.get("explanation") or "").replace("\r\n", "\n"),
        )
        for number, entry in enumerate(entries, 1)
    ]


def _markdown_tests(text: str) -> list[ProblemTest]:
    """Examples in blocks under headings ``Example Input`` and ``Example Output``."""
    given = [
        sample_lines(match["text"]) for match in _BLOCK.finditer(text) if "input" in match["title"].lower()
    ]
    wanted = [
        sample_lines(match["text"]) for match in _BLOCK.finditer(text) if "output" in match["title"].lower()
    ]
    return [example(number, *pair) for number, pair in enumerate(zip(given, wanted, strict=False), 1)]


def _html_tests(html: str) -> list[ProblemTest]:
    """Examples of old statements: two blocks in turn, or one with both under ``Input:`` and ``Output:``."""
    body = LexborHTMLParser(html)
    inside, blocks = False, []
    for node in body.css("h1, h2, h3, h4, b, strong, pre"):
        if node.tag == "pre":
            if inside:
                blocks.append(sample_text(node))
        else:
            inside = inside or title_kind(node.text() or "") == "examples"
    if len(blocks) == 1 or (blocks and re.search(r"output:?\s*$", blocks[0], re.IGNORECASE | re.MULTILINE)):
        match = _BOTH.search(blocks[0])
        return [example(1, sample_lines(match[1]), sample_lines(match[2]))] if match else []
    bare = [re.sub(r"\A(?:(?:in|out)put:?)\s*\n", "", block, flags=re.IGNORECASE) for block in blocks]
    pairs = zip(bare[::2], bare[1::2], strict=False)
    return [example(number, *pair) for number, pair in enumerate(pairs, 1)]
