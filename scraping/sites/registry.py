"""All site adapters, and the page of any of them read."""

from __future__ import annotations

from scraping.problem import Problem, ProblemRejection
from scraping.sites.adapter import SiteAdapter
from scraping.sites.atcoder import AtCoder
from scraping.sites.codechef import CodeChef
from scraping.sites.codeforces import Codeforces
from scraping.sites.codewars import Codewars
from scraping.sites.cses import Cses
from scraping.sites.dmoj import Dmoj
from scraping.sites.hackerrank import HackerRank
from scraping.sites.kattis import Kattis
from scraping.sites.leetcode import LeetCode
from scraping.sites.poj import Poj
from scraping.sites.project_euler import ProjectEuler

ADAPTERS: tuple[SiteAdapter, ...] = (
    AtCoder(),
    CodeChef(),
    Codeforces(),
    Codewars(),
    Cses(),
    Dmoj(),
    HackerRank(),
    Kattis(),
    LeetCode(),
    Poj(),
    ProjectEuler(),
)


def adapter_for(url: str) -> SiteAdapter | None:
    """The adapter that reads ``url``, None where there is none."""
    return next((adapter for adapter in ADAPTERS if adapter.matches(url)), None)


def adapter_named(name: str) -> SiteAdapter | None:
    """The adapter of a site, None where there is none."""
    return next((adapter for adapter in ADAPTERS if adapter.name == name), None)


def parse_page(url: str, body: bytes, content_type: str = "") -> list[Problem | ProblemRejection]:
    """The problems of a page of any site; an unknown address gives an ``unknown_site`` rejection."""
    adapter = adapter_for(url)
    if adapter is None:
        return [ProblemRejection(url, url, "read", "unknown_site")]
    return adapter.parse(url, body, content_type)
