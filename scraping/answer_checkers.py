"""What a problem's checker means for outputs, for recorded cases and for tests of whole programs."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.output_checks import CheckedOutput, CheckResult, OutputChecks
from sandbox.output_comparison import output_difference
from scraping.problem import AnswerChecker
from tasks.equality import Comparator
from tasks.record import StdioTest


class NoComparison(ValueError):
    """The checker is a program, or not known yet; the message says which."""


def stdio_test(checker: AnswerChecker, given: str, answer: str) -> StdioTest:
    """A test of a whole program; raises `NoComparison`."""
    kind = checker.kind
    if kind == "program" or kind == "pending":
        raise NoComparison(f"a checker of the kind {kind!r} is no comparison")
    return StdioTest(
        given,
        answer,
        kind,
        checker.relative_tolerance,
        checker.absolute_tolerance,
        checker.case_sensitive or kind == "exact",
    )


def comparator(checker: AnswerChecker) -> Comparator:
    """How the results of a function are compared; raises `NoComparison`.

    Results that are no texts know no tokens: they are compared exactly, or with the tolerances.
    """
    kind = checker.kind
    if kind == "program" or kind == "pending":
        raise NoComparison(f"a checker of the kind {kind!r} is no comparison")
    rtol, atol = checker.relative_tolerance or 0.0, checker.absolute_tolerance or 0.0
    if kind == "exact":
        return Comparator("float_tolerance" if rtol or atol else "exact", rtol, atol)
    return Comparator(kind, rtol, atol, checker.case_sensitive)


def check_outputs(
    checker: AnswerChecker, outputs: Sequence[CheckedOutput], checks: OutputChecks | None
) -> list[CheckResult]:
    """What is said of each output of one program; raises `NoComparison` for a checker that is pending.

    Without ``checks`` a checker that is a program fails.
    """
    if checker.kind == "program" and checker.program is not None:
        if checks is None:
            return [CheckResult(None, "there is nothing that runs this problem's checker")] * len(outputs)
        return checks.check(checker.program, outputs)
    differences = [
        output_difference(stdio_test(checker, each.input, each.answer), each.output) for each in outputs
    ]
    return [CheckResult(difference is None, difference or "") for difference in differences]
