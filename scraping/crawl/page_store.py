"""Answers of sites on disk, found again by what was asked: a page that is here is not asked for twice.

``answers/`` holds what is known of an answer, named by the SHA-256 of its request; ``bodies/`` the bodies,
compressed, named by the SHA-256 of their content. The body is written first and each file is renamed into
place, so several processes may write, and one that is killed leaves whole answers or none.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard

from scraping.sites.adapter import PageRequest
from tasks.files import BadFile, atomic_writer, read_json, write_json

_LEVEL = 10


@dataclass(frozen=True)
class StoredAnswer:
    """One answer, without its body, which is kept as it was sent, in the site's character set.

    ``checked_at`` is later than ``fetched_at`` where the site said since that nothing has changed. ``robots``
    tells by what robots.txt the request was allowed; ``terms_url`` the terms that were known then.
    """

    request: PageRequest
    status: int
    headers: list[tuple[str, str]]
    body_sha256: str
    body_bytes: int
    fetched_at: str
    checked_at: str
    user_agent: str
    robots: str = ""
    terms_url: str | None = None

    def header(self, name: str) -> str | None:
        """The first header of a name, in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def content_type(self) -> str:
        """The declared type with its character set; empty if none is declared."""
        return self.header("content-type") or ""


def digest_of(request: PageRequest) -> str:
    """The name of a request in the store."""
    return hashlib.sha256(request.key.encode()).hexdigest()


@dataclass(frozen=True)
class PageStore:
    """The store in a folder, which is made when something is saved."""

    path: Path

    @property
    def hosts(self) -> Path:
        """Where the turns of hosts are kept (`scraping.crawl.host_turns`)."""
        return self.path / "hosts"

    def save(self, answer: StoredAnswer, body: bytes) -> None:
        """Keep an answer; an earlier one to the same request is replaced. Body and digest have to agree."""
        if hashlib.sha256(body).hexdigest() != answer.body_sha256:
            raise ValueError(f"the body of {answer.request.url} is not what its digest says")
        target = self._body_file(answer.body_sha256)
        if self._read_body(answer.body_sha256) is None:
            with atomic_writer(target) as stream:
                stream.write(zstandard.ZstdCompressor(level=_LEVEL).compress(body))
        write_json(self._answer_file(digest_of(answer.request)), answer)

    def mark_unchanged(self, answer: StoredAnswer, checked_at: str) -> StoredAnswer:
        """Keep that the site said that an answer still holds."""
        checked = replace(answer, checked_at=checked_at)
        write_json(self._answer_file(digest_of(answer.request)), checked)
        return checked

    def find(self, request: PageRequest) -> StoredAnswer | None:
        """The answer to a request; None if there is none that is whole."""
        with contextlib.suppress(BadFile):
            answer = read_json(self._answer_file(digest_of(request)), StoredAnswer)
            if self._read_body(answer.body_sha256) is not None:
                return answer
        return None

    def body(self, answer: StoredAnswer) -> bytes:
        """The body of an answer as the site sent it, but uncompressed; raises `BadFile`."""
        body = self._read_body(answer.body_sha256)
        if body is None:
            file = self._body_file(answer.body_sha256)
            raise BadFile(f"{file}: the body of {answer.request.url} is missing or damaged; crawl it again")
        return body

    def answers(self) -> Iterator[StoredAnswer]:
        """Every answer, redirects, robots.txt and pages that are gone too, in an order that stays the same.

        Raises `BadFile` for one that cannot be read.
        """
        for file in sorted(self.path.glob("answers/*/*.json")):
            yield read_json(file, StoredAnswer)

    def pages(self) -> Iterator[StoredAnswer]:
        """The answers that are pages."""
        return (
            answer
            for answer in self.answers()
            if answer.status == 200 and not answer.request.url.endswith("/robots.txt")
        )

    def _answer_file(self, digest: str) -> Path:
        return self.path / "answers" / digest[:2] / f"{digest}.json"

    def _body_file(self, digest: str) -> Path:
        return self.path / "bodies" / digest[:2] / f"{digest}.zst"

    def _read_body(self, digest: str) -> bytes | None:
        try:
            packed = self._body_file(digest).read_bytes()
            body = zstandard.ZstdDecompressor().decompress(packed)
        except (OSError, zstandard.ZstdError):
            return None
        return body if hashlib.sha256(body).hexdigest() == digest else None


def answer_to(
    request: PageRequest, status: int, headers: list[tuple[str, str]], body: bytes, time: str, user_agent: str
) -> StoredAnswer:
    """The record of an answer that came now."""
    return StoredAnswer(
        request=request,
        status=status,
        headers=headers,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_bytes=len(body),
        fetched_at=time,
        checked_at=time,
        user_agent=user_agent,
    )
