"""The ``codex-sft crawl`` command as users run it, also killed half way; the sites are loopback addresses."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.crawl_command import crawl
from pipelines.crawl_report import CrawlReport
from scraping.crawl.outcomes import CrawledPage, DeadLetter
from scraping.crawl.page_store import PageStore
from tasks.files import read_json_lines
from tests.pipelines.command import COMMAND, codex_sft
from tests.scraping.replay_server import Arrival, ReplayServer, Reply

_INTERVAL = 0.1
_CONTACT = ("--contact", "test@example.org")


@pytest.fixture
def sites() -> Iterator[list[ReplayServer]]:
    """Three sites on addresses of their own, so that they are different hosts."""
    with ExitStack() as stack:
        yield [stack.enter_context(ReplayServer(f"127.0.0.{number}")) for number in (2, 3, 4)]


def _host(site: ReplayServer) -> str:
    return f"{site.address}:{site.port}"


def _plan(sites: list[ReplayServer], pages: int) -> list[str]:
    return [url for site in sites for url in site.plan_pages(_host(site), range(pages))]


def _policy(sites: list[ReplayServer], file: Path) -> Path:
    hosts = ", ".join(f'"{_host(site)}"' for site in sites)
    file.write_text(f"- {{site: own, hosts: [{hosts}], minimal_interval_seconds: {_INTERVAL}}}\n")
    return file


def _here(*arguments: object) -> Result:
    """The command in this process, where Beam is loaded already."""
    level = logging.getLogger().level
    try:
        return CliRunner().invoke(crawl, [*map(str, arguments)], catch_exceptions=False)
    finally:
        logging.getLogger().setLevel(level)


def test_a_killed_crawl_goes_on_where_it_was(sites: list[ReplayServer], tmp_path: Path) -> None:
    """Nothing is lost, no page is fetched twice but those that were under way, and every gap is kept."""
    urls = _plan(sites, 8)
    missing = f"http://{_host(sites[0])}/missing"
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join([*urls, missing]))
    output = tmp_path / "run"
    policy = _policy(sites, tmp_path / "policy.yaml")
    arguments = ["crawl", "--list", listed, "-o", output, "--policy", policy, "--allow", "own", *_CONTACT]
    half = threading.Event()

    def notice(_: Arrival) -> None:
        if sum(len(site.page_requests()) for site in sites) >= 10:
            half.set()

    for site in sites:
        site.on_arrival = notice
    with subprocess.Popen([COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL) as process:
        assert half.wait(60)
        os.kill(process.pid, signal.SIGKILL)
    stored = {answer.request.url for answer in PageStore(output / "store").pages()}
    assert 0 < len(stored) < len(urls)
    assert not (output / "pages.jsonl").exists()
    asked = sum(len(site.arrivals) for site in sites)

    again = codex_sft(*arguments)
    assert again.returncode == 1, again.stderr
    pages = list(read_json_lines(output / "pages.jsonl", CrawledPage))
    letters = list(read_json_lines(output / "dead_letters.jsonl", DeadLetter))
    assert sorted(page.asked.url for page in pages) == sorted(urls)
    assert [(letter.asked.url, letter.reason) for letter in letters] == [(missing, "http_404")]
    assert {page.asked.url for page in pages if page.from_store} == stored
    for site in sites:
        requests = Counter(site.paths(_host(site)))
        twice = [path for path, count in requests.items() if count > 1]
        assert len(twice) <= 1 and max(requests.values()) <= 2, "at most the one that was under way"
        assert site.smallest_gaps()[_host(site)] >= _INTERVAL
    assert sum(len(site.arrivals) for site in sites) > asked

    for site in sites:
        site.arrivals.clear()
    third = _here(*arguments[1:])
    assert third.exit_code == 1
    assert [site.arrivals for site in sites] == [[], [], []]
    report = CrawlReport.read(output)
    assert sum(host.from_store for host in report.hosts) == len(urls)
    assert report.hosts[0].failed == 1


def test_nothing_is_fetched_unless_it_is_allowed(sites: list[ReplayServer], tmp_path: Path) -> None:
    site, other, _ = sites
    urls = _plan([site, other], 2)
    policy = ("--policy", _policy(sites, tmp_path / "policy.yaml"))
    closed = _here(*urls, "-o", tmp_path / "closed", *policy)
    assert closed.exit_code == 2
    assert "--allow own" in closed.stdout and "not_allowed" in closed.stdout
    nameless = _here(*urls, "-o", tmp_path / "x", "--allow-host", _host(site))
    assert nameless.exit_code == 2
    assert "--contact" in nameless.stderr
    assert site.arrivals == []
    arguments = (urls[0], urls[2], "--allow-host", _host(site), *policy, *_CONTACT)
    opened = _here(*arguments, "-o", tmp_path / "opened")
    assert opened.exit_code == 1, opened.stderr
    assert site.paths(_host(site)) == ["/robots.txt", "/0"]
    assert other.arrivals == []
    assert site.arrivals[0].headers["User-Agent"].endswith(" (+test@example.org)")


def test_a_store_goes_from_run_to_run_as_a_warc_file(sites: list[ReplayServer], tmp_path: Path) -> None:
    urls = _plan(sites[:1], 2)
    archive = tmp_path / "pages.warc.gz"
    policy = _policy(sites, tmp_path / "policy.yaml")
    opened = ("--policy", policy, "--allow", "own", *_CONTACT)
    first = _here(*urls, "-o", tmp_path / "one", *opened, "--warc", archive)
    assert first.exit_code == 0, first.stderr
    second = _here(*urls, "-o", tmp_path / "two", "--import-warc", archive)
    assert second.exit_code == 0, second.stdout
    assert len(sites[0].page_requests()) == 2
    assert (tmp_path / "one" / "pages.jsonl").read_text().replace("false", "true") == (
        tmp_path / "two" / "pages.jsonl"
    ).read_text()


def test_an_interrupted_crawl_ends_at_once(sites: list[ReplayServer], tmp_path: Path) -> None:
    site = sites[0]
    host = _host(site)
    site.plan(host, "/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 300"))
    arguments = ["crawl", f"http://{host}/1", "-o", tmp_path / "run", "--allow-host", host, *_CONTACT]
    came = threading.Event()
    site.on_arrival = lambda arrival: came.set()
    with subprocess.Popen([COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True) as process:
        assert came.wait(60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "goes on where this one stopped" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no address is given"),
        (("judge.example/1",), "begin with https://"),
        (("https://judge.example/", "--allow", "nobody"), "no such site is known"),
        (("https://judge.example/", "--list", "absent.txt"), "absent.txt"),
        (("https://judge.example/", "--policy", "absent.yaml"), "absent.yaml"),
        (("https://judge.example/", "--import-warc", "absent.warc"), "absent.warc"),
        (("https://judge.example/", "--user-agent", "Mozilla/5.0"), "a name of your own"),
        (("https://judge.example/", "--contact", "nobody at all"), "--contact"),
    ],
)
def test_bad_input_is_told(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = _here(*arguments, "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "run" / "pages.jsonl").exists()
