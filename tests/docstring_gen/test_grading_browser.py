"""The grading page in a real browser: by the keyboard alone, by two at once, in both widths and schemes."""

from __future__ import annotations

import contextlib
import http.server
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstring_gen.grading_store import CATEGORIES
from tests.docstring_gen.grading_session import GradingSession, grading, line, write_lines

_HOSTILE = (
    "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'></pre></section><h1>Mine</h1>"
    "<form action=//evil.example><button data-key=1>&lt;b&gt; {{ 7 * 7 }} \u202e\x00"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradingSession]:
    """A page with one grade, and with all that colours code."""
    code = (
        "@decorated\nclass A(B):\n    '''Docs.'''\n    x: int = 0x1F + 2.5\n\ndef f(a, *, b=None):\n"
        "    # a comment\n    if not a or b is None:\n"
        "        raise ValueError(f'{a!r} \\n')\n    return len(a), True\n"
    )
    file = write_lines(
        tmp_path_factory.mktemp("served") / "d.jsonl", [line(index, code=code) for index in range(3)]
    )
    with grading(file) as session:
        session.grade("anna", note="a note")
        yield session


@contextlib.contextmanager
def _page(browser: Any, url: str, width: int = 1280, scheme: str = "light") -> Iterator[Any]:
    """A browser of its own, with the address opened; what a page reports as an error fails the test."""
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(url)
        page.wait_for_selector("h1")
        page.wait_for_load_state()
        yield page
        assert errors == []


def _press(page: Any, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def _begin(page: Any, grader: str) -> None:
    page.keyboard.type(grader)  # the field has the focus
    _press(page, "Enter")


def _grades(file: Path) -> list[tuple[str, int, str, str]]:
    """Grader, sample, category and note of all rows ever kept."""
    with contextlib.closing(sqlite3.connect(file.with_name(f"{file.name}.grades"))) as connection:
        return connection.execute(
            "SELECT grader, sample_index, category, note "
            "FROM grades JOIN items USING (item_id) ORDER BY grade_id"
        ).fetchall()


def test_two_hundred_are_graded_by_the_keyboard_alone(browser: Any, tmp_path: Path) -> None:
    """What is graded is what is seen: the category follows from the docstring on the page."""
    rows = [line(index, docstring=f"Deserves {index % 5 + 1}, says {index}.") for index in range(200)]
    file = write_lines(tmp_path / "d.jsonl", rows)
    with grading(file) as session, _page(browser, session.url) as page:
        _begin(page, "anna")
        for done in range(200):
            deserved = page.inner_text(".docstring").split()[1][0]
            if done % 50 == 7:
                page.keyboard.press("n")
                page.keyboard.type("345 ju note\nof two lines")  # keys of the page are letters here
                page.keyboard.press("Escape")
            _press(page, deserved)
            assert len(_grades(file)) == done + 1, "on the disk before the next one is shown"
        assert page.inner_text("h1") == "All 200 docstrings have a grade"
    kept = _grades(file)
    assert {sample for _, sample, _, _ in kept} == set(range(200))
    assert all(category == CATEGORIES[sample % 5] for _, sample, category, _ in kept)
    assert Counter(note for *_, note in kept) == {"": 196, "345 ju note\nof two lines": 4}


def test_a_reload_and_a_killed_server_lose_nothing(browser: Any, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line(index) for index in range(6)])
    with grading(file) as session, _page(browser, session.url) as page:
        _begin(page, "anna")
        for key in "123":
            _press(page, key)
        shown = page.inner_text(".docstring")
        page.reload()
        assert page.inner_text(".docstring") == shown
        assert page.inner_text("[role=status]").endswith("docstring 3, invented problem")
        session.process.kill()
        session.process.wait(60)
    with grading(file) as session, _page(browser, session.url) as page:
        page.goto(f"{session.base}/grader/anna")
        assert (page.inner_text(".docstring"), page.inner_text(".progress")) == (shown, "3 graded by anna")
        _press(page, "5")
        assert page.inner_text("h1").startswith("Docstring 5")


def test_a_grade_can_be_undone_changed_and_looked_at_again(browser: Any, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line(index) for index in range(3)])
    with grading(file, "--grader", "anna") as session, _page(browser, session.url) as page:
        assert page.url.endswith("/grader/anna/1"), "the only grader needs no choosing"
        page.keyboard.press("n")
        page.keyboard.type("hasty")
        page.keyboard.press("Escape")
        _press(page, "1")
        _press(page, "u")
        assert page.input_value("#note") == "hasty"
        assert page.query_selector("[aria-current]") is None
        _press(page, "2")
        _press(page, "k")
        assert page.inner_text("[aria-current]").split() == ["2", "Missing", "detail"]
        _press(page, "3")
        assert page.inner_text("h1").startswith("Docstring 2")
        _press(page, "j")
        _press(page, "g")
        assert page.inner_text("h1").startswith("Docstring 2"), "the first without a grade"
        _press(page, "4")
        _press(page, "4")
        assert "All 3" in page.inner_text("h1")
        _press(page, "r")
        assert page.inner_text("tbody tr").split()[:8] == ["anna", "\u2013", "3", "of", "3", "0", "0", "1"]
    categories = [category for _, _, category, _ in _grades(file)]
    assert categories == ["correct", None, "missing_detail", "invented_problem", "copies_code", "copies_code"]


def test_a_key_that_is_held_down_grades_once(browser: Any, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line(index) for index in range(9)])
    with grading(file, "--grader", "anna") as session, _page(browser, session.url) as page:
        with page.expect_navigation():
            page.keyboard.down("1")
        for _ in range(5):
            page.keyboard.down("1")
        page.keyboard.up("1")
        for modifier in ("Control", "Alt", "Meta"):
            page.keyboard.press(f"{modifier}+1")
        _press(page, "2")
    assert [category for _, _, category, _ in _grades(file)] == ["correct", "missing_detail"]


def test_two_grade_at_once_each_in_their_own_order(browser: Any, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "d.jsonl", [line(index) for index in range(12)])
    seen: dict[str, list[str]] = {"anna": [], "berta": []}
    with (
        grading(file) as session,
        _page(browser, session.url) as annas,
        _page(browser, session.url) as bertas,
    ):
        pages = {"anna": annas, "berta": bertas}
        for name, page in pages.items():
            _begin(page, name)
        for _ in range(12):
            for name, page in pages.items():
                text = page.inner_text(".docstring")
                seen[name].append(text)
                correct = int(text.split()[-1].strip(".")) < (6 if name == "anna" else 9)
                _press(page, "1" if correct else "5")
        _press(annas, "r")
        agreement = annas.locator("table").nth(1).inner_text()
    assert sorted(seen["anna"]) == sorted(seen["berta"])
    assert seen["anna"] != seen["berta"]
    # 9 of 12 agree; by chance 6 * 9 + 6 * 3 of 144: (0.75 - 0.5) / 0.5
    assert agreement.split("\n")[-1].split() == ["anna", "and", "berta", "12", "75.0", "0.50", "75.0", "0.50"]


def test_html_in_what_a_model_wrote_is_text(browser: Any, tmp_path: Path) -> None:
    hostile = line(
        docstring=_HOSTILE,
        code=f"x = {_HOSTILE!r}\n# {_HOSTILE}",
        examples=[_HOSTILE],
        original_docstring=_HOSTILE,
    )
    file = write_lines(tmp_path / "d.jsonl", [hostile])
    shown = _HOSTILE.replace("\u202e", "\\u202e").replace("\x00", "\\x00")
    with grading(file, "--grader", "anna") as session, _page(browser, session.url) as page:
        page.keyboard.press("n")
        page.keyboard.type(_HOSTILE.partition("\u202e")[0])
        page.keyboard.press("Escape")
        _press(page, "1")
        _press(page, "j")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("window.hit") is None
        assert page.locator("main img, main script, main h1, [action*=evil]").count() == 0
        texts = [
            page.inner_text(place)
            for place in (".judgement > section .docstring", ".example", "details .docstring")
        ]
        assert texts == [shown] * 3
        assert shown in page.inner_text(".code")
        assert "<script>window.hit = 1</script>" in page.inner_text("details ol")


@pytest.mark.parametrize("width", [1280, 390])
def test_very_long_code_hides_nothing_and_leaves_the_keys_in_reach(
    browser: Any, tmp_path: Path, width: int
) -> None:
    code = "def f(x):\n" + "    x += 1  # one more\n" * 3_000 + f"    return x  # {'long' * 1_000}end\n"
    file = write_lines(
        tmp_path / "d.jsonl", [line(code=code, docstring="Adds. " * 3_000, examples=["f" * 3_000])]
    )
    with grading(file, "--grader", "anna") as session, _page(browser, session.url, width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for place in (".code", ".example", ".docstring"):
            box = page.locator(place)
            assert box.evaluate("each => each.scrollWidth <= each.clientWidth"), place
        assert page.inner_text(".code").rstrip() == code.rstrip()
        if width > 1000:  # side by side: docstring and choices go along
            page.evaluate("scrollTo(0, document.body.scrollHeight)")
            assert page.evaluate("scrollY") > 50_000
            for place in (".docstring", "[data-key='5']", "#note"):
                box = page.locator(place).bounding_box()
                assert 0 <= box["y"] < box["y"] + box["height"] <= 800, place
        _press(page, "2")
        assert "All 1" in page.inner_text("h1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_texts_stand_out_and_focus_is_seen(
    browser: Any, served: GradingSession, width: int, scheme: str
) -> None:
    with _page(browser, served.url, width, scheme) as page:
        places = [served.base, f"{served.base}/grader/anna/2", f"{served.base}/results"]
        for place in places:
            page.goto(place)
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") == width, place
            assert page.evaluate(_FAINT_TEXTS) == [], place
        page.goto(places[1])
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        reached = []
        for _ in range(11):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.dataset.key || ''"))
            assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
        assert [key for key in reached if key] == ["k", "j", "g", "1", "2", "3", "4", "5", "n"]


_FAINT_TEXTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb(colour).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (rgb(colour)[3] === 255) return colour;
    }
    return "white";
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < 4.5) faint.push(`${walker.currentNode.data.trim()}: ${contrast.toFixed(1)}`);
  }
  return faint;
}"""
"""Texts whose contrast is below 4.5, WCAG's minimum (AA)."""


def test_screen_readers_are_told_what_everything_is(browser: Any, served: GradingSession) -> None:
    with _page(browser, served.url) as page:
        page.goto(f"{served.base}/grader/anna")
        assert page.title() == "2 of 3 \u2013 codex-sft grade"
        assert page.evaluate("document.documentElement.lang") == "en"
        for role, name in (
            ("region", "Docstring"),
            ("progressbar", "graded"),
            ("navigation", "Docstrings"),
            ("form", "Grade"),
            ("button", "Missing detail"),
            ("button", "Undo"),
            ("link", "Next"),
            ("status", None),
        ):
            assert page.get_by_role(role, name=name, exact=True).count() >= 1, (role, name)
        assert page.get_by_label("Note").get_attribute("aria-keyshortcuts") == "n"


def test_pages_of_others_can_neither_grade_nor_embed(browser: Any, tmp_path: Path) -> None:
    """Another port of the same address is of the same site to a browser, which sends the cookie along."""
    file = write_lines(tmp_path / "d.jsonl", [line()])
    with (
        grading(file, "--grader", "anna") as session,
        _evil(session) as evil,
        browser.new_context() as context,
    ):
        page = context.new_page()
        page.goto(session.url)
        page.wait_for_selector("h1")
        page.goto(f"{evil}/form")
        page.wait_for_url(f"{session.base}/**")
        assert "Only the grading page itself may send grades" in page.content()
        page.goto(f"{evil}/frame")
        framed = [frame for frame in page.frames if frame != page.main_frame]
        assert framed
        assert not [frame for frame in framed if "Docstring" in frame.content()]
        page.goto(f"{evil}/link")
        with page.expect_navigation():
            page.click("a")
        assert "Only the grading page itself, or the address bar" in page.content()
        page.goto(session.base)
        assert "Docstrings to grade: 1" in page.inner_text("h1"), "the cookie is still there"
    assert _grades(file) == []


@contextlib.contextmanager
def _evil(session: GradingSession) -> Iterator[str]:
    """Another server of this machine, whose pages want a grade."""
    grade = f"{session.base}/grader/anna/1"
    pages = {
        "/form": f'<form method=post action="{grade}"><input name=category value=correct></form>'
        "<script>document.forms[0].submit()</script>",
        "/frame": f'<iframe src="{grade}"></iframe>',
        "/link": f'<a href="{grade}">see</a>',
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
