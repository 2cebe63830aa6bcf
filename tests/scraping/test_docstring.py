"""Docstrings of problems: complete, of the right width, and safe whatever stands in a statement."""

from __future__ import annotations

import ast
import doctest
import inspect
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.problem import Parameter, Problem, Rights, Sections, Signature, Source
from scraping.statements.docstring import docstring_literal, problem_docstring
from scraping.statements.mathematics import usual_delimiters
from scraping.statements.plain_text import plain_text
from tasks.record import Expected, TestCase
from tasks.value_encoding import encode

_SUM = Signature("total", [Parameter("numbers", "list[int]"), Parameter("start", "int")], "int")
_PROBLEM = Problem("site:1", "Total", Source("site", "site"), Rights(), "function")
_LEGEND = (
    "Given **n** numbers $a_1, \\ldots, a_n$ with $1 \\le a_i \\le 10^{5}$, return *the sum* of [them](https://x.y)"
    " and `start`, where nothing is lost."
)


def _case(arguments: list[Any], result: Any, **expected: Any) -> TestCase:
    outcome = Expected(expected.pop("kind", "returned"), value=encode(result), **expected)
    return TestCase([encode(argument) for argument in arguments], {}, outcome)


def _with(**sections: str) -> Problem:
    return replace(_PROBLEM, sections=Sections(**sections))


def test_a_native_function_gets_legend_constraints_notes_and_examples() -> None:
    problem = _with(
        legend=_LEGEND,
        constraints="- `1 <= numbers.length <= 10^4`\n- Time limit: 2 seconds",
        notes="The sum fits.\n\n**Follow up:** Could you do it in O(1)?",
    )
    assert problem_docstring(problem, _SUM, [_case([[1, 2], 3], 6)]) == (
        "Given n numbers a_1, ..., a_n with 1 <= a_i <= 10^5, return the sum of them and\n"
        "`start`, where nothing is lost.\n"
        "\n"
        "Constraints:\n"
        "\n"
        "- `1 <= numbers.length <= 10^4`\n"
        "\n"
        "Notes:\n"
        "\n"
        "The sum fits.\n"
        "\n"
        ">>> total([1, 2], 3)\n"
        "6"
    )


def test_an_inferred_function_is_told_what_its_parameters_and_its_result_are() -> None:
    signature = replace(_SUM, origin="inferred")
    problem = _with(
        legend="Add.",
        input="Input is given from Standard Input in the following format:\n\n```\nN\nA_1 ... A_N\n```",
        output="Print the sum.",
    )
    text = problem_docstring(problem, signature, [])
    assert "The parameters are `numbers`, `start`, from the input that is described here:" in text
    assert "In this order:\n\n    N\n    A_1 ... A_N" in text
    assert "Returns as `int` what is described here as the output:\n\nPrint the sum." in text


def test_a_function_of_texts_is_told_that_they_are_whole_input_and_output() -> None:
    signature = Signature("solve", [Parameter("data", "str")], "str", origin="fallback")
    text = problem_docstring(
        _with(legend="Add.", input="Two numbers.", output="Their sum."), signature, [_case(["1 2\n"], "3\n")]
    )
    assert text == (
        "Add.\n\n`data` is the whole input, and the returned text is the whole output.\n\n"
        "Input:\n\nTwo numbers.\n\nOutput:\n\nTheir sum.\n\n>>> solve('1 2\\n')\n'3\\n'"
    )


def test_long_calls_are_continued_and_long_texts_printed() -> None:
    signature = Signature("solve", [Parameter("data", "str")], "str", origin="fallback")
    lines = "".join(f"{number} is a line of the input\n" for number in range(4))
    text = problem_docstring(_with(legend="x"), signature, [_case([lines], lines)])
    assert text.startswith("x\n")
    examples = text.partition(">>> ")[2]
    assert examples.startswith("print(solve(\n...     '0 is a line of the input\\n'\n")
    assert examples.endswith("\n3 is a line of the input")


def _echo(*arguments: object) -> object:
    return arguments[0]


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
    | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=12)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        | st.sets(st.integers(), max_size=3)
    ),
    max_leaves=25,
)


@given(_VALUES, _VALUES)
def test_every_example_passes_as_a_doctest(first: object, second: object) -> None:
    signature = Signature("echo", [Parameter("a"), Parameter("b")])
    text = problem_docstring(_with(legend="x"), signature, [_case([first, second], first)])
    test = doctest.DocTestParser().get_doctest(text, {"echo": _echo}, "echo", None, None)
    results = doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None)
    assert results.attempted >= 1
    assert results.failed == 0


def test_what_a_call_does_to_its_arguments_and_what_it_raises_and_yields() -> None:
    signature = Signature("change", [Parameter("items"), Parameter("key")])
    changed = replace(
        _case([[3, 1], 0], None), expected=Expected("returned", None, arguments_after=[[1, 3], 0])
    )
    raised = TestCase([[], 1], {}, Expected("raised", exception="builtins:ValueError"))
    yielded = TestCase([[1], 2], {"deep": True}, Expected("yielded", [1, 2], exhausted=False))
    text = problem_docstring(_with(legend="x"), signature, [changed, raised, yielded])
    assert ">>> items = [3, 1]\n>>> key = 0\n>>> change(items, key)\n>>> items\n[1, 3]\n\n" in text
    assert ">>> change([], 1)\nTraceback (most recent call last):\n    ...\nValueError\n\n" in text
    assert ">>> import itertools\n>>> list(itertools.islice(change([1], 2, deep=True), 2))\n[1, 2]" in text


def test_examples_that_no_expression_writes_and_overlong_ones_are_left_out() -> None:
    signature = Signature("echo", [Parameter("a")])
    nan = _case([float("nan")], float("nan"))
    long = _case(["x" * 1_200], 1)
    text = problem_docstring(_with(legend="x"), signature, [nan, long, _case([1], 1)])
    assert text == "x\n\n>>> echo(1)\n1"
    assert ">>> echo(" in problem_docstring(_with(legend="x"), signature, [long])


_TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [
        '"""',
        "\\",
        '\\"',
        ">>> print(1)",
        "'''",
        "```",
        "```\n>>> f(1)\n```",
        "- item",
        "\n\n",
        "$x$",
        "\r",
        "\\N{",
        "\x0c",
    ]
)


@given(st.lists(_TEXT, max_size=8).map("".join))
def test_any_statement_makes_a_docstring_that_reads_back(statement: str) -> None:
    text = problem_docstring(_with(legend=f"x {statement}"), _SUM, [_case([[1], 2], 3)])
    source = f"def total(numbers, start):\n{docstring_literal(text)}    return sum(numbers) + start\n"
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    docstring = ast.get_docstring(function)
    assert docstring is not None
    assert docstring == inspect.cleandoc(text)
    (example,) = doctest.DocTestParser().get_examples(docstring)
    assert example.source == "total([1], 2)\n"
    assert example.want == "3\n"


@given(st.lists(st.text(alphabet="abc de,.fgh", min_size=1, max_size=70), max_size=12).map(" ".join))
def test_prose_is_no_wider_than_its_width(prose: str) -> None:
    literal = docstring_literal(plain_text(f"- {prose}\n\n{prose}"))
    longest_word = max(map(len, prose.split()), default=0)
    assert all(len(line) <= max(88, longest_word + 7) for line in literal.split("\n"))


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("**N** and *x* but 2 * 3 * 4 and a*b*c", "N and x but 2 * 3 * 4 and a*b*c"),
        ("### Small dataset\n\n1 ≤ **n** ≤ 10", "Small dataset:\n\n1 <= n <= 10"),
        ("![a tree](http://x/y.png) ![](z.png)", "[picture: a tree]"),
        ("`a*b ≤ c` and `$x$`", "`a*b <= c` and `$x$`"),
        ("It costs $5 or $6, “all” of 10⁵", 'It costs $5 or $6, "all" of 10^5'),
        ("| a | b |\n| --- | --- |", "| a | b |\n| --- | --- |"),
        ("```\n>>> f(1)\n  x\n```", "    >> f(1)\n      x"),
        ("a  \nb", "a\nb"),
        (r"$998\,244\,353$ $\lfloor x \rfloor$ $i^{\text{th}}$", "998244353 floor(x) i-th"),
        (r"It is \[ a \le b \]\[ c \], so $$d$$", "It is\na <= b\n\nc\n, so\nd"),
        (r"$\frac{a+b}{2}$ $2^{n-1} \bmod 7$ $c_{1,1}\ldots$", "(a+b)/2 2^{n-1} mod 7 c_{1,1}..."),
        (r"$O(n\log n)$, $a\in S$, $x \oplus y$, $\foo$", r"O(n log n), a in S, x xor y, \foo"),
    ],
)
def test_plain_text(markdown: str, plain: str) -> None:
    assert plain_text(usual_delimiters(markdown)) == plain
