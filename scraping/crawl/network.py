"""Connections whose every request ends in time, however slowly the other side sends."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import httpcore
import httpx


class Network(Protocol):
    """Where connections come from. Tests put their own server in the place of the sites."""

    def connect(self, host: str, port: int, seconds: float | None) -> httpcore.NetworkStream: ...


class Internet:
    """The network as it is."""

    def connect(self, host: str, port: int, seconds: float | None) -> httpcore.NetworkStream:
        return httpcore.SyncBackend().connect_tcp(host, port, timeout=seconds)


class BoundedTransport(httpx.BaseTransport):
    """A transport for one thread at a time, in which a request may take so many seconds in all.

    httpx bounds each read alone: a server that sends a byte now and then would never be left.
    """

    def __init__(self, network: Network, seconds: float) -> None:
        self._seconds = seconds
        self._backend = _BoundedBackend(network)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=self._backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        self._backend.deadline = time.monotonic() + self._seconds
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _BoundedBackend(httpcore.NetworkBackend):
    def __init__(self, network: Network) -> None:
        self._network = network
        self.deadline = 0.0

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self.deadline, httpcore.ConnectTimeout)
        return _BoundedStream(self._network.connect(host, port, left), self)


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, backend: _BoundedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._backend.deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._backend.deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._backend.deadline, httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, error: type[Exception]) -> float:
    """Seconds until a deadline; raises ``error`` if there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise error("the time for the request is over")
    return seconds
