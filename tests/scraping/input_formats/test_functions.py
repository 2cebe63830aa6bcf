"""Problems become functions, proved in the sandbox; what does not is refused with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from sandbox.worker_pool import WorkerPool
from scraping.input_formats.function_problem import FunctionProblem
from scraping.input_formats.functions import ConversionLimits, to_function
from scraping.input_formats.verification import Runner, passed
from scraping.problem import (
    AnswerChecker,
    Parameter,
    Problem,
    ProblemRejection,
    ProblemTest,
    Signature,
)
from tasks.equality import Comparator
from tasks.record import Expected, OutputChecker, TestCase
from tests.scraping.input_formats.problems import notation, solution, stdio_problem

_SUM = "input()\nprint(sum(map(int, input().split())))"
_SUM_TESTS = [("2\n1 2\n", "3\n"), ("3\n1 2 3\n", "6\n"), ("1\n-5\n", "-5\n")]
_CASES = """
    for case in range(1, int(input()) + 1):
        n, k = map(int, input().split())
        a = list(map(int, input().split()))
        print(f"Case #{case}: {sum(x > k for x in a)}")
"""
_CASES_PROSE = (
    "The first line of the input gives the number of test cases, **T**. **T** test cases follow. Each test "
    "case begins with a line containing two integers **N** and **K**. The second line contains **N** "
    "integers A_1, A_2, ..., A_N."
)
_CASES_TESTS = [
    ("2\n3 1\n1 2 3\n2 0\n0 1\n", "Case #1: 2\nCase #2: 1\n"),
    ("3\n1 1\n2\n1 1\n1\n2 5\n6 7\n", "Case #1: 1\nCase #2: 0\nCase #3: 2\n"),
]


def _converted(problem: Problem, pool: WorkerPool) -> FunctionProblem:
    made = to_function(problem, pool)
    assert isinstance(made, FunctionProblem), made
    judgement = Runner(pool).judged(made.module, made.signature.name, made.tests)
    assert passed(judgement) or made.checker, judgement.detail
    return made


def _reason(problem: Problem, pool: WorkerPool) -> tuple[str, str]:
    made = to_function(problem, pool)
    assert isinstance(made, ProblemRejection), made
    return made.stage, made.reason


class TestForms:
    def test_a_format_gives_names_types_and_calls(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem(_SUM_TESTS, _SUM, title="Sum of All", input_section=notation("N\na_1 … a_N"))
        made = _converted(problem, quick_pool)
        assert made.header == "def sum_of_all(N: int, a: list[int]) -> int:\n"
        assert [(case.arguments, case.expected.value) for case in made.tests] == [
            ([2, [1, 2]], 3),
            ([3, [1, 2, 3]], 6),
            ([1, [-5]], -5),
        ]
        assert [case.origin for case in made.tests] == ["example", "extracted", "extracted"]
        assert [attempt.form for attempt in made.attempts] == ["format"]

    def test_inputs_alone_suggest_one(self, quick_pool: WorkerPool) -> None:
        made = _converted(stdio_problem(_SUM_TESTS, _SUM), quick_pool)
        assert made.header == "def some_title(n: int, a: list[int]) -> int:\n"
        assert made.form is not None and made.form.kind == "samples"

    def test_a_function_is_a_program_again(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem(_SUM_TESTS, _SUM, input_section=notation("N\na_1 … a_N"))
        form = _converted(problem, quick_pool).form
        assert form is not None
        program = form.as_program("def some_title(N, a):\n    return sum(a)\n")
        outputs = Runner(quick_pool).outputs(program, [stdin for stdin, _ in _SUM_TESTS])
        assert outputs == [stdout for _, stdout in _SUM_TESTS]

    def test_a_case_of_many_is_a_call(self, quick_pool: WorkerPool) -> None:
        made = _converted(stdio_problem(_CASES_TESTS, _CASES, input_section=_CASES_PROSE), quick_pool)
        assert made.header == "def some_title(N: int, K: int, A: list[int]) -> int:\n"
        assert len(made.tests) == 5
        assert made.tests[0].arguments == [3, 1, [1, 2, 3]] and made.tests[0].expected.value == 2
        assert "one test case" in made.notes[0]

    def test_cases_that_depend_on_each_other_stay_together(self, quick_pool: WorkerPool) -> None:
        program = "t = 0\nfor _ in range(int(input())):\n    t += int(input())\n    print(t)"
        tests = [("3\n1\n2\n3\n", "1\n3\n6\n"), ("2\n5\n4\n", "5\n9\n")]
        made = _converted(stdio_problem(tests, program, input_section=notation("T\nx_1\n:\nx_T")), quick_pool)
        assert made.header == "def some_title(T: int, x: list[int]) -> list[int]:\n"
        assert [(attempt.form, attempt.reason) for attempt in made.attempts] == [
            ("cases_format", "other_answers"),
            ("format", ""),
        ]

    def test_what_has_no_structure_is_text_to_text(self, quick_pool: WorkerPool) -> None:
        tests = [("1 add 2\n", "3\n"), ("neg 4 times\n\n", "-4\n"), ("x\n", "0\n")]
        program = """
            import sys
            words = sys.stdin.read().split()
            print({"1": 3, "neg": -4}.get(words[0], 0))
        """
        made = _converted(stdio_problem(tests[:1], program), quick_pool)
        assert made.header == "def some_title(data: str) -> str:\n"
        assert made.tests[0].expected.value == "3\n"
        assert made.tests[0].comparator.kind == "tokens"
        assert made.signature.origin == "fallback"

    def test_a_program_that_needs_the_very_text_falls_back(self, quick_pool: WorkerPool) -> None:
        tests = [("1.50\n", "4\n"), ("2.0\n", "3\n")]
        made = _converted(
            stdio_problem(tests, "print(len(input()))", input_section=notation("x")), quick_pool
        )
        assert [(attempt.form, attempt.reason) for attempt in made.attempts] == [
            ("format", "other_answers"),
            ("samples", "other_answers"),
            ("text", ""),
        ]


class TestAnswers:
    def test_tolerances_become_comparators(self, quick_pool: WorkerPool) -> None:
        checker = AnswerChecker(relative_tolerance=1e-4)
        tests = [("2\n", "0.33333333\n"), ("4\n", "1\n")]
        problem = stdio_problem(tests, "print((int(input()) - 1) / 3)", checker=checker)
        made = _converted(problem, quick_pool)
        assert made.signature.returns == "float"
        assert made.tests[0].comparator.rtol == 1e-4
        assert made.tests[1].expected.value == 1.0

    def test_a_text_is_compared_as_the_checker_does(self, quick_pool: WorkerPool) -> None:
        checker = AnswerChecker(absolute_tolerance=1e-4)
        problem = stdio_problem([("2\n", "About 0.3333\n")], "print('about', 1 / 3)", checker=checker)
        made = _converted(problem, quick_pool)
        assert made.checker is None
        assert made.tests[0].expected.value == "About 0.3333\n"
        assert made.tests[0].comparator == Comparator("tokens", atol=1e-4, case_sensitive=False)

    def test_a_checker_of_the_package_has_to_be_run(self, quick_pool: WorkerPool) -> None:
        program = OutputChecker("cpp", {"check.cc": "int main() {}"}, "check.cc")
        checker = AnswerChecker("program", program=program)
        problem = stdio_problem([("2\n", "1 1\n"), ("3\n", "1 2\n")], "print(2, 0)", checker=checker)
        made = to_function(problem, quick_pool)  # which has nothing that runs checkers
        assert isinstance(made, ProblemRejection)
        assert (made.stage, made.reason) == ("checker", "checker_fails")

    @pytest.mark.parametrize("kind", ["unordered", "set"])
    def test_an_order_that_does_not_count(
        self, kind: Literal["unordered", "set"], quick_pool: WorkerPool
    ) -> None:
        tests = [("3\n", "2\n1\n0\n"), ("2\n", "0\n1\n")]
        program = "for n in range(int(input())):\n    print(n)"
        made = _converted(stdio_problem(tests, program, checker=AnswerChecker(kind)), quick_pool)
        assert made.signature.returns == "list[int]"
        assert [case.comparator.kind for case in made.tests] == [kind, kind]
        assert made.tests[0].expected.value == [2, 1, 0]

    def test_large_and_small_letters_are_alike(self, quick_pool: WorkerPool) -> None:
        made = _converted(
            stdio_problem([("1\n", "YES\n"), ("2\n", "no\n")], "print('Yes' if input() == '1' else 'No')"),
            quick_pool,
        )
        assert [case.expected.value for case in made.tests] == ["YES", "no"]
        assert made.tests[0].comparator == Comparator("tokens", case_sensitive=False)


class TestPrograms:
    def test_other_programs_are_wrapped_alike(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem(
            _SUM_TESTS,
            _SUM,
            solution("print(sum(map(int, open(0).read().split()[1:])))", name="b.py"),
            solution("input()\nprint(max(map(int, input().split())))", "wrong_answer", name="c.py"),
            solution("int main() {}", language="cpp", name="d.cpp"),
            solution("print(", "wrong_answer", name="e.py"),
            solution(_SUM, "time_limit_exceeded", name="f.py"),
        )
        made = _converted(problem, quick_pool)
        assert [each.name for each in made.other_accepted] == ["b.py"]
        assert [(each.name, each.claimed) for each in made.wrong] == [("c.py", "wrong_answer")]
        assert made.not_wrapped == {"no_python_3": 1, "no_python": 1, "too_slow": 1}
        runner = Runner(quick_pool)
        name = made.signature.name
        assert passed(runner.judged(made.other_accepted[0].program, name, made.tests))
        assert not passed(runner.judged(made.wrong[0].program, name, made.tests))

    def test_the_first_that_passes_is_the_reference(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem(
            _SUM_TESTS, solution("print(3)", name="bad.py"), solution(_SUM, name="good.py")
        )
        assert _converted(problem, quick_pool).reference == "good.py"

    def test_cut_and_repeated_tests_are_left_out(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem([*_SUM_TESTS, _SUM_TESTS[0]], _SUM)
        cut = ProblemTest("extracted", "cut", "9\n1 2 3...", "6", truncated=True)
        unknown = ProblemTest("generated", "unknown", "1\n1\n")
        made = _converted(problem.with_tests([*problem.tests, cut, unknown]), quick_pool)
        assert made.dropped_tests == {"repeated": 1, "truncated": 1, "no_output": 1}

    def test_examples_stay_when_there_are_too_many_tests(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem(_SUM_TESTS, _SUM)
        made = to_function(problem, quick_pool, ConversionLimits(calls=1))
        assert isinstance(made, FunctionProblem)
        assert [case.origin for case in made.tests] == ["example"]
        assert made.dropped_tests == {"too_many": 2}

    def test_tests_too_large_for_a_record_are_counted(self, quick_pool: WorkerPool) -> None:
        large = "1 " * 30_000
        tests = [*_SUM_TESTS, (f"30000\n{large}\n", "30000\n")]
        made = _converted(stdio_problem(tests, _SUM), quick_pool)
        assert made.header == "def some_title(n: int, a: list[int]) -> int:\n"
        assert len(made.tests) == 3 and made.dropped_tests == {"too_large": 1}


class TestNativeFunctions:
    _SIGNATURE = Signature("twice", [Parameter("values", "List[int]")], "List[int]")
    _TEST = ProblemTest("example", case=TestCase([[1, 2]], {}, Expected("returned", [2, 4])))

    def _problem(self, code: str) -> Problem:
        plain = stdio_problem([], code)
        return replace(plain, mode="function", signature=self._SIGNATURE, tests=[self._TEST])

    @pytest.mark.parametrize(
        "code",
        [
            "def twice(values):\n    return [factor * value for value in values]\n\nfactor = 2\n",
            "import math\n\n\ndef twice(values: 'list[int]') -> 'list[int]':\n    'Doc.'\n"
            "    return list(map(_one, values))\n\n\ndef _one(value):\n    return 2 * value",
            "class Solution:\n    def twice(self, values: List[int]) -> List[int]:\n"
            "        return [2 * value for value in values]",
            "class Solution:\n    def twice(self, values: List[int]) -> Optional[List[int]]:\n"
            "        return list(chain([2 * value for value in deque(values)]))",
        ],
    )
    def test_their_reference_is_verified(self, code: str, quick_pool: WorkerPool) -> None:
        made = _converted(self._problem(code), quick_pool)
        assert made.header.startswith("def twice(values")
        assert "Doc." not in made.module
        assert made.tests == [replace(self._TEST.case, origin="example")]  # type: ignore[type-var]

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("def twice(values):\n    return values\n", "reference_fails"),
            ("def thrice(values):\n    return values\n", "no_python_reference"),
            ("def twice(", "no_python_reference"),
        ],
    )
    def test_others_are_refused(self, code: str, reason: str, quick_pool: WorkerPool) -> None:
        assert _reason(self._problem(code), quick_pool) == ("reference", reason)


class TestRefusals:
    @pytest.mark.parametrize(
        ("mode", "reason"),
        [
            ("interactive", "interactive"),
            ("answer_only", "answer_only"),
            ("class", "class_interface"),
            ("file", "input_from_file"),
        ],
    )
    def test_modes_without_a_function(self, mode: str, reason: str, quick_pool: WorkerPool) -> None:
        problem = replace(stdio_problem(_SUM_TESTS, _SUM), mode=mode)  # type: ignore[arg-type]
        assert _reason(problem, quick_pool) == ("function", reason)

    def test_several_answers_that_nothing_tells_apart(self, quick_pool: WorkerPool) -> None:
        problem = stdio_problem(_SUM_TESTS, _SUM, checker=AnswerChecker("pending"))
        assert _reason(problem, quick_pool) == ("checker", "several_answers")

    @pytest.mark.parametrize(
        ("programs", "reason"),
        [
            ([], "no_python_reference"),
            ([solution("int main() {}", language="cpp")], "no_python_reference"),
            ([solution("print(1)", "wrong_answer")], "no_python_reference"),
            (["print(3)"], "reference_fails"),
            (["raise SystemExit(3)"], "reference_fails"),
        ],
    )
    def test_without_a_reference(self, programs: list[str], reason: str, quick_pool: WorkerPool) -> None:
        assert _reason(stdio_problem(_SUM_TESTS, *programs), quick_pool) == ("reference", reason)

    def test_without_tests(self, quick_pool: WorkerPool) -> None:
        assert _reason(stdio_problem([], _SUM), quick_pool) == ("tests", "no_tests")

    def test_a_program_whose_answers_change_in_a_function(self, quick_pool: WorkerPool) -> None:
        program = "import os\nprint(os.read(0, 9).decode().strip())"
        assert _reason(stdio_problem([("ab\n", "ab\n")], program), quick_pool) == (
            "function",
            "wrapped_reference_differs",
        )
