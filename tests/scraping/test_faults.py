"""The gate of statements: what is wrong is told, and what is right is let through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scraping.problem import Problem, ProblemTest, Rights, Source
from scraping.statements.bounds import read_bounds
from scraping.statements.exponents import exponents_not_kept, suspected_exponents
from scraping.statements.faults import statement_faults
from scraping.statements.markdown import html_to_markdown, statement_images
from scraping.statements.sections import split_sections

_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "problems"
_PROSE = (
    "<p>There are n stones in a row, and each of them has a weight. You may take two stones that lie"
    " beside each other and put them together. Find the smallest effort that is needed to make one stone"
    " of them.</p>"
)


def _problem(html: str, examples: list[tuple[str, str]] | None = None, **fields: Any) -> Problem:
    markdown = html_to_markdown(html, "https://site.example/")
    tests = [ProblemTest("example", "1", *pair) for pair in examples or [("1\n", "2\n")]]
    problem = Problem(
        "site:1", "Stones", Source("site", "site"), Rights(), "stdio", html, markdown, tests=tests
    )
    return replace(
        problem,
        sections=split_sections(markdown),
        images=statement_images(html, "https://site.example/"),
        **fields,
    )


def _reasons(html: str, examples: list[tuple[str, str]] | None = None, **fields: Any) -> list[str]:
    return [fault.reason for fault in statement_faults(_problem(html, examples, **fields))]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (_PROSE + "<p>n ≤ 105</p>", "suspected_exponent"),
        ("", "empty_statement"),
        (_PROSE * 300, "statement_too_long"),
        ("<p>See <a href='/a.pdf'>here</a>.</p>", "statement_in_pdf"),
        ("<img src='all.png'>", "content_image"),
        (_PROSE + "<p>The moves are as follows:</p><img src='a.png'>", "content_image"),
        (_PROSE + "<p>Look at <img src='x.png'> stones.</p>", "content_image"),
        (_PROSE + "<p>The costs are given in the table below.</p><p><img src='x.png'></p>", "content_image"),
        (_PROSE + "<h3>Input</h3><p><img src='x.png'></p>", "content_image"),
        (_PROSE + "<p>This is an interactive problem.</p>", "interactive"),
        (_PROSE + "<p>It has <span class='MathJax_SVG'><svg></svg></span> stones.</p>", "unreadable_formula"),
        (
            _PROSE + "<p>The first line contains , the number of stones. Then integers,  and , of size .</p>",
            "missing_formulas",
        ),
        ("<p>В ряд лежат камни, у каждого есть вес. Найдите наименьшую стоимость.</p>", "foreign_language"),
        (
            "<p>Il y a des pierres dans une rangée, et chacune a un poids. Trouvez le plus petit effort qui"
            " est nécessaire pour en faire une seule pierre, si vous pouvez joindre deux voisines.</p>",
            "foreign_language",
        ),
    ],
)
def test_a_fault_is_told(html: str, reason: str) -> None:
    assert _reasons(html) == [reason]


@pytest.mark.parametrize(
    "html",
    [
        _PROSE,
        _PROSE + "<p>n ≤ 10<sup>5</sup>, the 3<sup>rd</sup> of O(n<sup>2</sup>)</p>",
        _PROSE + "<h3>Sample</h3><p>As shown in the picture below:</p><img src='a.png'>",
        _PROSE + "<p>For example, this is a row:</p><img src='a.png'>",
        _PROSE + "<p>Stones are heavy.</p><img src='stone.jpg' alt='a stone'>",
        _PROSE + "<p>Print f() of it, and then, and only then, the sum of all.</p>",
        _PROSE + "<pre>1 <= 105\nintegers , and ,</pre>",
        _PROSE
        + "<span class='MathJax_SVG'><svg></svg></span><script type='math/tex'>n</script> <code>über</code>",
        "<p>Add two numbers, and print their sum.</p>",
    ],
)
def test_what_is_right_is_let_through(html: str) -> None:
    assert _reasons(html) == []


def test_a_lost_exponent_is_told_where_the_markup_has_it() -> None:
    problem = _problem(_PROSE + "<p>m ≤ 3<sup>7</sup></p>")
    lost = replace(problem, statement_markdown=problem.statement_markdown.replace("3^7", "37"))
    assert [fault.reason for fault in statement_faults(lost)] == ["lost_exponent"]


@pytest.mark.parametrize(
    ("examples", "cut"),
    [
        ([("1 2 3...", "6")], True),
        ([("1 2 3 …", "6")], True),
        ([("[1, 2, ..., 9]", "45")], True),
        ([("m = [1,1,...], p = 2", "1")], True),
        ([("#..\n...\n", "1")], False),
        ([("S...\n", "1"), ("..S.\n", "2")], False),
        ([("1.5\n", "Hello, world.\n")], False),
        ([("." * 260 + "#...", "1"), ("..#", "2")], True),
    ],
)
def test_examples_that_were_cut(examples: list[tuple[str, str]], cut: bool) -> None:
    assert _reasons(_PROSE, examples) == (["truncated_example"] if cut else [])


@pytest.mark.skipif(not _DATA.exists(), reason="needs the recorded statements")
def test_real_statements_keep_every_exponent_and_raise_no_other_alarm() -> None:
    files = sorted((_DATA / "google_coding_competitions").rglob("problem_statement/problem.html"))
    assert len(files) >= 6
    for file in files:
        html = file.read_text()
        markdown = html_to_markdown(html)
        assert exponents_not_kept(html, markdown) == []
        assert suspected_exponents(markdown) == []
        sections = split_sections(markdown)
        assert all((sections.legend, sections.input, sections.output, sections.constraints))
        assert read_bounds(sections.constraints)
        assert _reasons(html) == []
