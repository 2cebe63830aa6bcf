"""Pages as they were recorded, served again by host name, crawled by problem and read from the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraping.crawl.network import Network
from scraping.crawl.outcomes import CrawledPage
from scraping.crawl.page_store import PageStore
from scraping.crawl.policy import Permissions
from scraping.crawl.site_policies import requests_for, site_policies
from scraping.problem import Problem
from scraping.sites.registry import parse_page
from tests.scraping.crawling import Crawl, FakeClock
from tests.scraping.replay_server import ReplayNetwork, ReplayServer, Reply, zipped

_RECORDED = Path(__file__).parents[3] / "shared" / "data" / "problems" / "recorded_pages"


class _AllowedSites(Crawl):
    """A crawl with the policies that ship, and two sites allowed."""

    permissions = Permissions(site_policies(), sites=frozenset({"codeforces", "leetcode"}))


def _problems(store: PageStore) -> list[str]:
    found = []
    for answer in store.pages():
        for problem in parse_page(answer.request.url, store.body(answer), answer.content_type):
            assert isinstance(problem, Problem), problem
            found.append(problem.problem_id)
    return sorted(found)


def _crawl(folder: Path, network: Network, address: str) -> _AllowedSites:
    crawl = _AllowedSites(folder, network, clock=FakeClock())
    assert isinstance(crawl.only(requests_for(address)[0]), CrawledPage)
    return crawl


@pytest.mark.skipif(not _RECORDED.is_dir(), reason="the recorded pages are not here")
def test_recorded_problems_come_through_the_crawl(tmp_path: Path) -> None:
    round_ = (_RECORDED / "codeforces" / "contest_1779_problems.html").read_bytes()
    question = (_RECORDED / "leetcode" / "find-the-difference.json.20171216").read_bytes()
    with ReplayServer() as site:
        site.plan("codeforces.com", "/contest/1779/problems", zipped(round_))
        site.plan("codeforces.com", "/robots.txt", Reply(b"User-agent: *\nDisallow: /submissions"))
        site.plan("leetcode.com", "/graphql", Reply(question, headers={"Content-Type": "application/json"}))
        network = ReplayNetwork(site.port)
        crawl = _crawl(tmp_path, network, "https://codeforces.com/contest/1779")
        _crawl(tmp_path, network, "https://leetcode.com/problems/find-the-difference/")
        asked = len(site.arrivals)
        assert isinstance(crawl.clock, FakeClock) and crawl.clock.slept == [pytest.approx(2, abs=0.1)]
        _crawl(tmp_path, network, "https://codeforces.com/contest/1779")
        assert len(site.arrivals) == asked == 4
    assert _problems(crawl.store) == [
        *(f"codeforces:1779{letter}" for letter in "ABCDEFGH"),
        "leetcode:find-the-difference",
    ]
