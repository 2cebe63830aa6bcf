"""What a build can get of the package index, and that it can get nothing else."""

from __future__ import annotations

import hashlib
import http.client
import select
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tests.tracing.conftest import PackageIndexStandIn
from tracing.index_gateway import IndexGateway, PackageIndex

_WHEEL = b"the content of a wheel"
_HASH = hashlib.sha256(_WHEEL).hexdigest()
_PAGE = (
    f'<a href="/packages/demo-1.0-py3-none-any.whl#sha256={_HASH}" data-requires-python="&gt;=3.8" '
    f'data-core-metadata="true">demo-1.0-py3-none-any.whl</a>'
    f'<a href="/packages/demo-0.9-py3-none-any.whl#sha256={"0" * 64}" data-yanked="broken">'
    "demo-0.9-py3-none-any.whl</a>"
)


@pytest.fixture
def upstream(package_index: PackageIndexStandIn) -> PackageIndexStandIn:
    package_index.pages.update(
        {
            "/simple/demo/": _PAGE.encode(),
            "/packages/demo-1.0-py3-none-any.whl": _WHEEL,
            "/packages/demo-1.0-py3-none-any.whl.metadata": b"Name: demo\n",
            "/packages/demo-0.9-py3-none-any.whl": b"not what its hash says",
            "/secret": b"secret",
        }
    )
    return package_index


def test_the_folder_of_temporary_files_may_have_a_long_name(
    upstream: PackageIndexStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with IndexGateway(PackageIndex((upstream.address,), tmp_path / "downloads"), None) as gateway:
        assert gateway.socket.is_relative_to(long)
        monkeypatch.chdir(gateway.socket.parent)  # this end's address is short, as in a sandbox
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("socket")
            connection.sendall(b"GET /simple/demo/ HTTP/1.0\r\n\r\n")
            assert b" 200 " in connection.makefile("rb").readline()


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@dataclass
class _Client:
    gateway: IndexGateway

    def get(self, path: str, method: str = "GET", accept: str = "*/*") -> tuple[int, bytes]:
        connection = _Connection(self.gateway.socket)
        try:
            connection.request(method, path, headers={"Accept": accept})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def client(upstream: PackageIndexStandIn, tmp_path: Path) -> Iterator[_Client]:
    with IndexGateway(PackageIndex((upstream.address,), tmp_path / "downloads"), None) as gateway:
        yield _Client(gateway)


def test_pages_list_the_files_with_addresses_of_ours(client: _Client) -> None:
    status, page = client.get("/simple/Demo/")
    assert status == 200
    new, old = msgspec.json.decode(page)["files"]
    assert new == {
        "filename": "demo-1.0-py3-none-any.whl",
        "url": f"/files/{_HASH}/demo-1.0-py3-none-any.whl",
        "hashes": {"sha256": _HASH},
        "requires-python": ">=3.8",
        "core-metadata": True,
    }
    assert old["yanked"] == "broken"


def test_installers_from_before_json_get_html(client: _Client) -> None:
    status, page = client.get("/simple/demo/", accept="text/html")
    assert status == 200
    assert f'href="/files/{_HASH}/demo-1.0-py3-none-any.whl#sha256={_HASH}"'.encode() in page
    assert b'data-requires-python="&gt;=3.8"' in page


def test_a_file_is_downloaded_once_and_kept_for_other_runs(
    client: _Client, upstream: PackageIndexStandIn, tmp_path: Path
) -> None:
    place = f"/files/{_HASH}/demo-1.0-py3-none-any.whl"
    client.get("/simple/demo/")
    assert client.get(place) == (200, _WHEEL)
    assert client.get(place, method="HEAD") == (200, b"")
    assert client.get(f"{place}.metadata") == (200, b"Name: demo\n")
    with IndexGateway(PackageIndex((upstream.address,), tmp_path / "downloads"), None) as other:
        assert _Client(other).get(place)[0] == 404  # before a page listed it
        _Client(other).get("/simple/demo/")
        assert _Client(other).get(place) == (200, _WHEEL)
    assert upstream.asked.count("/packages/demo-1.0-py3-none-any.whl") == 1


def test_a_file_that_is_not_what_its_hash_says_is_not_handed_on(client: _Client, tmp_path: Path) -> None:
    client.get("/simple/demo/")
    status, said = client.get(f"/files/{'0' * 64}/demo-0.9-py3-none-any.whl")
    assert status == 502
    assert b"cannot be used" in said
    assert [path.name for path in (tmp_path / "downloads").rglob("*") if path.is_file()] == [".lock"]


@pytest.mark.parametrize(
    "path",
    [
        "/secret",
        "/simple/",
        "/simple/../secret",
        "/simple/%2e%2e%2fsecret/",
        "/files/../../etc/passwd",
        f"/files/{'1' * 64}/x.whl",
        "/simple/unknown/",
        "/simple/a name/",
        "http://127.0.0.1/secret",
        "//",
        "*",
    ],
)
def test_nothing_else_is_there(client: _Client, upstream: PackageIndexStandIn, path: str) -> None:
    status, content = client.get(path.replace(" ", "%20"))
    assert status in (404, 502)
    assert b"secret" not in content
    assert "/secret" not in upstream.asked


def test_other_methods_are_refused(client: _Client) -> None:
    for method in ("POST", "PUT", "CONNECT"):
        assert client.get("/simple/demo/", method=method)[0] == 501


def test_so_much_and_no_more_is_handed_out(upstream: PackageIndexStandIn, tmp_path: Path) -> None:
    index = PackageIndex((upstream.address,), tmp_path, max_bytes=len(_WHEEL))
    place = f"/files/{_HASH}/demo-1.0-py3-none-any.whl"
    with IndexGateway(index, None) as gateway:
        client = _Client(gateway)
        client.get("/simple/demo/")
        assert [client.get(place)[0] for _ in range(2)] == [200, 404]


def test_the_first_index_that_has_a_name_wins(upstream: PackageIndexStandIn, tmp_path: Path) -> None:
    extra = upstream.address.replace("/simple/", "/extra/")
    upstream.pages["/extra/demo/"] = b""
    index = PackageIndex((extra, upstream.address), tmp_path)
    page = index.page("demo")
    assert page is not None
    assert msgspec.json.decode(page)["files"] == []
    assert index.page("other") is None


def test_an_index_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/simple/"
        with IndexGateway(PackageIndex((address,), tmp_path), None) as gateway:
            status, said = _Client(gateway).get("/simple/demo/")
    assert status == 502
    assert b"the package index cannot be used" in said


def test_the_password_of_the_index_goes_to_its_own_host_alone(
    upstream: PackageIndexStandIn, tmp_path: Path
) -> None:
    address = upstream.address.replace("127.0.0.1", "user:word@localhost")
    here = upstream.address.replace("127.0.0.1", "localhost").replace("/simple/", "/packages/demo-1.0.whl")
    there = upstream.address.replace("/simple/", "/packages/demo-2.0.whl")
    page = f'<a href="{here}">demo-1.0-py3-none-any.whl</a><a href="{there}">demo-2.0-py3-none-any.whl</a>'
    upstream.pages |= {
        "/simple/demo/": page.encode(),
        "/packages/demo-1.0.whl": b"1",
        "/packages/demo-2.0.whl": b"2",
    }
    index = PackageIndex((address,), tmp_path)
    listed = index.page("demo")
    assert listed is not None
    assert b"word" not in listed
    for entry in msgspec.json.decode(listed)["files"]:
        assert index.file(entry["url"].removeprefix("/files/")) is not None
    assert [login is not None for login in upstream.logins] == [True, True, False]


def test_a_build_gets_no_more_connections_than_there_is_room_for(client: _Client) -> None:
    held = [socket.socket(socket.AF_UNIX) for _ in range(300)]
    try:
        for connection in held:
            connection.connect(str(client.gateway.socket))
        closed, _, _ = select.select(held, [], [], 30)
        assert closed
        assert closed[0].recv(1) == b""
    finally:
        for connection in held:
            connection.close()


def test_a_build_gets_no_more_pages_than_are_worth_their_memory(
    upstream: PackageIndexStandIn, tmp_path: Path
) -> None:
    index = PackageIndex((upstream.address,), tmp_path, max_page_bytes=11_000)
    assert index.page("demo") is not None
    asked = [index.page(f"unknown{number}") for number in range(3)]
    assert asked == [None, None, None]
    assert index.page("demo") is not None, "it is kept, and asked for once"
    assert len(upstream.asked) == 3
