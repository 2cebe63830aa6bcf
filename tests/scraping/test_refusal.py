"""Which answers are refusals, and which only look a little like them."""

from __future__ import annotations

import pytest

from scraping.crawl.refusal import refusal_reason

_HTML = ("content-type", "text/html; charset=utf-8")


def _page(title: str, body: str) -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>".encode()


_PASSWORD = '<form><input name="u"><input name=p type="password"></form>'
_WIDGET = '<div class="g-recaptcha" data-sitekey="x"></div>'


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "login_required"), (403, "forbidden"), (407, "proxy_login_required"), (451, "legal_reasons")],
)
def test_statuses_that_refuse(status: int, reason: str) -> None:
    assert refusal_reason(status, [_HTML], b"") == reason
    assert refusal_reason(status, [], b'{"error": "no"}') == reason


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (200, [("cf-mitigated", "challenge"), _HTML], b"", "challenge"),
        (202, [("x-amzn-waf-action", "challenge")], b"", "challenge"),
        (503, [_HTML], _page("Just a moment...", "<script>window._cf_chl_opt = {}</script>"), "challenge"),
        (403, [_HTML], _page("Attention Required! | Cloudflare", ""), "challenge"),
        (
            200,
            [_HTML],
            _page("", '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/x">'),
            "challenge",
        ),
        (200, [_HTML], _page("", '<script>document.cookie="RCPC="+x</script>'), "challenge"),
        (200, [_HTML], _page("", '<iframe src="/_Incapsula_Resource?x=1"></iframe>'), "challenge"),
        (200, [_HTML], _page("Are you a robot?", _WIDGET), "captcha"),
        (429, [_HTML], _page("Security check", '<div class="h-captcha"></div>'), "captcha"),
        (200, [_HTML], _page("Log in | Judge", _PASSWORD), "login_required"),
        (200, [_HTML], _page("Judge \u2013 Sign in", _PASSWORD), "login_required"),
        (200, [], _page("Please log in", _PASSWORD), "login_required"),
        (200, [_HTML], _page("ログイン - AtCoder", _PASSWORD), "login_required"),
        (200, [_HTML], _page("Redirecting...", "<script>a=toNumbers('e9')</script>"), "challenge"),
        (302, [("location", "/login?next=/problem/1")], b"", "login_required"),
        (303, [("location", "https://sso.example/users/sign_in")], b"", "login_required"),
        (302, [("location", "/enter?back=%2Fcontest")], b"", "login_required"),
    ],
)
def test_pages_that_refuse(status: int, headers: list[tuple[str, str]], body: bytes, reason: str) -> None:
    assert refusal_reason(status, headers, body) == reason


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, [_HTML], _page("A. Robots and captchas", "<p>Each robot solves a captcha.</p>")),
        (200, [_HTML], _page("Problem 1 | Judge", f"{_PASSWORD}{_WIDGET}")),
        (200, [_HTML], _page("Problem", '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js">')),
        (200, [_HTML], _page("Logarithm in the morning", _PASSWORD)),
        (200, [("content-type", "application/json")], b'{"content": "<title>Just a moment...</title>"}'),
        (302, [("location", "/problem/blogin")], b""),
        (301, [("location", "/center")], b""),
        (404, [_HTML], _page("Not found", "")),
        (503, [_HTML], _page("Service unavailable", "")),
    ],
)
def test_pages_that_do_not(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    assert refusal_reason(status, headers, body) is None


def test_titles_are_found_in_time_that_grows_with_the_page() -> None:
    assert refusal_reason(200, [_HTML], b"<title " * 200_000) is None
    assert refusal_reason(200, [_HTML], b"<title>" * 200_000) is None
    assert refusal_reason(200, [_HTML], b"<input " * 200_000) is None
