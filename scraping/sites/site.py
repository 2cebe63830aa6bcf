"""What all site adapters share: addresses, identifiers, and problems that cannot be read as rejections."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from sandbox.endings import printable
from scraping.problem import Problem, ProblemRejection, Source
from scraping.sites.adapter import Listing, MarkupChanged, PageRequest, SitePolicy
from scraping.sites.page import Page
from scraping.statements.markdown import StatementTooDeep, html_to_markdown, statement_images
from scraping.statements.sections import StatementTooLong, split_sections


class NotOffered(Exception):
    """A page that is well understood and has no problem for us: ``reason`` as in `ProblemRejection`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Site(ABC):
    """A `scraping.sites.adapter.SiteAdapter` without the site.

    ``addresses`` match the whole address of what can be read, with or without a query; the group
    ``problem`` is the problem's identifier on the site.
    """

    name: ClassVar[str]
    policy: ClassVar[SitePolicy]
    addresses: ClassVar[tuple[str, ...]]

    def matches(self, url: str) -> bool:
        """Whether ``url`` is a page of this site that can be read, or a reference."""
        return self._address(url) is not None

    def list_requests(self, contest: str | None = None) -> list[PageRequest]:
        """No list that could be read."""
        return []

    def parse_listing(self, url: str, body: bytes, content_type: str) -> Listing:
        """The problems that a list names; raises `MarkupChanged`."""
        listing = self.listing(Page(url, body, content_type))
        if not listing.references and not listing.further:
            raise MarkupChanged("a list with at least one problem")
        return listing

    def requests(self, reference: str) -> list[PageRequest]:
        """The reference's own page."""
        return [PageRequest(reference)]

    def parse(self, url: str, body: bytes, content_type: str) -> list[Problem | ProblemRejection]:
        """The problems of one page; what cannot be read is a rejection of stage ``read``."""
        page = Page(url, body, content_type)

        def read() -> list[Problem | ProblemRejection]:
            if page.is_pdf:
                raise NotOffered("statement_in_pdf")
            problems = list(self.read(page))
            if not problems:
                raise MarkupChanged("at least one problem")
            return problems

        return self.attempt(self.identifier(url), url, read)

    @abstractmethod
    def read(self, page: Page) -> Iterator[Problem | ProblemRejection]:
        """The problems of a page; raises `MarkupChanged` and `NotOffered`."""

    def listing(self, page: Page) -> Listing:
        """The problems that a list names."""
        raise MarkupChanged("a list, which this site does not have")

    def attempt(
        self, identifier: str, url: str, read: Callable[[], list[Problem | ProblemRejection]]
    ) -> list[Problem | ProblemRejection]:
        """What ``read`` gives, or the rejection that says why it gives nothing."""
        try:
            return read()
        except MarkupChanged as error:
            reason, detail = "markup_changed", f"not found: {error}"
        except NotOffered as error:
            reason, detail = error.reason, error.detail
        except (StatementTooDeep, RecursionError) as error:
            reason, detail = "statement_too_deep", str(error)
        except StatementTooLong as error:
            reason, detail = "statement_too_long", str(error)
        except Exception as error:  # a page that nobody foresaw costs its own problem
            reason, detail = "malformed", printable(f"{type(error).__name__}: {error}")
        return [ProblemRejection(f"{self.name}:{identifier}", url, "read", reason, detail)]

    def identifier(self, url: str) -> str:
        """A problem's identifier on the site, from its address."""
        match = self._address(url)
        return (match.groupdict().get("problem") if match else None) or url

    def problem(
        self,
        page: Page,
        identifier: str,
        title: str,
        html: str,
        sections_html: str | None = None,
        **fields: Any,
    ) -> Problem:
        """A problem of this page, with its statement in all its forms.

        The sections are those of ``sections_html`` where that is given, which then has no examples. ``url``
        is the problem's own address, where the page is that of several.
        """
        markdown = html_to_markdown(html, page.url)
        sections = split_sections(
            markdown if sections_html is None else html_to_markdown(sections_html, page.url)
        )
        source_fields = {name: fields.pop(name) for name in ("contest", "index") if name in fields}
        url = fields.pop("url", page.url)
        source = Source(self.name, f"sites.{self.name}", url, content_sha256=page.sha256, **source_fields)
        fields.setdefault("mode", "interactive" if sections.interaction else "stdio")
        return Problem(
            problem_id=f"{self.name}:{identifier}",
            title=" ".join(title.split()),
            source=source,
            rights=fields.pop("rights", self.policy.rights),
            statement_html=html,
            statement_markdown=markdown,
            sections=fields.pop("sections", sections),
            images=statement_images(html, page.url),
            **fields,
        )

    def _address(self, url: str) -> re.Match[str] | None:
        for address in self.addresses:
            match = re.fullmatch(rf"https?://{address}/?(?:[?#].*)?", url)
            if match:
                return match
        return None
