"""The crawl as Beam transforms: requests by host, one host in one place, redirects to others in turn."""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines.crawl_progress import count_outcome
from pipelines.crawl_report import CrawlReport, write_report
from pipelines.local_runner import local_pipeline
from pipelines.run_folder import RunFolder
from scraping.crawl.clock import SystemClock
from scraping.crawl.host_crawl import CrawlOptions, crawl_host
from scraping.crawl.network import Network
from scraping.crawl.outcomes import CrawledPage, CrawlItem, DeadLetter
from scraping.crawl.page_store import PageStore
from scraping.crawl.policy import Permissions
from scraping.sites.adapter import PageRequest

MAX_HOST_CHANGES = 3
"""How often a request may be sent from one host to another."""


@dataclass(frozen=True)
class CrawlSetting:
    """What all hosts are crawled with. ``output`` is the run's folder."""

    output: Path
    store: PageStore
    permissions: Permissions
    options: CrawlOptions
    network: Network


class CrawlHosts(beam.PTransform):
    """`CrawlItem`s to `CrawledPage`s; by ``letters`` leave `DeadLetter`s, by ``moved`` items for others.

    Grouped by their host, so that each host is asked in one place.
    """

    def __init__(self, setting: CrawlSetting) -> None:
        super().__init__()
        self._setting = setting

    def expand(self, items: beam.PCollection[CrawlItem]) -> beam.pvalue.DoOutputsTuple:
        return (
            items
            | "Name host" >> beam.Map(_with_host)
            | "Gather by host" >> beam.GroupByKey()
            | "Crawl host"
            >> beam.ParDo(_CrawlHost(self._setting)).with_outputs("letters", "moved", main="pages")
        )


class _CrawlHost(beam.DoFn):
    def __init__(self, setting: CrawlSetting) -> None:
        self._setting = setting

    def setup(self) -> None:
        self._clock = SystemClock()

    def process(
        self, element: tuple[str, Iterable[CrawlItem]]
    ) -> Iterator[
        CrawledPage | TaggedOutput[Literal["letters"], DeadLetter] | TaggedOutput[Literal["moved"], CrawlItem]
    ]:
        host, items = element
        setting = self._setting
        run = RunFolder(setting.output)
        for outcome in crawl_host(
            host,
            items,
            setting.store,
            setting.permissions,
            setting.options,
            setting.network,
            self._clock,
        ):
            count_outcome(run, outcome)
            if isinstance(outcome, CrawledPage):
                yield outcome
            elif isinstance(outcome, DeadLetter):
                yield TaggedOutput("letters", outcome)
            else:
                yield TaggedOutput("moved", outcome.item)


def _with_host(item: CrawlItem) -> tuple[str, CrawlItem]:
    return item.host, item


def _sent_about(item: CrawlItem) -> DeadLetter:
    detail = f"{item.asked.url} leads from host to host: {' '.join(item.visited)}"
    return DeadLetter(item.asked, item.current.url, "failed", "too_many_redirects", detail)


def run_crawl(
    requests: list[PageRequest],
    setting: CrawlSetting,
    *,
    workers: int,
) -> CrawlReport:
    """Crawl on this machine and write pages, dead letters and report into the run's folder.

    ``workers`` is how many hosts are asked at a time.
    """
    with local_pipeline(workers) as pipeline:
        items = pipeline | "Requests" >> beam.Create([CrawlItem.of(request) for request in requests])
        pages, letters = [], []
        for change in range(MAX_HOST_CHANGES + 1):
            crawled = items | f"Crawl {change}" >> CrawlHosts(setting)
            pages.append(crawled.pages)
            letters.append(crawled.letters)
            items = crawled.moved
        letters.append(items | "Give up those sent about" >> beam.Map(_sent_about))
        _ = (
            pipeline
            | "Once" >> beam.Create([None])
            | "Write report"
            >> beam.Map(
                _write,
                output=setting.output,
                requests=len(requests),
                user_agent=setting.options.user_agent,
                pages=beam.pvalue.AsList(tuple(pages) | "All pages" >> beam.Flatten()),
                letters=beam.pvalue.AsList(tuple(letters) | "All letters" >> beam.Flatten()),
            )
        )
    return CrawlReport.read(setting.output)


def _write(
    _: None,
    output: Path,
    requests: int,
    user_agent: str,
    pages: list[CrawledPage],
    letters: list[DeadLetter],
) -> None:
    write_report(output, requests, user_agent, pages, letters)
