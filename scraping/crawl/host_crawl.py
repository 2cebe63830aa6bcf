"""The crawl of one host: its requests one after another, each ending in exactly one outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from scraping.crawl.addresses import BadAddress, redirect_target, robots_address
from scraping.crawl.clock import Clock, seconds_of, timestamp
from scraping.crawl.fetching import Answer, Fetcher, FetchFault, retry_after
from scraping.crawl.host_turns import HostTurns
from scraping.crawl.network import Network
from scraping.crawl.outcomes import CrawledPage, CrawlItem, DeadLetter, Moved, Outcome
from scraping.crawl.page_store import PageStore, StoredAnswer, answer_to
from scraping.crawl.policy import Permissions
from scraping.crawl.refusal import refusal_reason
from scraping.crawl.robots import MAX_AGE_SECONDS, RobotsRules
from scraping.sites.adapter import PageRequest

MAX_REDIRECTS = 10
REFUSAL_SECONDS = 24 * 3600
"""How long a host that refused is left alone."""

_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429)
_FAULTS_IN_A_ROW = 3
_MAX_BACKOFF = 60.0


@dataclass(frozen=True)
class CrawlOptions:
    """How to ask. ``user_agent`` names the program and whom to write to.

    ``interval`` is the least number of seconds between requests to a host: policy and robots.txt may ask for
    more. ``max_wait``: hosts that ask for longer waits are given up for this run. ``refresh_before``: answers
    last checked before this time are checked again. ``ask_again``: also hosts that refused within a day.
    """

    user_agent: str
    interval: float = 0.0
    attempts: int = 4
    backoff: float = 2.0
    max_seconds: float = 60.0
    max_bytes: int = 16 * 2**20
    max_wait: float = 600.0
    refresh_before: str = ""
    ask_again: bool = False


class _NoPage(Exception):
    """A request that ends in a dead letter."""

    def __init__(self, kind: Literal["refused", "failed"], reason: str, detail: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.detail = detail


def crawl_host(
    host: str,
    items: Iterable[CrawlItem],
    store: PageStore,
    permissions: Permissions,
    options: CrawlOptions,
    network: Network,
    clock: Clock,
) -> Iterator[Outcome]:
    """Requests to one host, in an order of their own, each with its outcome.

    Pages are in the store before their outcome is told. The host is held meanwhile: others wait.
    """
    with (
        HostTurns.held(store.hosts, host, clock) as turns,
        Fetcher(network, options.user_agent, options.max_seconds, options.max_bytes) as fetcher,
    ):
        crawl = _HostCrawl(host, store, permissions, options, turns, fetcher, clock)
        for item in sorted(items, key=lambda item: item.current.key):
            yield crawl.outcome(item)


class _HostCrawl:
    def __init__(
        self,
        host: str,
        store: PageStore,
        permissions: Permissions,
        options: CrawlOptions,
        turns: HostTurns,
        fetcher: Fetcher,
        clock: Clock,
    ) -> None:
        self._host = host
        self._store = store
        self._options = options
        self._turns = turns
        self._fetcher = fetcher
        self._clock = clock
        self._policy = permissions.policy(host)
        self._objection = permissions.objection(host)
        self._delay = max(options.interval, self._policy.minimal_interval_seconds)
        self._stopped: _NoPage | None = None
        self._faults = 0
        self._robots: dict[str, RobotsRules] = {}

    def outcome(self, item: CrawlItem) -> Outcome:
        """Ask, and go where the host sends us, as long as that is the host itself."""
        try:
            while True:
                answer, from_store = self._obtain(item.current)
                item = replace(item, from_store=item.from_store and from_store)
                if answer.status == 200:
                    return CrawledPage(item.asked, item.current, answer.body_sha256, item.from_store)
                if answer.status not in _REDIRECTS:
                    detail = f"{item.current.url}: status {answer.status}"
                    raise _NoPage("failed", f"http_{answer.status}", detail)
                item = _redirected(item, answer)
                if item.host != self._host:
                    return Moved(item)
        except _NoPage as end:
            return DeadLetter(item.asked, item.current.url, end.kind, end.reason, end.detail)
        except OSError:
            raise  # of the store: no other request would fare better
        except Exception as error:  # an answer that nobody foresaw must not end a run of thousands
            detail = f"{item.current.url}: it cannot be dealt with ({type(error).__name__})"
            return DeadLetter(item.asked, item.current.url, "failed", "unexpected", detail)

    def _obtain(self, request: PageRequest) -> tuple[StoredAnswer, bool]:
        """The answer to a request, and whether it was in the store."""
        known = self._store.find(request)
        if known is not None and known.checked_at >= self._options.refresh_before:
            return known, True
        self._check_host()
        rules = self._rules(request.url)
        if not rules.allows(request.url):
            raise _NoPage("refused", "robots_disallow", f"robots.txt of {self._host} forbids it")
        answer = self._ask(request, known, rules.source)
        self._turns.forget_refusal()
        return answer, False

    def _check_host(self) -> None:
        if self._objection:
            raise _NoPage("refused", "not_allowed", self._objection)
        refusal = self._turns.state.refusal
        remembered = refusal is not None and self._clock.now() < refusal.at + REFUSAL_SECONDS
        if self._stopped is None and refusal is not None and remembered and not self._options.ask_again:
            when = timestamp(refusal.at)[:16]
            detail = f"{self._host} refused with {refusal.detail} ({refusal.url}, {when} UTC)"
            self._stop("refused", refusal.reason, f"{detail}; --ask-again asks all the same")
        if self._stopped is not None:
            raise self._stopped

    def _rules(self, url: str) -> RobotsRules:
        """What robots.txt says for an address; unreachable, it forbids everything (RFC 9309, §2.3.1.4)."""
        address = robots_address(url)
        if address not in self._robots:
            token = self._options.user_agent.partition("/")[0]
            answer = self._robots_answer(address)
            rules = RobotsRules.read(answer.status, self._store.body(answer), token)
            self._robots[address] = rules
            self._delay = max(self._delay, rules.delay)
            if rules.delay > self._options.max_wait:
                wish = f"robots.txt asks for {rules.delay:g} s between requests; --max-wait allows fewer"
                raise self._stop("failed", "crawl_delay_too_long", wish)
        return self._robots[address]

    def _robots_answer(self, address: str) -> StoredAnswer:
        item = CrawlItem.of(PageRequest(address))
        try:
            while True:
                answer = self._store.find(item.current)
                if answer is None or self._clock.now() >= seconds_of(answer.checked_at) + MAX_AGE_SECONDS:
                    answer = self._ask(item.current, answer, "")
                if answer.status not in _REDIRECTS:
                    return answer
                item = _redirected(item, answer)
                if item.host != self._host:
                    where = f"it leads to {item.host}, where the pages can be asked for"
                    raise _NoPage("failed", "other_host", where)
        except _NoPage as end:
            if end is self._stopped:
                raise
            raise self._stop("failed", "robots_unreachable", f"{address}: {end.detail}") from end

    def _ask(self, request: PageRequest, known: StoredAnswer | None, robots: str) -> StoredAnswer:
        """Ask the host and keep what it answers. A page that is known is not replaced by an error."""
        conditions = {}
        if known is not None and known.status == 200:
            for field, condition in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
                if value := known.header(field):
                    conditions[condition] = value
        answer = self._ask_until_answered(request, conditions)
        now = timestamp(self._clock.now())
        if answer.status == 304 and known is not None and conditions:
            return self._store.mark_unchanged(known, now)
        stored = replace(
            answer_to(request, answer.status, answer.headers, answer.body, now, self._options.user_agent),
            robots=robots,
            terms_url=self._policy.terms_url,
        )
        if known is None or known.status != 200 or answer.status == 200:
            self._store.save(stored, answer.body)
        return stored

    def _ask_until_answered(self, request: PageRequest, conditions: Mapping[str, str]) -> Answer:
        retrying = Retrying(
            sleep=self._clock.sleep,
            retry=retry_if_exception(lambda error: isinstance(error, FetchFault) and error.again),
            stop=stop_after_attempt(self._options.attempts),
            wait=wait_exponential(multiplier=self._options.backoff, max=_MAX_BACKOFF),
            reraise=True,
            after=self._slow_down,
        )
        try:
            answer: Answer = retrying(self._ask_once, request, conditions)
        except FetchFault as fault:
            self._faults = self._faults + 1 if fault.again else 0
            detail = f"{request.url}: {fault.detail}"
            if fault.reason == "http_429":
                raise self._stop("failed", "rate_limited", detail) from fault
            if self._faults >= _FAULTS_IN_A_ROW:
                self._stop("failed", "host_failing", f"given up after {self._faults} faults, last {detail}")
            raise _NoPage("failed", fault.reason, detail) from fault
        self._faults = 0
        return answer

    def _ask_once(self, request: PageRequest, conditions: Mapping[str, str]) -> Answer:
        if self._turns.asked_wait > self._options.max_wait:
            detail = f"{self._host} asks to wait {self._turns.asked_wait:.0f} s; run again then"
            raise self._stop("failed", "retry_later", detail)
        with self._turns.turn(self._delay):
            answer = self._fetcher.fetch(request, conditions)
        reason = refusal_reason(answer.status, answer.headers, answer.body)
        if reason is not None:
            detail = f"status {answer.status}"
            self._turns.refuse(request.url, reason, detail)
            raise self._stop("refused", reason, f"{self._host} refused with {detail} ({request.url})")
        if answer.status in _PASSING or answer.status >= 500:
            asked = retry_after(answer, self._clock.now())
            if asked is not None:
                self._turns.hold_off(asked)
            raise FetchFault(f"http_{answer.status}", f"status {answer.status}", again=True, wait=asked)
        return answer

    def _slow_down(self, state: RetryCallState) -> None:
        """A host that was asked too often without saying how often it may be asked is asked half as often."""
        fault = state.outcome.exception() if state.outcome else None
        if isinstance(fault, FetchFault) and fault.reason == "http_429" and fault.wait is None:
            self._delay = max(self._delay, self._options.backoff) * 2

    def _stop(self, kind: Literal["refused", "failed"], reason: str, detail: str) -> _NoPage:
        """Ask this host nothing more in this run."""
        self._stopped = _NoPage(kind, reason, detail)
        return self._stopped


def _redirected(item: CrawlItem, answer: StoredAnswer) -> CrawlItem:
    """The request to which an answer leads; raises `_NoPage` for loops and what is no address."""
    here = item.current
    try:
        target = redirect_target(here.url, answer.header("location") or "")
    except BadAddress as error:
        raise _NoPage("failed", "bad_redirect", f"{here.url} leads to no address: {error}") from error
    visited = (*item.visited, here.url)
    if target in visited:
        raise _NoPage("failed", "redirect_loop", f"{here.url} leads back to {target}")
    if len(visited) > MAX_REDIRECTS:
        raise _NoPage("failed", "too_many_redirects", f"{item.asked.url} leads from address to address")
    same = here if answer.status in (307, 308) else PageRequest(here.url, headers=here.headers)
    return replace(item, current=replace(same, url=target), visited=visited)
