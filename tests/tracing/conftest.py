"""What tests of tracing share: a small package index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class PackageIndexStandIn:
    """A server of pages that are set by their paths; ``asked`` holds the paths that were asked for,
    ``logins`` with which passwords."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def package_index() -> Iterator[PackageIndexStandIn]:
    found = PackageIndexStandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.logins.append(self.headers.get("Authorization"))
            content = found.pages.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        found.address = f"http://127.0.0.1:{server.server_port}/simple/"
        yield found
        server.shutdown()
        thread.join()
