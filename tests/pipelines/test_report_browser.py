"""The report in a real browser: texts of projects do nothing, and the page fits wide and narrow screens."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path
from typing import Any

import pytest

from pipelines.report.page import write_report
from tests.pipelines.report_folder import made_task, write_build

_HOSTILE = (
    "</pre></style><script>window.hit = 1</script><img src='http://127.0.0.1:9/x' onerror='window.hit = 2'>"
    "<link rel=stylesheet href='//127.0.0.1:9/s'><style>body{display:none}</style><h1>Mine</h1>"
    "<svg onload='window.hit = 3'><a href='javascript:hit()'> {{ 7 * 7 }} \u202e\x00"
)
_OVERLAPS = """() => [...document.querySelectorAll('.bars tr, .tiles li')].filter(
    row => [...row.children].some(cell => cell.scrollWidth > cell.clientWidth + 1 && cell.tagName != 'B')
).map(row => row.textContent)"""
_PALE = """() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3).map(each => each / 255).map(
    each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4
  ).reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const ground = getComputedStyle(node).backgroundColor;
      if ((parts(ground)[3] ?? 1) > 0) return ground;
    }
  };
  return [...document.querySelectorAll('body *')].filter(
    node => [...node.childNodes].some(each => each.nodeType == 3 && each.data.trim())
  ).filter(node => {
    const pair = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05) < 4.5;
  }).map(node => node.className + ': ' + node.textContent.slice(0, 40));
}"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with changes, long names, and hostile texts wherever a project has a say."""
    path = tmp_path_factory.mktemp("build") / "out"
    code = "for_a_name_that_is_long_and_has_no_spaces_in_it" * 2
    tasks = [made_task(f"one-1.0/{code}.f{index}", index % 11) for index in range(40)]
    write_report(write_build(path, tasks, {"weak_tests": tasks}))
    hostile = [made_task(f"{_HOSTILE}/f{index}", docstring=_HOSTILE, license=_HOSTILE) for index in range(3)]
    losing = {"weak_tests": hostile, "a_reason_with_a_rather_long_name": tasks[:9]}
    return write_report(write_build(path, tasks[5:] + hostile, losing, recipe=_HOSTILE))


def test_nothing_leaves_and_hostile_texts_stay_texts(browser: Any, page_file: Path) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        requests: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(page_file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.wait_for_load_state("networkidle")
        assert requests == [page_file.as_uri()]
        assert said == [], "the page's own styles and marks are all that its policy admits"
        assert page.evaluate("window.hit") is None
        assert page.locator("h1").count() == 1
        assert page.locator("script, img, link, a:not(nav a)").count() == 0
        text = page.locator("main").inner_text()
        assert "window.hit = 1</script><img src='http://127.0.0.1:9/x'" in text
        assert "{{ 7 * 7 }} \\u202e\\x00" in text


def test_the_policy_stops_what_would_become_a_mark_after_all(browser: Any, page_file: Path) -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
        browser.new_context() as context,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        mark = f"<img id=mark src={address}/x><script src={address}/s></script><p style='color: red'>"
        wait = "() => mark.complete || new Promise(done => mark.onload = mark.onerror = done)"
        html = page_file.read_text().replace("</main>", f"{mark}</main>")
        without = html.replace("Content-Security-Policy", "x-nothing")
        changed, page = page_file.with_name("changed.html"), context.new_page()
        for text, expected in ((html, []), (without, ["/s", "/x"])):
            changed.write_text(text)
            page.goto(changed.as_uri())
            page.evaluate(wait)
            assert sorted(asked) == expected
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_readable(browser: Any, page_file: Path, width: int, scheme: str) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(page_file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(_OVERLAPS) == []
        assert page.evaluate(_PALE) == []
        bars = page.evaluate("[...document.querySelectorAll('.bar')].map(bar => bar.clientWidth)")
        assert min(bars) >= 40
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
