"""The crawl's Beam pipeline against sites that a server of ours plays, each with its own faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipelines.crawl_pipeline import CrawlSetting, run_crawl
from pipelines.crawl_report import CrawlReport
from scraping.crawl.host_crawl import CrawlOptions
from scraping.crawl.outcomes import CrawledPage, DeadLetter
from scraping.crawl.page_store import PageStore
from scraping.crawl.policy import HostPolicy, Permissions
from scraping.sites.adapter import PageRequest
from tasks.files import read_json_lines
from tests.scraping.replay_server import ReplayNetwork, ReplayServer, Reply, page, redirect, zipped

_INTERVAL = 0.1
_OPTIONS = CrawlOptions(
    "codex-sft/0 (+test@example.org)", attempts=2, backoff=0.0, max_seconds=1.0, max_bytes=100_000
)
_CHALLENGE = Reply(b"<html><title>Just a moment...</title><script>_cf_chl_opt={}</script></html>", 503)


@pytest.fixture
def site() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@dataclass
class Run:
    """The files of a crawl."""

    report: CrawlReport
    pages: list[CrawledPage]
    letters: list[DeadLetter]

    @property
    def reasons(self) -> dict[str, str]:
        return {letter.asked.url: letter.reason for letter in self.letters}


def _crawl(site: ReplayServer, output: Path, urls: list[str], workers: int = 8, **options: object) -> Run:
    policies = (
        HostPolicy("open", ("*.example",), _INTERVAL, allowed=True),
        HostPolicy("closed", ("closed.test",), terms_url="https://closed.test/terms"),
    )
    output.mkdir(exist_ok=True)
    setting = CrawlSetting(
        output,
        PageStore(output / "store"),
        Permissions(policies),
        replace(_OPTIONS, **options),  # type: ignore[arg-type]
        ReplayNetwork(site.port),
    )
    report = run_crawl([PageRequest(url) for url in urls], setting, workers=workers)
    pages = list(read_json_lines(output / "pages.jsonl", CrawledPage))
    letters = list(read_json_lines(output / "dead_letters.jsonl", DeadLetter))
    assert sorted(each.asked.url for each in (*pages, *letters)) == sorted(urls), "nothing is lost"
    return Run(report, pages, letters)


def _plan_everything(site: ReplayServer) -> tuple[list[str], dict[str, str]]:
    """Sites with every fault that there is: all addresses, and the reasons of those that come to no page."""
    urls = site.plan_pages("plain.example", range(4))
    site.plan("plain.example", "/busy", Reply(status=429, headers={"Retry-After": "0"}), page("then"))
    site.plan("plain.example", "/down", Reply(status=503), page("then"))
    site.plan("plain.example", "/gzip", zipped(b"<p>packed</p>"))
    site.plan("plain.example", "/charset", Reply("<p>é</p>".encode("cp1252")))
    site.plan("plain.example", "/changed", Reply(b"<html><body><div class='new'>else</div>"))
    site.plan("plain.example", "/moved", redirect("/1"))
    site.plan("plain.example", "/away", redirect("http://other.example/here"))
    site.plan("other.example", "/here", page("here"))
    urls += [
        f"http://plain.example/{name}"
        for name in ("busy", "down", "gzip", "charset", "changed", "moved", "away")
    ]
    faults = {
        "http://plain.example/gone": "http_404",
        "http://slow.example/slow": "timed_out",
        "http://cut.example/cut": "truncated",
        "http://reset.example/reset": "connection_failed",
        "http://plain.example/large": "too_large",
        "http://plain.example/loop": "redirect_loop",
        "http://plain.example/about": "redirect_loop",
        "http://plain.example/closed": "not_allowed",
        "http://challenge.example/1": "challenge",
        "http://challenge.example/2": "challenge",
        "http://login.example/1": "login_required",
        "http://forbidden.example/1": "forbidden",
        "http://robots.example/private/1": "robots_disallow",
        "http://robotless.example/1": "robots_unreachable",
        "http://unreachable.example/1": "robots_unreachable",
        "http://closed.test/1": "not_allowed",
        "http://unheard.test/1": "not_allowed",
    }
    site.plan("slow.example", "/slow", Reply(b"slow" * 100, drip=0.05))
    site.plan("cut.example", "/cut", Reply(b"half", claimed_length=100))
    site.plan("reset.example", "/reset", Reply(b"x" * 1000, reset=True))
    site.plan("plain.example", "/large", Reply(b"x" * 200_000))
    site.plan("plain.example", "/loop", redirect("/loop"))
    site.plan("plain.example", "/about", redirect("http://other.example/about"))
    site.plan("other.example", "/about", redirect("http://plain.example/about"))
    site.plan("plain.example", "/closed", redirect("http://closed.test/2"))
    for number in (1, 2):
        site.plan("challenge.example", f"/{number}", _CHALLENGE)
    site.plan("login.example", "/1", redirect("https://login.example/login?next=%2F1"))
    site.plan("forbidden.example", "/1", Reply(status=403))
    site.plan("robots.example", "/robots.txt", Reply(b"User-agent: *\nDisallow: /private"))
    site.plan("robotless.example", "/robots.txt", Reply(status=500))
    return [*urls, *faults], faults


def test_every_fault_ends_in_a_page_or_a_dead_letter_and_a_second_run_asks_for_no_page_again(
    site: ReplayServer, tmp_path: Path
) -> None:
    urls, faults = _plan_everything(site)
    first = _crawl(site, tmp_path / "run", urls)
    assert first.reasons == faults
    assert {page.asked.url for page in first.pages} == set(urls) - set(faults)
    assert first.report.requests == len(urls) == sum(host.requests for host in first.report.hosts)
    for gap in site.smallest_gaps().values():
        assert gap >= _INTERVAL
    assert not {"closed.test", "unheard.test"} & {arrival.host for arrival in site.arrivals}

    site.arrivals.clear()
    second = _crawl(site, tmp_path / "run", urls)
    assert second.reasons == faults
    assert all(page.from_store for page in second.pages)
    again = {f"http://{arrival.host}{arrival.path}" for arrival in site.page_requests()}
    passing = {url for url, reason in faults.items() if reason in ("timed_out", "truncated", "too_large")}
    passing |= {url for url, reason in faults.items() if reason == "connection_failed"}
    assert again <= passing, "only what may have passed since is asked for again"
    found = {page.asked.url: page.body_sha256 for page in first.pages}
    assert {page.asked.url: page.body_sha256 for page in second.pages} == found


def test_hosts_are_asked_side_by_side(site: ReplayServer, tmp_path: Path) -> None:
    """Each host waits for the other to have begun: one after another would time out."""
    import threading

    meeting = threading.Barrier(4)

    def meet(_: object) -> Reply:
        meeting.wait(10)
        return page("met")

    urls = [f"http://h{number}.example/meet" for number in range(4)]
    for number in range(4):
        site.plan(f"h{number}.example", "/meet", meet)
    run = _crawl(site, tmp_path / "run", urls, max_seconds=20.0)
    assert len(run.pages) == 4, run.reasons


def test_a_request_that_is_sent_from_host_to_host_ends(site: ReplayServer, tmp_path: Path) -> None:
    for number in range(9):
        site.plan(f"h{number}.example", "/", redirect(f"http://h{number + 1}.example/"))
    run = _crawl(site, tmp_path / "run", ["http://h0.example/"])
    assert list(run.reasons.values()) == ["too_many_redirects"]
    assert "http://h2.example/" in run.letters[0].detail


def test_two_requests_that_lead_to_one_page_fetch_it_once(site: ReplayServer, tmp_path: Path) -> None:
    site.plan("a.example", "/", redirect("http://c.example/page"))
    site.plan("b.example", "/", redirect("http://c.example/page"))
    site.plan("c.example", "/page", page("the page"))
    urls = ["http://a.example/", "http://b.example/", "http://c.example/page"]
    run = _crawl(site, tmp_path / "run", urls)
    assert {each.found.url for each in run.pages} == {"http://c.example/page"}
    assert site.paths("c.example") == ["/robots.txt", "/page"]
    assert [(host.host, host.fetched, host.from_store) for host in run.report.hosts] == [
        ("a.example", 1, 0),
        ("b.example", 1, 0),
        ("c.example", 1, 0),
    ]
