"""Statements and pages that are made to take long, or to end the run."""

from __future__ import annotations

import ast

import pytest

from scraping.archives.leetcode_examples import PrintedExample, examples_of_html, examples_of_text
from scraping.problem import ProblemRejection
from scraping.sites.adapter import MarkupChanged
from scraping.sites.cses import Cses
from scraping.statements.docstring import docstring_literal
from scraping.statements.markdown import StatementTooDeep, html_to_markdown
from scraping.statements.sections import StatementTooLong, split_sections


def test_tables_without_end() -> None:
    with pytest.raises(StatementTooDeep, match="tables"):
        html_to_markdown("<table><tr><td>" * 120)


def test_a_statement_is_no_book() -> None:
    with pytest.raises(StatementTooLong):
        split_sections("# " * 150_000)
    for html in ("x" * 1_000_001, "x " * 100_000):
        with pytest.raises(StatementTooLong):
            html_to_markdown(html)


def test_a_page_that_nobody_foresaw_costs_its_own_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("odd\n")

    monkeypatch.setattr(Cses, "read", fail)
    (found,) = Cses().parse("https://cses.fi/problemset/task/1068", b"<p>", "text/html")
    assert isinstance(found, ProblemRejection)
    assert found.reason == "malformed" and found.detail.isprintable()
    monkeypatch.setattr(Cses, "read", lambda *_: (_ for _ in ()).throw(MarkupChanged("p")))
    (found,) = Cses().parse("https://cses.fi/problemset/task/1068", b"<p>", "text/html")
    assert isinstance(found, ProblemRejection) and found.reason == "markup_changed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Input: n = 1\nOutput: 2\nExplanation: 3", PrintedExample("n = 1", "2", "3")),
        ("Input n = 1 Output 2", PrintedExample("n = 1", "2")),
        ('Input: s = "Output"\nOutput: 1\nNote 1: x', PrintedExample('s = "', '"\nOutput: 1', "x")),
        ("Input: \nOutput: 1", PrintedExample("", "1")),
    ],
)
def test_printed_examples(text: str, expected: PrintedExample) -> None:
    assert examples_of_html(f"<pre>{text}</pre>") == [expected]


@pytest.mark.parametrize(
    "text", ["Input: " * 100_000, "Input: 1 Output:", "Input: 1 Output: " + "\n" * 100_000]
)
def test_printed_examples_that_are_none(text: str) -> None:
    assert examples_of_html(f"<pre>{text}</pre>") == []


def test_examples_in_text_after_many_empty_lines() -> None:
    text = (
        "\n" * 200_000 + "Example 1:\n\nInput: 1\nOutput: 2\n\nExample" + " " * 100_000 + "x\nConstraints:\n"
    )
    found = examples_of_text(text)
    assert [(each.input, each.output[:1]) for each in found] == [("1", "2")]


@pytest.mark.parametrize(
    "text", ['a\\"', '\\"', '"', '""', '"""', '""""', 'a\\\\"', "\\", 'x"""\\', 'a\n\\"', '\\"""']
)
def test_no_text_gets_out_of_its_docstring(text: str) -> None:
    source = f"def f():\n{docstring_literal(text)}"
    assert ast.get_docstring(ast.parse(source).body[0], clean=False).rstrip("\n ") == text.replace(
        "\n", "\n    "
    )  # type: ignore[arg-type, union-attr]
