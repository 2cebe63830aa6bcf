"""Where problems come from: archives, files of problem records, and the page store of a crawl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scraping.archives.formats import UnknownArchive, archive_of, known_formats, read_archive, recognise
from scraping.crawl.outcomes import CrawledPage
from scraping.crawl.page_store import PageStore
from scraping.problem import Problem, ProblemRejection
from scraping.problem_files import read_problems
from scraping.sites.registry import parse_page
from tasks.files import BadFile, read_json_lines

_PAGES = "pages"
_PROBLEMS = "problems"
OTHER_FORMATS = {
    _PAGES: "the folder of a crawl, or its page store",
    _PROBLEMS: "JSON lines of problem records",
}
"""What is no archive of others but our own."""


class SourceUnreadable(ValueError):
    """A source cannot be read; the message says why, and what would be read."""


def check_source(source: str) -> None:
    """Raise `SourceUnreadable` for what is no source, before anything is done with it."""
    try:
        _open(source)
    except (UnknownArchive, BadFile) as error:
        raise SourceUnreadable(str(error)) from error


def read_source(source: str) -> Iterator[Problem | ProblemRejection]:
    """Stream what a source has, ``PATH`` or ``FORMAT:PATH``; raises `SourceUnreadable` if it is damaged."""
    try:
        yield from _open(source)
    except (UnknownArchive, BadFile) as error:
        raise SourceUnreadable(str(error)) from error


def _open(source: str) -> Iterator[Problem | ProblemRejection]:
    """The problems of a source, of which nothing is read yet but what tells its format."""
    name, separator, rest = source.partition(":")
    if separator and name in OTHER_FORMATS:
        path = Path(rest)
        if not path.exists():
            raise UnknownArchive(f"{source}: there is no such file or folder")
        return _read_pages(path) if name == _PAGES else read_problems(path)
    try:
        archive_format, path = archive_of(source)
    except UnknownArchive as error:
        raise UnknownArchive(f"{error}{_others()}") from error
    if archive_format is None:
        if _store_of(path) is not None:
            return _read_pages(path)
        if _has_problem_records(path):
            return read_problems(path)
        try:
            archive_format = recognise(path)
        except UnknownArchive as error:
            raise UnknownArchive(f"{error}{_others() if known_formats() in str(error) else ''}") from error
    elif not path.exists():
        raise UnknownArchive(f"{source}: there is no such file or folder")
    return read_archive(path, archive_format)


def _others() -> str:
    return "".join(f"\n  {name}: {content}" for name, content in OTHER_FORMATS.items())


def _store_of(path: Path) -> Path | None:
    """The page store that a folder is, or has."""
    return next((folder for folder in (path, path / "store") if (folder / "answers").is_dir()), None)


def _has_problem_records(path: Path) -> bool:
    if path.suffix not in (".jsonl", ".gz") or not path.is_file():
        return False
    try:
        next(read_problems(path), None)
    except BadFile:
        return False
    return True


def _lists(crawl: Path) -> set[str]:
    """The pages of a crawl that only list problems."""
    record = crawl / "listing" / "pages.jsonl"
    return {page.found.key for page in read_json_lines(record, CrawledPage)} if record.exists() else set()


def _read_pages(path: Path) -> Iterator[Problem | ProblemRejection]:
    folder = _store_of(path)
    if folder is None:
        raise UnknownArchive(f"{path}: there are no pages; `codex-sft crawl` makes such a folder")
    store = PageStore(folder)
    lists = _lists(path)
    for answer in store.pages():
        if answer.request.key in lists:
            continue
        yield from parse_page(answer.request.url, store.body(answer), answer.content_type)
