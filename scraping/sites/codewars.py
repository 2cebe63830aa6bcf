"""Codewars: kata through its documented API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scraping.problem import Problem, ProblemRejection, Rights
from scraping.sites.adapter import PageRequest, SitePolicy
from scraping.sites.page import Page, member
from scraping.sites.site import NotOffered, Site
from scraping.statements.sections import split_sections

_API = "https://www.codewars.com/api/v1/code-challenges"
_CONDITION = re.compile(r"^(?P<fence>```+|~~~+)(?P<kind>if|if-not):(?P<languages>[\w,+#-]+)\s*$")
_FENCE = re.compile(r"^(?P<fence>```+|~~~+)(?P<language>[\w+#-]*)\s*$")
_NEUTRAL = frozenset(["", "text", "plaintext", "txt", "math", "python", "pseudocode", "console"])


class Codewars(Site):
    """Kata that have a Python version. The API has statements, but neither signatures nor tests."""

    name = "codewars"
    policy = SitePolicy(
        minimal_interval_seconds=2.0,
        terms_url="https://www.codewars.com/about/terms-of-service",
        rights=Rights(
            owner="the author of the kata",
            terms_url="https://www.codewars.com/about/terms-of-service",
            note="the author is to be named",
        ),
        notes="The API is public and documented at dev.codewars.com; it has no list of all kata.",
    )
    addresses = (
        r"www\.codewars\.com/kata/(?P<problem>[\w-]+)(?:/train(?:/\w+)?|/\w+)?",
        r"www\.codewars\.com/api/v1/code-challenges/(?P<problem>[\w-]+)",
    )

    def requests(self, reference: str) -> list[PageRequest]:
        """The kata as JSON."""
        return [PageRequest(f"{_API}/{self.identifier(reference)}")]

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The kata of an answer."""
        answer = page.json
        if isinstance(answer, dict) and answer.get("success") is False:
            raise NotOffered("not_found", str(answer.get("reason") or ""))
        description = member(answer, "description")
        if "python" not in (answer.get("languages") or []):
            raise NotOffered("no_python_version")
        if not description.strip():
            raise NotOffered("empty_statement")
        markdown = python_version(description)
        author = (answer.get("createdBy") or {}).get("username")
        rights = self.policy.rights
        yield replace(
            self.problem(
                page,
                answer.get("id") or self.identifier(page.url),
                member(answer, "name"),
                "",
                url=answer.get("url") or page.url,
                mode="function",
                tags=answer.get("tags") or [],
                difficulty=(answer.get("rank") or {}).get("name"),
                published_at=answer.get("publishedAt"),
                rights=replace(rights, owner=author or rights.owner),
            ),
            statement_markdown=markdown,
            sections=split_sections(markdown),
        )


def python_version(markdown: str) -> str:
    """A description as Python's version shows it: without what is for other languages only."""
    kept: list[str] = []
    opened: list[tuple[str, bool, bool]] = []  # fence, whether its inside is shown, whether it is code
    for line in markdown.replace("\r\n", "\n").split("\n"):
        visible = all(shown for _, shown, _ in opened)
        if opened and line.strip() == opened[-1][0]:
            _, _, code = opened.pop()
            if visible and code:
                kept.append(line)
            continue
        inside_code = bool(opened) and opened[-1][2]
        condition = None if inside_code else _CONDITION.match(line)
        fence = None if inside_code else _FENCE.match(line)
        if condition:
            named = "python" in condition["languages"].split(",")
            opened.append((condition["fence"], named == (condition["kind"] == "if"), False))
        elif fence:
            shown = fence["language"].lower() in _NEUTRAL
            opened.append((fence["fence"], shown, True))
            if visible and shown:
                kept.append(line)
        elif visible:
            kept.append(line)
    return "\n".join(kept).strip()
