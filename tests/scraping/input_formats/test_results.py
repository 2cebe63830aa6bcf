"""Outputs as values: types inferred, values read, and the same by generated source."""

from __future__ import annotations

import pytest

from scraping.input_formats.reading import BadInput
from scraping.input_formats.results import TEXT, ResultForm, infer_result, split_cases


@pytest.mark.parametrize(
    ("outputs", "annotation", "value"),
    [
        (["3\n", "-4\n"], "int", 3),
        (["0.5\n", "2\n"], "float", 0.5),
        (["Yes\n", "No\n"], "str", "Yes"),
        (["007\n", "1\n"], "str", "007"),
        (["1 2 3\n", "4\n"], "list[int]", [1, 2, 3]),
        (["1\n2\n", "4\n"], "list[int]", [1, 2]),
        (["ab\ncd\n", "e\n"], "list[str]", ["ab", "cd"]),
        (["1 2\n3\n", "4\n"], "list[list[int]]", [[1, 2], [3]]),
        (["Hello  world\n", "x\n"], "str", "Hello world"),
        (["YES\n1 2\n", "NO\n"], "list[str]", ["YES", "1 2"]),
        (["1\n", "\n"], "list[int]", [1]),
        (["-1\n", "IMPOSSIBLE\n"], "str", "-1"),
    ],
)
def test_the_narrowest_form_of_all_outputs(outputs: list[str], annotation: str, value: object) -> None:
    form = infer_result(outputs)
    assert form.annotation == annotation
    assert form.value(outputs[0]) == value
    assert eval(form.reader("output"), {"output": outputs[0]}) == value  # noqa: S307
    written = eval(form.writer("result"), {"result": value})  # noqa: S307
    assert written.split() == outputs[0].split()


def test_approximate_integers_are_numbers() -> None:
    assert infer_result(["3\n"], approximate=True).annotation == "float"


def test_longer_integers_than_python_reads_are_texts() -> None:
    assert infer_result(["9" * 5000]).annotation == "str"


def test_a_text_is_left_as_it_is() -> None:
    assert TEXT.value("a \n b\n\n") == "a \n b\n\n"
    assert (TEXT.reader("output"), TEXT.writer("result")) == ("output", "result")


def test_labels_are_taken_off_and_put_on() -> None:
    form = ResultForm("token", "int", labelled=True)
    assert form.value("Case #1: 5\n") == 5
    assert eval(form.reader("output"), {"output": "Case #1: 5\n"}) == 5  # noqa: S307
    assert eval(form.writer("result"), {"result": 5}) == "Case #1: 5"  # noqa: S307
    with pytest.raises(BadInput):
        form.value("5\n")


@pytest.mark.parametrize(
    ("output", "cases", "parts"),
    [
        ("Case #1: 5\nCase #2: 6\n", 2, (["Case #1: 5\n", "Case #2: 6\n"], True)),
        ("Case #1:\na\nb\nCase #2:\nc\n", 2, (["Case #1:\na\nb\n", "Case #2:\nc\n"], True)),
        ("5\n6\n", 2, (["5", "6"], False)),
        ("5\n6\n7\n8\n", 2, (["5\n6", "7\n8"], False)),
        ("5\n6\n7\n", 2, None),
        ("Case #1: 5\nCase #3: 6\n", 2, None),
        ("", 2, None),
    ],
)
def test_outputs_are_split_by_labels_or_by_lines(
    output: str, cases: int, parts: tuple[list[str], bool] | None
) -> None:
    assert split_cases(output, cases) == parts


@pytest.mark.parametrize("output", ["", "1 2\n", "1\n2\n", "x\n"])
def test_an_output_of_another_form_is_refused(output: str) -> None:
    with pytest.raises(BadInput):
        ResultForm("token", "int").value(output)
