"""Input formats told in sentences, in words of our own after the manner of several sites."""

from __future__ import annotations

import pytest

from scraping.input_formats.prose import described
from scraping.input_formats.solving import Unreadable, fitting
from scraping.input_formats.structure import InputFormat


def _parameters(text: str, *samples: str) -> list[tuple[str, str]]:
    found = fitting(described(text), list(samples))
    assert isinstance(found, InputFormat), found
    return found.parameters


@pytest.mark.parametrize(
    ("text", "sample", "parameters"),
    [
        ("The only line contains an integer $n$ ($1 \\le n \\le 9$).", "4\n", [("n", "int")]),
        (
            "The first line contains two integers $n$ and $k$ — the size and the goal. "
            "The second line contains $n$ integers $a_1, a_2, \\ldots, a_n$ ($0 \\le a_i \\le 10^9$).",
            "3 1\n1 2 3\n",
            [("n", "int"), ("k", "int"), ("a", "list[int]")],
        ),
        (
            "The first line contains integers N and M. The next M lines contain two integers u_i and v_i.",
            "5 2\n1 2\n3 4\n",
            [("N", "int"), ("M", "int"), ("u", "list[int]"), ("v", "list[int]")],
        ),
        (
            "The first line of input gives the number of cases, **N**. Each of the following **N** lines has "
            'the format "**M** **P**", where: **M** is an integer.',
            "1\n2 0.5\n",
            [("N", "int"), ("M", "list[int]"), ("P", "list[float]")],
        ),
        (
            "The first line gives the number of test cases, $T$. Each test case consists of $2$ lines. The "
            "$i$-th line of a test case contains 2 integers $C_i$ and $M_i$, as it is.",
            "1\n1 2\n3 4\n",
            [("T", "int"), ("C", "list[list[int]]"), ("M", "list[list[int]]")],
        ),
        (
            "The first line contains the number of tests t. Each case begins with one line containing two "
            "integers R and C. Then, there are R more rows of C characters each.",
            "1\n2 2\n.#\n#.\n",
            [("t", "int"), ("R", "list[int]"), ("C", "list[int]"), ("s", "list[list[str]]")],
        ),
        ("Input is a single integer $N$.", "5\n", [("N", "int")]),
        (
            "The first line contains an integer n. The next $n - 1$ lines contain two integers u and v.",
            "3\n1 2\n2 3\n",
            [("n", "int"), ("u", "list[int]"), ("v", "list[int]")],
        ),
        (
            "Input starts with a line containing one integer $T$, the number of test cases. Each case has a "
            "line with one integer $n$, then a line with $n$ integers.",
            "1\n2\n1 2\n",
            [("T", "int"), ("n", "list[int]"), ("a", "list[list[int]]")],
        ),
        (
            "The first line holds nothing but names. The first line contains a string s.",
            "abc\n",
            [("s", "str")],
        ),
        (
            "The first line of the input gives the number of test cases, **T**. **T** test cases follow. "
            "Each test case begins with a line containing the two integers **N** and **K**. "
            "The second line contains **N** integers. The i-th integer is A_i, a height.",
            "2\n2 5\n1 2\n1 6\n3\n",
            [("T", "int"), ("N", "list[int]"), ("K", "list[int]"), ("A", "list[list[int]]")],
        ),
        (
            "The first line gives the number of test cases, T. T lines follow, each containing an integer S.",
            "2\n5\n6\n",
            [("T", "int"), ("S", "list[int]")],
        ),
        (
            "The first line contains the number of test cases t. The first line of each test case "
            "contains two integers h and w. This is followed by h lines, each containing a string.",
            "1\n2 2\n.#\n##\n",
            [("t", "int"), ("h", "list[int]"), ("w", "list[int]"), ("s", "list[list[str]]")],
        ),
    ],
)
def test_sentences_become_structures(text: str, sample: str, parameters: list[tuple[str, str]]) -> None:
    assert _parameters(text, sample) == parameters


def test_sentences_that_say_nothing_of_lines_give_nothing() -> None:
    assert list(described("You are given a tree. Find its centre.")) == []


def test_what_the_samples_contradict_is_refused() -> None:
    found = fitting(described("The first line contains two integers a and b."), ["1 2 3\n"])
    assert isinstance(found, Unreadable)


def test_names_never_run_out() -> None:
    text = "\n".join(["The next line contains two integers."] * 8)
    names = [name for name, _ in _parameters(text, "1 2\n" * 8)]
    assert len(set(names)) == 16
