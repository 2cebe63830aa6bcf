"""The policies of the sites that there are adapters for, by host. None of them allows fetching by itself."""

from __future__ import annotations

from scraping.crawl.addresses import normal_address
from scraping.crawl.policy import HostPolicy
from scraping.sites.adapter import PageRequest
from scraping.sites.registry import ADAPTERS, adapter_for

SITE_HOSTS = {
    "atcoder": ("atcoder.jp", "kenkoooo.com"),
    "codechef": ("www.codechef.com",),
    "codeforces": ("codeforces.com", "*.codeforces.com"),
    "codewars": ("www.codewars.com",),
    "cses": ("cses.fi", "www.cses.fi"),
    "dmoj": ("dmoj.ca", "www.dmoj.ca"),
    "hackerrank": ("www.hackerrank.com",),
    "kattis": ("*.kattis.com",),
    "leetcode": ("leetcode.com",),
    "poj": ("poj.org",),
    "project_euler": ("projecteuler.net",),
}
"""The hosts that a site's terms are about. Others that run the same software or mirror it have their own."""


def site_policies() -> tuple[HostPolicy, ...]:
    """What the adapters say of their sites."""
    return tuple(
        HostPolicy(
            site=adapter.name,
            hosts=SITE_HOSTS[adapter.name],
            minimal_interval_seconds=adapter.policy.minimal_interval_seconds,
            terms_url=adapter.policy.terms_url,
            notes=adapter.policy.notes,
            allowed=adapter.policy.allow_fetch_default,
        )
        for adapter in ADAPTERS
    )


def requests_for(address: str) -> list[PageRequest]:
    """What to ask for to get a page: for a problem, what its site's adapter reads it from.

    That is another address, or a query, where a site has an interface. Raises `BadAddress`.
    """
    normal = normal_address(address)
    adapter = adapter_for(normal)
    requests = adapter.requests(normal) if adapter else []
    # an interface's own address is no name of a problem, and would be taken for one
    named = [request for request in requests if normal not in request.url.removeprefix(normal) + request.body]
    return named or [PageRequest(normal)]
