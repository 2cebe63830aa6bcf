"""Archives that are made to cost more than one problem: memory, time or the run."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from scraping.archives.apps import read_apps
from scraping.archives.doctest_cases import doctest_cases
from scraping.archives.doctest_repository import read_doctest_repository
from scraping.archives.exercism import read_exercism
from scraping.archives.formats import recognise
from scraping.archives.kattis_package import read_kattis_packages
from scraping.archives.kattis_submissions import read_submissions
from scraping.archives.leetcode_values import UnreadableValue, read_value
from scraping.archives.pickled_text import pickled_text
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problem_or_rejection
from scraping.archives.table_tests import stream_tests
from scraping.archives.tables import read_rows
from scraping.archives.tex_statement import tex_to_markdown
from scraping.archives.unittest_cases import unittest_cases
from scraping.judges.time_limits import package_limits
from scraping.problem import Problem, ProblemLimits, ProblemRejection, Rights, Source
from tasks.files import BadFile
from tests.scraping.archives.making import problems, rejections, written

_DOUBLING = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 7))


@pytest.mark.parametrize(
    "settings",
    [
        f"a0: &a0 [x, x]\n{_DOUBLING}\nname: *a6\n",
        "name: &a [*a]\n",
        "name: " + "[" * 500,
        "name: " + "x" * 300_000,
    ],
)
def test_settings_that_aliases_make_large_cost_one_package(tmp_path: Path, settings: str) -> None:
    written(tmp_path, {"one/problem.yaml": settings, "two/problem.yaml": "- a\n"})
    found = rejections(read_kattis_packages(tmp_path))
    assert [each.problem_id for each in found] == ["package:one", "package:two"]
    assert found[0].reason in ("malformed_yaml", "file_too_large")


def test_whatever_a_library_raises_costs_one_problem() -> None:
    class LibraryError(Exception):
        pass

    def build() -> Problem:
        raise LibraryError("odd")

    found = problem_or_rejection("a:b", "here", build)
    assert isinstance(found, ProblemRejection)
    assert (found.reason, found.detail) == ("malformed", "LibraryError: odd")


def test_an_address_that_is_none_costs_one_row(tmp_path: Path) -> None:
    rows = [
        {"url": url, "question": "Add.", "input_output": json.dumps({"inputs": ["1"], "outputs": ["1"]})}
        for url in ("http://[", "https://codeforces.com/problemset/problem/1/A")
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = problems(read_apps(tmp_path / "a.jsonl"))
    assert [each.problem_id for each in found] == ["unknown:http://[", "codeforces:1A"]


def test_a_licence_that_is_no_text_costs_only_the_licence(tmp_path: Path) -> None:
    examples = "".join(f"    >>> f({n})\n    {n}\n" for n in range(3))
    written(tmp_path, {"m.py": f'def f(n):\n    """Same.\n\n{examples}    """\n    return n\n'})
    (tmp_path / "LICENSE").write_bytes(b"\xff\xfe")
    assert problems(read_doctest_repository(tmp_path))[0].rights.license is None


def test_a_track_whose_settings_are_damaged_is_a_bad_file(tmp_path: Path) -> None:
    written(tmp_path, {"config.json": "[" * 100_000, "exercises/practice/a/x": ""})
    with pytest.raises(BadFile, match=r"config\.json"):
        list(read_exercism(tmp_path))


def test_packages_that_are_no_text_are_recognised_without_it(tmp_path: Path) -> None:
    written(tmp_path, {"a/problem_statement/problem.html": "x"})
    (tmp_path / "a" / "problem.yaml").write_bytes(b"\xff")
    assert recognise(tmp_path).name == "kattis"


def _unittest(lines: list[str], argument: str) -> str:
    body = "".join(f"        {line}\n" for line in lines)
    return (
        "from m import f\n\nclass T:\n    def test_a(self):\n"
        f"{body}        self.assertEqual(f({argument}), 1)\n        self.assertEqual(f(2), 2)\n"
    )


@pytest.mark.parametrize(
    ("first", "step"),
    [
        ("[1]", "[{0}, {0}, {0}, {0}]"),
        ("[1]", "{0} + {0}"),
        ("2**90_00", "{0} * {0}"),
        ("(1,)", "({0}, {0}, {0})"),
    ],
)
def test_names_do_not_make_values_that_grow_from_line_to_line(first: str, step: str) -> None:
    lines = [f"a0 = {first}", *(f"a{n} = {step.format(f'a{n - 1}')}" for n in range(1, 23))]
    found = unittest_cases(ast.parse(_unittest(lines, "a22")), "m")
    assert [test.case.arguments for test in found.tests] == [[2]]
    assert sum(found.dropped.values()) == 1


def test_few_characters_do_not_make_a_file_of_large_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraping.archives.unittest_cases._MAX_SIZE", 5_000)
    source = _unittest(["a = list(range(2_000))"], "a") + "        self.assertEqual(f(a), 1)\n" * 3
    assert unittest_cases(ast.parse(source), "m").dropped == {"too_large": 2}


def test_few_characters_do_not_make_a_docstring_of_large_tests() -> None:
    found = doctest_cases(">>> a = list(range(21_000))\n>>> f(a)\n1\n>>> f(2)\n2\n", "f")
    assert (found.dropped, len(found.cases)) == ({"too_large": 1}, 1)


def test_tex_macros_that_grow() -> None:
    meanings = {"a": r"\b" * 99, "b": r"\c" * 99, "c": "x" * 99}
    source = "".join(rf"\def\{name}{{{meaning}}}" for name, meaning in meanings.items())
    with pytest.raises(UnusableProblem, match="macros that grow"):
        tex_to_markdown(source + r"\a")


def test_a_statement_in_tex_is_no_book() -> None:
    with pytest.raises(UnusableProblem, match="statement_too_long"):
        tex_to_markdown("a " * 60_000)


def test_a_value_that_is_a_large_program_is_not_parsed() -> None:
    with pytest.raises(UnreadableValue):
        read_value("[" + "1," * 600_000 + "True]", "List[int]")


def test_a_pickle_of_very_many_operations_is_not_read_through() -> None:
    with pytest.raises(UnusableProblem, match="many operations"):
        pickled_text(b"\x80\x04" + b"\x94" * 1_000 + b"\x8c\x01a.")


def test_tests_are_bounded_in_number_too() -> None:
    with pytest.raises(UnusableProblem, match="too_many_tests"):
        stream_tests([("", "")] * 20_001, "secret", "tests")


def test_submissions_are_bounded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraping.archives.kattis_submissions.MAX_PROBLEM_BYTES", 1_500)
    for name in ("a", "b"):
        written(tmp_path, {f"submissions/accepted/{name}.py": "#" * 1_000})
    with pytest.raises(UnusableProblem, match="submissions_too_large"):
        read_submissions(ArchiveFolder(tmp_path), tmp_path, None)


def test_limits_of_packages_are_bounded() -> None:
    problem = Problem(
        "a:b", "B", Source("a", "b"), Rights(), "stdio", limits=ProblemLimits(float("inf"), 2**60)
    )
    assert package_limits(problem).of("c") <= 300
    assert package_limits(replace(problem, limits=ProblemLimits(-1.0))).of("c") == 10


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array([b"good", b"\xff"]).cast(pyarrow.binary()).view(pyarrow.utf8()),
        pyarrow.array([1_000, 2**62], pyarrow.timestamp("us")),
    ],
    ids=["no text", "a year beyond all calendars"],
)
def test_what_python_has_no_value_for_costs_one_column_of_one_row(
    tmp_path: Path, column: pyarrow.Array
) -> None:
    table = pyarrow.table({"name": ["a", "b"], "odd": column})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    found = [row.content for row in read_rows(tmp_path / "t.parquet")]
    assert [row["name"] for row in found] == ["a", "b"]
    assert "odd" in found[0] and "odd" not in found[1]
