"""One request and its answer, within limits of size and time; what goes wrong has a reason."""

from __future__ import annotations

import contextlib
import email.utils
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType

import httpcore
import httpx

from scraping.crawl.network import BoundedTransport, Network
from scraping.sites.adapter import PageRequest

_CHUNK = 1 << 16
_NOT_KEPT = frozenset({"set-cookie", "set-cookie2"})
_GZIP_OR_ZLIB = 47


@dataclass(frozen=True)
class Answer:
    """What a host answered: names of headers in lower case, the body uncompressed but not decoded."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of a name."""
        return next((value for key, value in self.headers if key == name), None)


class FetchFault(Exception):
    """A request without a usable answer. ``again``: another try may do; ``wait``: as the host asked."""

    def __init__(self, reason: str, detail: str, *, again: bool, wait: float | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.again = again
        self.wait = wait


class Fetcher:
    """Requests to one host, one at a time, always under the same name, without cookies."""

    def __init__(self, network: Network, user_agent: str, max_seconds: float, max_bytes: int) -> None:
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._transport = BoundedTransport(network, max_seconds)
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.5",
            "Accept-Language": "en",
            "Accept-Encoding": "gzip",
        }

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def fetch(self, request: PageRequest, conditions: Mapping[str, str]) -> Answer:
        """Ask once. Redirects are answers; raises `FetchFault`."""
        # without httpx.Client, which keeps cookies and reads redirects before anybody asks
        message = httpx.Request(
            request.method,
            request.url,
            headers={**self._headers, **request.headers, **conditions},
            content=request.body.encode() if request.body else None,
        )
        with _faults(self._max_seconds):
            response = self._transport.handle_request(message)
            with contextlib.closing(response):
                body = self._read(response)
        kept = [
            (name.lower(), value)
            for name, value in response.headers.multi_items()
            if name.lower() not in _NOT_KEPT
        ]
        return Answer(response.status_code, kept, body)

    def _read(self, response: httpx.Response) -> bytes:
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise self._too_large()
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise FetchFault("unknown_encoding", f"the body came as {encoding}, unasked", again=False)
        body = bytearray()
        chunks = response.iter_raw(_CHUNK)
        for part in self._unpacked(chunks) if "gzip" in encoding else chunks:
            body += part
            if len(body) > self._max_bytes:
                raise self._too_large()
        return bytes(body)

    def _unpacked(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The content of gzip members, never much more of it at a time than is allowed in all."""
        unpacker = None
        for chunk in chunks:
            while chunk:
                if unpacker is None or unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
                yield unpacker.decompress(chunk, self._max_bytes + 1)
                chunk = unpacker.unused_data or unpacker.unconsumed_tail
        if unpacker is not None and not unpacker.eof:
            raise FetchFault("truncated", "the compressed body ends before its end", again=True)

    def _too_large(self) -> FetchFault:
        return FetchFault("too_large", f"the body has more than {self._max_bytes} bytes", again=False)


@contextlib.contextmanager
def _faults(seconds: float) -> Iterator[None]:
    """Errors of the libraries as `FetchFault`."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise FetchFault("timed_out", f"no whole answer within {seconds:g} s", again=True) from error
    except httpcore.NetworkError as error:
        raise FetchFault("connection_failed", str(error) or "the connection broke", again=True) from error
    except httpcore.RemoteProtocolError as error:
        cut_off = "closed connection" in str(error) or "incomplete" in str(error)
        raise FetchFault("truncated" if cut_off else "bad_answer", str(error), again=True) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise FetchFault("bad_answer", str(error), again=False) from error
    except (UnicodeError, OverflowError) as error:  # names and ports that the resolver does not take
        raise FetchFault("bad_address", f"there is no such host or port ({error})", again=False) from error
    except zlib.error as error:
        raise FetchFault("truncated", f"the compressed body is damaged ({error})", again=True) from error


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds that an answer asks to wait (RFC 9110, §10.2.3); None where it asks for nothing readable.

    A date is taken by the host's own clock where the answer tells it.
    """
    asked = (answer.header("retry-after") or "").strip()
    if asked.isdecimal():
        return float(asked)
    moment = _http_date(asked)
    if moment is None:
        return None
    return max(0.0, moment - (_http_date(answer.header("date") or "") or now))


def _http_date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
