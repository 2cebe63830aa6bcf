"""Identifiers of problems by their addresses, the same whichever archive they come from."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_ADDRESSES = (
    ("codeforces", r"codeforces\.com/(?:contest|gym)/(\d+)/problem/(\w+)"),
    ("codeforces", r"codeforces\.com/problemset/problem/(\d+)/(\w+)"),
    ("atcoder", r"atcoder\.jp/contests/[\w-]+/tasks/(\w+)"),
    ("kattis", r"\bkattis\.com/(?:contests/\w+/)?problems/(\w+)"),
    ("leetcode", r"leetcode\.(?:com|cn)/(?:contest/[\w-]+/)?problems/([\w-]+)"),
    ("dmoj", r"dmoj\.ca/problem/(\w+)"),
    ("cses", r"cses\.fi/(?:problemset|\d+)/task/([\w]+)"),
    ("codechef", r"codechef\.com/(?:problems|[\w]+/problems)/(\w+)"),
    ("codewars", r"codewars\.com/kata/([\w-]+)"),
    ("hackerrank", r"hackerrank\.com/(?:contests/[\w-]+/)?challenges/([\w-]+)"),
    ("spoj", r"spoj\.com/problems/(\w+)"),
    ("poj", r"poj\.org/problem\?id=(\d+)"),
    ("usaco", r"usaco\.org/index\.php\?page=viewproblem2&cpid=(\d+)"),
    ("library-checker", r"judge\.yosupo\.jp/problem/(\w+)"),
    ("project_euler", r"projecteuler\.net/problem=(\d+)"),
)


def problem_identifier(url: str) -> tuple[str, str]:
    """Site and identifier of an address: ``codeforces`` and ``codeforces:1779F``.

    Sites that are not known stand with their host name, and the whole path.
    """
    for site, pattern in _ADDRESSES:
        found = re.search(pattern, url)
        if found:
            return site, f"{site}:{''.join(found.groups())}"
    try:
        parts = urlsplit(url)
    except ValueError:  # what only begins like an address
        return "unknown", f"unknown:{url}"
    host = (parts.hostname or "unknown").removeprefix("www.")
    path = unquote(parts.path).strip("/") + (f"?{parts.query}" if parts.query else "")
    return host, f"{host}:{path}"
