"""Which answers count as right where several are: what tells of it, and the comparison that fits.

A comparison fits when it accepts every trusted program and refuses every wrong one on some test. Otherwise
the problem is lost: a test that refuses right answers teaches the wrong thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from sandbox.output_checks import CheckedOutput, OutputChecks
from sandbox.output_comparison import output_difference
from scraping.answer_checkers import check_outputs, comparator, stdio_test
from scraping.problem import AnswerChecker, Problem, ProblemRejection, ProblemTest, rejected
from tasks.equality import first_difference

_DEFAULT_TOLERANCE = 1e-6

_ORDER = r"(?:in|with) (?:any|an arbitrary|arbitrary) (?:valid )?order|order (?:does not|doesn't) matter"
_KEYWORDS = {
    "any order": _ORDER + r"|any permutation",
    "any answer": r"(?:any|one|either) (?:of (?:them|these|those)|valid|such|correct|possible|optimal)\b"
    r"|(?:multiple|several|more than one|many) (?:\w+ )?(?:possible )?"
    r"(?:answers?|solutions?|outputs?|ways|such)\b"
    r"|if there (?:are|is) (?:multiple|several|more)"
    r"(?![^.]*\b(?:first|last|\w+est|least|most|minimum|maximum)\b)",
    "any case": r"(?:any|upper or lower|either|arbitrary) case\b|case[- ]insensitive",
    "tolerance": r"(?:absolute|relative) (?:or (?:absolute|relative) )?(?:error|difference)|error of at most"
    r"|precision of|within 10\s*\^|answers within",
}
_EXPONENT = re.compile(r"10\s*(?:\^|\*\*)\s*\{?\s*[-\u2212]\s*(\d{1,2})\s*\}?|\b1e-(\d{1,2})\b")
_DECIMAL = re.compile(r"\b0\.(0{1,11})1\b")


@dataclass(frozen=True)
class ProgramAnswers:
    """What a program answered to each of a problem's tests: a text, or the encoded result of a call.

    None stands for no answer: the program failed, or was too slow.
    """

    program: str
    answers: Sequence[object]


def statement_evidence(problem: Problem) -> list[str]:
    """What the statement says of several right answers, as the words that say it."""
    text = _statement(problem)
    found = []
    for name, pattern in _KEYWORDS.items():
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            found.append(f"statement: {name}: {match[0]!r}")
    return found


def answer_evidence(problem: Problem, trusted: Sequence[ProgramAnswers]) -> list[str]:
    """Where trusted programs disagree with one another, or with the answers that the problem gives."""
    found = []
    for one, other in combinations(trusted, 2):
        for number, pair in enumerate(zip(one.answers, other.answers, strict=True)):
            if None not in pair and not _same(problem, *pair):
                found.append(f"solutions: {one.program} and {other.program} disagree on {number}")
                break
    for each in trusted:
        for number, (test, answer) in enumerate(zip(problem.tests, each.answers, strict=True)):
            expected = _expected(test)
            if None not in (answer, expected) and not _same(problem, expected, answer):
                found.append(f"solutions: {each.program} disagrees with the given answer to {number}")
                break
    return found


def candidates(problem: Problem, evidence: Iterable[str]) -> list[AnswerChecker]:
    """The comparisons to try, the strictest first: as it is, tolerances, any order, sets.

    What the statement allows outright (any case, a tolerance, any order) is in all of them.
    """
    own = problem.checker
    if own.kind == "program":
        return [own]
    told = " ".join(evidence)
    base = own
    if own.kind == "pending":
        base = replace(own, kind="exact" if problem.mode == "function" else "tokens")
    if "any case" in told:
        base = replace(base, kind="tokens", case_sensitive=False)
    if base.relative_tolerance is None and base.absolute_tolerance is None:
        tolerance = _tolerance(_statement(problem))
        if tolerance is None and "statement: tolerance" in told:
            tolerance = _DEFAULT_TOLERANCE
        base = replace(base, relative_tolerance=tolerance, absolute_tolerance=tolerance)
    found = [base]
    if "disagree" in told and base.relative_tolerance is None and base.absolute_tolerance is None:
        close = _DEFAULT_TOLERANCE
        found.append(replace(base, relative_tolerance=close, absolute_tolerance=close))
    if told:
        in_any_order = [replace(each, kind="unordered") for each in found]
        found = [*(found if "any order" not in told else []), *in_any_order, replace(found[-1], kind="set")]
    return [replace(each, evidence=[*own.evidence, *evidence]) for each in found]


def fitting_checker(
    problem: Problem,
    trusted: Sequence[ProgramAnswers],
    wrong: Sequence[ProgramAnswers],
    checks: OutputChecks,
) -> AnswerChecker | ProblemRejection:
    """The first comparison that accepts all trusted programs and refuses all wrong ones.

    Problems that need interaction are rejected, as are those for which none fits (``no_checker_fits``),
    whose own checker fails (``checker_fails``), and those that ask for any answer of several, have no
    checker of their own, and fewer than two trusted programs to agree (``several_answers``).
    """
    if problem.mode in ("interactive", "answer_only"):
        return rejected(problem, "checker", problem.mode)
    evidence = [*statement_evidence(problem), *answer_evidence(problem, trusted)]
    comparison = problem.checker.kind != "program"
    if comparison and len(trusted) < 2 and any("any answer" in each for each in evidence):
        return rejected(problem, "checker", "several_answers", evidence[0])
    reasons = []
    for checker in candidates(problem, evidence):
        reason = _unfit(problem, checker, trusted, wrong, checks)
        if reason is None:
            return checker
        reasons.append(f"{checker.kind}: {reason}")
        if reason.startswith(_FAILED):
            return rejected(problem, "checker", "checker_fails", reason)
    return rejected(problem, "checker", "no_checker_fits", "; ".join(reasons))


_FAILED = "the checker failed"


def _unfit(
    problem: Problem,
    checker: AnswerChecker,
    trusted: Sequence[ProgramAnswers],
    wrong: Sequence[ProgramAnswers],
    checks: OutputChecks,
) -> str | None:
    for program in trusted:
        said = _verdicts(problem, checker, program, checks)
        if None in said:
            return f"{_FAILED} on {program.program}"
        if not all(said):
            return f"refuses {program.program} on test {said.index(False)}"
    for program in wrong:
        if _gives_all(problem, program):
            continue  # the tests do not tell that it is wrong, whatever they are compared by
        said = _verdicts(problem, checker, program, checks)
        if said and all(said):
            return f"accepts {program.program}, which is wrong"
    return None


def _gives_all(problem: Problem, program: ProgramAnswers) -> bool:
    pairs = zip(problem.tests, program.answers, strict=True)
    return all(answer is not None and _same(problem, _expected(test), answer) for test, answer in pairs)


def _verdicts(
    problem: Problem, checker: AnswerChecker, program: ProgramAnswers, checks: OutputChecks
) -> list[bool | None]:
    """For each test with an answer whether the program's counts as right, None where the checker fails."""
    pairs = [
        (test, answer)
        for test, answer in zip(problem.tests, program.answers, strict=True)
        if _expected(test) is not None and not test.truncated
    ]
    if problem.mode == "function":
        how = comparator(checker)
        return [
            answer is not None and first_difference(_expected(test), answer, how) is None
            for test, answer in pairs
        ]
    asked = [
        CheckedOutput(test.input, test.output or "", answer.encode())
        for test, answer in pairs
        if isinstance(answer, str)
    ]
    said = iter(check_outputs(checker, asked, checks))
    return [next(said).accepted if isinstance(answer, str) else False for _, answer in pairs]


def _expected(test: ProblemTest) -> object:
    if test.case is None:
        return test.output
    return test.case.expected.value if test.case.expected.kind == "returned" else None


def _same(problem: Problem, one: object, other: object) -> bool:
    """Whether two answers are the same without any latitude."""
    if problem.mode == "function":
        return first_difference(one, other) is None
    test = stdio_test(AnswerChecker("tokens", case_sensitive=True), "", str(one))
    return output_difference(test, str(other).encode()) is None


def _statement(problem: Problem) -> str:
    sections = problem.sections
    parts = (
        problem.statement_markdown,
        sections.legend,
        sections.output,
        sections.notes,
        sections.constraints,
    )
    return re.sub(r"[*_`$\\]+", "", " ".join(" ".join(parts).split()))


def _tolerance(text: str) -> float | None:
    """The largest error that the statement allows, if it names one."""
    found = [10.0 ** -int(match[1] or match[2]) for match in _EXPONENT.finditer(text)]
    if re.search(_KEYWORDS["tolerance"], text, re.IGNORECASE):
        found += [10.0 ** -(len(match[1]) + 1) for match in _DECIMAL.finditer(text)]
    return max(found, default=None)
