"""WARC files, of any crawler: the pages that site adapters know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from scraping.archives.page_parser import PageParser, parse_page
from scraping.archives.reading import problems_or_rejection
from scraping.problem import Problem, ProblemRejection

MAX_PAGE_BYTES = 32 * 2**20
_READABLE = ("text/html", "application/xhtml+xml", "application/json", "text/plain")
_SUFFIXES = ("*.warc", "*.warc.gz")


def read_warc(path: Path, parse: PageParser = parse_page) -> Iterator[Problem | ProblemRejection]:
    """The problems of the pages of a WARC file, or of those in a folder.

    Answers without a page (other than status 200, not text) are rejected as ``not_a_page``, since each
    was asked for; other records than responses are passed over. A file that is cut off gives what comes
    before the cut, and a rejection.
    """
    files = sorted(file for suffix in _SUFFIXES for file in path.rglob(suffix)) if path.is_dir() else [path]
    for file in files:
        yield from _file(file, parse)


def _file(file: Path, parse: PageParser) -> Iterator[Problem | ProblemRejection]:
    number = 0
    with file.open("rb") as stream:
        try:
            for number, record in enumerate(ArchiveIterator(stream, no_record_parse=False), start=1):
                if record.rec_type == "response":
                    url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
                    if url.startswith(("http://", "https://")):
                        yield from _page(record, url, f"{file}:{number}", parse)
        except Exception as error:  # a parser of foreign bytes: whatever it trips over is the file's fault
            yield ProblemRejection(
                f"warc:{file.name}", f"{file}:{number + 1}", "read", "damaged_archive", str(error)[:300]
            )


def _page(record: object, url: str, where: str, parse: PageParser) -> Iterator[Problem | ProblemRejection]:
    headers = record.http_headers  # type: ignore[attr-defined]
    status = str(headers.get_statuscode()) if headers else "no headers"
    content_type = str((headers.get_header("Content-Type") if headers else "") or "")
    if status != "200" or content_type.partition(";")[0].strip().lower() not in _READABLE:
        detail = f"status {status}, {content_type or 'no content type'}"
        yield ProblemRejection(f"page:{url}", where, "read", "not_a_page", detail)
        return
    body = record.content_stream().read(MAX_PAGE_BYTES + 1)  # type: ignore[attr-defined]
    if len(body) > MAX_PAGE_BYTES:
        yield ProblemRejection(
            f"page:{url}", where, "read", "file_too_large", f"more than {MAX_PAGE_BYTES} bytes"
        )
        return
    yield from problems_or_rejection(f"page:{url}", where, lambda: parse(url, body, content_type))
