from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scraping.archives.formats import read_archive
from scraping.archives.google_archive import read_google_archive
from scraping.archives.python2_source import to_python3
from scraping.archives.reading import UnusableProblem
from tests.scraping.archives.making import only, problems, reason, shared, written

_JUDGE = """
import sys

def FindError(given, output, attempt):
  if len(attempt.split()) / 2 != 1:
    return 'wrong: %d' % cmp(1, 2)
  for number in xrange(2):
    print >> sys.stderr, number

if __name__ == "__main__":
  result = FindError(file(sys.argv[1]).read(), file(sys.argv[3]).read(), file(sys.argv[2]).read())
  if result:
    print >> sys.stderr, result
    sys.exit(1)
"""
_FILES = {
    "problem.yaml": "# This is a best-effort conversion to problemtools format.\nauthor: Google\n"
    "source: Code Jam 2017\ntype: scoring\nname: Steed 2: Cruise Control\n"
    "output_validator_flags: float_tolerance 1e-6\n",
    "problem_statement/problem.html": "<html><body><h3>Problem</h3><p>At most 10<sup>5</sup> horses.</p>"
    "<h3>Input</h3><p><b>T</b> lines</p></body></html>",
    "data/sample/1.in": "1\n",
    "data/sample/1.ans": "Case #1: 1\n",
    "data/secret/subtask1/1.in": "2\n",
    "data/secret/subtask1/1.ans": "Case #1: 2\n",
}

_CUSTOM = "author: Google\nname: Steed\nvalidation: custom\n"


def _round(root: Path, **changes: str) -> Path:
    return written(root / "codejam/2017/round_1b/steed", {**_FILES, **changes})


def test_a_package(tmp_path: Path) -> None:
    _round(tmp_path)
    problem = only(read_google_archive(tmp_path))
    assert problem.problem_id == "google:codejam/2017/round_1b/steed"
    assert problem.title == "Steed 2: Cruise Control"
    assert "10^5" in problem.statement_markdown and problem.sections.input == "**T** lines"
    assert problem.checker.relative_tolerance == 1e-6 and problem.published_at == "2017"
    assert (problem.rights.license, problem.rights.training) == ("Apache-2.0", "yes")
    assert [test.kind for test in problem.tests] == ["example", "secret"]


def test_the_identifier_is_the_same_for_a_part_of_the_archive(tmp_path: Path) -> None:
    package = _round(tmp_path)
    assert only(read_google_archive(package)).problem_id == "google:codejam/2017/round_1b/steed"


def test_a_judge_in_python_2_is_translated(tmp_path: Path) -> None:
    _round(tmp_path, **{"problem.yaml": _CUSTOM, "output_validators/validator/judge.py": _JUDGE})
    problem = only(read_google_archive(tmp_path))
    program = problem.checker.program
    assert program is not None and (program.language, program.protocol) == ("python3", "google")
    assert "translated from Python 2: judge.py" in problem.checker.evidence
    judge = written(
        tmp_path, {"judge.py": program.files["judge.py"], "in": "1", "right": "a b c", "wrong": "a b c d"}
    )
    for name, status in (("right", 0), ("wrong", 1)):
        arguments = [str(judge / "judge.py"), str(judge / "in"), str(judge / name), str(judge / "in")]
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert status == 0 or done.stderr == "wrong: -1\n"


def test_a_judge_that_is_no_python_at_all_is_a_reason(tmp_path: Path) -> None:
    _round(tmp_path, **{"problem.yaml": _CUSTOM, "output_validators/validator/judge.py": "def (:\n"})
    assert reason(read_google_archive(tmp_path)) == "python2_checker"


@pytest.mark.parametrize(
    ("source", "expression", "value"),
    [
        ("half = 7 / 2", "half", 3),
        ("half = 7.0 / 2", "half", 3.5),
        ("from __future__ import division\nhalf = 7 / 2", "half", 3.5),
        ("half = 7\nhalf /= 2", "half", 3),
        ("keys = {1: 2}.keys(); keys.sort()", "keys", [1]),
        ("pairs = zip([1], [2]); pairs.append(3)", "pairs", [(1, 2), 3]),
        ("def f((a, b)):\n  return a + b\nfound = f((1, 2))", "found", 3),
        ("try:\n  raise ValueError, 'x'\nexcept ValueError, e:\n  found = str(e)", "found", "x"),
        ("try:\n  raise ValueError('x')\nexcept ValueError as e:\n  found = e.message", "found", "x"),
        (
            "class R:\n  def __cmp__(self, other):\n    return -1\nfound = R() < R(), R() == R()",
            "found",
            (True, False),
        ),
        ("found = isinstance('x', basestring) and 10L", "found", 10),
    ],
)
def test_translated_programs_do_what_they_did(source: str, expression: str, value: object) -> None:
    names: dict[str, object] = {}
    exec(to_python3(source, "judge.py"), names)  # noqa: S102  # source of this file
    assert names[expression] == value


def test_what_cannot_be_translated_is_refused() -> None:
    with pytest.raises(UnusableProblem, match="python2_checker"):
        to_python3("print 'a\n", "judge.py")


def test_real_packages_packed() -> None:
    found = problems(read_archive(shared("google_coding_competitions_38_packages.tar.gz")))
    assert len(found) == 38
    assert sum(problem.checker.kind == "program" for problem in found) == 10
    assert all(problem.statement_html and problem.sections.input and problem.tests for problem in found)
    assert "google:codejam/2019/qualification_round/foregone_solution" in {
        problem.problem_id for problem in found
    }
