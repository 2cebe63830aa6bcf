"""DMOJ's judge as a separate process, where it is installed; and how its answers and checkers are read."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraping.judges.dmoj_judge import DmojJudge, dmoj_checker
from scraping.judges.hidden_tests import extract_hidden_tests
from scraping.judges.judge import SubmissionRefused
from scraping.problem import AnswerChecker, Solution
from tests.scraping.test_local_judge import RIGHT, difference, python

_EXECUTABLE = os.environ.get("DMOJ_CLI", "dmoj-cli")
needs_dmoj = pytest.mark.skipif(shutil.which(_EXECUTABLE) is None, reason="dmoj is not installed")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that *nobody* may enter, too."""
    with tempfile.TemporaryDirectory(prefix="codex-sft-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _saying(folder: Path, *lines: str) -> str:
    """A program in the place of ``dmoj-cli`` that says always the same."""
    script = folder / "dmoj-cli"
    script.write_text("#!/bin/sh\ncat >/dev/null\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    script.chmod(0o755)
    return str(script)


@needs_dmoj
def test_submissions_are_judged() -> None:
    judge = DmojJudge([difference()], _EXECUTABLE)
    assert judge.submit(difference(), python(RIGHT)).accepted
    wrong = judge.submit(difference(), python(RIGHT.replace("abs(a - b)", "b - a")))
    assert (wrong.status, wrong.case_number, wrong.passed, wrong.total) == ("wrong_answer", 3, 3, 4)
    assert judge.submit(difference(), python("1 / 0")).status == "run_time_error"
    broken = Solution("a.cpp", "cpp", {"a.cpp": "int main() { return nowhere; }"})
    assert judge.submit(difference(), broken).status == "compile_error"


@needs_dmoj
def test_it_shows_no_case_so_nothing_can_be_extracted() -> None:
    public = difference().with_tests(difference().examples)
    found = extract_hidden_tests(DmojJudge([difference()], _EXECUTABLE), public)
    assert (found.tests, found.stopped) == ([], "no_case_shown")


@pytest.mark.parametrize(
    ("lines", "status", "number"),
    [
        ([f"Test case  {number} AC [0.1s] " for number in (1, 2, 3, 4)], "accepted", None),
        (["dmoj> Test case  1 AC", "Test case  2 TLE [2.1s]", "Test case  3 AC", "Test case  4 WA"],
         "time_limit_exceeded", 2),
        (["Failed compiling submission!", "error: no"], "compile_error", None),
        (["Test case  1 AC", "Test case  2 IE", "Test case  3 AC", "Test case  4 AC"], "judge_error", 2),
        (["Test case  1 AC"], "judge_error", None),  # it ended early
        ([f"Test case  {number} AC" for number in (1, 2, 3, 4, 4)], "judge_error", None),  # more than asked
    ],
)  # fmt: skip
def test_its_lines_are_read(open_folder: Path, lines: list[str], status: str, number: int | None) -> None:
    judge = DmojJudge([difference()], _saying(open_folder, *lines))
    verdict = judge.submit(difference(), python(RIGHT))
    assert (verdict.status, verdict.case_number) == (status, number), verdict


@pytest.mark.parametrize(
    ("checker", "expected"),
    [
        (AnswerChecker("tokens"), "standard"),
        (AnswerChecker("exact"), "identical"),
        (AnswerChecker("lines", case_sensitive=True), "rstripped"),
        (
            AnswerChecker("tokens", relative_tolerance=1e-6, absolute_tolerance=1e-6),
            {"name": "floats", "args": {"precision": 6}},
        ),
        (AnswerChecker("tokens", absolute_tolerance=1e-4), {"name": "floatsabs", "args": {"precision": 4}}),
        (AnswerChecker("tokens", relative_tolerance=0.001), {"name": "floatsrel", "args": {"precision": 3}}),
        (
            AnswerChecker("unordered", case_sensitive=True),
            {"name": "sorted", "args": {"split_on": "lines"}},
        ),
    ],
)
def test_checkers(checker: AnswerChecker, expected: object) -> None:
    assert dmoj_checker(checker) == expected


@pytest.mark.parametrize(
    "checker",
    [
        AnswerChecker("program"),
        AnswerChecker("set"),
        AnswerChecker("tokens", relative_tolerance=2e-6),
        AnswerChecker("tokens", relative_tolerance=1e-6, absolute_tolerance=1e-3),
    ],
)
def test_what_it_has_no_checker_for_is_refused(checker: AnswerChecker) -> None:
    with pytest.raises(SubmissionRefused, match="no checker"):
        dmoj_checker(checker)


def test_what_it_does_not_judge(open_folder: Path) -> None:
    judge = DmojJudge([difference()], _saying(open_folder))
    with pytest.raises(SubmissionRefused, match="Python, C or C"):
        judge.submit(difference(), Solution("A.java", "java", {"A.java": ""}))
    other = dataclasses.replace(difference(), problem_id="test:other")
    with pytest.raises(SubmissionRefused, match="not judged here"):
        judge.submit(other, python(RIGHT))


def test_without_it_the_message_says_what_to_install() -> None:
    with pytest.raises(SubmissionRefused, match=r"pip install codex-sft\[dmoj\]"):
        DmojJudge([], "/nonexistent/dmoj-cli")
