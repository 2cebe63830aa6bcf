"""What becomes of a request: a page, a dead letter with its reason, or a request to another host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scraping.crawl.addresses import host_of, normal_request
from scraping.sites.adapter import PageRequest


@dataclass(frozen=True)
class CrawlItem:
    """A request on its way: what was asked for, what has to be asked for now, where it has been."""

    asked: PageRequest
    current: PageRequest
    visited: tuple[str, ...] = ()
    from_store: bool = True

    @classmethod
    def of(cls, request: PageRequest) -> CrawlItem:
        """A request at its start; raises `scraping.crawl.addresses.BadAddress`."""
        normal = normal_request(request)
        return cls(normal, normal)

    @property
    def host(self) -> str:
        """Who has to be asked now."""
        return host_of(self.current.url)


@dataclass(frozen=True)
class CrawledPage:
    """A page that is in the store, under ``found``, which differs from ``asked`` after redirects.

    ``from_store``: nothing had to be asked for.
    """

    asked: PageRequest
    found: PageRequest
    body_sha256: str
    from_store: bool


@dataclass(frozen=True)
class DeadLetter:
    """A request without a page.

    ``refused``: somebody does not allow it (the host, its robots.txt, or the user, who has not said
    that it may be fetched); ``failed``: it was tried, or given up after other requests to the host failed.
    """

    asked: PageRequest
    url: str
    kind: Literal["refused", "failed"]
    reason: str
    detail: str


@dataclass(frozen=True)
class Moved:
    """A redirect to another host, which is asked in its own turn."""

    item: CrawlItem


Outcome = CrawledPage | DeadLetter | Moved


@dataclass(frozen=True)
class HostCount:
    """The outcomes of the requests that were for one host."""

    host: str
    requests: int
    fetched: int
    from_store: int
    refused: int
    failed: int


def count_by_host(pages: list[CrawledPage], letters: list[DeadLetter]) -> list[HostCount]:
    """Outcomes counted by the host that was asked for, in the order of the hosts' names."""
    everything: list[CrawledPage | DeadLetter] = [*pages, *letters]
    hosts = sorted({host_of(outcome.asked.url) for outcome in everything})
    counts = []
    for host in hosts:
        of_pages = [page for page in pages if host_of(page.asked.url) == host]
        of_letters = [letter for letter in letters if host_of(letter.asked.url) == host]
        stored = sum(page.from_store for page in of_pages)
        refused = sum(letter.kind == "refused" for letter in of_letters)
        counts.append(
            HostCount(
                host=host,
                requests=len(of_pages) + len(of_letters),
                fetched=len(of_pages) - stored,
                from_store=stored,
                refused=refused,
                failed=len(of_letters) - refused,
            )
        )
    return counts
