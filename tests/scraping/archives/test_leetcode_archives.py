from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scraping.archives.doocs import read_doocs
from scraping.archives.leetcode_dataset import read_leetcode_dataset
from scraping.archives.leetcode_graphql import read_leetcode_graphql
from tests.scraping.archives.making import only, problems, reason, shared, written

_CONTENT = (
    "<p>Add <code>a</code> to every one of <code>nums</code>.</p>"
    "<pre><strong>Input:</strong> nums = [1,2], a = 3\n"
    "<strong>Output:</strong> [4,5]</pre><p><strong>Constraints:</strong></p>"
    "<ul><li><code>1 &lt;= a &lt;= 10<sup>5</sup></code></li></ul>"
)
_META = {
    "name": "addToAll",
    "params": [{"name": "nums", "type": "integer[]"}, {"name": "a", "type": "integer"}],
    "return": {"type": "integer[]"},
}
_QUESTION: dict[str, Any] = {
    "questionFrontendId": "77",
    "title": "Add To All",
    "titleSlug": "add-to-all",
    "content": _CONTENT,
    "difficulty": "Easy",
    "isPaidOnly": False,
    "topicTags": [{"name": "Array", "slug": "array"}],
    "codeSnippets": [
        {"langSlug": "cpp", "code": "x"},
        {"langSlug": "python3", "code": "class Solution:\r\n  def"},
    ],
    "exampleTestcases": "[1,2]\n3",
    "metaData": json.dumps(_META),
}


def _answer(root: Path, **changes: Any) -> Path:
    answer = {"data": {"question": {**_QUESTION, **changes}}}
    return written(root, {"add-to-all.json": json.dumps(answer)}) / "add-to-all.json"


def test_a_graphql_answer(tmp_path: Path) -> None:
    problem = only(read_leetcode_graphql(_answer(tmp_path)))
    assert (problem.problem_id, problem.source.index) == ("leetcode:add-to-all", "77")
    signature = problem.signature
    assert signature is not None and signature.returns == "list[int]"
    assert [(p.name, p.type) for p in signature.parameters] == [("nums", "list[int]"), ("a", "int")]
    assert signature.starter_code == "class Solution:\n  def"
    (test,) = problem.tests
    assert test.case is not None and test.case.arguments == [[1, 2], 3] and test.case.expected.value == [4, 5]
    assert "10^5" in problem.sections.constraints
    assert problem.rights.license is None and problem.rights.training == "unknown"


def test_inputs_come_from_the_test_cases_where_the_statement_is_no_help(tmp_path: Path) -> None:
    content = _CONTENT.replace("nums = [1,2], a = 3", "the numbers 1 and 2; three")
    (test,) = only(read_leetcode_graphql(_answer(tmp_path, content=content))).tests
    assert test.case is not None and test.case.arguments == [[1, 2], 3]


def test_the_old_form_of_stubs(tmp_path: Path) -> None:
    old = json.dumps([{"text": "Python3", "value": "python3", "defaultCode": "class Solution: ..."}])
    problem = only(read_leetcode_graphql(_answer(tmp_path, codeSnippets=None, codeDefinition=old)))
    assert problem.signature is not None and problem.signature.starter_code == "class Solution: ..."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"content": None, "isPaidOnly": True}, "paid_only"),
        ({"content": ""}, "no_statement"),
        ({"metaData": json.dumps({"classname": "Stack"})}, "design_class"),
        ({"metaData": "{}"}, "no_signature"),
        ({"metaData": "{"}, "malformed"),
        ({"metaData": json.dumps({**_META, "return": {"type": "ListNode"}})}, "linked_structure_arguments"),
        ({"metaData": json.dumps({**_META, "return": {"type": "Employee[]"}})}, "own_class_arguments"),
        ({"content": "<p>Nothing.</p>"}, "no_readable_example"),
    ],
)
def test_answers_that_give_no_problem(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    assert reason(read_leetcode_graphql(_answer(tmp_path, **changes))) == expected


def test_json_that_is_no_answer(tmp_path: Path) -> None:
    written(tmp_path, {"a.json": "[", "b.json": "{}", "c.json": json.dumps({"data": {"question": None}})})
    reasons = [getattr(item, "reason", "") for item in read_leetcode_graphql(tmp_path)]
    assert reasons == ["malformed", "not_a_question", "not_a_question"]


def test_the_recorded_answer() -> None:
    found = read_leetcode_graphql(shared("recorded_pages/leetcode/find-the-difference.json.20171216"))
    problem = only(found)
    (test,) = problem.tests
    assert problem.problem_id == "leetcode:find-the-difference"
    assert (
        test.case is not None and test.case.arguments == ["abcd", "abcde"] and test.case.expected.value == "e"
    )


_README = f"""---
comments: true
difficulty: Easy
tags:
    - Array
---

# [77. Add To All](https://leetcode.com/problems/add-to-all)

## Description

<!-- description:start -->

{_CONTENT}

<p><img alt="A sum" src="https://a.b/c.png" /></p>

<!-- description:end -->

## Solutions
"""
_STUB = "class Solution:\n    def addToAll(self, nums: List[int], a: int) -> List[int]:\n        "
_CODE = _STUB + "return [n + a for n in nums]\n"
_PLACE = "solution/0000-0099/0077.Add To All"


def test_doocs(tmp_path: Path) -> None:
    files = {
        f"{_PLACE}/README_EN.md": _README,
        f"{_PLACE}/Solution.py": _CODE,
        f"{_PLACE}/Solution2.py": _CODE,
        "solution/README_EN.md": "# Overview",
        "LICENSE": "Attribution-ShareAlike 4.0 International",
    }
    problem = only(read_doocs(written(tmp_path, files)))
    assert (
        problem.problem_id == "leetcode:add-to-all"
        and problem.difficulty == "Easy"
        and problem.tags == ["Array"]
    )
    assert problem.rights.license == "CC-BY-SA-4.0" and problem.rights.owner == "LeetCode"
    assert (problem.rights.redistribution, problem.rights.training) == ("unknown", "unknown")
    assert len(problem.solutions) == 2 and len(problem.tests) == 1
    assert [image.alternative_text for image in problem.images] == ["A sum"]
    assert "10^5" in problem.sections.constraints


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"README_EN.md": _README}, "no_python_solution"),
        ({"README_EN.md": "# nothing", "Solution.py": _CODE}, "malformed"),
        ({"README_EN.md": _README, "Solution.py": "class Adder:\n    def add(self): pass\n"}, "design_class"),
        (
            {"README_EN.md": _README, "Solution.py": _CODE.replace("List[int]:", "ListNode:")},
            "linked_structure_arguments",
        ),
        ({"README_EN.md": _README.replace("Input", "In"), "Solution.py": _CODE}, "no_readable_example"),
    ],
)
def test_doocs_pages_that_give_no_problem(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert reason(read_doocs(written(tmp_path / _PLACE, files))) == expected


_CHECK = """def check(candidate):
    assert candidate(nums = [1,2], a = 3) == [4,5]
    assert candidate(nums = [],a = 1) == []
    assert is_same_list(candidate(nums = []), [])
    assert candidate(nums = [g()], a = 1) == []
"""
_ROW: dict[str, Any] = {
    "task_id": "add-to-all",
    "question_id": 77,
    "difficulty": "Easy",
    "tags": ["Array"],
    "problem_description": "Add.\n\nExample 1:\n\nInput: nums = [1,2], a = 3\nOutput: [4,5]\n\n"
    "Constraints:\n\n1 <= a <= 105",
    "starter_code": _STUB,
    "estimated_date": "2024-08-04",
    "prompt": "from typing import *\n",
    "completion": _CODE,
    "entry_point": "Solution().addToAll",
    "test": _CHECK,
    "input_output": [{"input": "nums = [1,2], a = 3", "output": "[4, 5]"}],
    "query": "q",
    "response": "r",
}


def _dataset(root: Path, row: dict[str, Any]) -> Path:
    return written(root, {"rows.jsonl": json.dumps(row)}) / "rows.jsonl"


def test_leetcode_dataset_v0_3_1(tmp_path: Path) -> None:
    problem = only(read_leetcode_dataset(_dataset(tmp_path, _ROW)))
    assert [(test.kind, test.case.arguments) for test in problem.tests if test.case] == [
        ("example", [[1, 2], 3]),
        ("generated", [[], 1]),
    ]
    assert problem.tests_dropped == {"other_assertion": 1, "not_literal": 1}
    assert problem.published_at == "2024-08-04" and problem.source.index == "77"
    assert problem.solutions[0].code == "from typing import *\n\n" + _CODE
    assert "105" in problem.statement_markdown  # the damage is kept for the gate to find
    assert problem.rights.owner == "LeetCode" and problem.rights.redistribution == "unknown"


def test_leetcode_dataset_v0_1_0(tmp_path: Path) -> None:
    meta = {"question_id": 77, "difficulty": "Easy", "question_title": _ROW["problem_description"]}
    names = ("task_id", "prompt", "completion", "entry_point", "test", "query", "response", "input_output")
    row = {name: _ROW[name] for name in names} | {"meta": {**meta, "lang_code": _ROW["starter_code"]}}
    problem = only(read_leetcode_dataset(_dataset(tmp_path, row)))
    assert len(problem.tests) == 2 and problem.difficulty == "Easy"


def test_tests_without_a_single_value_are_a_reason(tmp_path: Path) -> None:
    row = {**_ROW, "test": "def check(candidate):\n    assert candidate(g(), 1) == 2\n"}
    assert reason(read_leetcode_dataset(_dataset(tmp_path, row))) == "no_literal_tests"


def test_functions_that_change_their_argument(tmp_path: Path) -> None:
    code = "class Solution:\n    def turn(self, nums: List[int]) -> None:\n        nums.reverse()\n"
    row = {
        **_ROW,
        "entry_point": "Solution().turn",
        "completion": code,
        "starter_code": "",
        "test": ("def check(candidate):\n    assert candidate(nums = [1, 2]) == [2, 1]\n"),
    }
    (test,) = problems(read_leetcode_dataset(_dataset(tmp_path, row)))[0].tests
    assert test.case is not None and test.case.expected.arguments_after == [[2, 1]]
