"""A server of this machine that plays sites: pages by host name, with whatever faults a test plants."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import httpcore

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """An answer, and how it goes wrong.

    ``claimed_length`` is told in place of the body's. ``drip`` sends a byte at a time, so many seconds
    apart; ``slow_head`` does so with the headers. ``reset`` breaks the connection in the middle of the body.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": HTML})
    claimed_length: int | None = None
    drip: float = 0.0
    slow_head: float = 0.0
    reset: bool = False


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


def zipped(body: bytes, **changes: Any) -> Reply:
    headers = {"Content-Type": HTML, "Content-Encoding": "gzip"}
    return Reply(gzip.compress(body), headers=headers, **changes)


def page(text: str) -> Reply:
    return Reply(f"<html><title>{text}</title><body>{text}</body></html>".encode())


@dataclass(frozen=True)
class Arrival:
    """A request as it came in: the host that it was for, when it came, what it said."""

    host: str
    path: str
    at: float
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes = b""


Planned = Reply | Callable[[Arrival], Reply]


class ReplayServer:
    """Answers by host and path; of several replies to one path each is given once, the last for good.

    A host without ``/robots.txt`` of its own has none (404).
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        self.arrivals: list[Arrival] = []
        self.on_arrival: Callable[[Arrival], None] = lambda arrival: None
        self._replies: dict[tuple[str, str], list[Planned]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((address, 0), _handler(self))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ReplayServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def plan(self, host: str, path: str, *replies: Planned) -> None:
        self._replies[host, path] = list(replies)

    def plan_pages(self, host: str, names: Iterable[object]) -> list[str]:
        """Plain pages of a host, and their addresses."""
        paths = [f"/{name}" for name in names]
        for path in paths:
            self.plan(host, path, page(f"{host}{path}"))
        return [f"http://{host}{path}" for path in paths]

    def reply_to(self, arrival: Arrival) -> Reply:
        with self._lock:
            self.arrivals.append(arrival)
            known = self._replies.get((arrival.host, arrival.path), [Reply(b"nothing here", 404)])
            planned = known.pop(0) if len(known) > 1 else known[0]
        self.on_arrival(arrival)
        return planned if isinstance(planned, Reply) else planned(arrival)

    def paths(self, host: str) -> list[str]:
        """What a host was asked for, in order."""
        return [arrival.path for arrival in self.arrivals if arrival.host == host]

    def page_requests(self) -> list[Arrival]:
        """Everything that was asked for but robots.txt."""
        return [arrival for arrival in self.arrivals if arrival.path != "/robots.txt"]

    def smallest_gaps(self) -> dict[str, float]:
        """For each host that was asked more than once, the least time between two arrivals."""
        times = defaultdict(list)
        for arrival in self.arrivals:
            times[arrival.host].append(arrival.at)
        return {
            host: min(later - earlier for earlier, later in itertools.pairwise(sorted(of)))
            for host, of in times.items()
            if len(of) > 1
        }


@contextlib.contextmanager
def raw_server(answer: bytes) -> Iterator[int]:
    """The port of a server that says the same to everybody, whatever they ask."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.recv(1 << 16)
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class ReplayNetwork:
    """A network in which every host is the replay server; TLS is left out there."""

    port: int
    address: str = "127.0.0.1"

    def connect(self, host: str, port: int, seconds: float | None) -> httpcore.NetworkStream:
        if host.startswith("unreachable"):
            raise httpcore.ConnectError(f"no address is known for {host}")
        stream = httpcore.SyncBackend().connect_tcp(self.address, self.port, timeout=seconds)
        return _PretendedTls(stream)


class _PretendedTls(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self.read = stream.read  # type: ignore[method-assign]
        self.write = stream.write  # type: ignore[method-assign]
        self.close = stream.close  # type: ignore[method-assign]

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _handler(site: ReplayServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_GET(self) -> None:
            now = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            arrival = Arrival(self.headers["Host"], self.path, now, dict(self.headers), self.command, body)
            try:
                self._send(site.reply_to(arrival))
            except OSError:
                self.close_connection = True  # the other side has enough

        do_POST = do_GET

        def _send(self, reply: Reply) -> None:
            length = len(reply.body) if reply.claimed_length is None else reply.claimed_length
            lines = [f"HTTP/1.1 {reply.status} Planned", f"Content-Length: {length}"]
            lines += [f"{name}: {value}" for name, value in reply.headers.items()]
            head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
            self._drip(head, reply.slow_head)
            if reply.reset:
                self.wfile.write(reply.body[: len(reply.body) // 2])
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.rfile.close()
                self.connection.close()
            else:
                self._drip(reply.body, reply.drip)
            if reply.reset or length != len(reply.body):
                self.close_connection = True

        def _drip(self, content: bytes, seconds: float) -> None:
            if not seconds:
                self.wfile.write(content)
                return
            for byte in content:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(seconds)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
