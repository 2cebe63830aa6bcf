"""Comparators for problems with several right answers: as data, and as text of a rendered check."""

from __future__ import annotations

import pytest

from tasks.equality import Comparator, equal, first_difference
from tasks.humaneval import render_check
from tasks.record import Expected, TestCase
from tasks.text_comparison import TextComparison, text_difference
from tasks.value_encoding import encode

_CLOSE = 1e-6

SAME: list[tuple[Comparator, object, object]] = [
    (Comparator("unordered"), [1, 2, 2], [2, 1, 2]),
    (Comparator("unordered"), ([1], [2]), ([2], [1])),
    (Comparator("unordered"), [[1, 2], [3]], [[3], [1, 2]]),
    (Comparator("unordered", rtol=_CLOSE), [1.0, 2.0], [2.0 + 1e-9, 1.0]),
    # the first that is close to 1.0 may not be taken by 1.5
    (Comparator("unordered", atol=0.7), [1.5, 1.0], [1.4, 2.1]),
    (Comparator("unordered"), "a b\nc\n", "c\na  b"),
    (Comparator("set"), [1, 2, 2], [2, 1]),
    (Comparator("set", atol=0.1), [1.0, 2.0], [2.05, 1.05, 0.95]),
    (Comparator("set"), "a\nb\na\n", "b\na"),
    (Comparator("set"), {1, 2}, {2, 1}),
    (Comparator("tokens"), "1 2\n", "1\n2"),
    (Comparator("tokens", case_sensitive=False), "YES", "yes\n"),
    (Comparator("tokens", rtol=_CLOSE), "x 1000000", "x 1000000.5"),
    (Comparator("tokens", atol=_CLOSE), "0.0314", "3.1400000e-2"),
    (Comparator("tokens", space_sensitive=True), "1 2\n", "1 2\n"),
    (Comparator("lines"), "a b\nc", "a b  \nc\n\n"),
    (Comparator("lines", atol=0.1), "a 1.0\n2", "a 1.05\n2.05"),
    (Comparator("tokens"), 3, 3),
]

DIFFERENT: list[tuple[Comparator, object, object]] = [
    (Comparator("unordered"), [1, 2, 2], [2, 1, 1]),
    (Comparator("unordered"), [1, 2], [1, 2, 2]),
    (Comparator("unordered"), [1, 2], (2, 1)),
    (Comparator("unordered"), [1, 2], [2, 1.0]),
    (Comparator("unordered"), [1, 2], [2, True]),
    (Comparator("unordered"), [[1, 2], [3]], [[3], [2, 1]]),  # the outermost only
    (Comparator("unordered", rtol=_CLOSE), [1.0, 2.0], [2.0, 1.1]),
    (Comparator("unordered"), [1], 1),
    (Comparator("unordered"), "a b\nc\n", "c\nb a"),
    (Comparator("unordered"), "a\na", "a"),
    (Comparator("set"), [1, 2], [1, 3]),
    (Comparator("set"), [1, 2], [1]),
    (Comparator("set"), [1], [1, 2]),
    (Comparator("set"), "a\nb", "a"),
    (Comparator("tokens"), "1 2", "1"),
    (Comparator("tokens"), "1", "1 2"),
    (Comparator("tokens"), "1.0", "1"),
    (Comparator("tokens"), "YES", "yes"),
    (Comparator("tokens", atol=0.1), "0", "nan"),
    (Comparator("tokens", atol=0.1), "0", "0_0"),
    (Comparator("tokens", rtol=0.1), "1.0", "1.2"),
    (Comparator("tokens", rtol=0.1), "0", "1e-9"),  # nothing is relatively close to 0
    (Comparator("tokens", atol=5.0), "yes", "1"),
    (Comparator("tokens", space_sensitive=True), "1 2\n", "1  2\n"),
    (Comparator("lines"), "a b\nc", "a  b\nc"),
    (Comparator("lines"), "a\nb", "a b"),
    (Comparator("tokens"), "3", 3),
    (Comparator("tokens"), 3, True),
]


@pytest.mark.parametrize(("comparator", "expected", "actual"), SAME)
def test_right_answers(comparator: Comparator, expected: object, actual: object) -> None:
    assert first_difference(encode(expected), encode(actual), comparator) is None


@pytest.mark.parametrize(("comparator", "expected", "actual"), DIFFERENT)
def test_wrong_answers(comparator: Comparator, expected: object, actual: object) -> None:
    assert not equal(encode(expected), encode(actual), comparator)


@pytest.mark.parametrize(("comparator", "expected", "actual"), SAME + DIFFERENT)
def test_a_rendered_check_says_the_same(comparator: Comparator, expected: object, actual: object) -> None:
    case = TestCase([], {}, Expected("returned", encode(expected)), comparator)
    namespace: dict[str, object] = {"answer": actual}
    exec(f"def f():\n    return answer\n{render_check([case])}", namespace)  # noqa: S102
    check, f = namespace["check"], namespace["f"]
    assert callable(check)
    if equal(encode(expected), encode(actual), comparator):
        check(f)
    else:
        with pytest.raises(AssertionError):
            check(f)


def test_arguments_afterwards_stay_in_order() -> None:
    expected = Expected("returned", [1, 2], arguments_after=[[1, 2], 3])
    case = TestCase([[2, 1], 3], {}, expected, Comparator("unordered"))
    namespace: dict[str, object] = {}
    program = "def f(items, other):\n    items.reverse()\n    return items[::-1]\n"
    exec(program + render_check([case]), namespace)  # noqa: S102
    check, f = namespace["check"], namespace["f"]
    assert callable(check)
    check(f)
    with pytest.raises(AssertionError):
        check(lambda items, other: items)


def test_the_difference_names_the_place() -> None:
    difference = text_difference(TextComparison("tokens", absolute_tolerance=0.1), "1 2.0 3", "1 2.5 3")
    assert difference == "token 2: expected '2.0', got '2.5'"


def test_a_number_as_long_as_a_file_is_no_number() -> None:
    comparison = TextComparison("tokens", absolute_tolerance=1.0)
    assert text_difference(comparison, "1", "1" * 10_000_000) is not None
