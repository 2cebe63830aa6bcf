"""What a site adapter offers, and the policy that it carries. An adapter reads pages; it never fetches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from scraping.problem import Problem, ProblemRejection, Rights


@dataclass(frozen=True)
class SitePolicy:
    """How a site may be asked for pages, and whose the texts are.

    ``minimal_interval_seconds`` between two requests to one host; a longer ``Crawl-delay`` of robots.txt
    prevails. robots.txt is always respected. ``allow_fetch_default`` is False for every site: the
    user allows fetching, site by site, after reading ``terms_url``. ``notes`` tells what is known of
    terms and limits, and what is not.
    """

    minimal_interval_seconds: float
    rights: Rights
    terms_url: str | None = None
    allow_fetch_default: bool = False
    notes: str = ""


@dataclass(frozen=True)
class PageRequest:
    """One request. ``body`` is what a POST sends; pages are told apart by method, address and body."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What a stored answer is found again by."""
        return f"{self.method} {self.url}\n{self.body}" if self.body else self.url


@dataclass(frozen=True)
class Listing:
    """What a page that lists problems says: references that `SiteAdapter.requests` takes, further pages."""

    references: list[str]
    further: list[PageRequest] = field(default_factory=list)


class MarkupChanged(ValueError):
    """A page has not what its adapter knows it by; the message names what was looked for."""


class SiteAdapter(Protocol):
    """One site: the addresses of its problems and the meaning of its pages.

    A reference is the address of a problem, or of a contest whose problems stand on one page.
    """

    @property
    def name(self) -> str:
        """The site's name, which starts the identifiers of its problems: ``codeforces``."""

    @property
    def policy(self) -> SitePolicy:
        """What the owner allows."""

    def matches(self, url: str) -> bool:
        """Whether ``url`` is a page of this site that `parse` reads, or a reference."""

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """What to ask for to learn which problems there are: of one contest, or of the whole site.

        Empty where the site has no list that could be read.
        """

    def parse_listing(self, url: str, body: bytes, content_type: str) -> Listing:
        """The problems that an answer to one of `list_requests` names; raises `MarkupChanged`."""

    def requests(self, reference: str) -> list[PageRequest]:
        """What to ask for to get the problem, or the problems, of a reference."""

    def parse(self, url: str, body: bytes, content_type: str) -> list[Problem | ProblemRejection]:
        """The problems of one page. A page that is not what it was gives a ``markup_changed`` rejection."""
