"""The problems of a whole site, by its own lists, which are asked for as politely as any other page."""

from __future__ import annotations

from dataclasses import replace

from pipelines.crawl_pipeline import CrawlSetting, run_crawl
from scraping.crawl.outcomes import CrawledPage, DeadLetter
from scraping.sites.adapter import MarkupChanged, PageRequest, SiteAdapter
from tasks.files import read_json_lines

LISTING = "listing"
"""The folder, inside of a crawl's own, with the record of the lists that were asked for."""


class NoListing(ValueError):
    """A site's problems cannot be listed; the message says why."""


def listed_requests(
    adapter: SiteAdapter, setting: CrawlSetting, *, contest: str | None = None, limit: int | None = None
) -> list[PageRequest]:
    """What to ask for to get the problems of a site or of a contest, at most ``limit`` references of them.

    Lists are read one after another, and no further than needed. Raises `NoListing`.
    """
    waiting = adapter.list_requests(contest)
    if not waiting:
        raise NoListing(f"{adapter.name} has no list that could be read: give addresses of its problems")
    folder = setting.output / LISTING
    folder.mkdir(parents=True, exist_ok=True)
    asked: dict[str, PageRequest] = {}
    references: dict[str, None] = {}
    while waiting and (limit is None or len(references) < limit):
        request = waiting.pop(0)
        if request.key in asked:
            continue
        asked[request.key] = request
        # all lists so far, so that the folder's record is of all of them; what the store has is not asked for
        run_crawl(list(asked.values()), replace(setting, output=folder), workers=1)
        page = _page(setting, request)
        answer = setting.store.find(page.found)
        assert answer is not None
        body = setting.store.body(answer)
        try:
            listing = adapter.parse_listing(page.found.url, body, answer.content_type)
        except MarkupChanged as error:
            raise NoListing(f"{request.url}: {adapter.name}'s list is not what it was: {error}") from error
        references |= dict.fromkeys(listing.references)
        waiting += listing.further
    chosen = list(references)[:limit]
    found = (request for reference in chosen for request in adapter.requests(reference))
    return list({request.key: request for request in found}.values())


def _page(setting: CrawlSetting, request: PageRequest) -> CrawledPage:
    folder = setting.output / LISTING
    for page in read_json_lines(folder / "pages.jsonl", CrawledPage):
        if page.asked.key == request.key:
            return page
    letters = list(read_json_lines(folder / "dead_letters.jsonl", DeadLetter))
    reason = next((f"{each.reason}: {each.detail}" for each in letters if each.asked.key == request.key), "")
    raise NoListing(f"{request.url}: there is no list: {reason}")
