"""Which comparison a problem gets from what its own programs answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from pipelines.problem_stages import ProblemOptions, make_task
from sandbox.interface import Sandbox
from sandbox.interpreter import Interpreter
from sandbox.output_checks import OutputChecks
from sandbox.worker_pool import WorkerPool
from scraping.checker_settling import is_open, settled
from scraping.problem import AnswerChecker, Parameter, Problem, ProblemRejection, ProblemTest, Signature
from tasks.record import Expected, OutputChecker, Task, TestCase
from tests.scraping.input_formats.problems import solution, stdio_problem

_STATEMENT = "Given two different integers, print both of them on one line, {}. The integers are at most 100."
_INPUT = "The only line has two integers $a$ and $b$ ($0 \\le a, b \\le 100$)."
_TESTS = [("3 1\n", "1\n3\n"), ("2 5\n", "2\n5\n"), ("9 7\n", "7\n9\n"), ("4 6\n", "4\n6\n")]
_SORTED = "a, b = sorted(map(int, input().split()))\nprint(a, b, sep='\\n')\n"
_AS_GIVEN = "a, b = input().split()\nprint(a, b, sep='\\n')\n"
_WRONG = "a, b = input().split()\nprint(a, a, sep='\\n')\n"
_VALIDATOR = """
import sys
given = open(sys.argv[1]).read().split()
sys.exit(42 if sorted(sys.stdin.read().split()) == sorted(given) else 43)
"""


@pytest.fixture(scope="module")
def pool(quick_backend: Sandbox, sandbox: Sandbox, interpreter: Interpreter) -> Iterator[WorkerPool]:
    """Workers with what runs checkers."""
    with WorkerPool(quick_backend, interpreter, OutputChecks(lambda: sandbox, interpreter)) as made:
        yield made


def _problem(words: str, *solutions: str, checker: AnswerChecker | None = None) -> Problem:
    problem = stdio_problem(_TESTS, *solutions, solution(_WRONG, "wrong_answer", name="wrong.py"))
    statement = f"{_STATEMENT.format(words)}\n\n{_INPUT}"
    return dataclasses.replace(problem, statement_markdown=statement, checker=checker or AnswerChecker())


def test_a_problem_with_answers_in_any_order_is_open_unless_its_source_says_how_they_are_compared() -> None:
    assert is_open(_problem("in any order", _SORTED))
    assert is_open(_problem("sorted", _SORTED, checker=AnswerChecker("pending")))
    assert not is_open(_problem("sorted", _SORTED))
    assert not is_open(_problem("in any order", _SORTED, checker=AnswerChecker(evidence=["problem.yaml"])))


def test_programs_that_answer_in_another_order_settle_it(pool: WorkerPool) -> None:
    found = settled(_problem("in any order", _SORTED, _AS_GIVEN), pool)
    assert isinstance(found, Problem)
    assert found.checker.kind == "unordered"


def test_any_answer_with_one_program_only_is_not_settled(pool: WorkerPool) -> None:
    found = settled(_problem("and if there are several answers print any of them", _SORTED), pool)
    assert isinstance(found, ProblemRejection)
    assert (found.stage, found.reason) == ("checker", "several_answers")


def test_a_task_of_answers_in_any_order_accepts_the_other_program(pool: WorkerPool) -> None:
    made = make_task(_problem("in any order", _SORTED, _AS_GIVEN), pool, ProblemOptions(test_seconds=1))
    assert isinstance(made, Task), made
    assert {case.comparator.kind for case in made.tests} == {"unordered"}
    assert made.evidence.strength is not None
    assert (made.evidence.strength.right_failed, made.evidence.strength.wrong_passed) == (0, 0)


def test_solutions_that_disagree_with_the_answers_are_settled_although_the_statement_says_nothing(
    pool: WorkerPool,
) -> None:
    made = make_task(_problem("that is all", _AS_GIVEN), pool, ProblemOptions(test_seconds=1))
    assert isinstance(made, Task), made
    assert {case.comparator.kind for case in made.tests} == {"unordered"}


def test_a_task_with_a_program_as_checker_is_proven(pool: WorkerPool) -> None:
    program = OutputChecker("python3", {"check.py": _VALIDATOR}, "check.py", "kattis", [])
    problem = _problem("in any order", _AS_GIVEN, checker=AnswerChecker("program", program=program))
    made = make_task(problem, pool, ProblemOptions(test_seconds=1))
    assert isinstance(made, Task), made
    assert made.checker == program
    assert made.prompt.startswith("def some_title(data: str) -> str:\n")
    assert made.evidence.replays
    refusing = dataclasses.replace(program, files={"check.py": "import sys\nsys.exit(43)\n"})
    refused = make_task(
        dataclasses.replace(problem, checker=AnswerChecker("program", program=refusing)),
        pool,
        ProblemOptions(test_seconds=1),
    )
    assert isinstance(refused, ProblemRejection)


def test_a_function_s_pending_checker_is_settled_by_its_statement(pool: WorkerPool) -> None:
    cases = [
        TestCase([[3, 1, 2]], {}, Expected("returned", [1, 2])),
        TestCase([[5, 4]], {}, Expected("returned", [4])),
        TestCase([[1, 1]], {}, Expected("returned", [1])),
    ]
    problem = dataclasses.replace(
        _problem("in any order"),
        mode="function",
        statement_markdown="Return all items but the largest, in any order. Each item is a small integer.",
        signature=Signature("smaller", [Parameter("items", "list[int]")], "list[int]"),
        tests=[ProblemTest("secret", str(number), case=case) for number, case in enumerate(cases)],
        checker=AnswerChecker("pending"),
        solutions=[solution("def smaller(items):\n    return sorted(items)[-2::-1]\n")],
    )
    made = make_task(problem, pool, ProblemOptions(test_seconds=1))
    assert isinstance(made, Task), made
    assert {case.comparator.kind for case in made.tests} == {"unordered"}
