"""The local judge: its verdicts, what it shows of a failed case, and its limits."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator

import pytest

from sandbox.interface import Sandbox
from sandbox.interpreter import Interpreter
from sandbox.output_checks import OutputChecks
from scraping.judges.judge import FailedCase, SubmissionRefused
from scraping.judges.local_kattis import LocalKattisJudge, Shown
from scraping.judges.time_limits import TimeLimits, calibrated_limits
from scraping.problem import AnswerChecker, Problem, ProblemTest, Rights, Solution, Source
from tasks.record import OutputChecker

RIGHT = "a, b = map(int, input().split())\nprint(abs(a - b))\n"
_WRONG = "a, b = map(int, input().split())\nprint(b - a)\n"
_VALIDATOR = """
import sys
wanted = int(open(sys.argv[1]).read().split()[0])
found = sys.stdin.read()
if found == "crash":
    1 / 0
sys.exit(42 if sum(map(int, found.split())) == wanted else 43)
"""


def difference() -> Problem:
    """A small problem of our own: the absolute difference of two numbers."""
    tests = [("1 3\n", "2\n"), ("10 14\n", "4\n"), ("9 2\n", "7\n"), ("5 5\n", "0\n")]
    kinds = ("example", "secret", "secret", "secret")
    return Problem(
        "test:difference",
        "Difference",
        Source("test", "test"),
        Rights(),
        "stdio",
        tests=[
            ProblemTest(kind, f"{kind}/{number}", given, answer)  # type: ignore[arg-type]
            for number, (kind, (given, answer)) in enumerate(zip(kinds, tests, strict=True))
        ],
        solutions=[Solution("right.py", "python3", {"right.py": RIGHT})],
    )


def python(text: str) -> Solution:
    return Solution("submission.py", "python3", {"submission.py": text})


@pytest.fixture(scope="module")
def checks(sandbox: Sandbox, interpreter: Interpreter) -> Iterator[OutputChecks]:
    made = OutputChecks(lambda: sandbox, interpreter)
    yield made
    made.close()


def test_a_right_program_is_accepted(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks)
    verdict = judge.submit(difference(), python(RIGHT))
    assert (verdict.status, verdict.passed, verdict.total, verdict.failed_case) == ("accepted", 4, 4, None)


def test_a_wrong_program_is_told_the_first_case_that_it_fails(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks, budget=7)
    verdict = judge.submit(difference(), python(_WRONG))
    assert (verdict.status, verdict.case_number, verdict.passed, verdict.total) == ("wrong_answer", 3, 2, 4)
    assert verdict.failed_case == FailedCase("9 2\n", "7\n", "-7\n")
    assert verdict.budget_left == 6


@pytest.mark.parametrize(
    ("shown", "number", "failed"),
    [
        (Shown("nothing"), None, None),
        (Shown("number"), 3, None),
        (Shown("case", 2), 3, FailedCase("9 ...", "7\n", "-7...")),
    ],
)
def test_what_a_judge_shows(
    checks: OutputChecks, shown: Shown, number: int | None, failed: FailedCase | None
) -> None:
    verdict = LocalKattisJudge([difference()], checks, shown=shown).submit(difference(), python(_WRONG))
    assert (verdict.case_number, verdict.failed_case) == (number, failed)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("1 / 0", "run_time_error"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "run_time_error"),
        ("while True: pass", "time_limit_exceeded"),
        ("print('1' * 2**25)", "output_limit_exceeded"),
    ],
)
def test_other_verdicts(checks: OutputChecks, text: str, status: str) -> None:
    problem = difference()
    judge = LocalKattisJudge([problem], checks, limits={problem.problem_id: TimeLimits({}, 0.05)})
    assert judge.submit(problem, python(text)).status == status


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_a_program_that_does_not_compile(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks)
    solution = Solution("a.cc", "cpp", {"a.cc": "int main() { return nowhere; }"})
    verdict = judge.submit(difference(), solution)
    assert verdict.status == "compile_error"
    assert "nowhere" in verdict.detail


def test_the_packages_own_checker_decides(checks: OutputChecks) -> None:
    checker = OutputChecker("python3", {"validate.py": _VALIDATOR}, "validate.py")
    problem = dataclasses.replace(difference(), checker=AnswerChecker("program", program=checker))
    judge = LocalKattisJudge([problem], checks)
    assert judge.submit(problem, python("a, b = input().split()\nprint(1, int(a) - 1)")).accepted
    assert judge.submit(problem, python("print(0)")).status == "wrong_answer"
    crash = judge.submit(problem, python("print('crash', end='')"))
    assert crash.status == "judge_error"


def test_what_is_not_judged(checks: OutputChecks) -> None:
    problem = difference()
    with pytest.raises(SubmissionRefused, match="not judged here"):
        LocalKattisJudge([], checks).submit(problem, python(RIGHT))
    with pytest.raises(SubmissionRefused, match="cobol"):
        LocalKattisJudge([problem], checks).submit(problem, Solution("a", "cobol", {"a.cob": ""}))
    interactive = dataclasses.replace(problem, mode="interactive")
    with pytest.raises(SubmissionRefused, match="interactive"):
        LocalKattisJudge([interactive], checks).submit(problem, python(RIGHT))
    judge = LocalKattisJudge([problem], checks, budget=0)
    with pytest.raises(SubmissionRefused, match="all 0 submissions"):
        judge.submit(problem, python(RIGHT))


def test_limits_are_made_from_the_accepted_submissions(checks: OutputChecks) -> None:
    slow = python("for _ in range(10**7): pass\n" + RIGHT)
    problem = dataclasses.replace(difference(), solutions=[slow])
    limits, runs = calibrated_limits(problem, checks, 20.0)
    assert runs["submission.py"].status == "accepted"
    assert limits.of("python3") == pytest.approx(max(1.0, 2 * runs["submission.py"].slowest), abs=0.01)
    assert limits.of("cpp") < limits.of("python3")
