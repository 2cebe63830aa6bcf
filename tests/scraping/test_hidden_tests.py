"""Extraction of hidden tests from a judge that shows failed cases, and the rules by which it stops."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from sandbox.interface import Sandbox
from sandbox.interpreter import Interpreter
from sandbox.output_checks import OutputChecks
from scraping.judges.hidden_tests import ExtractionOptions, extract_hidden_tests
from scraping.judges.judge import FailedCase, JudgeVerdict
from scraping.judges.local_kattis import LocalKattisJudge, Shown
from scraping.judges.shown_cases import ShownWhole
from scraping.problem import Parameter, Problem, ProblemTest, Signature, Solution
from tests.scraping.test_local_judge import RIGHT, difference, python

_OFF_BY_ONE = RIGHT.replace("abs(a - b)", "abs(a - b) + 1")
_NEVER_NEGATIVE = RIGHT.replace("abs(a - b)", "max(b - a, 0)")


@pytest.fixture(scope="module")
def checks(sandbox: Sandbox, interpreter: Interpreter) -> Iterator[OutputChecks]:
    made = OutputChecks(lambda: sandbox, interpreter)
    yield made
    made.close()


def _public(problem: Problem) -> Problem:
    return dataclasses.replace(problem.with_tests(problem.examples), solutions=[])


def _texts(tests: list[ProblemTest]) -> list[tuple[str, str | None]]:
    return [(test.input, test.output) for test in tests]


_HIDDEN = [("10 14\n", "4\n"), ("9 2\n", "7\n"), ("5 5\n", "0\n")]


def test_every_case_is_found_and_the_last_probe_is_accepted(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks)
    found = extract_hidden_tests(judge, _public(difference()))
    assert _texts(found.tests) == _HIDDEN
    assert {(test.kind, *test.validated_by) for test in found.tests} == {("extracted", "judge")}
    assert (found.stopped, found.submissions, found.total) == ("accepted", 4, 4)


def test_natural_mistakes_come_first_and_show_what_they_fail(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks)
    found = extract_hidden_tests(judge, _public(difference()), [_NEVER_NEGATIVE, _OFF_BY_ONE, RIGHT])
    assert sorted(_texts(found.tests)) == sorted(_HIDDEN)
    assert (found.stopped, found.by_mistakes, found.submissions) == ("accepted", 2, 5)


def test_the_budget_ends_it_and_what_is_not_confirmed_is_not_kept(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks)
    found = extract_hidden_tests(judge, _public(difference()), options=ExtractionOptions(budget=2))
    assert _texts(found.tests) == _HIDDEN[:1]
    assert (found.stopped, found.dropped, judge.submissions) == ("budget", {"not_confirmed": 1}, 2)


def test_the_judges_own_budget_ends_it_too(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([difference()], checks, budget=2)
    found = extract_hidden_tests(judge, _public(difference()))
    assert (found.stopped, judge.submissions) == ("budget", 2)


@pytest.mark.parametrize("shown", ["nothing", "number"])
def test_a_judge_that_shows_no_case_gives_nothing(checks: OutputChecks, shown: str) -> None:
    judge = LocalKattisJudge([difference()], checks, shown=Shown(shown))  # type: ignore[arg-type]
    found = extract_hidden_tests(judge, _public(difference()), [_OFF_BY_ONE])
    assert (found.tests, found.stopped, found.submissions) == ([], "no_case_shown", 1)


def _with_a_long_case() -> Problem:
    problem = difference()
    long = ProblemTest("secret", "long", "1000000 1 " + "\n" * 3, "999999\n")
    return problem.with_tests([*problem.tests[:2], long, *problem.tests[2:]])


def test_a_cut_case_is_never_kept(checks: OutputChecks) -> None:
    judge = LocalKattisJudge([_with_a_long_case()], checks, shown=Shown("case", 7))
    found = extract_hidden_tests(judge, _public(difference()))
    assert _texts(found.tests) == _HIDDEN[:1]
    assert (found.stopped, found.dropped) == ("repeated", {"cut_mark": 1})


def test_a_trusted_program_gets_the_probes_past_a_cut_case(checks: OutputChecks) -> None:
    problem = _with_a_long_case()
    long = dataclasses.replace(problem.tests[2], input="10000 123456789")
    long = dataclasses.replace(long, output="123446789\n")
    problem = problem.with_tests([*problem.tests[:2], long, *problem.tests[3:]])
    judge = LocalKattisJudge([problem], checks, shown=Shown("case", 8))
    found = extract_hidden_tests(judge, _public(problem), trusted=RIGHT)
    assert _texts(found.tests) == _HIDDEN
    assert (found.stopped, found.dropped) == ("accepted", {"cut_mark": 1})


def test_dots_that_belong_to_the_problem_cut_nothing(checks: OutputChecks) -> None:
    problem = difference().with_tests(
        [ProblemTest("example", "1", "ab", "2"), ProblemTest("secret", "2", "so...", "5...")]
    )
    found = extract_hidden_tests(LocalKattisJudge([problem], checks), _public(problem))
    assert _texts(found.tests) == [("so...", "5...")]
    assert found.stopped == "accepted"


class _Scripted:
    """A judge that gives one verdict after the other, whatever it is asked."""

    def __init__(self, *verdicts: JudgeVerdict) -> None:
        self._verdicts = list(verdicts)

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        return self._verdicts.pop(0)


def _shows(given: str, answer: str | None, number: int | None = None, **more: bool) -> JudgeVerdict:
    return JudgeVerdict("wrong_answer", number, failed_case=FailedCase(given, answer, None, **more))


def test_a_case_that_comes_back_although_it_was_answered_is_dropped() -> None:
    judge = _Scripted(_shows("7 8", "1"), _shows("7 8", "1"))
    found = extract_hidden_tests(judge, _public(difference()))
    assert (found.tests, found.stopped, found.dropped) == ([], "repeated", {"not_as_shown": 1})


def test_what_the_judge_says_it_cut_is_not_even_tried() -> None:
    judge = _Scripted(_shows("7 8", "1", truncated=True))
    found = extract_hidden_tests(judge, _public(difference()))
    assert (found.stopped, found.dropped, found.submissions) == ("truncated", {"cut_by_the_judge": 1}, 1)


def test_a_case_without_its_answer_is_no_test() -> None:
    found = extract_hidden_tests(_Scripted(_shows("7 8", None)), _public(difference()))
    assert (found.tests, found.dropped) == ([], {"no_expected_output": 1})


def test_a_mistake_that_gets_past_a_case_by_itself_confirms_nothing() -> None:
    """It may have solved what was not shown as it is; only a probe cannot."""
    judge = _Scripted(_shows("7 8", "1", 2), _shows("1 1", "0", 5), _shows("2 2", "0", 2))
    options = ExtractionOptions(budget=3)
    found = extract_hidden_tests(judge, _public(difference()), [_OFF_BY_ONE, _OFF_BY_ONE], options=options)
    assert (found.tests, found.stopped) == ([], "budget")


def test_without_numbers_the_order_of_probes_confirms() -> None:
    judge = _Scripted(_shows("7 8", "1"), _shows("9 8", "1"), JudgeVerdict("judge_error", detail="down"))
    found = extract_hidden_tests(judge, _public(difference()))
    assert _texts(found.tests) == [("7 8", "1")]
    assert (found.stopped, found.detail) == ("judge_error", "down")


def test_a_program_that_the_judge_would_not_take_is_not_sent() -> None:
    found = extract_hidden_tests(
        _Scripted(), _public(difference()), options=ExtractionOptions(source_bytes=100)
    )
    assert (found.stopped, found.submissions) == ("program_too_long", 0)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (FailedCase("3\n1 2 3", "6"), None),
        (FailedCase("3\n1 2...", "6"), "cut_mark"),
        (FailedCase("3\n1 2 3", "6 7…"), "cut_mark"),
        (FailedCase("3\n1 2 3\n... 20 more lines", "6"), "cut_mark"),
        (FailedCase("4\n1 2 3", "6"), "count_does_not_hold"),
        (FailedCase("9\n1 2 3 4 5 6 7 8 9", "6"), "as_long_as_the_limit"),
    ],
)
def test_suspicions(case: FailedCase, reason: str | None) -> None:
    assert ShownWhole(["2\n5 6\n", "1\n7\n"], shown_characters=19).suspicion(case) == reason


class _FunctionJudge:
    """A judge of functions: calls the submission in this process. For our own probes only."""

    def __init__(self, name: str, cases: list[tuple[list[object], object]]) -> None:
        self._name, self._cases = name, cases

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        names: dict[str, object] = {}
        exec(solution.code, names)  # noqa: S102
        made = names["Solution"]
        assert callable(made)
        for number, (arguments, expected) in enumerate(self._cases, start=1):
            actual = getattr(made(), self._name)(*arguments)
            if actual != expected:
                shown = "\n".join(map(json.dumps, arguments))
                failed = FailedCase(shown, json.dumps(expected), json.dumps(actual))
                return JudgeVerdict("wrong_answer", None, number - 1, len(self._cases), failed)
        return JudgeVerdict("accepted", passed=len(self._cases), total=len(self._cases))


def test_functions_are_probed_with_their_arguments() -> None:
    parameters = [Parameter("nums", "list[int]"), Parameter("word", "str")]
    stub = "class Solution:\n    def f(self, nums, word):\n"
    problem = dataclasses.replace(
        difference(), mode="function", signature=Signature("f", parameters, "list[int]", stub), tests=[]
    )
    cases: list[tuple[list[object], object]] = [
        ([[1, 2], "a b"], [3]),
        ([[], "ä"], []),
        ([[1.5], ""], [1.5]),
    ]
    mistake = "class Solution:\n    def f(self, nums, word):\n        return [sum(nums)]\n"
    found = extract_hidden_tests(_FunctionJudge("f", cases), problem, [mistake])
    told = [(test.input, json.loads(test.output or "")) for test in found.tests]
    assert sorted(told) == sorted(("\n".join(map(json.dumps, given)), answer) for given, answer in cases)
    assert (found.stopped, found.by_mistakes, found.submissions) == ("accepted", 1, 4)


def test_a_submission_is_judged_as_any_other(checks: OutputChecks) -> None:
    """The probes are no privilege: the same judge accepts a right program and refuses a wrong one."""
    judge = LocalKattisJudge([difference()], checks)
    assert judge.submit(difference(), python(RIGHT)).accepted
    assert not judge.submit(difference(), python(_OFF_BY_ONE)).accepted
