"""Bounds of inputs, as constraints of many sites write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.statements.bounds import read_bounds
from scraping.statements.numbers import number


def _told(text: str) -> list[tuple[object, ...]]:
    return [
        (bound.name, bound.of, bound.minimum_name or bound.minimum, bound.maximum_name or bound.maximum)
        for bound in read_bounds(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- `1 <= n <= 2 * 10^5`", [("n", "value", 1, 200_000)]),
        (r"$-10^9 \le a_i \le 10^{9}$", [("a", "item", -(10**9), 10**9)]),
        ("`2 <= nums.length <= 10^4`", [("nums", "length", 2, 10_000)]),
        ("`0 <= nums[i], grid[i][j] <= 9`", [("nums", "item", 0, 9), ("grid", "item", 0, 9)]),
        ("0 ≤ k < n", [("k", "value", 0, "n - 1"), ("n", "value", "k + 1", None)]),
        (r"$1 \leq N, M \leq 10^5$", [("N", "value", 1, 10**5), ("M", "value", 1, 10**5)]),
        ("1 ≤ **N** ≤ 10,000.", [("N", "value", 1, 10_000)]),
        (r"$1 \le K \le 10\,000$ and 1 ≤ L ≤ 10 000", [("K", "value", 1, 10_000), ("L", "value", 1, 10_000)]),
        (
            r"$1 \le A_i \le 7$ ($1 \le i \le N$), for each $1 \le j \le M$ the $B_j$",
            [("A", "item", 1, 7)],
        ),
        (r"$0 \le a_1, a_2, \ldots, a_n \le 100$", [("a", "item", 0, 100)]),
        (r"$1 \le |S_i| \le 10$, $1 \le |T| \le 9$", [("S[i]", "length", 1, 10), ("T", "length", 1, 9)]),
        ("`m == grid.length`", [("grid", "length", "m", "m")]),
        ("`1 <= n == a.length <= 9`", [("n", "value", 1, "a.length"), ("a", "length", "n", 9)]),
        ("`points[i].length == 2`", [("points[i]", "length", 2, 2)]),
        ("N is an integer between 1 and 100", [("N", "value", 1, 100)]),
        ("The number of nodes in the tree is in the range `[1, 10^4]`.", [("tree", "length", 1, 10_000)]),
        ("The length of s is at most 5", [("s", "length", None, 5)]),
        ("n does not exceed 7", [("n", "value", None, 7)]),
        ("The first line has N (1 <= N <= 10^5) and K.", [("N", "value", 1, 10**5)]),
        ("`-2^31 <= x <= 2^31 - 1`", [("x", "value", -(2**31), 2**31 - 1)]),
        ("`1 <= m * n <= 10^4`", [("m * n", "value", 1, 10_000)]),
        ("10 >= n >= 2", [("n", "value", 2, 10)]),
        (r"$0 \le x_1, y_1 \le 50$", [("x_1", "value", 0, 50), ("y_1", "value", 0, 50)]),
        ("`s` consists of lowercase English letters.", []),
        ("a -> b, x => y, p != q, <= 5", []),
    ],
)  # fmt: skip
def test_bounds(text: str, expected: list[tuple[object, ...]]) -> None:
    assert _told(text) == expected


def test_a_side_that_is_a_name_keeps_the_number_behind_it() -> None:
    lower, upper, _ = read_bounds("1 <= l <= r <= n <= 10")
    assert (lower.minimum, lower.maximum, lower.maximum_name) == (1, 10, "r")
    assert (upper.minimum, upper.minimum_name, upper.maximum, upper.maximum_name) == (1, "l", 10, "n")
    assert lower.text == "1 <= l <= r <= n <= 10"


@given(
    st.integers(-(10**18), 10**18), st.integers(0, 10**18), st.sampled_from(["<=", "≤", "\\le ", "\\leq "])
)
def test_any_numbers_are_read_exactly(minimum: int, span: int, sign: str) -> None:
    (bound,) = read_bounds(f"${minimum} {sign} n {sign} {minimum + span}$")
    assert (bound.name, bound.minimum, bound.maximum) == ("n", minimum, minimum + span)


@given(st.text(alphabet="ab1_[]{}().,|<=>^*+- \\$", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for bound in read_bounds(text):
        assert bound.name
        assert bound.minimum is None or bound.maximum is None or bound.minimum <= bound.maximum


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10^9 + 7", 10**9 + 7), ("2 * 10^5", 200_000), ("-2^31", -(2**31)), ("10^{18}", 10**18),
        ("1e-6", 1e-6), ("10^-6", 10**-6), ("3/2", 1.5), ("(2 + 3) * 4", 20), ("n", None), ("10^", None),
        ("", None), ("2^2^9^9^9", None), ("1/0", None), ("9^99999999999", None), ("(1", None),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float | None) -> None:
    assert number(text) == value
