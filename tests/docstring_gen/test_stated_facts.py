from __future__ import annotations

from dataclasses import replace

import pytest

from docstring_gen.stated_facts import contradictions, unmentioned_arguments
from sft.row_texts import CutProgram, cut_docstring
from tasks.record import Expected, Task, TestCase
from tests.sft.task_texts import task

_PROMPT = "def f(text, count=2, *rest, sep=' ', **more):\n"
_CALLS = [
    TestCase(["a b"], {"sep": ","}, Expected("returned", ["a", "b"])),
    TestCase(["a", 3], {}, Expected("returned", [])),
]


def _found(docstring: str, cases: list[TestCase] = _CALLS) -> list[str]:
    one = replace(task("f", "    return text.split(sep)\n", prompt=_PROMPT), tests=cases)
    return contradictions(docstring, one, _cut(one))


def _cut(one: Task) -> CutProgram:
    cut = cut_docstring(one)
    assert isinstance(cut, CutProgram)
    return cut


@pytest.mark.parametrize(
    ("docstring", "contradiction"),
    [
        ("Return a string.", "result: says None or str, recorded list"),
        ("Returns True if text is empty.", "result: says bool, recorded list"),
        ("Return whether it is so.", "result: says bool, recorded list"),
        ("Always returns None.", "result: says None, recorded another value"),
        ("Split.\n\n:rtype: dict", "result: says dict, recorded list"),
        ("Split.\n\nReturns:\n    tuple: the parts", "result: says tuple, recorded list"),
        ("Split.\n\nReturns\n-------\nstr or None\n    the parts", "result: says None or str, recorded list"),
        ("Split.\n\nArgs:\n    text (int): a number", "text: says int, recorded str"),
        ("Split.\n\nParameters\n----------\nsep : bytes, optional\n    it", "sep: says bytes, recorded str"),
        ("Split.\n\n:param count: how many, defaults to 5", "count: says its default is 5"),
        ("Split.\n\n:param words: what is split", "words: no parameter has that name"),
    ],
)
def test_what_recorded_calls_contradict(docstring: str, contradiction: str) -> None:
    assert _found(docstring) == [contradiction]


@pytest.mark.parametrize(
    "docstring",
    [
        "Return a list of strings.",
        "Return the list.",
        "Return the string length.",
        "Return True if empty, else None.",
        "Return None if there is nothing.",
        "Split.\n\nArgs:\n    text (str): a text\n    count (float): how many\n    rest (int): others",
        "Split.\n\nArgs:\n    count (int, optional): how many. Defaults to 2.\n    *rest (int): none",
        "Split.\n\nReturns:\n    Iterable[str]: the parts",
        "Split.\n\nReturns:\n    Optional[List[str]]: the parts",
        ":rtype: Union[list, str]",
        ":rtype: somebody's",
        "Args:\n" + "    x" * 400,
    ],
)
def test_what_is_right_or_undecidable_is_no_contradiction(docstring: str) -> None:
    assert _found(docstring) == []


def test_values_of_kinds_of_their_own_decide_nothing() -> None:
    cases = [TestCase([{"$tuple": [1]}], {}, Expected("returned", {"$call": ["task:A", [], {}]}))]
    assert _found("Return a string.", cases) == []
    assert _found(":param list text: it", cases) == ["text: says list, recorded tuple"]
    assert _found(":rtype: str", [TestCase([1], {}, Expected("raised", exception="builtins:E"))]) == []


def test_arguments_are_mentioned_by_their_names_alone() -> None:
    cut = CutProgram("def f(self, text, text_count, *rest, key=1, **more):\n", "    return text\n", "")
    assert unmentioned_arguments("Split `text`; see **more.", cut, "f") == ["text_count", "rest", "key"]
    assert unmentioned_arguments("text, text_count, rest, key, more", cut, "f") == []
