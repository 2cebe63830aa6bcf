"""Pages by which a site refuses: challenges, captchas, logins. They are respected, never worked around."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SEARCHED_BYTES = 30_000
_SMALL_BYTES = 60_000
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_CHALLENGE_TITLE = re.compile(
    r"\s*(?:just a moment|attention required|checking your browser|access denied|one more step|ddos.guard"
    r"|are you (?:a )?(?:human|robot)|verify(?:ing)? (?:that )?you are (?:a )?human|security check"
    r"|redirecting\.\.\.|please wait)",
    re.IGNORECASE,
)
_CHALLENGE_BODY = re.compile(
    r"/cdn-cgi/challenge-platform/|cf[-_]chl[-_]|_cf_chl_opt|/aes\.min\.js|toNumbers\(|ddos-guard\.net"
    r"|perimeterx|px-captcha|datadome|incapsula incident|_incapsula_resource",
    re.IGNORECASE,
)
_CAPTCHA_BODY = re.compile(
    r"g-recaptcha|h-captcha|cf-turnstile|recaptcha/api\.js|hcaptcha\.com/1/api", re.IGNORECASE
)
_LOGIN_TITLE = re.compile(
    r"\s*(?:(?:log|sign) ?in|login|sign up|enter|authentication required)\b|.*[-|:] *(?:log|sign) ?in\s*\Z"
    r"|ログイン",
    re.IGNORECASE | re.DOTALL,
)
_PASSWORD = re.compile(r"<input[^>]+type\s*=\s*[\"']?password", re.IGNORECASE)


def refusal_reason(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """Why an answer is a refusal: ``challenge``, ``captcha``, ``login``, ``forbidden``; None for any other.

    429 and 503 ask for patience and are none, unless they carry a challenge.
    """
    by_name = {name.lower(): value.lower() for name, value in headers.items()}
    text = body[:_SEARCHED_BYTES].decode("utf-8", "replace")
    found = _TITLE.search(text)
    title = " ".join(found[1].split()) if found else ""
    if "challenge" in by_name.get("cf-mitigated", "") or by_name.get("x-amzn-waf-action") in (
        "challenge",
        "captcha",
    ):
        return "challenge"
    refused = status in (401, 403, 407, 451)
    small = len(body) <= _SMALL_BYTES
    if _CHALLENGE_TITLE.match(title) or ((refused or status == 503) and _CHALLENGE_BODY.search(text)):
        return "challenge"
    if (
        small
        and _CHALLENGE_BODY.search(text)
        and not re.search(r"<(?:pre|h1|article)\b", text, re.IGNORECASE)
    ):
        return "challenge"
    if refused and _CAPTCHA_BODY.search(text):
        return "captcha"
    if status in (401, 407) or by_name.get("www-authenticate"):
        return "login"
    if refused:
        return "forbidden"
    if _LOGIN_TITLE.match(title) and _PASSWORD.search(text):
        return "login"
    if small and _CAPTCHA_BODY.search(text) and not re.search(r"<(?:pre|article)\b", text, re.IGNORECASE):
        return "captcha"
    return None
