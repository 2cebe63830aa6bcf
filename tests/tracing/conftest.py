"""What tests of tracing share: the tracer on every Python by every hook, and a small package index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tracing.traced_script import VERSIONS, Traced, interpreters

_HOOKS = [(version, "setprofile") for version in VERSIONS] + [("3.12", "monitoring"), ("3.13", "monitoring")]


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    return _interpreter(request.param)


@pytest.fixture(params=_HOOKS, ids="-".join)
def traced(request: pytest.FixtureRequest, tmp_path: Path) -> Traced:
    version, tracer = request.param
    major, minor = map(int, version.split("."))
    return Traced(tmp_path, _interpreter(version), (major, minor), tracer)


def _interpreter(version: str) -> str:
    program = interpreters().get(version)
    if program is None:
        pytest.skip(f"no Python {version} on this machine")
    return program


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
