"""One host or several crawled without Beam, against the replay server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from scraping.crawl.clock import Clock, SystemClock
from scraping.crawl.host_crawl import CrawlOptions, crawl_host
from scraping.crawl.network import Network
from scraping.crawl.outcomes import CrawledPage, CrawlItem, DeadLetter, Moved, Outcome
from scraping.crawl.page_store import PageStore
from scraping.crawl.policy import HostPolicy, Permissions
from scraping.sites.adapter import PageRequest

HOST = "judge.example"
OPTIONS = CrawlOptions("codex-sft/0 (+test@example.org)", backoff=0.0, max_seconds=5.0)


class FakeClock:
    """A clock that does not wait: sleeping sets it forward. ``slept`` are the waits."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        if seconds:
            self.slept.append(seconds)


@dataclass
class Crawl:
    """A store and the settings to crawl into it."""

    folder: Path
    network: Network
    options: CrawlOptions = OPTIONS
    clock: Clock = field(default_factory=SystemClock)
    interval: float = 0.0
    hosts: tuple[str, ...] = (HOST,)

    @property
    def store(self) -> PageStore:
        return PageStore(self.folder)

    @property
    def permissions(self) -> Permissions:
        return Permissions((HostPolicy("example", self.hosts, self.interval, allowed=True),))

    def run(self, requests: Iterable[str | PageRequest], **changes: object) -> list[Outcome]:
        """The outcomes of requests that are all for the host of the first."""
        asked = [PageRequest(each) if isinstance(each, str) else each for each in requests]
        items = [CrawlItem.of(request) for request in asked]
        options = replace(self.options, **changes)  # type: ignore[arg-type]
        found = crawl_host(
            items[0].host, items, self.store, self.permissions, options, self.network, self.clock
        )
        outcomes = list(found)
        assert len(outcomes) == len(items), "every request ends in one outcome"
        return outcomes

    def only(self, request: str | PageRequest, **changes: object) -> Outcome:
        (outcome,) = self.run([request], **changes)
        return outcome

    def page(self, request: str | PageRequest, **changes: object) -> bytes:
        """The body of a page that has to be had."""
        outcome = self.only(request, **changes)
        assert isinstance(outcome, CrawledPage), outcome
        answer = self.store.find(outcome.found)
        assert answer is not None
        return self.store.body(answer)

    def letter(self, request: str | PageRequest, **changes: object) -> DeadLetter:
        """The dead letter of a request that has to fail."""
        outcome = self.only(request, **changes)
        assert isinstance(outcome, DeadLetter), outcome
        return outcome

    def moved(self, request: str | PageRequest) -> Moved:
        outcome = self.only(request)
        assert isinstance(outcome, Moved), outcome
        return outcome


def reasons(outcomes: Iterable[Outcome]) -> list[str]:
    """The reasons of the dead letters, in order; ``page`` and ``moved`` for the others."""
    names = []
    for outcome in outcomes:
        if isinstance(outcome, DeadLetter):
            names.append(outcome.reason)
        else:
            names.append("page" if isinstance(outcome, CrawledPage) else "moved")
    return names
