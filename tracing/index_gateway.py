"""The package index as a build sees it: pages and files of the index, fetched by the trusted side, no more.

Builds have no network. What they ask for by HTTP at a loopback port comes, through a Unix socket, to this
server, which knows two kinds of address: ``/simple/NAME/`` and the files that such a page listed. It
fetches them itself, so that neither passwords of the index nor any other host come into a build's reach.

Files are kept, by their hash, in a folder that all runs share and that only this side writes to: what one
project's build does can never be in what another's is given. Wheels that a build itself makes of a source
distribution are therefore not shared.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec
import requests
from packaging.utils import InvalidName, canonicalize_name
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple

from tasks.arriving import arriving_folder

PORT = 8017
"""Of the loopback interface inside the sandbox."""

_JSON = "application/vnd.pypi.simple.v1+json"
_CHUNK = 1 << 20
_SECONDS = 120.0
_METADATA = ".metadata"
_UNKNOWN_BYTES = 10_000  # what asking for a name that is not there counts
_MAX_CONNECTIONS = 128


def default_downloads() -> Path:
    """Where downloaded packages are kept between runs."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "codex-sft" / "packages"


@dataclass
class PackageIndex:
    """Pages and files of the package indexes at the given addresses, the first that has a name wins.

    ``max_bytes`` bounds what is handed out in all, ``max_page_bytes`` that of pages, which are kept in
    memory: a build may ask for everything that there is.
    """

    addresses: tuple[str, ...]
    downloads: Path
    max_bytes: int = 16 * 2**30
    max_page_bytes: int = 2**30
    _pages: dict[str, bytes | None] = field(default_factory=dict)
    _files: dict[str, tuple[str, DistributionPackage]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self, name: str) -> bytes | None:
        """The files of a project as of PEP 691, with addresses of ours; None for an unknown name."""
        if name not in self._pages:
            if self.max_page_bytes <= 0:
                return None
            self._pages[name] = self._fetch_page(name)
        return self._pages[name]

    def _fetch_page(self, name: str) -> bytes | None:
        for address in self.addresses:
            with _client(address, address) as index, contextlib.suppress(NoSuchProjectError):
                packages = index.get_project_page(name, timeout=_SECONDS).packages
                page = msgspec.json.encode(
                    {
                        "meta": {"api-version": "1.0"},
                        "name": name,
                        "files": [self._entry(address, package) for package in packages],
                    }
                )
                with self._lock:
                    self.max_page_bytes -= len(page)
                return page
        with self._lock:
            self.max_page_bytes -= _UNKNOWN_BYTES
        return None

    def _entry(self, address: str, package: DistributionPackage) -> dict[str, object]:
        filename = Path(package.filename).name
        key = package.digests.get("sha256") or hashlib.sha256(package.url.encode()).hexdigest()
        place = f"{key}/{filename}"
        with self._lock:
            self._files[place] = address, package
        entry: dict[str, object] = {
            "filename": filename,
            "url": f"/files/{quote(place)}",
            "hashes": package.digests,
        }
        if package.requires_python:
            entry["requires-python"] = package.requires_python
        if package.is_yanked:
            entry["yanked"] = package.yanked_reason or True
        if package.has_metadata:
            entry["core-metadata"] = package.metadata_digests or True
        if package.size is not None:
            entry["size"] = package.size
        if package.upload_time is not None:
            entry["upload-time"] = package.upload_time.isoformat()
        return entry

    def file(self, place: str) -> Path | None:
        """A file that a page listed, downloaded unless it is there; None for any other."""
        wanted = place.removesuffix(_METADATA) if place not in self._files else place
        if wanted not in self._files:
            return None
        address, package = self._files[wanted]
        target = self.downloads / place[:2] / place
        if not target.is_file():
            with (
                arriving_folder(self.downloads) as folder,
                _client(address, package.url) as index,
            ):
                part = folder / "part"
                if wanted == place:
                    index.download_package(package, part, verify=bool(package.digests), timeout=_SECONDS)
                else:
                    checked = bool(package.metadata_digests)
                    part.write_bytes(
                        index.get_package_metadata_bytes(package, verify=checked, timeout=_SECONDS)
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                part.rename(target)
        with self._lock:
            self.max_bytes -= target.stat().st_size
            return target if self.max_bytes >= 0 else None


def _client(address: str, url: str) -> PyPISimple:
    """A client for an address of an index: with the index's password for its own host alone."""
    parts = urlsplit(address)
    if parts.username is None or urlsplit(url).netloc.rpartition("@")[2] != parts.netloc.rpartition("@")[2]:
        return PyPISimple(address)
    login = (unquote(parts.username), unquote(parts.password or ""))
    return PyPISimple(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), auth=login)


class IndexGateway:
    """Serves a package index at a socket for as long as the block lasts.

    ``owner`` is the user and group of the sandboxed processes, which must be able to connect.
    """

    def __init__(self, index: PackageIndex, owner: tuple[int, int] | None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="codex-sft-index-"))
        self.socket = self._folder / "socket"
        opened = os.open(self._folder, os.O_PATH)
        try:
            # the address of a socket has at most 107 characters, of which a folder may have more
            self._server = _Server(f"/proc/self/fd/{opened}/socket", index)
        finally:
            os.close(opened)
        self._folder.chmod(0o711)
        self.socket.chmod(0o600)
        if owner is not None:
            os.chown(self.socket, *owner)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> IndexGateway:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False  # a connection may be held open by processes that are about to be killed
    request_queue_size = 128
    index: PackageIndex

    def __init__(self, address: str, index: PackageIndex) -> None:
        super().__init__(address, _Handler)
        self.index = index
        self._free = threading.BoundedSemaphore(_MAX_CONNECTIONS)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room: a build may open more connections than we have descriptors and threads."""
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break off at the build's pleasure; what it wrote is for its own log."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        try:
            _, kind, *rest = unquote(self.path.partition("?")[0]).split("/")
            if kind == "simple" and len(rest) == 2 and not rest[1]:
                self._send_page(rest[0], with_body)
            elif kind == "files" and len(rest) == 2:
                self._send_file("/".join(rest), with_body)
            else:
                self._refuse(HTTPStatus.NOT_FOUND, "no such address")
        except (requests.RequestException, OSError, ValueError) as error:
            with contextlib.suppress(OSError):
                self._refuse(HTTPStatus.BAD_GATEWAY, f"the package index cannot be used: {error}")

    def _send_page(self, name: str, with_body: bool) -> None:
        try:
            page = self.server.index.page(canonicalize_name(name, validate=True))
        except InvalidName:
            page = None
        if page is None:
            self._refuse(HTTPStatus.NOT_FOUND, "no such project")
            return
        kind = _JSON
        if _JSON not in self.headers.get("Accept", "") and "*/*" not in self.headers.get("Accept", "*/*"):
            page, kind = _as_html(page), "text/html"
        self._start(HTTPStatus.OK, kind, len(page))
        if with_body:
            self.wfile.write(page)

    def _send_file(self, place: str, with_body: bool) -> None:
        file = self.server.index.file(place)
        if file is None:
            self._refuse(HTTPStatus.NOT_FOUND, "no page listed this file, or too much was asked for")
            return
        with file.open("rb") as content:
            self._start(HTTPStatus.OK, "application/octet-stream", os.fstat(content.fileno()).st_size)
            if with_body:
                shutil.copyfileobj(content, self.wfile, _CHUNK)

    def _start(self, status: HTTPStatus, kind: str, size: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        if status == HTTPStatus.OK:
            self.send_header("Cache-Control", "max-age=3600")  # within a project's build, pages do not change
        self.end_headers()

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        text = message.encode(errors="replace")
        self._start(status, "text/plain", len(text))
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """The build's own log tells what it asked for."""


def _as_html(page: bytes) -> bytes:
    """The page as of PEP 503, for installers from before PEP 691."""
    return "".join(_links(msgspec.json.decode(page))).encode()


def _links(page: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    from html import escape

    yield "<!DOCTYPE html>\n"
    for entry in page["files"]:
        hashes = entry["hashes"]
        assert isinstance(hashes, dict)
        fragment = f"#sha256={hashes['sha256']}" if "sha256" in hashes else ""
        requires = escape(str(entry.get("requires-python", "")))
        attribute = f' data-requires-python="{requires}"' if requires else ""
        yield f'<a href="{entry["url"]}{fragment}"{attribute}>{escape(str(entry["filename"]))}</a>\n'
