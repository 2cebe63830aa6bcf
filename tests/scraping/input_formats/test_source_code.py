"""Generated source reads and writes what the trusted reader reads, for inputs of every structure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraping.input_formats.reading import BadInput, read_values, typed_values
from scraping.input_formats.solving import read_format
from scraping.input_formats.source_code import reader_source, writer_lines
from scraping.input_formats.structure import InputFormat

_FORMATS = {
    "scalars": ("N x S", ["1 2.5 a\n", "-3 0.25 b\n"]),
    "row": ("N\na_1 … a_N", ["2\n1 2\n", "1\n7\n"]),
    "columns": ("M\nx_1 s_1\n:\nx_M s_M", ["2\n1 a\n2 b\n", "1\n5 c\n"]),
    "pairs on a line": ("M\nx_1 y_1 … x_M y_M", ["2\n1 2 3 4\n", "1\n1 2\n"]),
    "one per line": ("N\na_1\n:\na_N\nb", ["2\n4\n5\n6\n", "1\n1\n2\n"]),
    "matrix": ("H W\na_{1,1} … a_{1,W}\n:\na_{H,1} … a_{H,W}", ["1 2\n1 2\n", "2 1\n3\n4\n"]),
    "grid": ("H W\nc_{11}…c_{1W}\n:\nc_{H1}…c_{HW}", ["2 2\n#.\n..\n", "1 1\n#\n"]),
    "jagged": ("N\nK_1 A_{1,1} … A_{1,K_1}\n:\nK_N A_{N,1} … A_{N,K_N}", ["2\n1 5\n2 6 7\n", "1\n1 9\n"]),
    "words with signs": ("N\nm_1/d_1-s_1\n:\nm_N/d_N-s_N", ["1\n4/5-x\n", "2\n1/1-y\n2/2-z\n"]),
    "whole lines": ("N\ns_1\n:\ns_N", ["2\na b\nc\n", "1\nd e f\n"]),
    "until the line ends": ("a_1 … a_K\nq", ["1 2 3\n4\n", "1\n2\n"]),
    "until the input ends": ("x_1 y_1\n:\nx_K y_K", ["1 2\n3 4\n", "5 6\n"]),
}


def _format(name: str) -> InputFormat:
    text, samples = _FORMATS[name]
    found = read_format(text, samples)
    assert isinstance(found, InputFormat), found
    return found


def _execute(source: str, namespace: dict[str, Any]) -> dict[str, Any]:
    exec(source, namespace)  # noqa: S102 - source that was generated from formats of this file
    return namespace


@pytest.mark.parametrize("name", _FORMATS)
def test_the_generated_reader_reads_the_same_values(name: str) -> None:
    found = _format(name)
    read_input = _execute(reader_source(found), {})["read_input"]
    for sample in _FORMATS[name][1]:
        values = typed_values(found, sample)
        assert read_input(sample) == tuple(values[each] for each, _ in found.parameters)


@pytest.mark.parametrize("name", _FORMATS)
def test_the_generated_writer_writes_the_same_lines(name: str) -> None:
    found = _format(name)
    for sample in _FORMATS[name][1]:
        namespace = _execute("\n".join(writer_lines(found, "lines")), dict(typed_values(found, sample)))
        assert namespace["lines"] == sample.splitlines()


_NUMBERS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5)
_WORDS = st.text("abc.#", min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_NUMBERS, _WORDS), min_size=1, max_size=4))
def test_what_is_written_is_read_again(rounds: list[tuple[list[int], str]]) -> None:
    found = read_format(
        "N\nK_1 A_{1,1} … A_{1,K_1}\ns_1\n:\nK_N A_{N,1} … A_{N,K_N}\ns_N",
        ["1\n1 5\nx\n", "2\n2 1 2\nab\n1 0\nc\n"],
    )
    assert isinstance(found, InputFormat), found
    arrays, words = [array for array, _ in rounds], [word for _, word in rounds]
    values = {"N": len(rounds), "K": list(map(len, arrays)), "A": arrays, "s": words}
    text = "\n".join(_execute("\n".join(writer_lines(found, "lines")), dict(values))["lines"])
    assert typed_values(found, text) == values


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(_FORMATS)), st.text("0123456789-/ax. \n", max_size=40))
def test_any_text_is_read_completely_or_refused(name: str, text: str) -> None:
    nodes = _format(name).nodes
    try:
        values, _ = read_values(nodes, text)
    except BadInput:
        return
    assert set(values) == {each for each, _ in _format(name).parameters}


def test_rounds_do_not_take_the_names_of_parameters() -> None:
    found = read_format("i\nj_1 k_1\n:\nj_i k_i", ["2\n1 2\n3 4\n", "1\n5 6\n"])
    assert isinstance(found, InputFormat)
    read_input = _execute(reader_source(found), {})["read_input"]
    assert read_input("2\n1 2\n3 4\n") == (2, [1, 3], [2, 4])
