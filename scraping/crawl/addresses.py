"""Addresses of pages in one spelling, and the hosts that they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from scraping.sites.adapter import PageRequest
from tasks.files import BadFile

_IDENTITY = frozenset({"user-agent", "from", "cookie", "authorization", "accept-encoding", "host"})
_OWN_PORT = {"http": ":80", "https": ":443"}


class BadAddress(ValueError):
    """Not an address that can be crawled; the message says why."""


def normal_address(text: str) -> str:
    """An address without fragment, with a lower-case host and no default port; raises `BadAddress`."""
    try:
        url = httpx.URL(text.strip())
        parts = urlsplit(text)
        _ = parts.port  # raises if there is no such port
    except (httpx.InvalidURL, ValueError) as error:
        raise BadAddress(f"{text!r} is no address: {error}") from error
    if url.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress(f"{text!r} is no address of a page; it has to begin with https:// or http://")
    if url.userinfo:
        raise BadAddress(f"{text!r} holds a name or password; pages behind a login are not crawled")
    host = url.netloc.decode().removesuffix(_OWN_PORT[url.scheme])
    return f"{url.scheme}://{host}{url.raw_path.decode()}"


def normal_request(request: PageRequest) -> PageRequest:
    """A request with its address in normal form, without headers that say who asks; raises `BadAddress`."""
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _IDENTITY}
    return replace(request, url=normal_address(request.url), headers=headers)


def redirect_target(address: str, location: str) -> str:
    """Where a redirect from an address leads; raises `BadAddress`."""
    try:
        target = urljoin(address, location)
    except ValueError as error:
        raise BadAddress(f"{location!r} is no address: {error}") from error
    return normal_address(target)


def host_of(address: str) -> str:
    """The host of a normal address, with its port if that is not the scheme's own."""
    return httpx.URL(address).netloc.decode("ascii")


def robots_address(address: str) -> str:
    """Where the robots.txt for an address is (RFC 9309, §2.3): one for each scheme, host and port."""
    return urljoin(address, "/robots.txt")


def read_address_list(path: Path) -> list[str]:
    """The addresses in a file, one to a line; ``#`` at the start of a word begins a comment.

    Raises `BadFile` with ``file:line``.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        words = line.split()
        comment = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
        if comment > 1:
            raise BadFile(f"{path}:{number}: more than one address on a line")
        try:
            found += [normal_address(word) for word in words[:comment]]
        except BadAddress as error:
            raise BadFile(f"{path}:{number}: {error}") from error
    return found
