"""Which comparison of answers fits a problem, by its statement and by programs that are right and wrong."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox.interface import Sandbox
from sandbox.output_checks import OutputChecks
from scraping.answer_checkers import comparator
from scraping.checker_choice import (
    ProgramAnswers,
    answer_evidence,
    candidates,
    fitting_checker,
    statement_evidence,
)
from scraping.problem import AnswerChecker, Problem, ProblemRejection, ProblemTest
from tasks.equality import equal
from tasks.record import Expected, OutputChecker, TestCase
from tests.scraping.test_local_judge import difference


def _problem(statement: str, *answers: str, checker: AnswerChecker | None = None) -> Problem:
    tests = [ProblemTest("secret", str(number), "x", answer) for number, answer in enumerate(answers)]
    problem = dataclasses.replace(difference(), statement_markdown=statement, tests=tests)
    return dataclasses.replace(problem, checker=checker or AnswerChecker("pending"))


def _call(problem: Problem, *values: object) -> Problem:
    tests = [ProblemTest("secret", case=TestCase([1], {}, Expected("returned", value))) for value in values]
    return dataclasses.replace(problem, mode="function", tests=tests)


@pytest.fixture(scope="module")
def checks(sandbox: Sandbox) -> OutputChecks:
    return OutputChecks(lambda: sandbox)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("Print the numbers **in any order**.", "any order"),
        ("You may return the answer in any valid order.", "any order"),
        ("If there are multiple answers, print any of them.", "any answer"),
        ("If several solutions exist, output any valid one.", "any answer"),
        ("You can print each letter in any case.", "any case"),
        ("Print YES in upper or lower case.", "any case"),
        ("An absolute or relative error of $10^{-6}$ is fine.", "tolerance"),
        ("Answers within $10^{-5}$ of the actual answer will be accepted.", "tolerance"),
    ],
)
def test_statements_tell(statement: str, name: str) -> None:
    assert any(f"statement: {name}:" in each for each in statement_evidence(_problem(statement)))


@pytest.mark.parametrize(
    "statement",
    [
        "Print the numbers in increasing order.",
        "Print the answer modulo $10^9 + 7$.",
        "In this case print -1.",
        "Any two cities are connected.",
        "It is an error to print more.",
    ],
)
def test_other_statements_tell_nothing(statement: str) -> None:
    assert statement_evidence(_problem(statement)) == []


def test_programs_that_disagree_tell() -> None:
    problem = _problem("", "1 2", "3")
    one = ProgramAnswers("one", ["1 2", "3"])
    other = ProgramAnswers("other", ["2  1", None])
    assert answer_evidence(problem, [one, other]) == [
        "solutions: one and other disagree on 0",
        "solutions: other disagrees with the given answer to 0",
    ]
    assert answer_evidence(problem, [one, ProgramAnswers("same", ["1\n2\n", "3"])]) == []


@pytest.mark.parametrize(
    ("statement", "answers", "right", "wrong", "kind"),
    [
        ("", "1 2\n3", ["1 2 3"], ["1 3 2"], "tokens"),
        ("Print the lines in any order.", "1 2\n3", ["3\n1 2"], ["3\n2 1"], "unordered"),
        ("Print them in any order, as often as you like.", "1\n2", ["2\n1\n2"], ["1\n1"], "set"),
        ("Print it in any case.", "yes", ["YES"], ["no"], "tokens"),
        ("With an error of at most $10^{-6}$.", "0.5", ["0.5000001", "5e-1"], ["0.51"], "tokens"),
        ("", "0.5", ["0.50000000001"], ["0.51"], "tokens"),  # nothing but the disagreement tells
        ("", "1\n2", ["2\n1"], ["2"], "unordered"),
    ],
)
def test_the_strictest_that_fits_is_taken(
    checks: OutputChecks, statement: str, answers: str, right: list[str], wrong: list[str], kind: str
) -> None:
    problem = _problem(statement, answers)
    trusted = [ProgramAnswers(f"right {answer}", [answer]) for answer in right]
    found = fitting_checker(problem, trusted, [ProgramAnswers("wrong", wrong)], checks)
    assert isinstance(found, AnswerChecker), found
    assert found.kind == kind


def test_results_of_functions(checks: OutputChecks) -> None:
    problem = _call(_problem("Return the indices in any order."), [[1, 2], [3]])
    trusted = [ProgramAnswers("right", [[[3], [1, 2]]])]
    found = fitting_checker(problem, trusted, [ProgramAnswers("wrong", [[[3], [2, 1]]])], checks)
    assert isinstance(found, AnswerChecker)
    assert found.kind == "unordered"
    assert equal([1, 2], [2, 1], comparator(found))


def test_without_a_comparison_that_fits_the_problem_is_lost(checks: OutputChecks) -> None:
    problem = _problem("Print any pair. If there are several answers, print any.", "1 9", "2 8")
    one, other = ProgramAnswers("one", ["1 9", "2 8"]), ProgramAnswers("other", ["3 7", "2 8"])
    lost = fitting_checker(problem, [one, other], [], checks)
    assert isinstance(lost, ProblemRejection)
    assert (lost.stage, lost.reason) == ("checker", "no_checker_fits")
    alone = fitting_checker(problem, [one], [], checks)
    assert isinstance(alone, ProblemRejection)
    assert alone.reason == "several_answers"


def test_a_comparison_that_lets_a_wrong_program_pass_does_not_fit(checks: OutputChecks) -> None:
    problem = _problem("In any order.", "1\n2")
    wrong = ProgramAnswers("sorts by chance", ["2\n1"])
    lost = fitting_checker(problem, [ProgramAnswers("right", ["1\n2"])], [wrong], checks)
    assert isinstance(lost, ProblemRejection)
    assert "accepts sorts by chance" in lost.detail


def test_the_packages_own_checker_has_to_fit_too(checks: OutputChecks) -> None:
    def with_text(text: str) -> Problem:
        program = OutputChecker("python3", {"validate.py": text}, "validate.py")
        return _problem("Print any answer.", "1", checker=AnswerChecker("program", program=program))

    right, wrong = ProgramAnswers("right", ["3"]), ProgramAnswers("wrong", ["4"])
    odd = "import sys\nsys.exit(42 if int(sys.stdin.read()) % 2 else 43)"
    fits = fitting_checker(with_text(odd), [right], [wrong], checks)
    assert isinstance(fits, AnswerChecker)
    refuses = fitting_checker(with_text("raise SystemExit(43)"), [right], [], checks)
    assert isinstance(refuses, ProblemRejection)
    assert refuses.reason == "no_checker_fits"
    fails = fitting_checker(with_text("1 / 0"), [right], [], checks)
    assert isinstance(fails, ProblemRejection)
    assert fails.reason == "checker_fails"


@pytest.mark.parametrize("mode", ["interactive", "answer_only"])
def test_what_cannot_be_a_function_is_rejected(checks: OutputChecks, mode: str) -> None:
    problem = dataclasses.replace(difference(), mode=mode)  # type: ignore[arg-type]
    lost = fitting_checker(problem, [], [], checks)
    assert isinstance(lost, ProblemRejection)
    assert lost.reason == mode


def test_a_tolerance_of_the_statement_is_used() -> None:
    problem = _problem("Absolute error of 0.001 is allowed.", "1")
    (checker, *_) = candidates(problem, statement_evidence(problem))
    assert (checker.absolute_tolerance, checker.relative_tolerance) == (pytest.approx(1e-3),) * 2
