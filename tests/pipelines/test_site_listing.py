"""A whole site crawled by its own list, against a server of ours that plays it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.crawl_pipeline import CrawlSetting, run_crawl
from pipelines.site_listing import NoListing, listed_requests
from scraping.crawl.host_crawl import CrawlOptions
from scraping.crawl.page_store import PageStore
from scraping.crawl.policy import HostPolicy, Permissions
from scraping.problem import Problem
from scraping.problem_sources import read_source
from scraping.sites.adapter import SiteAdapter
from scraping.sites.registry import adapter_named
from tests.pipelines.command import codex_sft
from tests.scraping.replay_server import ReplayNetwork, ReplayServer, Reply

_INTERVAL = 0.05
_TASK = """<html><body><div class="title-block"><h1>{name}</h1></div><div class="content">
<ul class="task-constraints"><li><b>Time limit:</b> 1.00 s</li><li><b>Memory limit:</b> 512 MB</li></ul>
<p>Print the number that follows the given one, for every number that can be given.</p>
<h1 id="example">Example</h1><p>Input:</p><pre>1</pre><p>Output:</p><pre>2</pre></div></body></html>"""


@pytest.fixture
def site() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        links = "".join(f'<a href="/problemset/task/{number}">Task</a>' for number in range(1, 6))
        server.plan("cses.fi", "/problemset/", Reply(f"<html><body>{links}</body></html>".encode()))
        for number in range(1, 6):
            task = _TASK.format(name=f"Task {number}").encode()
            server.plan("cses.fi", f"/problemset/task/{number}", Reply(task))
        yield server


def _setting(site: ReplayServer, output: Path, *, allowed: bool = True) -> CrawlSetting:
    return CrawlSetting(
        output,
        PageStore(output / "store"),
        Permissions((HostPolicy("cses", ("cses.fi",), _INTERVAL, allowed=allowed),)),
        CrawlOptions("codex-sft/0 (+test@example.org)", attempts=1, backoff=0.0),
        ReplayNetwork(site.port),
    )


def _cses() -> SiteAdapter:
    adapter = adapter_named("cses")
    assert adapter is not None
    return adapter


def test_a_site_is_crawled_by_its_list_up_to_a_limit_with_the_gap_between_all_requests(
    site: ReplayServer, tmp_path: Path
) -> None:
    setting = _setting(site, tmp_path)
    requests = listed_requests(_cses(), setting, limit=3)
    assert [request.url for request in requests] == [
        f"https://cses.fi/problemset/task/{number}" for number in (1, 2, 3)
    ]
    assert run_crawl(requests, setting, workers=2).pages == 3
    times = sorted(arrival.at for arrival in site.arrivals)
    assert len(times) == 5  # robots.txt, the list, three tasks
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= _INTERVAL
    found = list(read_source(f"pages:{tmp_path}"))
    assert all(isinstance(problem, Problem) for problem in found), "the list itself is no problem"
    assert sorted(problem.problem_id for problem in found) == ["cses:1", "cses:2", "cses:3"]


def test_a_list_that_the_store_has_is_not_asked_for_again(site: ReplayServer, tmp_path: Path) -> None:
    first = listed_requests(_cses(), _setting(site, tmp_path))
    asked = len(site.arrivals)
    assert listed_requests(_cses(), _setting(site, tmp_path)) == first
    assert (len(first), len(site.arrivals)) == (5, asked)


def test_a_site_that_the_user_did_not_allow_is_not_asked_for_its_list(
    site: ReplayServer, tmp_path: Path
) -> None:
    with pytest.raises(NoListing, match="not_allowed"):
        listed_requests(_cses(), _setting(site, tmp_path, allowed=False))
    assert not site.arrivals


def test_a_changed_list_is_an_error_that_says_so(site: ReplayServer, tmp_path: Path) -> None:
    site.plan("cses.fi", "/problemset/", Reply(b"<html><body>A new page</body></html>"))
    with pytest.raises(NoListing, match="not what it was"):
        listed_requests(_cses(), _setting(site, tmp_path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--site", "nowhere"), "no such site is known (atcoder"),
        (("--limit", "3"), "go with --site"),
        (("--site", "codewars"), "has no list"),
    ],
)
def test_what_cannot_be_listed_is_refused(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = codex_sft("crawl", *arguments, "--output", tmp_path / "run")
    assert done.returncode == 2
    assert message in done.stderr
