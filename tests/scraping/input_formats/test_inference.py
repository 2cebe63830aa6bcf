"""Structures that the inputs alone suggest."""

from __future__ import annotations

import pytest

from scraping.input_formats.inference import suggested
from scraping.input_formats.solving import fitting
from scraping.input_formats.structure import InputFormat


@pytest.mark.parametrize(
    ("inputs", "parameters"),
    [
        (["1 2\n", "3 4\n"], [("n", "int"), ("m", "int")]),
        (["2\n5 6\n", "3\n1 2 3\n"], [("n", "int"), ("a", "list[int]")]),
        (["2 9\n1 2\n", "4 9\n1 2 3 4\n"], [("n", "int"), ("m", "int"), ("a", "list[int]")]),
        (["2\n1 2\n3 4\n", "1\n5 6\n"], [("n", "int"), ("a", "list[int]"), ("b", "list[int]")]),
        (["3\n1 2\n2 3\n", "2\n1 2\n"], [("n", "int"), ("a", "list[int]"), ("b", "list[int]")]),
        (["2 3\n.#.\n##.\n", "1 1\n#\n"], [("n", "int"), ("m", "int"), ("s", "list[str]")]),
        (["2 5 6\n", "1 3\n"], [("n", "int"), ("a", "list[int]")]),
        (["1 2\n3 4\n", "5 6\n"], [("a", "list[int]"), ("b", "list[int]")]),
        (["2\na b\nc\n", "1\nd e f\n"], [("n", "int"), ("s", "list[str]")]),
        (["one two\n", "three\n"], [("s", "str")]),
    ],
)
def test_counts_that_agree_in_all_inputs(inputs: list[str], parameters: list[tuple[str, str]]) -> None:
    found = fitting(suggested(inputs), inputs)
    assert isinstance(found, InputFormat), found
    assert found.parameters == parameters


def test_a_single_input_suggests_nothing() -> None:
    assert list(suggested(["2\n5 6\n"])) == []


def test_inputs_without_order_end_the_search() -> None:
    inputs = ["\n".join("1 " * (1 + (row * step) % 7) for row in range(40)) for step in (3, 5)]
    assert len(list(suggested(inputs))) < 400
