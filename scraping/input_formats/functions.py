"""From a problem to a function: the form that the wrapped reference proves, with its tests and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.worker_pool import WorkerPool
from scraping.answer_checkers import comparator
from scraping.input_formats.cases import cases_of
from scraping.input_formats.format_search import formats_of
from scraping.input_formats.forms import (
    MAX_CHARACTERS,
    Call,
    FunctionForm,
    form_of,
    form_of_a_case,
    text_form,
)
from scraping.input_formats.function_problem import (
    Attempt,
    FunctionProblem,
    WrappedProgram,
    is_python,
    is_slow,
    origin_of,
)
from scraping.input_formats.naming import function_name
from scraping.input_formats.native import native_function
from scraping.input_formats.program_wrapping import NotWrappable
from scraping.input_formats.reading import BadInput
from scraping.input_formats.results import infer_result, split_cases
from scraping.input_formats.structure import InputFormat, names_in
from scraping.input_formats.verification import CheckerFails, Runner, first_fault, passed
from scraping.problem import (
    AnswerChecker,
    Problem,
    ProblemRejection,
    ProblemTest,
    Solution,
    rejected,
)
from tasks.equality import EXACT, FLOAT_TOLERANCE, Comparator, equal, holds_float
from tasks.record import Expected, TestCase
from tasks.value_encoding import to_text

_LONGEST_INPUT = 5 * MAX_CHARACTERS
"""Of many cases, each of them a call."""
_NAMES_FOR_CASES = ("t", "tests", "cases")
_FEW_CASES = 3
_MANY_CASES = 10
"""To be seen before lines that nobody calls cases are taken for such."""

_MODES_WITHOUT_FUNCTION = {
    "interactive": "interactive",
    "answer_only": "answer_only",
    "class": "class_interface",
    "file": "input_from_file",
}


@dataclass(frozen=True)
class ConversionLimits:
    """``calls``: how many tests a function gets at most, those of the statement first."""

    calls: int = 500


def to_function(
    problem: Problem, pool: WorkerPool, limits: ConversionLimits = ConversionLimits()
) -> FunctionProblem | ProblemRejection:
    """A problem as that of a function: by its own signature, by its input's format, or text to text."""
    runner = Runner.of(problem, pool)
    if problem.mode == "function":
        return native_function(problem, runner)
    if problem.mode != "stdio":
        return rejected(problem, "function", _MODES_WITHOUT_FUNCTION[problem.mode])
    if problem.checker.kind == "pending":
        return rejected(problem, "checker", "several_answers", "; ".join(problem.checker.evidence))
    tests, dropped = usable_tests(problem)
    if not tests:
        return rejected(problem, "tests", "no_tests", str(dropped))
    found = _reference(problem, tests, runner)
    if isinstance(found, ProblemRejection):
        return found
    reference, outputs = found
    attempts: list[Attempt] = []
    for form in _forms(problem, tests, outputs):
        made = _Conversion(problem, form, tests, outputs, runner, limits).converted(reference)
        if isinstance(made, Attempt):
            attempts.append(made)
            continue
        attempts.append(Attempt(form.kind))
        drops = {**dropped, **made.dropped_tests}
        return _with_programs(replace(made, attempts=attempts, dropped_tests=drops), problem, reference)
    detail = "; ".join(f"{each.form}: {each.reason} {each.detail}".strip() for each in attempts)
    return rejected(problem, "function", "wrapped_reference_differs", detail)


def usable_tests(problem: Problem) -> tuple[list[ProblemTest], dict[str, int]]:
    """The tests with an outcome, each once, and how many others there are, by reason.

    Inputs that are far too long for a record are left out before anything is run on them.
    """
    if problem.mode == "function":
        return [test for test in problem.tests if test.case is not None and not test.truncated], {}
    usable: list[ProblemTest] = []
    seen: set[str] = set()
    dropped: dict[str, int] = {}
    for test in problem.tests:
        reason = ""
        if test.truncated:
            reason = "truncated"
        elif test.output is None:
            reason = "no_output"
        elif test.input in seen:
            reason = "repeated"
        elif len(test.input) > _LONGEST_INPUT or len(test.output) > _LONGEST_INPUT:
            reason = "too_large"
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            seen.add(test.input)
            usable.append(test)
    return usable, dropped


def _reference(
    problem: Problem, tests: list[ProblemTest], runner: Runner
) -> tuple[Solution, list[str]] | ProblemRejection:
    """The first accepted program that passes every test, with what it prints."""
    accepted = [each for each in problem.solutions if each.claimed == "accepted" and is_python(each)]
    if not accepted:
        languages = sorted({each.language for each in problem.solutions if each.claimed == "accepted"})
        return rejected(problem, "reference", "no_python_reference", ", ".join(languages))
    faults: list[str] = []
    for solution in accepted:
        outputs = runner.outputs(solution.code, [test.input for test in tests])
        if isinstance(outputs, str):
            faults.append(f"{solution.name}: {outputs}")
            continue
        try:
            fault = first_fault(problem.checker, tests, outputs, runner.pool.checks)
        except CheckerFails as error:
            return rejected(problem, "checker", "checker_fails", str(error))
        if fault is None:
            return solution, outputs
        faults.append(f"{solution.name}: {fault}")
    return rejected(problem, "reference", "reference_fails", "; ".join(faults))


def _forms(problem: Problem, tests: list[ProblemTest], outputs: list[str]) -> Iterator[FunctionForm]:
    """The forms to try, in the order of preference; the last is always to be had."""
    name = function_name(problem.title)
    checker = problem.checker
    if checker.kind != "program":
        inputs = [test.input for test in tests]
        expected = [*(test.output or "" for test in tests), *outputs]
        approximate = _approximate(checker)
        for input_format in formats_of(problem, inputs):
            yield from _forms_of_cases(name, input_format, inputs, expected, approximate)
            yield form_of(name, input_format, infer_result(expected, approximate=approximate))
    yield text_form(name)


def _approximate(checker: AnswerChecker) -> bool:
    return checker.relative_tolerance is not None or checker.absolute_tolerance is not None


def _forms_of_cases(
    name: str, whole: InputFormat, inputs: list[str], expected: list[str], approximate: bool
) -> Iterator[FunctionForm]:
    if cases_of(whole.nodes) is None:
        return
    numbers = [int(text.split()[0]) for text in inputs] * 2
    parts: list[str] = []
    labels: set[bool] = set()
    for output, number in zip(expected, numbers, strict=True):
        split = split_cases(output, number)
        if split is None:
            return
        parts += split[0]
        labels.add(split[1])
    if max(numbers) < 2 or len(labels) != 1:
        return
    said = labels == {True} or names_in(whole.nodes)[0].lower() in _NAMES_FOR_CASES
    if len(parts) < 2 * (_FEW_CASES if said else _MANY_CASES):  # expected ones and printed ones
        return
    (labelled,) = labels
    texts = [part.partition(":")[2] for part in parts] if labelled else parts
    form = form_of_a_case(
        name, whole, replace(infer_result(texts, approximate=approximate), labelled=labelled)
    )
    if form:
        yield form


class _Conversion:
    """A problem, a form, and the proof that the form keeps the answers."""

    def __init__(
        self,
        problem: Problem,
        form: FunctionForm,
        tests: list[ProblemTest],
        outputs: list[str],
        runner: Runner,
        limits: ConversionLimits,
    ) -> None:
        self._problem = problem
        self._form = form
        self._tests = tests
        self._outputs = outputs
        self._runner = runner
        self._limits = limits
        self._too_large = 0

    def converted(self, reference: Solution) -> FunctionProblem | Attempt:
        """The function, or why the form does not do."""
        try:
            cases, proofs = self._cases()
            body = self._form.body_of(reference.code)
        except BadInput as error:
            return Attempt(self._form.kind, "tests_do_not_fit", str(error))
        except NotWrappable as error:
            return Attempt(self._form.kind, error.reason, error.detail)
        kept = self._kept(cases)
        name = self._form.signature.name
        judgement = self._runner.judged(self._form.header + body, name, proofs)
        if not passed(judgement):
            return Attempt(self._form.kind, "other_answers", judgement.detail)
        return FunctionProblem(
            self._problem.problem_id,
            self._form.signature,
            "",
            self._form.header,
            body,
            reference.name,
            kept,
            form=self._form,
            checker=self._problem.checker.program if self._problem.checker.kind == "program" else None,
            notes=_notes(self._form),
            dropped_tests={
                reason: count
                for reason, count in (("too_many", len(cases) - len(kept)), ("too_large", self._too_large))
                if count
            },
        )

    def _cases(self) -> tuple[list[TestCase], list[TestCase]]:
        """The tests as calls with the expected results, and with what the program really printed."""
        cases: dict[str, TestCase] = {}
        proofs: dict[str, TestCase] = {}
        for test, output in zip(self._tests, self._outputs, strict=True):
            expected = self._form.calls(test.input, test.output or "")
            printed = self._form.calls(test.input, output)
            for call, proof in zip(expected, printed, strict=True):
                if call is None or proof is None:
                    self._too_large += 1
                    continue
                key = to_text(call.arguments)
                if key in cases and not equal(proofs[key].expected.value, proof.result):
                    raise BadInput("the same arguments have two results")
                proofs[key] = self._case(test, proof, EXACT)
                if key not in cases:
                    how = self._comparator(call)
                    cases[key] = self._case(test, self._agreed(call, proof, how), how)
        if not cases:
            raise BadInput("every test is too large")
        return list(cases.values()), list(proofs.values())

    def _agreed(self, expected: Call, printed: Call, how: Comparator) -> Call:
        """The expected call; the reference's, where it differs in a way that does not count."""
        if self._problem.checker.kind == "program" or equal(expected.result, printed.result, how):
            return expected
        if not self._problem.checker.case_sensitive:
            left, right = to_text(expected.result).casefold(), to_text(printed.result).casefold()
            if left == right:
                return printed
        raise BadInput("an expected result is not what the reference prints")

    def _case(self, test: ProblemTest, call: Call, how: Comparator) -> TestCase:
        expected = Expected("returned", call.result)
        return TestCase(call.arguments, {}, expected, how, origin_of(test))

    def _kept(self, cases: list[TestCase]) -> list[TestCase]:
        examples_first = sorted(cases, key=lambda case: case.origin != "example")
        return examples_first[: self._limits.calls]

    def _comparator(self, call: Call) -> Comparator:
        """How a result is compared: as the checker compares the output that it stands for."""
        checker, result = self._problem.checker, self._form.result
        if checker.kind == "program":
            return EXACT
        by_lines = result.layout in ("column", "table", "lines")
        if self._form.input_format is None or (checker.kind in ("unordered", "set") and by_lines):
            return comparator(checker)
        if holds_float(call.result):
            relative, absolute = checker.relative_tolerance or 0.0, checker.absolute_tolerance or 0.0
            return (
                Comparator("float_tolerance", relative, absolute)
                if _approximate(checker)
                else FLOAT_TOLERANCE
            )
        in_any_case = checker.kind != "exact" and not checker.case_sensitive
        if isinstance(call.result, str) and in_any_case:
            return Comparator("tokens", case_sensitive=False)
        return EXACT


def _notes(form: FunctionForm) -> list[str]:
    notes = []
    if form.input_format is None:
        notes.append("The argument is the whole input, the result the whole output.")
    if form.whole is not None:
        notes.append("The arguments are those of one test case.")
    return notes


def _with_programs(made: FunctionProblem, problem: Problem, reference: Solution) -> FunctionProblem:
    """With the other solutions wrapped in the same way."""
    form = made.form
    assert form is not None
    accepted: list[WrappedProgram] = []
    wrong: list[WrappedProgram] = []
    left_out: dict[str, int] = {}
    for solution in problem.solutions:
        if solution is reference:
            continue
        try:
            if not is_python(solution):
                raise NotWrappable("no_python_3", solution.language)
            if is_slow(solution):
                raise NotWrappable("too_slow", solution.claimed)
            program = form.header + form.body_of(solution.code)
        except NotWrappable as error:
            left_out[error.reason] = left_out.get(error.reason, 0) + 1
            continue
        wrapped = WrappedProgram(solution.name, program, solution.claimed)
        (accepted if solution.claimed == "accepted" else wrong).append(wrapped)
    return replace(made, other_accepted=accepted, wrong=wrong, not_wrapped=left_out)
