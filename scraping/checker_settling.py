"""A problem's checker, settled by what its own programs answer, each run in the sandbox on every test."""

from __future__ import annotations

from dataclasses import replace

from sandbox.worker_pool import WorkerPool
from scraping.checker_choice import ProgramAnswers, fitting_checker, statement_evidence
from scraping.input_formats.function_problem import is_python, is_slow
from scraping.input_formats.functions import usable_tests
from scraping.input_formats.native import native_parts
from scraping.input_formats.verification import Runner
from scraping.problem import Problem, ProblemRejection, Solution

_MOST_TESTS = 100
_MOST_PROGRAMS = 5
"""Of the right ones, and of the wrong ones: archives have hundreds for a problem."""


def is_open(problem: Problem) -> bool:
    """Whether several answers may be right, and nobody has told how they are compared."""
    return problem.checker.kind == "pending" or (is_assumed(problem) and bool(statement_evidence(problem)))


def is_assumed(problem: Problem) -> bool:
    """Whether the comparison is but the usual one, of which the source says nothing."""
    return problem.checker.kind == "tokens" and not problem.checker.evidence


def settled(problem: Problem, pool: WorkerPool) -> Problem | ProblemRejection:
    """The problem with the comparison that fits its programs, or why there is none.

    The first accepted programs count as trusted, those claimed to answer wrongly as wrong.
    """
    tests = usable_tests(problem)[0][:_MOST_TESTS]
    seen = problem.with_tests(tests)
    runner = Runner.of(problem, pool)
    usable = [each for each in problem.solutions if is_python(each) and not is_slow(each)]
    trusted = [each for each in usable if each.claimed == "accepted"][:_MOST_PROGRAMS]
    wrong = [each for each in usable if each.claimed == "wrong_answer"][:_MOST_PROGRAMS]
    if not trusted:
        return problem  # what has no reference is rejected as such
    assert pool.checks is not None
    found = fitting_checker(seen, _answers(seen, trusted, runner), _answers(seen, wrong, runner), pool.checks)
    return found if isinstance(found, ProblemRejection) else replace(problem, checker=found)


def _answers(problem: Problem, solutions: list[Solution], runner: Runner) -> list[ProgramAnswers]:
    """What programs answer to each test; those that answer none are no programs of this problem."""
    found = []
    for solution in solutions:
        answers: list[object]
        if problem.mode == "function":
            assert problem.signature is not None
            parts = native_parts(solution.code, problem.signature)
            calls = [test.case for test in problem.tests if test.case is not None]
            answers = runner.results("".join(parts), problem.signature.name, calls) if parts else []
        else:
            answers = list(runner.answers(solution.code, [test.input for test in problem.tests]))
        if any(answer is not None for answer in answers):
            found.append(ProgramAnswers(solution.name, answers))
    return found
