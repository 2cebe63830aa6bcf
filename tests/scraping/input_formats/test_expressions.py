"""Index expressions: read, computed with, evaluated within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.input_formats.expressions import (
    BadExpression,
    Expression,
    Length,
    LoopIndex,
    Variable,
    parse_expression,
)


def _value(text: str, **values: int) -> int:
    return parse_expression(text).value(lambda variable: values[variable.name], {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("N", 5),
        ("N-1", 4),
        ("2N", 10),
        ("2 * N + M", 13),
        ("NM", 15),
        ("(N-1)(M+1)", 16),
        ("N(N-1)/2", 10),
        ("2^N", 32),
        ("2^{M}-1", 7),
        ("10", 10),
    ],
)
def test_factors_side_by_side_and_powers(text: str, value: int) -> None:
    assert _value(text, N=5, M=3) == value


def test_subscripts_and_lengths_are_atoms() -> None:
    assert parse_expression("K_{i}") == Expression.atom(Variable("K", (Expression.atom(Variable("i")),)))
    assert parse_expression("|S|") == Expression.atom(Length("S"))


@pytest.mark.parametrize("text", ["", "N-", "(N", "N)", "a,b", "#"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        parse_expression(text)


def test_values_stay_within_bounds() -> None:
    with pytest.raises(BadExpression):
        _value("2^N", N=10**9)
    with pytest.raises(BadExpression):
        _value("N/2", N=5)
    with pytest.raises(BadExpression):
        _value("N/M", N=5, M=0)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_arithmetic_is_that_of_integers(a: int, b: int, n: int) -> None:
    variable = Expression.atom(Variable("n"))
    built = (variable + Expression.number(a)) * (variable - Expression.number(b))
    assert built.value(lambda _: n, {}) == (n + a) * (n - b)
    text = built.text(lambda atom: "n" if isinstance(atom, Variable) else "?")
    assert eval(text, {"n": n}) == (n + a) * (n - b)  # noqa: S307 - a text made two lines above


def test_atoms_are_exchanged_from_outside_in() -> None:
    indexed = Expression.atom(Variable("N", (Expression.atom(Variable("A")),)))
    flat = indexed.mapped(
        lambda atom: Expression.atom(Variable("N_A")) if atom == indexed.single_atom else None
    )
    assert flat == Expression.atom(Variable("N_A"))
    inner = indexed.mapped(lambda atom: Expression.atom(LoopIndex(0)) if atom == Variable("A") else None)
    assert inner == Expression.atom(Variable("N", (Expression.atom(LoopIndex(0)),)))
