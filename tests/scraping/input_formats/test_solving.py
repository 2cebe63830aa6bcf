"""Formats in the notation of AtCoder, of our own making, with the structures that they have to get."""

from __future__ import annotations

import pytest

from scraping.input_formats.reading import typed_values
from scraping.input_formats.solving import Unreadable, read_format
from scraping.input_formats.structure import InputFormat


def _read(text: str, *samples: str) -> InputFormat:
    found = read_format(text, list(samples))
    assert isinstance(found, InputFormat), found
    return found


def _values(text: str, *samples: str) -> dict[str, object]:
    found = _read(text, *samples)
    return {name: typed_values(found, samples[0])[name] for name, _ in found.parameters}


class TestStructures:
    @pytest.mark.parametrize(
        ("text", "sample", "values"),
        [
            ("N M\n", "3 4\n", {"N": 3, "M": 4}),
            ("N\na_1 a_2 \\ldots a_N\n", "3\n5 6 7\n", {"N": 3, "a": [5, 6, 7]}),
            ("N\na_0 … a_{N-1}", "2\n5 6\n", {"N": 2, "a": [5, 6]}),
            ("N\na_1 … a_{2N}", "1\n5 6\n", {"N": 1, "a": [5, 6]}),
            ("N\na_0 … a_{2^N-1}", "2\n5 6 7 8\n", {"N": 2, "a": [5, 6, 7, 8]}),
            ("N\na_1\n:\na_{N-1}", "3\n5\n6\n", {"N": 3, "a": [5, 6]}),
            ("N\nx_1 y_1\n\\vdots\nx_N y_N", "2\n1 a\n2 b\n", {"N": 2, "x": [1, 2], "y": ["a", "b"]}),
            ("M\nx_1 y_1 x_2 y_2 … x_M y_M", "2\n1 2 3 4\n", {"M": 2, "x": [1, 3], "y": [2, 4]}),
            ("N\np_2 … p_N", "3\n1 2\n", {"N": 3, "p": [1, 2]}),
            ("N\nT1\nT2\n:\nTN", "3\n1\n2\n3\n", {"N": 3, "T": [1, 2, 3]}),
            ("H_1\nH_2", "5\n6\n", {"H": [5, 6]}),
            ("x_a y_a", "1 2\n", {"x_a": 1, "y_a": 2}),
            ("y/m/d", "2001/2/3\n", {"y": 2001, "m": 2, "d": 3}),
            ("N\ns_1-e_1\n:\ns_N-e_N", "2\n1-2\n3-4\n", {"N": 2, "s": [1, 3], "e": [2, 4]}),
            ("X S\n", "1.5 abc\n", {"X": 1.5, "S": "abc"}),
            ("X", "0012\n", {"X": "0012"}),
            ("n\\ m\\\\\na_1\\ a_2\\ …\\ a_n\\\\", "2 9\n4 5\n", {"n": 2, "m": 9, "a": [4, 5]}),
            ("n\nm_1\nm_2 p_2\n:\nm_n p_n", "2\n1\n2 3\n", {"n": 2, "m_1": 1, "m": [2], "p": [3]}),
        ],
    )
    def test_one_dimension(self, text: str, sample: str, values: dict[str, object]) -> None:
        assert _values(text, sample) == values

    @pytest.mark.parametrize(
        ("text", "sample", "values"),
        [
            (
                "H W\na_{1,1} a_{1,2} … a_{1,W}\n:\na_{H,1} a_{H,2} … a_{H,W}",
                "2 3\n1 2 3\n4 5 6\n",
                {"H": 2, "W": 3, "a": [[1, 2, 3], [4, 5, 6]]},
            ),
            ("h w\nA_{11} … A_{1w}\n:\nA_{h1} … A_{hw}", "1 2\n1 2\n", {"h": 1, "w": 2, "A": [[1, 2]]}),
            (
                "H W\nc_{1,1}c_{1,2}…c_{1,W}\n:\nc_{H,1}…c_{H,W}",
                "2 2\n.#\n##\n",
                {"H": 2, "W": 2, "c": [".#", "##"]},
            ),
            (
                "H W\nc_{11} … c_{1W}\n:\nc_{H1} … c_{HW}",
                "2 2\n.#\n##\n",
                {"H": 2, "W": 2, "c": [".#", "##"]},
            ),
            (
                "N\nK_1 A_{1,1} … A_{1,K_1}\n:\nK_N A_{N,1} … A_{N,K_N}",
                "2\n1 9\n2 8 7\n",
                {"N": 2, "K": [1, 2], "A": [[9], [8, 7]]},
            ),
            (
                "N\nC_1\nx_{1,1} y_{1,1}\n:\nx_{1,C_1} y_{1,C_1}\n:\n"
                "C_N\nx_{N,1} y_{N,1}\n:\nx_{N,C_N} y_{N,C_N}",
                "2\n1\n1 2\n2\n3 4\n5 6\n",
                {"N": 2, "C": [1, 2], "x": [[1], [3, 5]], "y": [[2], [4, 6]]},
            ),
            (
                "N\na_{0,0}\na_{1,0} a_{1,1}\n\\vdots\na_{N-1,0} … a_{N-1,N-1}",
                "3\n1\n2 3\n4 5 6\n",
                {"N": 3, "a": [[1], [2, 3], [4, 5, 6]]},
            ),
            ("N\nc_1c_2…c_N", "3\n131\n", {"N": 3, "c": "131"}),
            ("c_{11}c_{12}\nc_{21}c_{22}", "ab\ncd\n", {"c": ["ab", "cd"]}),
        ],
    )
    def test_more_dimensions_and_texts(self, text: str, sample: str, values: dict[str, object]) -> None:
        assert _values(text, sample) == values

    def test_a_subscript_of_two_digits_is_understood_by_its_neighbours(self) -> None:
        row = " ".join(f"x_{{{number}}}" for number in range(1, 13))
        assert _values(row, " ".join(map(str, range(12))) + "\n") == {"x": list(range(12))}

    def test_the_dots_that_an_author_forgot(self) -> None:
        assert _values("N\na_1 a_2 a_N", "4\n1 2 3 4\n") == {"N": 4, "a": [1, 2, 3, 4]}

    def test_the_wrong_letter_of_an_author(self) -> None:
        values = _values("N M\nx_1\n:\nx_m", "9 2\n5\n6\n")
        assert values == {"N": 9, "M": 2, "x": [5, 6]}

    def test_a_length_that_is_not_given_ends_with_the_line(self) -> None:
        found = _read("a_1 … a_K\nq", "1 2 3\n4\n", "1\n2\n")
        assert typed_values(found, "7 8\n9\n") == {"a": [7, 8], "q": 9}

    def test_a_text_with_spaces_is_a_whole_line(self) -> None:
        assert _values("S", "two words\n") == {"S": "two words"}

    def test_an_empty_array_needs_no_line(self) -> None:
        assert _values("N M\nx_1\n:\nx_M", "5 0\n") == {"N": 5, "M": 0, "x": []}


class TestNames:
    def test_names_are_kept_as_far_as_python_has_them(self) -> None:
        assert list(_values("S'\n\u03b1\nlambda\nmax\nN", "a\nb\nc\nd\n1\n")) == [
            "S_prime", "alpha", "lambda_", "max_", "N",
        ]  # fmt: skip

    def test_two_arrays_of_one_name_get_two(self) -> None:
        values = _values("N M\nx_1\n:\nx_N\nx_{N+1} y_1\n:\nx_{N+M} y_M", "1 1\n5\n6 7\n")
        assert values == {"N": 1, "M": 1, "x": [5], "x_2": [6], "y": [7]}


class TestTypes:
    def test_types_hold_for_all_samples(self) -> None:
        assert _read("X Y", "1 2\n", "1.5 b\n").types == {"X": "float", "Y": "str"}

    def test_bits_and_long_digits_of_a_text_are_texts(self) -> None:
        assert _read("S N", "123456789012345678901 123456789012345678901\n").types == {"S": "str", "N": "int"}
        assert _read("N b", "3 11111111111111111111\n").types == {"N": "int", "b": "str"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "samples", "reason"),
        [
            ("N", [], "no_samples"),
            ("", ["1\n"], "format_is_empty"),
            ("x" * 6000, ["1\n"], "format_too_long"),
            ("a_1 " * 300, ["1\n"], "format_too_long"),
            ("a_{" + "N_{" * 200 + "1" + "}" * 201, ["1\n"], "unknown_notation"),
            ("x_1\n:\nx_N\n" * 40, ["1\n"], "dots_not_understood"),
            ("N Q\nQuery_1\n:\nQuery_Q", ["1 2\n1 2 3\n2 5\n"], "query_kinds"),
            ("T\ncase_1\n:\ncase_T", ["1\n2 3\n4 5\n"], "cases_without_format"),
            ("N\na_1 … b_N", ["1\n2\n"], "dots_not_understood"),
            ("N M", ["1 2 3\n"], "samples_do_not_fit"),
        ],
    )
    def test_each_has_its_reason(self, text: str, samples: list[str], reason: str) -> None:
        found = read_format(text, samples)
        assert isinstance(found, Unreadable) and found.reason == reason

    def test_an_input_is_never_read_beyond_its_end(self) -> None:
        found = read_format("N\na_1 … a_N", ["1000000000\n1\n"])
        assert isinstance(found, Unreadable) and found.reason == "samples_do_not_fit"
