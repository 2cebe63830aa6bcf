"""What a crawl came to: its pages and dead letters as files, and the counts by host and by reason."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines import __version__
from scraping.crawl.outcomes import CrawledPage, DeadLetter, HostCount, count_by_host
from tasks.files import read_json, write_json, write_json_lines

_SHOWN_REASONS = 20


@dataclass(frozen=True)
class ReasonCount:
    """How many requests ended for a reason, with the message of one of them."""

    kind: str
    reason: str
    requests: int
    example: str


@dataclass(frozen=True)
class CrawlReport:
    """A crawl's own record, written last; in it, every request is counted once."""

    tool_version: str
    user_agent: str
    finished_at: str
    requests: int
    hosts: list[HostCount]
    reasons: list[ReasonCount]

    @property
    def pages(self) -> int:
        """Requests that ended in a page."""
        return sum(host.fetched + host.from_store for host in self.hosts)

    @classmethod
    def read(cls, output: Path) -> CrawlReport:
        """The report in a folder; raises `tasks.files.BadFile`."""
        return read_json(output / "crawl.json", cls)


def write_report(
    output: Path, requests: int, user_agent: str, pages: list[CrawledPage], letters: list[DeadLetter]
) -> None:
    """Write ``pages.jsonl``, ``dead_letters.jsonl`` and ``crawl.json``, in an order that stays the same.

    Raises `ValueError` if requests were lost.
    """
    if len(pages) + len(letters) != requests:
        raise ValueError(f"{requests} requests came to {len(pages)} pages and {len(letters)} dead letters")
    pages = sorted(pages, key=lambda page: page.asked.key)
    letters = sorted(letters, key=lambda letter: letter.asked.key)
    counts = Counter((letter.kind, letter.reason) for letter in letters)
    examples = {(letter.kind, letter.reason): letter.detail for letter in reversed(letters)}
    write_json_lines(output / "pages.jsonl", pages)
    write_json_lines(output / "dead_letters.jsonl", letters)
    write_json(
        output / "crawl.json",
        CrawlReport(
            tool_version=__version__,
            user_agent=user_agent,
            finished_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            requests=requests,
            hosts=count_by_host(pages, letters),
            reasons=[ReasonCount(*which, count, examples[which]) for which, count in counts.most_common()],
        ),
    )


def render_report(report: CrawlReport) -> RenderableType:
    """Tables for the terminal."""
    hosts = Table(title="Requests by host", title_justify="left", box=SIMPLE, pad_edge=False)
    hosts.add_column("host", overflow="fold")
    for heading in ("requests", "fetched", "from store", "refused", "failed"):
        hosts.add_column(heading, justify="right")
    for host in report.hosts:
        numbers = (host.requests, host.fetched, host.from_store, host.refused, host.failed)
        hosts.add_row(host.host, *map(str, numbers))
    if not report.reasons:
        return hosts
    reasons = Table(title="Dead letters", title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in ("", "reason"):
        reasons.add_column(heading, no_wrap=True)
    reasons.add_column("requests", justify="right")
    reasons.add_column("such as", overflow="fold")
    for entry in report.reasons[:_SHOWN_REASONS]:
        reasons.add_row(entry.kind, entry.reason, str(entry.requests), Text(entry.example))
    rest = sum(entry.requests for entry in report.reasons[_SHOWN_REASONS:])
    if rest:
        reasons.add_row("", "others", str(rest), "dead_letters.jsonl has them all")
    return Group(hosts, reasons)
