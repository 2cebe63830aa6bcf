"""One host, played by a server of ours: turns, retries, refusals, redirects, robots.txt, the store."""

from __future__ import annotations

import dataclasses
import email.utils
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scraping.crawl.network import Internet
from scraping.crawl.outcomes import CrawledPage, DeadLetter, Moved
from scraping.crawl.policy import HostPolicy, Permissions
from scraping.sites.adapter import PageRequest
from tests.scraping.crawling import HOST, Crawl, FakeClock, reasons
from tests.scraping.replay_server import (
    HTML,
    ReplayNetwork,
    ReplayServer,
    Reply,
    page,
    raw_server,
    redirect,
    zipped,
)

URL = f"http://{HOST}/a"


@pytest.fixture
def site() -> Iterator[ReplayServer]:
    with ReplayServer() as server:
        yield server


@pytest.fixture
def crawl(site: ReplayServer, tmp_path: Path) -> Crawl:
    """A crawl whose waits take no time."""
    return Crawl(tmp_path / "store", ReplayNetwork(site.port), clock=FakeClock())


def _slept(crawl: Crawl) -> list[float]:
    assert isinstance(crawl.clock, FakeClock)
    return crawl.clock.slept


# --- politeness


def test_the_gap_between_requests_is_kept_whatever_asks_for_it(site: ReplayServer, tmp_path: Path) -> None:
    """By the server's own clock, robots.txt and retries included."""
    urls = site.plan_pages(HOST, range(4))
    site.plan(HOST, "/2", Reply(status=503), page("at last"))
    for name, interval, option, rules in (
        ("policy", 0.08, 0.0, b""),
        ("option", 0.0, 0.08, b""),
        ("robots", 0.01, 0.01, b"User-agent: *\nCrawl-delay: 0.08"),
        ("rate", 0.0, 0.0, b"User-agent: codex-sft\nRequest-rate: 100/8"),
    ):
        site.arrivals.clear()
        site.plan(HOST, "/2", Reply(status=503), page("at last"))
        site.plan(HOST, "/robots.txt", Reply(rules))
        crawl = Crawl(tmp_path / name, ReplayNetwork(site.port), interval=interval)
        assert set(reasons(crawl.run(urls, interval=option))) == {"page"}
        assert len(site.arrivals) == 6
        after_robots = [arrival.at for arrival in site.page_requests()]
        gaps = [later - earlier for earlier, later in itertools.pairwise(after_robots)]
        assert min(gaps) >= 0.08, name


def test_the_gap_is_kept_between_runs(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(2))
    crawl.interval = 10.0
    crawl.page(urls[0])
    before = len(_slept(crawl))
    crawl.page(urls[1])
    assert _slept(crawl)[before:] == [pytest.approx(10.0, abs=0.1)]


def test_after_a_killed_run_a_whole_gap_is_waited(site: ReplayServer, crawl: Crawl) -> None:
    """Its last request may have come in just now."""
    urls = site.plan_pages(HOST, range(2))
    crawl.interval = 10.0
    crawl.page(urls[0])
    (state,) = crawl.store.hosts.glob("*.json")
    state.write_bytes(b'{"contact":1.0,"under_way":true,"not_before":0,"refusal":null}')
    before = len(_slept(crawl))
    crawl.page(urls[1])
    assert _slept(crawl)[before:] == [pytest.approx(10.0, abs=0.1)]


def test_a_clock_that_was_set_back_costs_one_gap(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(2))
    crawl.interval = 10.0
    crawl.page(urls[0])
    crawl.clock.sleep(-86400)
    before = len(_slept(crawl))
    crawl.page(urls[1])
    assert _slept(crawl)[before:] == [pytest.approx(10.0, abs=0.1)]


def test_two_crawls_at_once_ask_a_host_as_one_would(site: ReplayServer, tmp_path: Path) -> None:
    urls = site.plan_pages(HOST, range(5))
    crawl = Crawl(tmp_path / "store", ReplayNetwork(site.port), interval=0.1)
    with ThreadPoolExecutor() as both:
        first, second = both.map(crawl.run, (urls, urls[::-1]))
    assert reasons(first) == reasons(second) == ["page"] * 5
    assert len(site.arrivals) == 6
    assert site.smallest_gaps()[HOST] >= 0.1


def test_an_interval_of_the_user_may_be_longer_than_the_longest_wait(
    site: ReplayServer, crawl: Crawl
) -> None:
    urls = site.plan_pages(HOST, range(2))
    assert reasons(crawl.run(urls, interval=1000.0)) == ["page"] * 2
    assert _slept(crawl) == [pytest.approx(1000, abs=0.1)] * 2


def test_every_request_names_the_program_and_a_contact_and_carries_no_cookie(
    site: ReplayServer, crawl: Crawl
) -> None:
    site.plan(HOST, "/a", Reply(b"a", headers={"Set-Cookie": "session=1", "Content-Type": HTML}))
    site.plan(HOST, "/b", page("b"))
    disguise = {"User-Agent": "Mozilla/5.0", "Cookie": "session=2", "X-Own": "kept"}
    crawl.run([URL, PageRequest(f"http://{HOST}/b", headers=disguise)])
    assert len(site.arrivals) == 3
    for arrival in site.arrivals:
        assert arrival.headers["User-Agent"] == crawl.options.user_agent
        assert "Cookie" not in arrival.headers
    assert site.arrivals[-1].headers["X-Own"] == "kept"
    assert "session" not in str(list(crawl.store.answers()))


# --- waits that the host asks for


def test_retry_after_in_seconds_is_waited(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/a", Reply(status=429, headers={"Retry-After": "120"}), page("at last"))
    assert b"at last" in crawl.page(URL)
    assert sum(_slept(crawl)) == pytest.approx(120, abs=1)


def test_retry_after_as_a_date_is_waited_by_the_clock_of_the_host(site: ReplayServer, crawl: Crawl) -> None:
    theirs = 2_000_000_000
    headers = {"Date": email.utils.formatdate(theirs), "Retry-After": email.utils.formatdate(theirs + 90)}
    site.plan(HOST, "/a", Reply(status=503, headers=headers), page("at last"))
    assert b"at last" in crawl.page(URL)
    assert sum(_slept(crawl)) == pytest.approx(90, abs=1)


def test_a_longer_wait_than_allowed_ends_the_host_for_now_and_is_remembered(
    site: ReplayServer, crawl: Crawl
) -> None:
    urls = site.plan_pages(HOST, range(3))
    site.plan(HOST, "/0", Reply(status=503, headers={"Retry-After": "7200"}), page("at last"))
    assert reasons(crawl.run(urls)) == ["retry_later"] * 3
    assert reasons(crawl.run(urls)) == ["retry_later"] * 3
    assert len(site.page_requests()) == 1
    crawl.clock.sleep(7200)
    assert reasons(crawl.run(urls)) == ["page"] * 3


def test_a_host_that_says_too_many_without_a_time_is_asked_less_often_and_then_left(
    site: ReplayServer, crawl: Crawl
) -> None:
    urls = site.plan_pages(HOST, range(3))
    site.plan(HOST, "/0", Reply(status=429))
    crawl.interval = 1.0
    assert reasons(crawl.run(urls)) == ["rate_limited"] * 3
    assert len(site.page_requests()) == crawl.options.attempts
    waits = _slept(crawl)[-3:]
    assert waits == sorted(waits) and waits[-1] == pytest.approx(8, abs=0.1)


def test_a_crawl_delay_longer_than_the_longest_wait_ends_the_host(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 86400"))
    urls = site.plan_pages(HOST, range(2))
    assert reasons(crawl.run(urls)) == ["crawl_delay_too_long"] * 2
    assert site.page_requests() == []


# --- faults


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Reply(status=503), "http_503"),
        (Reply(status=500), "http_500"),
        (Reply(b"half of it", claimed_length=1000), "truncated"),
        (Reply(b"x" * 3000, reset=True), "connection_failed"),
        (Reply(b"slow body" * 10, drip=0.1), "timed_out"),
        (Reply(b"slow head", slow_head=0.05), "timed_out"),
        (dataclasses.replace(zipped(b"x" * 5000), body=zipped(b"x" * 5000).body[:-9]), "truncated"),
        (dataclasses.replace(zipped(b"x" * 5000), body=b"not gzip at all"), "truncated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_that_may_pass_is_tried_again_and_one_that_stays_is_a_dead_letter(
    site: ReplayServer, crawl: Crawl, fault: Reply, reason: str
) -> None:
    site.plan(HOST, "/a", fault, page("at last"))
    site.plan(HOST, "/b", fault)
    assert b"at last" in crawl.page(URL, max_seconds=0.4)
    assert site.paths(HOST).count("/a") == 2
    letter = crawl.letter(f"http://{HOST}/b", max_seconds=0.4, attempts=2)
    assert (letter.kind, letter.reason) == ("failed", reason)
    assert site.paths(HOST).count("/b") == 2


def test_faults_that_stay_are_not_tried_again(site: ReplayServer, crawl: Crawl) -> None:
    bomb = zipped(b"\0" * 50_000_000)
    brotli = Reply(b"?", headers={"Content-Encoding": "br", "Content-Type": HTML})
    for name, reply in (("large", Reply(b"x" * 2000)), ("bomb", bomb), ("brotli", brotli)):
        site.plan(HOST, f"/{name}", reply)
    outcomes = crawl.run([f"http://{HOST}/{name}" for name in ("bomb", "brotli", "large")], max_bytes=1000)
    assert reasons(outcomes) == ["too_large", "unknown_encoding", "too_large"]
    assert len(site.page_requests()) == 3


def test_a_host_that_fails_again_and_again_is_given_up(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(6))
    for number in range(6):
        site.plan(HOST, f"/{number}", Reply(status=502))
    assert reasons(crawl.run(urls, attempts=2)) == ["http_502"] * 3 + ["host_failing"] * 3
    assert len(site.page_requests()) == 6


def test_a_host_that_fails_now_and_then_is_not_given_up(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(6))
    for number in (0, 1, 3, 4):
        site.plan(HOST, f"/{number}", Reply(status=502))
    fails = ["http_502", "http_502", "page"]
    assert reasons(crawl.run(urls, attempts=1)) == fails * 2


def test_a_host_without_address_is_a_dead_letter(crawl: Crawl) -> None:
    crawl.hosts = ("unreachable.example",)
    urls = [f"http://unreachable.example/{number}" for number in range(2)]
    assert reasons(crawl.run(urls)) == ["robots_unreachable"] * 2


@pytest.mark.parametrize("status", [400, 404, 410])
def test_what_is_not_there_is_not_asked_for_again(site: ReplayServer, crawl: Crawl, status: int) -> None:
    site.plan(HOST, "/a", Reply(b"gone", status))
    assert crawl.letter(URL).reason == f"http_{status}"
    assert crawl.letter(URL).reason == f"http_{status}"
    assert len(site.page_requests()) == 1


# --- what comes in


def test_bodies_are_kept_as_they_were_sent_with_the_declared_type(site: ReplayServer, crawl: Crawl) -> None:
    """Also where the declared character set is wrong: whoever reads the page decides."""
    body = "<p>Ограничение: 10⁵ é</p>".encode("koi8-r", "xmlcharrefreplace")
    site.plan(HOST, "/a", Reply(body, headers={"Content-Type": "text/html; charset=utf-8"}))
    site.plan(HOST, "/b", zipped(body))
    site.plan(HOST, "/c", Reply(b""))
    assert crawl.page(URL) == body
    assert crawl.page(f"http://{HOST}/b") == body
    assert crawl.page(f"http://{HOST}/c") == b""
    answer = crawl.store.find(PageRequest(URL))
    assert answer is not None and answer.content_type == "text/html; charset=utf-8"


def test_posts_are_told_apart_by_their_bodies(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/graphql", lambda arrival: Reply(b'{"asked": "%s"}' % arrival.body))
    headers = {"Content-Type": "application/json"}
    requests = [PageRequest(f"http://{HOST}/graphql", "POST", body, headers) for body in ("one", "two")]
    assert [crawl.page(request) for request in requests] == [b'{"asked": "one"}', b'{"asked": "two"}']
    assert {arrival.method for arrival in site.page_requests()} == {"POST"}
    assert site.page_requests()[0].headers["Content-Type"] == "application/json"
    crawl.run(requests)
    assert len(site.page_requests()) == 2


def test_a_second_run_asks_for_nothing(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(5))
    site.plan(HOST, "/old", redirect("/1"))
    urls.append(f"http://{HOST}/old")
    first = crawl.run(urls)
    asked = len(site.arrivals)
    second = crawl.run(urls)
    assert len(site.arrivals) == asked
    assert [page.from_store for page in second if isinstance(page, CrawledPage)] == [True] * 6
    assert [page.body_sha256 for page in first if isinstance(page, CrawledPage)] == [
        page.body_sha256 for page in second if isinstance(page, CrawledPage)
    ]


def test_refreshing_asks_whether_a_page_has_changed(site: ReplayServer, crawl: Crawl) -> None:
    tagged = {"Content-Type": HTML, "ETag": '"1"', "Last-Modified": "Sat, 01 Nov 2025 10:00:00 GMT"}
    gone, later = Reply(status=410), "2999"
    site.plan(HOST, "/a", Reply(b"first", headers=tagged), Reply(status=304), Reply(b"second"), gone)
    assert crawl.page(URL) == b"first"
    crawl.clock.sleep(60)
    assert crawl.page(URL, refresh_before=later) == b"first"
    asked = site.page_requests()[1].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"1"', tagged["Last-Modified"])
    answer = crawl.store.find(PageRequest(URL))
    assert answer is not None and answer.checked_at > answer.fetched_at
    assert crawl.page(URL, refresh_before=later) == b"second"
    assert crawl.letter(URL, refresh_before=later).reason == "http_410"
    assert crawl.page(URL) == b"second", "a page that is gone from its site is not lost here"


# --- redirects


def test_redirects_within_a_host_are_followed_in_turn(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/a", redirect("/b", 301))
    site.plan(HOST, "/b", redirect(f"https://{HOST}/c#part", 308))
    site.plan(HOST, "/c", page("the end"))
    crawl.interval = 3.0
    outcome = crawl.only(URL)
    assert isinstance(outcome, CrawledPage)
    assert outcome.asked.url == URL and outcome.found.url == f"https://{HOST}/c"
    assert site.paths(HOST) == ["/robots.txt", "/a", "/b", "/robots.txt", "/c"], "one robots.txt per scheme"
    assert len(_slept(crawl)) == 4


@pytest.mark.parametrize(("status", "method", "body"), [(303, "GET", b""), (307, "POST", b"question")])
def test_a_redirected_post_is_sent_on_as_its_status_says(
    site: ReplayServer, crawl: Crawl, status: int, method: str, body: bytes
) -> None:
    site.plan(HOST, "/a", redirect("/b", status))
    site.plan(HOST, "/b", page("answer"))
    assert b"answer" in crawl.page(PageRequest(URL, "POST", "question"))
    assert (site.arrivals[-1].method, site.arrivals[-1].body) == (method, body)


def test_a_redirect_to_another_host_is_not_fetched_here(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/a", redirect("http://elsewhere.example/x"))
    moved = crawl.moved(URL)
    assert moved.item.current.url == "http://elsewhere.example/x"
    assert moved.item.asked.url == URL
    assert site.paths("elsewhere.example") == []


def test_endless_redirects_end(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/a", redirect("/b"))
    site.plan(HOST, "/b", redirect("/a"))
    assert crawl.letter(URL).reason == "redirect_loop"
    for number in range(20):
        site.plan(HOST, f"/{number}", redirect(f"/{number + 1}"))
    assert crawl.letter(f"http://{HOST}/0").reason == "too_many_redirects"
    site.plan(HOST, "/mail", redirect("mailto:someone@example.org"))
    assert crawl.letter(f"http://{HOST}/mail").reason == "bad_redirect"


def test_redirects_are_followed_only_where_robots_allow(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/robots.txt", Reply(b"User-agent: *\nDisallow: /private"))
    site.plan(HOST, "/a", redirect("/private/b"))
    assert crawl.letter(URL).reason == "robots_disallow"
    assert site.paths(HOST) == ["/robots.txt", "/a"]


# --- refusals


def test_a_refusal_ends_the_host_and_is_remembered_for_a_day(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(5))
    site.plan(HOST, "/2", Reply(b"<title>No</title>", 403))
    first = crawl.run(urls)
    assert reasons(first) == ["page", "page", "forbidden", "forbidden", "forbidden"]
    assert {letter.kind for letter in first if isinstance(letter, DeadLetter)} == {"refused"}
    assert reasons(crawl.run(urls)) == reasons(first)
    assert site.paths(HOST) == ["/robots.txt", "/0", "/1", "/2"]
    site.plan(HOST, "/2", page("allowed"))
    assert reasons(crawl.run(urls, ask_again=True)) == ["page"] * 5
    site.plan(HOST, "/9", Reply(status=451))
    assert crawl.letter(f"http://{HOST}/9").reason == "legal_reasons"
    crawl.clock.sleep(25 * 3600)
    site.plan(HOST, "/9", page("a day later"))
    assert b"a day later" in crawl.page(f"http://{HOST}/9")


def test_a_redirect_to_a_login_is_a_refusal(site: ReplayServer, crawl: Crawl) -> None:
    site.plan(HOST, "/a", redirect("/accounts/login/?next=/a"))
    assert crawl.letter(URL).reason == "login_required"
    assert site.paths(HOST) == ["/robots.txt", "/a"]


def test_a_challenge_with_a_passing_status_is_not_tried_again(site: ReplayServer, crawl: Crawl) -> None:
    challenge = Reply(b"<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script>", 503)
    site.plan(HOST, "/a", challenge)
    assert crawl.letter(URL).reason == "challenge"
    assert site.paths(HOST) == ["/robots.txt", "/a"]


def test_nothing_is_asked_of_hosts_that_the_user_does_not_allow(site: ReplayServer, crawl: Crawl) -> None:
    site.plan_pages(HOST, ["a"])
    crawl.page(URL)
    crawl.clock.sleep(1)
    asked = len(site.arrivals)
    closed = HostPolicy("example", (HOST,), terms_url="https://judge.example/terms")

    class Closed(Crawl):
        permissions = Permissions((closed,))

    later = Closed(crawl.folder, crawl.network, clock=crawl.clock)
    assert isinstance(later.only(URL), CrawledPage), "what is in the store is there for use"
    letter = later.letter(f"http://{HOST}/b")
    assert (letter.kind, letter.reason) == ("refused", "not_allowed")
    assert "--allow example" in letter.detail and "https://judge.example/terms" in letter.detail
    assert "--allow-host other.example" in later.letter("http://other.example/").detail
    assert len(site.arrivals) == asked


# --- robots.txt


def test_what_robots_forbids_is_not_asked_for(site: ReplayServer, crawl: Crawl) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: codex-sft\nDisallow: /*/submissions$\nAllow: /"
    site.plan(HOST, "/robots.txt", Reply(b"\xef\xbb\xbf" + rules))
    site.plan_pages(HOST, ["a", "a/submissions"])
    outcomes = crawl.run([URL, f"{URL}/submissions"])
    assert reasons(outcomes) == ["page", "robots_disallow"]
    assert site.paths(HOST) == ["/robots.txt", "/a"]


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        (Reply(status=404), "page"),
        (Reply(status=400), "page"),
        (Reply(status=503), "robots_unreachable"),
        (Reply(status=429), "rate_limited"),
        (Reply(b"User-agent: *", claimed_length=500), "robots_unreachable"),
        (Reply(b"User-agent: *\nDisallow: /", reset=True), "robots_unreachable"),
        (Reply(b"User-agent: *\n" * 9, drip=0.05), "robots_unreachable"),
        (Reply(status=403), "forbidden"),
        (redirect("/elsewhere/robots.txt"), "robots_disallow"),
        (redirect("/robots.txt"), "robots_unreachable"),
        (redirect("http://elsewhere.example/robots.txt"), "robots_unreachable"),
        (Reply(b"<html>\x00\xff not rules at all"), "page"),
    ],
    ids=range(12),
)
def test_a_robots_file_that_cannot_be_had(
    site: ReplayServer, crawl: Crawl, robots: Reply, reason: str
) -> None:
    """Missing, it forbids nothing; unreachable, everything (RFC 9309, §2.3.1)."""
    urls = site.plan_pages(HOST, "ab")
    site.plan(HOST, "/robots.txt", robots)
    site.plan(HOST, "/elsewhere/robots.txt", Reply(b"User-agent: *\nDisallow: /"))
    assert reasons(crawl.run(urls, max_seconds=0.3, attempts=2)) == [reason] * 2
    assert len(site.paths(HOST)) <= 4
    if reason != "page":
        assert not {"/a", "/b"} & set(site.paths(HOST))


def test_robots_is_asked_for_once_a_day(site: ReplayServer, crawl: Crawl) -> None:
    urls = site.plan_pages(HOST, range(3))
    site.plan(HOST, "/robots.txt", Reply(b"User-agent: *\nAllow: /"), Reply(b"User-agent: *\nDisallow: /"))
    crawl.page(urls[0])
    crawl.clock.sleep(23 * 3600)
    crawl.page(urls[1])
    crawl.clock.sleep(2 * 3600)
    assert crawl.letter(urls[2]).reason == "robots_disallow"
    assert site.paths(HOST).count("/robots.txt") == 2


# --- what nobody should send


@pytest.mark.parametrize(
    "location",
    [
        "http://" + "a" * 300 + ".example/",
        "http://127.0.0.1:99999/",
        "http://..example/",
        "http://[::1/",
        "//",
        "\u00fcber all/\u2028",
        "http://judge.example:x/",
        "javascript:alert(1)",
    ],
)
def test_odd_redirects_end_in_an_outcome(site: ReplayServer, crawl: Crawl, location: str) -> None:
    site.plan(HOST, "/a", redirect(location.encode().decode("latin-1")))
    site.plan(HOST, "/b", page("unharmed"))
    outcome = crawl.only(URL)
    assert isinstance(outcome, Moved) or reasons([outcome]) in (
        ["bad_redirect"],
        ["redirect_loop"],
        ["http_404"],
    )
    if isinstance(outcome, Moved):
        elsewhere = Crawl(crawl.folder, Internet(), clock=crawl.clock, hosts=(outcome.item.host,))
        letter = elsewhere.letter(outcome.item.current)
        assert letter.reason == "robots_unreachable" and "no such host or port" in letter.detail
    assert b"unharmed" in crawl.page(f"http://{HOST}/b")


@pytest.mark.parametrize("asked", ["9" * 500, "-1", "Wed, 99 Foo 2026 00:00:00 GMT", "soon", "\u00b2"])
def test_odd_waits_are_bounded(site: ReplayServer, crawl: Crawl, asked: str) -> None:
    headers = {"Retry-After": asked.encode().decode("latin-1")}
    site.plan(HOST, "/a", Reply(status=503, headers=headers), page("at last"))
    if asked.isascii() and asked.isdecimal():
        assert crawl.letter(URL).reason == "retry_later"
        crawl.clock.sleep(31 * 24 * 3600)
    assert b"at last" in crawl.page(URL)


@pytest.mark.parametrize(
    "rules",
    ["Crawl-delay: nan", "Crawl-delay: -5", "Crawl-delay: x", "Request-rate: 0/0", "Request-rate: 1/0"],
)
def test_odd_rules_shorten_no_interval(site: ReplayServer, crawl: Crawl, rules: str) -> None:
    site.plan(HOST, "/robots.txt", Reply(f"User-agent: *\n{rules}".encode()))
    crawl.interval = 7.0
    assert reasons(crawl.run(site.plan_pages(HOST, range(2)))) == ["page"] * 2
    assert _slept(crawl) == [pytest.approx(7, abs=0.1)] * 2


def test_what_is_not_http_is_a_dead_letter(tmp_path: Path) -> None:
    """A server that answers with anything, and then with headers without end."""
    for number, answer in enumerate((b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 40_000)):
        with raw_server(answer) as port:
            crawl = Crawl(tmp_path / str(number), ReplayNetwork(port), clock=FakeClock())
            assert crawl.letter(URL, attempts=1).reason == "robots_unreachable"
