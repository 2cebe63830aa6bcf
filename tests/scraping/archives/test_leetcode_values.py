from __future__ import annotations

from typing import Any

import pytest

from scraping.archives.leetcode_examples import (
    assigned_texts,
    checker_of_statement,
    example_tests,
    examples_of_html,
    examples_of_text,
)
from scraping.archives.leetcode_solution import signature_of_class
from scraping.archives.leetcode_values import UnreadableValue, annotation_of, is_linked, read_value
from scraping.archives.reading import UnusableProblem
from scraping.problem import Parameter, Signature


@pytest.mark.parametrize(
    ("name", "annotation"),
    [
        ("integer", "int"),
        ("integer[][]", "list[list[int]]"),
        ("list<list<string>>", "list[list[str]]"),
        ("list<double>", "list[float]"),
        ("character[][]", "list[list[str]]"),
        ("boolean", "bool"),
        ("long", "int"),
        ("void", "None"),
        ("TreeNode", "TreeNode"),
        ("ListNode[]", "list[ListNode]"),
    ],
)
def test_types(name: str, annotation: str) -> None:
    assert annotation_of(name) == annotation
    assert is_linked(annotation) == ("Node" in name)


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("[2,7,11]", "List[int]", [2, 7, 11]),
        ('["a","b\\"c"]', "List[str]", ["a", 'b"c']),
        ("[['1','.']]", "List[List[str]]", [["1", "."]]),
        ("e", "str", "e"),
        ("'e'", "str", "e"),
        ('"e"', "str", "e"),
        ("1", "str", "1"),
        ("true", "bool", True),
        ("False", "bool", False),
        ("2", "float", 2.0),
        ("[1, 2.5]", "list[float]", [1.0, 2.5]),
        ("12345678901234567890", "int", 12345678901234567890),
        ("null", "Optional[int]", None),
        ("[null, 1]", "", [None, 1]),
        ('["null"]', "List[str]", ["null"]),
        ('[""]', "List[str]", [""]),
        ("[-1,\xa00]", "List[int]", [-1, 0]),
    ],
)
def test_values(text: str, annotation: str, value: object) -> None:
    if value is None:
        with pytest.raises(UnreadableValue):
            read_value(text, annotation)
        return
    found = read_value(text, annotation)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "annotation", "reason"),
    [
        ("[1, 2", "List[int]", "unreadable_example"),
        ("[1, ...]", "List[int]", "truncated_example"),
        ("5 or 6", "int", "unreadable_example"),
        ("2.5", "int", "value_of_other_type"),
        ("true", "int", "value_of_other_type"),
        ("[[1]]", "List[int]", "value_of_other_type"),
        ("__import__('os')", "int", "unreadable_example"),
        ("(1, 2)", "List[int]", "unreadable_example"),
    ],
)
def test_what_is_no_value_of_its_type(text: str, annotation: str, reason: str) -> None:
    with pytest.raises(UnreadableValue, match=reason):
        read_value(text, annotation)


def _signature(returns: str = "int", **types: str) -> Signature:
    return Signature("f", [Parameter(name, kind) for name, kind in types.items()], returns)


@pytest.mark.parametrize(
    ("text", "types", "texts"),
    [
        ("nums = [2,7], target = 9", {"nums": "", "target": ""}, ["[2,7]", "9"]),
        ('t = "a, s = 1", s = "x"', {"s": "", "t": ""}, ['"x"', '"a, s = 1"']),
        ("s = 'a'\nt = 'b'", {"s": "", "t": ""}, ["'a'", "'b'"]),
        ("arr = [1]", {"nums": ""}, ["[1]"]),
        ("[1,2]", {"nums": ""}, ["[1,2]"]),
        ('s = "a\\"b = 1", k=2', {"s": "", "k": ""}, ['"a\\"b = 1"', "2"]),
    ],
)
def test_arguments_of_an_example(text: str, types: dict[str, str], texts: list[str]) -> None:
    assert assigned_texts(text, _signature(**types)) == texts


@pytest.mark.parametrize("text", ["1, 2", "a = 1", "a = 1, a = 2", ""])
def test_arguments_that_do_not_fit(text: str) -> None:
    with pytest.raises(UnreadableValue):
        assigned_texts(text, _signature(a="int", b="int"))


def test_both_styles_of_examples() -> None:
    html = (
        "<pre>\r\n<strong>Input:</strong> nums = [1,2], k = 3\r\n<strong>Output:</strong> [0,1]\r\n"
        "<strong>Explanation:</strong> Because.\r\n</pre><pre>no example</pre>"
        '<div class="example-block"><p><strong>Input:</strong> <span>s = &quot;a&quot;</span></p>'
        '<p><strong>Output:</strong> <span class="example-io">2</span></p></div>'
    )
    old, new = examples_of_html(html)
    assert (old.input, old.output, old.explanation) == ("nums = [1,2], k = 3", "[0,1]", "Because.")
    assert (new.input, new.output, new.explanation) == ('s = "a"', "2", "")


def test_examples_in_plain_text() -> None:
    text = (
        "Do.\n\xa0\nExample 1:\n\nInput: n = 1\nOutput: 2\nExplanation: so\n\n"
        "Example 2:\n\nInput: n = 2\nOutput: 3\n\nConstraints:\n\n1 <= n"
    )
    assert [(example.input, example.output) for example in examples_of_text(text)] == [
        ("n = 1", "2"),
        ("n = 2", "3"),
    ]


def test_a_function_without_result_is_told_by_its_first_argument() -> None:
    examples = "nums = [1,2], k = 1\nOutput: [2,1]", "nums = [1..2], k = 1\nOutput: [1]"
    html = "".join(f"<pre>Input: {example}</pre>" for example in examples)
    tests, dropped = example_tests(examples_of_html(html), _signature("None", nums="list[int]", k="int"))
    (case,) = [test.case for test in tests if test.case is not None]
    assert case.expected.value is None and case.expected.arguments_after == [[2, 1], 1]
    assert case.origin == "example" and dropped == {"unreadable_example": 1}


@pytest.mark.parametrize(
    ("statement", "returns", "kind"),
    [
        ("Return the sum.", "int", "exact"),
        ("You can return the answer in **any order**.", "list[int]", "unordered"),
        ("If there are multiple answers, return any of them.", "list[int]", "pending"),
        ("If there are multiple answers, return any of them in any order.", "list[int]", "pending"),
        ("Return in any order.", "int", "exact"),
    ],
)
def test_what_statements_say_of_several_answers(statement: str, returns: str, kind: str) -> None:
    assert checker_of_statement(statement, returns).kind == kind


def test_tolerances_of_statements() -> None:
    checker = checker_of_statement("Answers within `10^-5` of the actual answer will be accepted.", "float")
    assert (checker.kind, checker.absolute_tolerance) == ("exact", 1e-5)
    assert checker_of_statement("within 10^-6", "float").relative_tolerance == 1e-6
    assert checker_of_statement("Return it.", "list[float]").absolute_tolerance == 1e-5
    assert checker_of_statement("within 10^-5", "int").absolute_tolerance is None


def _signature_names(source: str, **options: Any) -> list[str]:
    signature = signature_of_class(source, **options)
    return [signature.name, *(parameter.name for parameter in signature.parameters), signature.returns]


def test_the_method_of_a_solution() -> None:
    stub = "class Solution:\n    def f(self, a: List[int], b: int) -> bool:\n        "
    assert _signature_names(stub) == ["f", "a", "b", "bool"]
    two = "class Solution:\n    def g(self, x): pass\n    def f(self, a): pass\n    def _h(self): pass\n"
    assert _signature_names(two, entry="f") == ["f", "a", ""]
    assert _signature_names(two, names=["x"]) == ["g", "x", ""]
    for source, reason in (
        (two, "ambiguous_entry_point"),
        ("class Stack:\n    def push(self): pass\n", "design_class"),
        ("x = 1", "no_solution_class"),
        ("class Solution(:", "unparsable_python"),
        ("class Solution:\n    def f(self, *a): pass\n", "variadic_parameters"),
        ("class Solution:\n    def __init__(self): pass\n    def f(self): pass\n", "ambiguous_entry_point"),
    ):
        with pytest.raises(UnusableProblem, match=reason):
            signature_of_class(source)
