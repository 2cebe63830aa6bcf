"""Who may speak to the grading page: browsers on this machine that have its token, and only its own pages.

Refused are other names of this machine (DNS rebinding), requests that other pages start, whatever port of
this machine those are from, and bodies larger than a grade.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
OPEN_PATHS = ("/static/",)
"""What is no secret: it is served without the token, so that a refusal can be read."""

_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # not no-referrer: with that, browsers hide the origin of forms as well
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def cookie_name(port: int) -> str:
    """The token's cookie; with the port, since browsers give cookies to all ports of a host."""
    return f"codex_sft_grade_{port}"


class LoopbackAccess:
    """ASGI middleware that lets nobody else in, and gives each response the headers that confine a page."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._cookie = cookie_name(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] != "http":
            return  # nothing else is spoken here: the server closes such connections

        async def send_confined(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = "private, max-age=600" if scope["path"].startswith(OPEN_PATHS) else "no-store"
                MutableHeaders(scope=message).update({**_HEADERS, "Cache-Control": kept})
            await send(message)

        status, refusal = self._refusal(scope)
        app = PlainTextResponse(f"{refusal}\n", status) if refusal else self._app
        await app(scope, receive, send_confined)

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        """Status and reason; an empty reason lets the request pass."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or _without_port(host) not in _HOSTS:
            return 403, "This page is served to this machine only, by its address 127.0.0.1."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "Only GET and POST are understood here."
        if scope["method"] == "POST":
            if headers.get("origin") != f"http://{host}":
                return 403, "Only the grading page itself may send grades."
            length = headers.get("content-length", "")
            if not length.isdecimal():
                return 411, "The length of the form is missing."
            if int(length) > MAX_BODY:
                return 413, f"A grade with its note has at most {MAX_BODY} bytes."
        if scope["path"].startswith(OPEN_PATHS):
            return 200, ""
        if scope["path"] == "/" and self.is_token(_token_of(scope)):
            return 200, ""
        # an attacker's page on another port is of the same site: its requests carry the cookie
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return 403, "Only the grading page itself, or the address bar, leads here."
        if not self.is_token(_cookie_of(headers, self._cookie)):
            return 403, "Open the address that codex-sft grade printed; it holds the token of this page."
        return 200, ""

    def is_token(self, given: str) -> bool:
        """Whether a text is the token, in a time that does not tell how much of it is."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _token_of(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query[:1000].decode("latin-1")).get("token", [""])[0]


def _cookie_of(headers: Headers, name: str) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return str(cookies[name].value) if name in cookies else ""
