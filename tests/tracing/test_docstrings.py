"""Docstrings in prompts: examples out, the rest unharmed."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracing.docstrings import is_documentation, render_docstring, split_docstring, without_examples


def test_examples_and_the_headings_above_them_are_taken_out() -> None:
    examples = "    >>> add(1, 2)\n    3\n    >>> add(\n    ...     2, 2)\n    4\n"
    docstring = f"Add numbers.\n\nExamples:\n\n{examples}\nNever fails."
    assert without_examples(docstring) == "Add numbers.\n\nNever fails."


def test_examples_in_running_text_leave_the_text() -> None:
    assert without_examples("Add.\n\n>>> add(1, 2)\n3\n\nMore text.") == "Add.\n\nMore text."


def test_text_without_examples_stays_as_it_is() -> None:
    docstring = "Return x.\n\nArgs:\n    x: a number\n        with detail\n\nReturns:\n    the number"
    assert without_examples(docstring) == docstring


def test_malformed_examples_are_taken_out_too() -> None:
    assert "secret" not in without_examples("Add.\n\n    >>>add(1)\n    secret\n\nText.")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\x0c\x1c\x1d\x1e\x85\u2028\u2029\x0b")))
def test_rendered_docstrings_mean_what_they_say(text: str) -> None:
    rendered = render_docstring(text, "    ")
    function = ast.parse(f"def f():\n{rendered}    return 1\n").body[0]
    assert isinstance(function, ast.FunctionDef)
    found = ast.get_docstring(function, clean=False) or ""
    assert [line.strip() for line in found.strip().split("\n")] == [
        line.strip() for line in text.strip().split("\n")
    ]


@pytest.mark.parametrize(
    "docstring", ["", "TODO: write this", "Parse date.", "Do it", "parse the_date", "..."]
)
def test_filler_is_no_documentation(docstring: str) -> None:
    assert not is_documentation(docstring, "parse_the_date")


def test_a_sentence_is_documentation() -> None:
    assert is_documentation("Return the larger of two numbers.", "larger")


@pytest.mark.parametrize(
    ("docstring", "text"),
    [
        ("Add. For example::\n\n    >>> add(1)\n    2\n\nMore.", "Add. For example.\n\nMore."),
        ("Add.\n\nFor example:\n\n>>> add(1)\n2", "Add."),
        ("Add.\n\nExamples\n--------\n>>> add(1)\n2\n\nNotes\n-----\nText.", "Add.\n\nNotes\n-----\nText."),
        (
            "Add.\n\nExamples\n--------\n>>> add(1)\n2\n\nSaid here.",
            "Add.\n\nExamples\n--------\n\nSaid here.",
        ),
        ("Add.\n\n.. doctest::\n   :options: +SKIP\n\n    >>> add(1)\n    2\n", "Add."),
        (
            "Add.\n\n.. code-block:: python\n\n    >>> add(1)\n    2\n\n    text\n",
            "Add.\n\n.. code-block:: python\n\n    text",
        ),
        ("Add.\n\n.. rubric:: Examples\n\n>>> add(1)\n2\n", "Add."),
        (
            "Add:\n\n  * >>> is a sign\n\nArgs:\n    x: >>> too",
            "Add:\n\n  * >>> is a sign\n\nArgs:\n    x: >>> too",
        ),
        ("Add.\n\n>>> # only a comment\n\nText.", "Add.\n\nText."),
    ],
)
def test_what_only_led_to_examples_goes_with_them(docstring: str, text: str) -> None:
    assert without_examples(docstring) == text


def test_examples_and_all_that_was_removed_are_kept_apart() -> None:
    parts = split_docstring(
        "Add.\n\nExamples:\n\n    >>> x = 1\n    >>> add(x)\n    2\n\n    >>> add(2)\n    3\n\nText."
    )
    assert parts.text == "Add.\n\nText."
    assert parts.examples == (">>> x = 1\n>>> add(x)\n2", ">>> add(2)\n3")
    assert parts.removed == "Examples:\n    >>> x = 1\n    >>> add(x)\n    2\n    >>> add(2)\n    3"


def test_nothing_is_removed_where_there_are_no_examples() -> None:
    parts = split_docstring("Add:\n\nExamples:\n\nnone yet")
    assert (parts.examples, parts.removed) == ((), "")
    assert parts.text == "Add:\n\nExamples:\n\nnone yet"
