"""Page stores as WARC files (ISO 28500), which other tools read and write."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import BufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from scraping.crawl.addresses import BadAddress, normal_request
from scraping.crawl.clock import in_utc
from scraping.crawl.page_store import PageStore, StoredAnswer, answer_to
from scraping.crawl.refusal import refusal_reason
from scraping.sites.adapter import PageRequest
from tasks.files import BadFile

_OF_TRANSFER = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_ORIGINAL = "x-archive-orig-"
_MAX_BYTES = 16 * 2**20


@dataclass(frozen=True)
class ArchivedAnswer:
    """An answer of a WARC file with its body."""

    answer: StoredAnswer
    body: bytes


@dataclass(frozen=True)
class ArchiveLoss:
    """A response of a WARC file that is of no use, and why."""

    url: str
    reason: str


def write_warc(path: Path, store: PageStore, answers: Iterable[StoredAnswer], software: str) -> int:
    """Write answers with their requests, atomically; returns how many. ``.gz`` compresses each record.

    Bodies are written uncompressed, so the headers that told of their transfer are kept under other names.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    count = 0
    try:
        with temporary.open("wb") as stream:
            writer = WARCWriter(stream, gzip=path.suffix == ".gz", warc_version="1.1")
            writer.write_record(writer.create_warcinfo_record(path.name, {"software": software}))
            for count, answer in enumerate(answers, start=1):  # noqa: B007
                _write_pair(writer, answer, store.body(answer))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _write_pair(writer: Any, answer: StoredAnswer, body: bytes) -> None:
    request = answer.request
    date = answer.fetched_at.replace("+00:00", "Z")
    headers = [(_ORIGINAL + name if name in _OF_TRANSFER else name, value) for name, value in answer.headers]
    status = f"{answer.status} {_phrase(answer.status)}"
    response = writer.create_warc_record(
        request.url,
        "response",
        payload=io.BytesIO(body),
        http_headers=StatusAndHeaders(status, [*headers, ("content-length", str(len(body)))], "HTTP/1.1"),
        warc_headers_dict={"WARC-Date": date},
    )
    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    asked = [("host", parts.netloc), ("user-agent", answer.user_agent), *request.headers.items()]
    sent = request.body.encode()
    if sent:
        asked.append(("content-length", str(len(sent))))
    paired = writer.create_warc_record(
        request.url,
        "request",
        payload=io.BytesIO(sent),
        http_headers=StatusAndHeaders(f"{request.method} {target} HTTP/1.1", asked, is_http_request=True),
        warc_headers_dict={
            "WARC-Date": date,
            "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
        },
    )
    writer.write_record(response)
    writer.write_record(paired)


def _phrase(status: int) -> str:
    with contextlib.suppress(ValueError):
        return HTTPStatus(status).phrase
    return "Unknown"


def read_warc(path: Path) -> Iterator[ArchivedAnswer | ArchiveLoss]:
    """The responses of a WARC file, whoever wrote it; raises `BadFile` where it is damaged.

    What a crawl would not keep (refusals, answers that say to try again) is no use here either.
    """
    sent = {
        answered: request
        for record in _records(path)
        if record.rec_type == "request" and (answered := record.rec_headers.get_header("WARC-Concurrent-To"))
        for request in [_request(record)]
    }
    for record in _records(path):
        if record.rec_type == "response":
            identifier = record.rec_headers.get_header("WARC-Record-ID")
            asked = sent.get(identifier) or sent.get(record.rec_headers.get_header("WARC-Concurrent-To"))
            yield _response(record, asked)


def import_warc(path: Path, store: PageStore) -> tuple[int, list[ArchiveLoss]]:
    """Put the answers of a WARC file into a store; how many were, and what was left out.

    An answer that the store holds already stays if it is newer.
    """
    kept, losses = 0, []
    for found in read_warc(path):
        if isinstance(found, ArchiveLoss):
            losses.append(found)
            continue
        known = store.find(found.answer.request)
        if known is not None and known.fetched_at >= found.answer.fetched_at:
            losses.append(ArchiveLoss(found.answer.request.url, "stored_already"))
            continue
        store.save(found.answer, found.body)
        kept += 1
    return kept, losses


def _records(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as stream:
            yield from ArchiveIterator(stream, check_digests=True)
    except (ArchiveLoadFailed, EOFError, zlib.error) as error:
        raise BadFile(f"{path}: no WARC file, or a damaged one: {error}") from error
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}") from error


def _request(record: Any) -> tuple[str, str, dict[str, str]]:
    """Method, body and type of a request."""
    body = record.content_stream().read(_MAX_BYTES).decode("utf-8", "replace")
    headers = record.http_headers.headers if record.http_headers else []
    kept = {name: value for name, value in headers if name.lower() == "content-type"}
    method = record.http_headers.protocol if record.http_headers else "GET"
    return method, body, kept


def _response(record: Any, asked: tuple[str, str, dict[str, str]] | None) -> ArchivedAnswer | ArchiveLoss:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    if record.http_headers is None:
        return ArchiveLoss(url, "not_http")
    method, sent, own_headers = asked or ("GET", "", {})
    try:
        chosen: Literal["GET", "POST"] = "POST" if method == "POST" else "GET"
        request = normal_request(PageRequest(url.strip("<>"), chosen, sent, own_headers))
        status = int(record.http_headers.get_statuscode())
        fetched_at = in_utc(record.rec_headers.get_header("WARC-Date") or "")
    except (BadAddress, ValueError) as error:
        return ArchiveLoss(url, f"bad_record: {error}")
    if method not in ("GET", "POST"):
        return ArchiveLoss(url, f"method_{method.lower()}")
    headers = [(name.lower(), value) for name, value in record.http_headers.headers]
    encoding = dict(headers).get("content-encoding", "identity").lower()
    if encoding not in ("identity", "", *BufferedReader.get_supported_decompressors()):
        return ArchiveLoss(url, "unknown_encoding")
    body = record.content_stream().read(_MAX_BYTES + 1)
    if len(body) > _MAX_BYTES:
        return ArchiveLoss(url, "too_large")
    if record.digest_checker.passed is False:
        return ArchiveLoss(url, "damaged")
    refusal = refusal_reason(status, headers, body)
    if refusal or status in (408, 425, 429) or status >= 500:
        return ArchiveLoss(url, refusal or f"http_{status}")
    restored = [
        (name.removeprefix(_ORIGINAL), value)
        for name, value in headers
        if f"{_ORIGINAL}{name}" not in dict(headers) and name not in ("set-cookie", "set-cookie2")
    ]
    agent = "from a WARC file"
    return ArchivedAnswer(answer_to(request, status, restored, body, fetched_at, agent), body)
