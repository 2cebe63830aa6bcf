"""AtCoder: tasks of contests, in English where they have it, else in Japanese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import (
    Page,
    line_of,
    memory_of,
    own_text,
    paired_examples,
    required,
    sample_text,
    seconds_of,
)
from scraping.sites.site import Site

_TASK = re.compile(r"/contests/[\w-]+/tasks/[\w-]+")
_INTERACTIVE = (
    "This is an interactive task",
    "This is a reactive problem",
    "インタラクティブな問題",
    "リアクティブな問題",
)


class AtCoder(Site):
    """Tasks. The section ``input`` keeps the format of the input as a block, ``N`` and ``A_1 ... A_N``."""

    name = "atcoder"
    policy = SitePolicy(
        minimal_interval_seconds=3.0,
        terms_url="https://atcoder.jp/tos",
        rights=Rights(owner="AtCoder Inc. and the authors of the tasks", terms_url="https://atcoder.jp/tos"),
        notes="Pages of past contests need no login. The list of all tasks is that of AtCoder Problems"
        " (kenkoooo.com), which asks for at least a second between requests.",
    )
    addresses = (
        r"atcoder\.jp/contests/(?P<contest>[\w-]+)/tasks/(?P<problem>[\w-]+)",
        r"atcoder\.jp/contests/(?P<contest>[\w-]+)/tasks",
    )

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """The tasks of a contest from the site itself, of all contests from AtCoder Problems."""
        if contest:
            return [PageRequest(f"https://atcoder.jp/contests/{contest}/tasks")]
        return [PageRequest("https://kenkoooo.com/atcoder/resources/problems.json")]

    def listing(self, page: Page) -> Listing:
        """The tasks of either list."""
        if page.url.startswith("https://kenkoooo.com/"):
            entries = page.json if isinstance(page.json, list) else []
            tasks = [
                (entry.get("contest_id"), entry.get("id")) for entry in entries if isinstance(entry, dict)
            ]
            return Listing([f"https://atcoder.jp/contests/{contest}/tasks/{task}" for contest, task in tasks])
        links = [link.attributes.get("href") or "" for link in page.root.css("table a[href]")]
        found = [urljoin(page.url, link) for link in links if _TASK.fullmatch(link.partition("?")[0])]
        return Listing(list(dict.fromkeys(found)))

    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The task of the page."""
        statement = required(page.root, "#task-statement")
        titles = [node for node in page.root.css("span.h2, h2, .h2") if own_text(node)]
        if not titles:
            raise MarkupChanged(".h2")
        index, dash, title = own_text(titles[0]).partition(" - ")
        limits = _limits(page, statement)
        english = statement.css_first(".lang-en")
        japanese = english or statement.css_first(".lang-ja") or statement
        language = "en" if english is not None or not re.search("[ぁ-ん]", statement.text() or "") else "ja"
        interactive = any(sentence in page.text for sentence in _INTERACTIVE)
        match = self._address(page.url)
        given, wanted = _samples(japanese)
        problem = self.problem(
            page,
            self.identifier(page.url),
            title if dash else index,
            japanese.inner_html or "",
            contest=match["contest"] if match else None,
            index=index if dash else None,
            limits=limits,
            tests=paired_examples(given, wanted) if len(given) == len(wanted) or not interactive else [],
            language=language,
            **({"mode": "interactive"} if interactive else {}),
        )
        if not problem.tests and problem.mode != "interactive":
            raise MarkupChanged("h3 'Sample Input 1', with a pre after it")
        yield problem


def _limits(page: Page, statement: LexborNode) -> ProblemLimits:
    """What the paragraph before the statement says, in either language."""
    before = statement.prev
    while before is not None and (before.is_text_node or not line_of(before)):
        before = before.prev
    text = line_of(before) if before is not None else ""
    limits = ProblemLimits(seconds_of(text), memory_of(text.partition("/")[2]))
    if limits.time_seconds is None or limits.memory_bytes is None:
        raise MarkupChanged("time and memory limit before #task-statement")
    return limits


def _samples(statement: LexborNode) -> tuple[list[str], list[str]]:
    """Inputs and outputs: the first block after each heading that announces one."""
    found: dict[str, list[str]] = {"input": [], "output": []}
    kind = ""
    for node in statement.css("h2, h3, h4, pre"):
        if node.tag != "pre":
            title = line_of(node).lower()
            kind = next(
                (
                    name
                    for name, japanese in (("input", "入力例"), ("output", "出力例"))
                    if title.startswith(f"sample {name}") or japanese in title
                ),
                "",
            )
        elif kind:
            found[kind].append(sample_text(node))
            kind = ""
    return found["input"], found["output"]
