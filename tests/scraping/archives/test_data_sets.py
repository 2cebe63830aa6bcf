"""Files in the exact columns of public data sets, made here."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from scraping.archives.apps import read_apps, read_taco
from scraping.archives.code_contests import read_code_contests
from scraping.archives.formats import recognise
from scraping.archives.hub import DATASETS
from scraping.archives.livecodebench import read_livecodebench
from scraping.archives.open_r1_codeforces import read_open_r1_codeforces
from scraping.archives.pickled_text import compressed_pickled_text
from scraping.archives.reading import UnusableProblem
from scraping.archives.tables import read_rows, rows_of_dataset
from scraping.problem import Problem, ProblemRejection
from tasks.files import BadFile
from tests.scraping.archives.making import only, problems, reason, written

Reader = Callable[[Path], Iterator[Problem | ProblemRejection]]


def _parquet(root: Path, *rows: dict[str, Any]) -> Path:
    path = root / "train-00000-of-00001.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)
    return path


_NO_TESTS: dict[str, list[str]] = {"input": [], "output": []}
_CODE_CONTESTS: dict[str, Any] = {
    "name": "1575_A. Another Sorting Problem",
    "description": "Sort <image> it.\n\nInput\n\nOne line.\n\nOutput\n\nThe same, sorted.\n\n"
    "Example\n\nInput\n\nba\n\nNote\n\nGood.",
    "public_tests": {"input": ["ba\n"], "output": ["ab\n"]},
    "private_tests": {"input": ["cb\n"], "output": ["bc...\n"]},
    "generated_tests": {"input": ["dc\n"], "output": ["cd\n"]},
    "source": 2,
    "difficulty": 7,
    "solutions": {"language": [3, 2, 1, 3], "solution": ["print(1)", "int main() {}", "print 1", "print(2)"]},
    "incorrect_solutions": {"language": [3], "solution": ["print(0)"]},
    "cf_contest_id": 1575,
    "cf_index": "A",
    "cf_points": 0.0,
    "cf_rating": 1100,
    "cf_tags": ["sortings"],
    "is_description_translated": False,
    "untranslated_description": "",
    "time_limit": {"seconds": 2, "nanos": 500_000_000},
    "memory_limit_bytes": 256_000_000,
    "input_file": "",
    "output_file": "",
}


def test_code_contests(tmp_path: Path) -> None:
    path = _parquet(tmp_path, _CODE_CONTESTS)
    assert recognise(path).name == "code-contests"
    problem = only(read_code_contests(path))
    assert (problem.problem_id, problem.title) == ("codeforces:1575A", "Another Sorting Problem")
    assert problem.limits.time_seconds == 2.5 and problem.limits.memory_bytes == 256_000_000
    assert [(test.kind, test.input, test.truncated) for test in problem.tests] == [
        ("example", "ba\n", False),
        ("secret", "cb\n", True),
        ("generated", "dc\n", False),
    ]
    assert [(solution.name, solution.claimed) for solution in problem.solutions] == [
        ("accepted/python3/1", "accepted"),
        ("accepted/python3/2", "accepted"),
        ("accepted/cpp/1", "accepted"),
        ("accepted/python2/1", "accepted"),
        ("wrong/python3/1", "wrong"),
    ]
    assert problem.sections.input == "One line." and problem.sections.notes == "Good."
    assert problem.difficulty == "1100" and problem.rights.redistribution == "unknown"


def test_code_contests_of_other_sites(tmp_path: Path) -> None:
    row = {
        **_CODE_CONTESTS,
        "source": 7,
        "cf_contest_id": 0,
        "cf_index": "",
        "name": "p02000 X",
        "time_limit": None,
    }
    row["cf_rating"] = 0
    found = list(
        read_code_contests(
            _parquet(
                tmp_path,
                row,
                {**row, "public_tests": _NO_TESTS, "private_tests": _NO_TESTS, "generated_tests": _NO_TESTS},
            )
        )
    )
    assert isinstance(found[0], Problem) and found[0].problem_id == "code_contests:p02000 X"
    assert found[0].source.site == "aizu" and found[0].limits.time_seconds is None
    assert isinstance(found[1], ProblemRejection) and found[1].reason == "no_tests"


_APPS: dict[str, Any] = {
    "problem_id": 4,
    "question": "Add.\n\n-----Input-----\n\nTwo numbers.\n\n-----Output-----\n\nSum.\n\n"
    "-----Examples-----\nInput\n1 2\n\nOutput\n3\n",
    "solutions": json.dumps(["print(sum(map(int, input().split())))", "print 1"]),
    "input_output": json.dumps({"inputs": ["1 2\n", ["5", "5"]], "outputs": ["3\n", "10\n"]}),
    "difficulty": "introductory",
    "url": "https://codeforces.com/problemset/problem/1/A",
    "starter_code": "",
}


def test_apps(tmp_path: Path) -> None:
    path = written(tmp_path, {"train.jsonl": json.dumps(_APPS)}) / "train.jsonl"
    assert recognise(path).name == "apps"
    problem = only(read_apps(path))
    assert problem.problem_id == "codeforces:1A" and problem.mode == "stdio"
    assert [(test.kind, test.input) for test in problem.tests] == [("example", "1 2\n"), ("secret", "5\n5")]
    assert problem.sections.input == "Two numbers." and problem.sections.legend == "Add."
    assert [solution.language for solution in problem.solutions] == ["python3", "python2"]
    assert problem.rights.license == "MIT" and problem.rights.training == "unknown"


@pytest.mark.parametrize(
    ("starter", "outputs", "value"),
    [
        ("def add(a, b):\n\t", [[3], [7]], 3),
        ("class Solution:\n    def add(self, a: int, b: int) -> int:\n        ", [3, 7], 3),
        ("def add(a, b):\n\t", [[3], [7, 8]], [3]),
    ],
)
def test_apps_with_a_function(tmp_path: Path, starter: str, outputs: list[Any], value: object) -> None:
    given = {"fn_name": "add", "inputs": [[1, 2], [3, 4]], "outputs": outputs}
    row = {**_APPS, "input_output": json.dumps(given), "starter_code": starter}
    problem = only(read_apps(_parquet(tmp_path, row)))
    assert problem.mode == "function" and problem.signature is not None
    assert [parameter.name for parameter in problem.signature.parameters] == ["a", "b"]
    case = problem.tests[0].case
    assert case is not None and case.arguments == [1, 2] and case.expected.value == value


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"input_output": ""}, "no_tests"),
        ({"input_output": "{"}, "malformed_json"),
        ({"input_output": json.dumps({"inputs": ["1"], "outputs": []})}, "tests_do_not_match"),
        ({"input_output": json.dumps({"fn_name": "f", "inputs": [[1]], "outputs": [1]})}, "no_signature"),
        ({"question": None}, "missing_column"),
    ],
)
def test_apps_rows_that_give_no_problem(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    path = written(tmp_path, {"train.jsonl": json.dumps({**_APPS, **changes})}) / "train.jsonl"
    assert reason(read_apps(path)) == expected


def test_taco(tmp_path: Path) -> None:
    row = {
        "question": _APPS["question"],
        "solutions": _APPS["solutions"],
        "starter_code": "",
        "input_output": _APPS["input_output"],
        "difficulty": "EASY",
        "raw_tags": "['Math']",
        "name": "Sum",
        "source": "codeforces",
        "tags": "['Mathematics', 'Sorting']",
        "skill_types": "[]",
        "url": "https://codeforces.com/problemset/problem/1/A",
        "Expected Auxiliary Space": None,
        "time_limit": "1.5 seconds",
        "date": "2020-01-02",
        "picture_num": "1",
        "memory_limit": "256.0 megabytes",
        "Expected Time Complexity": None,
    }
    path = written(tmp_path, {"train.jsonl": json.dumps(row)}) / "train.jsonl"
    assert recognise(path).name == "taco"
    problem = only(read_taco(path))
    assert problem.title == "Sum" and problem.tags == ["Mathematics", "Sorting"]
    assert problem.limits.time_seconds == 1.5 and problem.limits.memory_bytes == 256 * 2**20
    assert len(problem.images) == 1 and problem.rights.license == "Apache-2.0"


_OPEN_R1: dict[str, Any] = {
    "id": "852/A",
    "aliases": None,
    "contest_id": "852",
    "contest_name": "Bubble Cup",
    "contest_type": "ICPC",
    "contest_start": 1504432800,
    "contest_start_year": 2017,
    "index": "A",
    "time_limit": 1.0,
    "memory_limit": 256.0,
    "title": "Digits",
    "description": "John has $$$n \\le 10^5$$$ tasks.",
    "input_format": "A number.",
    "output_format": "A number.",
    "interaction_format": None,
    "note": None,
    "examples": [{"input": "1", "output": "2"}],
    "editorial": None,
    "rating": 1500.0,
    "tags": ["math"],
    "testset_size": 3,
    "official_tests": [{"input": "1\n", "output": "2\n"}, {"input": "5", "output": "6"}],
    "official_tests_complete": True,
    "input_mode": "stdio",
    "generated_checker": None,
    "executable": True,
    "generated_tests": 0,
}


def test_open_r1_codeforces(tmp_path: Path) -> None:
    path = _parquet(
        tmp_path, _OPEN_R1, {**_OPEN_R1, "generated_checker": "print(1)", "interaction_format": "Talk."}
    )
    assert recognise(path).name == "open-r1-codeforces"
    problem, other = problems(read_open_r1_codeforces(path))
    assert problem.problem_id == "codeforces:852A" and problem.limits.memory_bytes == 256 * 2**20
    assert (
        problem.sections.legend == "John has $n \\le 10^5$ tasks."
        and "## Input" in problem.statement_markdown
    )
    assert [(test.kind, test.input) for test in problem.tests] == [("example", "1"), ("secret", "5")]
    assert (problem.checker.kind, other.checker.kind) == ("tokens", "pending")
    assert (problem.mode, other.mode) == ("stdio", "interactive")


_PRIVATE = [{"input": "3\n", "output": "4\n", "testtype": "stdin"}]
_LIVE: dict[str, Any] = {
    "question_title": "Next",
    "question_content": "Print the next.\n\nInput\n\nA number.",
    "platform": "atcoder",
    "question_id": "abc301_a",
    "contest_id": "abc301",
    "contest_date": "2023-05-13T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps([{"input": "1\n", "output": "2\n", "testtype": "stdin"}]),
    "private_test_cases": json.dumps(_PRIVATE),
    "metadata": "{}",
}


def _packed(value: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


@pytest.mark.parametrize("private", [json.dumps(_PRIVATE), _packed(json.dumps(_PRIVATE))])
def test_livecodebench(tmp_path: Path, private: str) -> None:
    path = (
        written(tmp_path, {"test.jsonl": json.dumps({**_LIVE, "private_test_cases": private})}) / "test.jsonl"
    )
    assert recognise(path).name == "livecodebench"
    problem = only(read_livecodebench(path))
    assert problem.problem_id == "atcoder:abc301_a" and problem.rights.license is None
    assert [(test.kind, test.input) for test in problem.tests] == [("example", "1\n"), ("secret", "3\n")]


def test_livecodebench_functions(tmp_path: Path) -> None:
    changes = {
        "platform": "leetcode",
        "question_id": "2727",
        "starter_code": "class Solution:\n    def isSum(self, nums: List[int], k: int) -> bool:\n        ",
        "public_test_cases": json.dumps([{"input": "[1, 2]\n3", "output": "true", "testtype": "functional"}]),
        "private_test_cases": _packed(
            json.dumps([{"input": "[1]", "output": "true", "testtype": "functional"}])
        ),
        "metadata": json.dumps({"func_name": "isSum"}),
    }
    problem = only(read_livecodebench(_parquet(tmp_path, {**_LIVE, **changes})))
    (test,) = problem.tests
    assert test.case is not None and test.case.arguments == [[1, 2], 3] and test.case.expected.value is True
    assert problem.tests_dropped == {"arguments_do_not_fit": 1}


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('unpickled')",)


@pytest.mark.parametrize("value", [_Evil(), ["[]"], {"a": "[]"}, ("[]", "x"), b"[]", 5, None])
def test_a_pickle_of_anything_but_a_text_is_refused(tmp_path: Path, value: object) -> None:
    row = {**_LIVE, "private_test_cases": _packed(value)}
    assert reason(read_livecodebench(_parquet(tmp_path, row))) == "pickled_objects"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_texts_of_all_protocols_are_read(protocol: int) -> None:
    for text in ("[]", "ü" * 300, "x" * 70_000, "a\nb\\u1234"):
        packed = base64.b64encode(zlib.compress(pickle.dumps(text, protocol))).decode()
        assert compressed_pickled_text(packed) == text


@pytest.mark.parametrize(
    "packed", ["!", base64.b64encode(b"x").decode(), base64.b64encode(zlib.compress(b"\x80")).decode()]
)
def test_damaged_packings_are_refused(packed: str) -> None:
    with pytest.raises(UnusableProblem, match="malformed"):
        compressed_pickled_text(packed)


def test_a_compressed_bomb_is_refused() -> None:
    packed = base64.b64encode(zlib.compress(b"x" * 10_000)).decode()
    with pytest.raises(UnusableProblem, match="tests_too_large"):
        compressed_pickled_text(packed, limit=9_999)


def test_arrow_files_of_the_library_are_read(tmp_path: Path) -> None:
    table = pyarrow.Table.from_pylist([_LIVE])
    with (
        pyarrow.OSFile(str(tmp_path / "data-00000-of-00001.arrow"), "wb") as sink,
        pyarrow.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    written(tmp_path, {"state.json": "{}", "dataset_info.json": "{}"})
    assert recognise(tmp_path).name == "livecodebench"
    assert only(read_livecodebench(tmp_path)).problem_id == "atcoder:abc301_a"
    with (
        pyarrow.OSFile(str(tmp_path / "data-00000-of-00001.arrow"), "wb") as sink,
        pyarrow.ipc.new_file(sink, table.schema) as file,
    ):
        file.write_table(table)
    assert [row.content["platform"] for row in read_rows(tmp_path)] == ["atcoder"]


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.jsonl", "x.jsonl.gz"])
def test_tables_that_are_none_say_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFile, match=name):
        list(read_rows(written(tmp_path, {name: "PAR1 no table"}) / name))


def test_the_library_reads_what_the_readers_take(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    path = _parquet(tmp_path, _CODE_CONTESTS, _CODE_CONTESTS)
    stream = datasets.load_dataset("parquet", data_files=str(path), split="train", streaming=True)
    found = problems(DATASETS["deepmind/code_contests"](rows_of_dataset(stream, "deepmind/code_contests")))
    assert (
        found[1].source.file == "deepmind/code_contests:2"
        and found[0].tests == only(read_code_contests(_parquet(tmp_path, _CODE_CONTESTS))).tests
    )
