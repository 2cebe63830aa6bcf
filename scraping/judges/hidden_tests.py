"""Hidden tests by incorrect submissions (Chen et al. 2021, §4.1), for judges that show the case that failed.

First natural mistakes: wrong programs, each behind the cases that are known already, so that whatever
it fails is new. Then probes, which fail on purpose on the first case that they do not know. A case counts
only once a probe, which can answer nothing else, has got past it with the judge's own answer: that proves
that neither its input nor its output was cut. Whoever asks sees nothing of the judge but its verdicts.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from scraping.judges.judge import FailedCase, Judge, JudgeVerdict, SubmissionRefused
from scraping.judges.probe_programs import KnownCases, digest, known_text, shape_of
from scraping.judges.shown_cases import ShownWhole
from scraping.problem import Problem, ProblemTest, Solution

Stopped = Literal[
    "accepted",
    "budget",
    "no_case_shown",
    "truncated",
    "repeated",
    "program_too_long",
    "refused",
    "compile_error",
    "judge_error",
]
"""Why an extraction ended: ``accepted`` when nothing is hidden any more; ``no_case_shown`` where the judge
tells no more than numbers; ``truncated`` at a case that was cut, with no trusted program to get past it;
``repeated`` when a case came back although it was answered as the judge does."""


@dataclass(frozen=True)
class ExtractionOptions:
    """Bounds of an extraction.

    ``budget`` submissions in all, of which ``for_mistakes`` for natural ones, which also end after
    ``fruitless`` in a row that show nothing new. ``source_bytes`` is the longest program that the judge
    takes, ``shown_characters`` the most that it shows of a text, where that is known.
    """

    budget: int = 100
    for_mistakes: int = 20
    fruitless: int = 5
    source_bytes: int = 60_000
    shown_characters: int | None = None


@dataclass(frozen=True)
class Extraction:
    """The cases that were found, each confirmed, and what it took.

    ``by_mistakes`` of them were shown to natural mistakes. ``dropped`` counts shown cases that were not
    kept, by reason. ``total`` is how many the judge says there are, the examples among them.
    """

    tests: list[ProblemTest]
    submissions: int
    stopped: Stopped
    by_mistakes: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    total: int | None = None
    detail: str = ""


def extract_hidden_tests(
    judge: Judge,
    problem: Problem,
    mistakes: Iterable[str] = (),
    trusted: str | None = None,
    options: ExtractionOptions | None = None,
) -> Extraction:
    """Find the tests of a judge through its verdicts on Python programs that fail.

    ``problem`` is what the public knows: the probes begin with its tests that have an output.
    ``mistakes`` are wrong programs of the problem's shape; ``trusted`` is a right one, which gets the
    probes past cases of which the judge shows only the beginning.
    """
    options = options or ExtractionOptions()
    search = _Search(judge, problem, trusted, options)
    stopped = search.try_mistakes(itertools.islice(mistakes, options.for_mistakes))
    return search.result(stopped or search.probe())


@dataclass(frozen=True)
class _Shown:
    """A case that is answered but not confirmed: no verdict has told yet that a probe got past it."""

    case: FailedCase
    number: int | None
    by_probe: bool
    suspicion: str | None


class _Search:
    """What is known so far."""

    def __init__(
        self, judge: Judge, problem: Problem, trusted: str | None, options: ExtractionOptions
    ) -> None:
        self._judge = judge
        self._problem = problem
        self._trusted = trusted
        self._options = options
        self._shape = shape_of(problem)
        known = [text for test in problem.tests if (text := known_text(test)) is not None]
        self._answers = {self._key(given): answer for given, answer in known}
        self._beginnings: list[str] = []
        self._whole = ShownWhole([given for given, _ in known], options.shown_characters)
        self._open: dict[str, _Shown] = {}
        self._found: list[ProblemTest] = []
        self._dropped: Counter[str] = Counter()
        self._submissions = 0
        self._by_mistakes: set[str] = set()
        self._total: int | None = None
        self._budget_left: int | None = None
        self._detail = ""

    def try_mistakes(self, programs: Iterable[str]) -> Stopped | None:
        """Submit wrong programs; None when the probes may go on."""
        fruitless = 0
        for program in programs:
            if fruitless == self._options.fruitless:
                return None
            before = len(self._open) + len(self._found)
            stopped = self._submit(program)
            if stopped not in (None, "accepted", "repeated", "truncated"):
                return stopped
            fruitless = 0 if len(self._open) + len(self._found) > before else fruitless + 1
        return None

    def probe(self) -> Stopped:
        """Submit probes until nothing is hidden any more, or a rule stops it."""
        while True:
            stopped = self._submit(None)
            if stopped:
                return stopped

    def result(self, stopped: Stopped) -> Extraction:
        if self._open:
            self._dropped["not_confirmed"] += len(self._open)
        by_mistakes = len(self._by_mistakes & {self._key(test.input) for test in self._found})
        return Extraction(
            self._found,
            self._submissions,
            stopped,
            by_mistakes,
            dict(self._dropped),
            self._total,
            self._detail,
        )

    def _key(self, text: str) -> str:
        return digest(self._shape.normal_form(text))

    def _submit(self, otherwise: str | None) -> Stopped | None:
        """One submission, and what follows from its verdict."""
        if self._submissions >= self._options.budget or self._budget_left == 0:
            return "budget"
        known = KnownCases(self._answers, tuple(self._beginnings))
        program = self._shape.program(known, otherwise, self._trusted)
        if len(program.encode()) > self._options.source_bytes:
            return "program_too_long"
        name = f"probe-{self._submissions + 1}"
        solution = Solution(name, "python3", {"probe.py": program}, claimed="wrong_answer")
        try:
            verdict = self._judge.submit(self._problem, solution)
        except SubmissionRefused as error:
            self._detail = str(error)
            return "refused"
        self._submissions += 1
        self._budget_left = verdict.budget_left
        self._total = verdict.total if verdict.total is not None else self._total
        self._detail = verdict.detail
        if verdict.status == "judge_error" or verdict.status == "compile_error":
            return verdict.status
        if verdict.accepted:
            if otherwise is None:
                self._confirm(list(self._open))
            return "accepted"
        if verdict.failed_case is None:
            return "no_case_shown"
        return self._learn(verdict, verdict.failed_case, by_probe=otherwise is None)

    def _learn(self, verdict: JudgeVerdict, case: FailedCase, *, by_probe: bool) -> Stopped | None:
        key = self._key(case.input)
        if key in self._answers:
            # it got the judge's own answer, and yet it failed: what is shown is not what is run
            shown = self._open.pop(key, None)
            del self._answers[key]
            self._dropped[(shown and shown.suspicion) or "not_as_shown"] += 1
            return self._pass_over(case, "repeated")
        number = _number(verdict)
        if by_probe:
            self._confirm([each for each, shown in self._open.items() if _is_before(shown, number)])
        reason = self._whole.certainly_not(case)
        if reason is None and self._shape.refuses(case.expected or ""):
            reason = "answer_not_readable"
        if reason:
            self._dropped[reason] += 1
            return self._pass_over(case, "truncated")
        self._answers[key] = case.expected or ""
        self._open[key] = _Shown(case, number, by_probe, self._whole.suspicion(case))
        if not by_probe:
            self._by_mistakes.add(key)
        return None

    def _pass_over(self, case: FailedCase, otherwise: Stopped) -> Stopped | None:
        """Leave the case to the trusted program; where that is not possible, this is where it stops."""
        beginning = self._shape.normal_form(_beginning(case.input))
        if self._trusted is None or not beginning or beginning in self._beginnings:
            return otherwise
        self._beginnings.append(beginning)
        return None

    def _confirm(self, keys: list[str]) -> None:
        """A probe got past these cases; with the judge's answers, unless the trusted program met them."""
        for key in keys:
            case = self._open.pop(key).case
            normal = self._shape.normal_form(case.input)
            if any(normal.startswith(beginning) for beginning in self._beginnings):
                self._dropped["not_confirmed"] += 1
                continue
            name = f"extracted-{len(self._found) + 1}"
            self._found.append(
                ProblemTest("extracted", name, case.input, case.expected, validated_by=["judge"])
            )


def _number(verdict: JudgeVerdict) -> int | None:
    """The place of the case that failed, as far as the verdict tells."""
    if verdict.case_number is not None:
        return verdict.case_number
    return None if verdict.passed is None else verdict.passed + 1


def _is_before(shown: _Shown, number: int | None) -> bool:
    """Whether a case stands before the one at which a probe failed. Without numbers: probes never go back."""
    if shown.number is None or number is None:
        return shown.by_probe
    return shown.number < number


def _beginning(text: str) -> str:
    """What of a cut input is certain: without the mark, and without the word that the cut went through."""
    whole = text.rstrip()
    kept = whole.removesuffix("...").removesuffix("…")
    if kept == whole:
        return whole
    return kept[: max(kept.rfind(space) for space in (" ", "\n", ",")) + 1].rstrip()
