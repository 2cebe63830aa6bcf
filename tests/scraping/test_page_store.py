"""The page store: whole answers or none, whoever writes and whenever it is killed; and as WARC files."""

from __future__ import annotations

import gzip
import io
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from scraping.crawl.page_store import PageStore, StoredAnswer, answer_to
from scraping.crawl.warc import ArchivedAnswer, ArchiveLoss, import_warc, read_warc, write_warc
from scraping.sites.adapter import PageRequest
from tasks.files import BadFile

_TIME = "2026-01-02T03:04:05.000006+00:00"
_BODY = "Ограничение 10⁵".encode("koi8-r", "replace") * 100
_HEADERS = [
    ("content-type", "text/html; charset=koi8-r"),
    ("content-encoding", "gzip"),
    ("content-length", "321"),
    ("etag", '"1"'),
]


def _answer(url: str = "https://judge.example/1", body: bytes = _BODY, status: int = 200) -> StoredAnswer:
    return answer_to(PageRequest(url), status, _HEADERS, body, _TIME, "codex-sft/0 (+me@example.org)")


@pytest.fixture
def store(tmp_path: Path) -> PageStore:
    return PageStore(tmp_path / "store")


def test_what_was_saved_is_found(store: PageStore) -> None:
    answer = replace(_answer(), robots="allowed by robots.txt", terms_url="https://judge.example/terms")
    store.save(answer, _BODY)
    assert store.find(answer.request) == answer
    assert store.body(answer) == _BODY
    assert answer.content_type == "text/html; charset=koi8-r"
    assert store.find(PageRequest("https://judge.example/2")) is None
    assert store.find(PageRequest(answer.request.url, "POST", "x")) is None


def test_equal_bodies_are_kept_once(store: PageStore) -> None:
    for number in range(3):
        store.save(_answer(f"https://judge.example/{number}"), _BODY)
    assert len([*store.path.glob("bodies/*/*")]) == 1
    assert [answer.request.url[-1] for answer in store.answers()] != []
    assert len([*store.pages()]) == 3


def test_only_pages_are_pages(store: PageStore) -> None:
    store.save(_answer(), _BODY)
    store.save(_answer("https://judge.example/gone", status=404), _BODY)
    store.save(_answer("https://judge.example/robots.txt"), _BODY)
    assert [page.request.url for page in store.pages()] == ["https://judge.example/1"]
    assert len([*store.answers()]) == 3


@pytest.mark.parametrize("damage", ["no body", "cut body", "other body", "cut answer"])
def test_what_is_damaged_counts_as_not_there(store: PageStore, damage: str) -> None:
    answer = _answer()
    store.save(answer, _BODY)
    (body,) = store.path.glob("bodies/*/*")
    (known,) = store.path.glob("answers/*/*")
    if damage == "no body":
        body.unlink()
    elif damage == "cut body":
        body.write_bytes(body.read_bytes()[:-5])
    elif damage == "other body":
        store.save(_answer("https://judge.example/2", b"other"), b"other")
        (other,) = (file for file in store.path.glob("bodies/*/*") if file != body)
        body.write_bytes(other.read_bytes())
    else:
        known.write_bytes(known.read_bytes()[:50])
    assert store.find(answer.request) is None
    if "body" in damage:
        with pytest.raises(BadFile, match=str(body)):
            store.body(answer)
    store.save(answer, _BODY)
    assert store.find(answer.request) == answer


def test_a_body_that_is_not_its_digests_is_refused(store: PageStore) -> None:
    with pytest.raises(ValueError, match=r"judge\.example"):
        store.save(_answer(), b"something else")
    assert not store.path.exists()


def _save_many(path: Path, order: list[int]) -> None:
    store = PageStore(path)
    for number in order:
        body = b"x" * number * 1000
        store.save(_answer(f"https://judge.example/{number % 7}", body), body)


def test_several_processes_write_to_one_store(store: PageStore) -> None:
    context = multiprocessing.get_context("spawn")
    numbers = list(range(21))
    writers = [
        context.Process(target=_save_many, args=(store.path, order)) for order in (numbers, numbers[::-1])
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for answer in store.answers():
            assert len(store.body(answer)) == answer.body_bytes
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len([*store.answers()]) == 7
    assert not [*store.path.rglob("*.tmp")]


def test_a_warc_file_holds_what_the_store_does(store: PageStore, tmp_path: Path) -> None:
    posted = PageRequest("https://judge.example/graphql", "POST", '{"q":1}', {"content-type": "text/json"})
    store.save(_answer(), _BODY)
    store.save(_answer("https://judge.example/moved", b"", 301), b"")
    store.save(replace(_answer(body=b"{}"), request=posted), b"{}")
    for name in ("pages.warc.gz", "pages.warc"):
        file = tmp_path / name
        assert write_warc(file, store, store.answers(), "codex-sft") == 3
        other = PageStore(tmp_path / f"{name}.store")
        assert import_warc(file, other) == (3, [])
        for answer in store.answers():
            again = other.find(answer.request)
            assert again is not None
            assert replace(again, user_agent=answer.user_agent) == answer
            assert other.body(again) == store.body(answer)
    with (tmp_path / "pages.warc.gz").open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream)]
    assert kinds == ["warcinfo"] + ["response", "request"] * 3
    kept, losses = import_warc(tmp_path / "pages.warc", store)
    assert kept == 0
    assert {loss.reason for loss in losses} == {"stored_already"}


def _foreign_warc(path: Path) -> None:
    """A file as crawlers write it that keep bodies as they came over the wire."""
    zipped = gzip.compress(b"<p>zipped</p>")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(zipped), zipped)
    packed = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, status, headers, payload in (
            ("http://Judge.example:80/zipped#part", "200 OK", packed, zipped),
            ("http://judge.example/chunked", "200 OK", [*packed, ("Transfer-Encoding", "chunked")], chunked),
            ("http://judge.example/brotli", "200 OK", [("Content-Encoding", "unheard-of")], b"?"),
            ("http://judge.example/closed", "403 Forbidden", [], b"no"),
            ("http://judge.example/busy", "503 Busy", [], b"later"),
            ("ftp://judge.example/file", "200 OK", [], b"file"),
        ):
            http = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url, "response", payload=io.BytesIO(payload), http_headers=http
            )
            writer.write_record(record)


def test_warc_files_of_others_are_read(tmp_path: Path) -> None:
    file = tmp_path / "theirs.warc.gz"
    _foreign_warc(file)
    found = list(read_warc(file))
    pages = [(each.answer.request.url, each.body) for each in found if isinstance(each, ArchivedAnswer)]
    assert pages == [
        ("http://judge.example/zipped", b"<p>zipped</p>"),
        ("http://judge.example/chunked", b"<p>zipped</p>"),
    ]
    losses = [each.reason.partition(":")[0] for each in found if isinstance(each, ArchiveLoss)]
    assert losses == ["unknown_encoding", "forbidden", "http_503", "not_http"]


def test_damaged_warc_files_are_told(store: PageStore, tmp_path: Path) -> None:
    bad = tmp_path / "bad.warc.gz"
    bad.write_bytes(b"no archive at all")
    with pytest.raises(BadFile, match="no WARC file"):
        list(read_warc(bad))
    with pytest.raises(BadFile, match="No such file"):
        list(read_warc(tmp_path / "absent.warc"))
    store.save(_answer(), _BODY)
    whole = tmp_path / "whole.warc"
    write_warc(whole, store, store.answers(), "codex-sft")
    changed = whole.read_bytes().replace(_BODY[:10], b"0123456789", 1)
    bad.with_suffix("").write_bytes(changed)
    assert [each.reason for each in read_warc(bad.with_suffix("")) if isinstance(each, ArchiveLoss)] == [
        "damaged"
    ]
