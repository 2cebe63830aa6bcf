"""Telling that a host does not want to be asked: status codes, challenges, captchas, logins.

Such an answer ends the requests to its host. Nothing is tried to get around it. Widgets alone are no sign:
ordinary pages load captcha scripts for their comment forms, and Cloudflare puts scripts of its own into
pages that it serves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_STATUS = {
    401: "login_required",
    403: "forbidden",
    407: "proxy_login_required",
    451: "legal_reasons",
}
_LOOKED_AT = 1 << 18

_CHALLENGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rb"_cf_chl_opt",  # Cloudflare
        rb"/cdn-cgi/challenge-platform/h/\w/orchestrate",
        rb"<title>\s*(just a moment|attention required! \| cloudflare)",
        rb"window\.gokuProps|awswaf\.com/[^\"'\s<>]{0,200}/challenge",  # AWS WAF
        rb"geo\.captcha-delivery\.com",  # DataDome
        rb"id=[\"']px-captcha",  # HUMAN, formerly PerimeterX
        rb"src=[\"']/_Incapsula_Resource",  # Imperva
        rb"<title>\s*ddos-guard",
        rb"sucuri_cloudproxy_js",
        rb"id=[\"']anubis_challenge",  # Anubis
        rb"document\.cookie\s*=\s*[\"']RCPC=|\btoNumbers\(",  # Codeforces' own: a cookie by computing AES
    )
)
_TITLE = re.compile(rb"<title[^<>]*>([^<]{0,300})</title", re.IGNORECASE)
_CAPTCHA_WIDGET = re.compile(rb"g-recaptcha|h-captcha|cf-turnstile|geetest|smartcaptcha", re.IGNORECASE)
_CAPTCHA_TITLE = re.compile(
    rb"captcha|robot|are you (a )?human|verify|verification|security check|access denied|unusual traffic",
    re.IGNORECASE,
)
_PASSWORD_FIELD = re.compile(rb"<input\b[^<>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
_LOGIN_WORDS = r"log ?in|sign ?in|log ?on|sign ?on"
_LOGIN_TITLE = re.compile(
    rf"(?:^|[|:·\u2013\u2014-])\s*(?:please )?(?:(?:{_LOGIN_WORDS})\b|\u30ed\u30b0\u30a4\u30f3)",
    re.IGNORECASE,
)
_LOGIN_PATH = re.compile(
    rf"(?:^|/)(?:{_LOGIN_WORDS.replace(' ?', '[_-]?')}|enter|accounts/login)(?:\.\w+)?/?$", re.IGNORECASE
)


def refusal_reason(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> str | None:
    """Why an answer is a refusal; None if it is not. Names of headers are in lower case.

    One of ``login_required``, ``forbidden``, ``proxy_login_required``, ``legal_reasons``, ``challenge`` and
    ``captcha``.
    """
    named = dict(reversed(headers))
    if named.get("cf-mitigated") == "challenge" or named.get("x-amzn-waf-action") in ("challenge", "captcha"):
        return "challenge"
    if 300 <= status < 400:
        target = re.split("[?#]", named.get("location", ""), maxsplit=1)[0]
        return "login_required" if _LOGIN_PATH.search(target) else None
    if "html" in named.get("content-type", "html").lower():
        seen = _seen_reason(body[:_LOOKED_AT])
        if seen is not None:
            return seen
    return _STATUS.get(status)


def _seen_reason(page: bytes) -> str | None:
    if any(pattern.search(page) for pattern in _CHALLENGES):
        return "challenge"
    found = _TITLE.search(page)
    title = found[1] if found else b""
    if _CAPTCHA_WIDGET.search(page) and _CAPTCHA_TITLE.search(title):
        return "captcha"
    if _PASSWORD_FIELD.search(page) and _LOGIN_TITLE.search(title.decode("utf-8", "replace").strip()):
        return "login_required"
    return None
