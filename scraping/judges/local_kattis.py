"""A judge of our own: submissions run on the tests of problem packages, with their checkers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sandbox.interface import SandboxUnavailable
from sandbox.output_checks import OutputChecks
from sandbox.program_build import CannotBuild
from scraping.judges.judge import FailedCase, JudgeVerdict, SubmissionRefused
from scraping.judges.submission_runs import SubmissionRun, judged_tests, run_submission
from scraping.judges.time_limits import TimeLimits, package_limits
from scraping.problem import Problem, ProblemTest, Solution


@dataclass(frozen=True)
class Shown:
    """How much of a failed case the judge shows: nothing, its number, or the case itself.

    Texts longer than ``characters`` are cut there, with ``...`` behind them, as some sites do.
    """

    what: Literal["nothing", "number", "case"] = "case"
    characters: int | None = None


class LocalKattisJudge:
    """Judges submissions in Python, C, C++ and Java for the problems that it was given with their tests.

    ``limits`` are the time limits by problem; by default what the packages say. It stops at the
    first test that fails. Raises nothing that is the program's fault.
    """

    def __init__(
        self,
        problems: Iterable[Problem],
        checks: OutputChecks,
        *,
        limits: dict[str, TimeLimits] | None = None,
        shown: Shown | None = None,
        budget: int | None = None,
    ) -> None:
        self._problems = {problem.problem_id: problem for problem in problems}
        self._checks = checks
        self._limits = limits or {}
        self._shown = shown or Shown()
        self._budget = budget
        self.submissions = 0

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        """Judge one program; raises `SubmissionRefused` for what is not judged here."""
        own = self._problems.get(problem.problem_id)
        if own is None:
            raise SubmissionRefused(f"{problem.problem_id} is not judged here")
        if own.mode == "interactive":
            raise SubmissionRefused(f"{problem.problem_id} is interactive; this judge runs no interaction")
        if self._budget is not None and self.submissions >= self._budget:
            raise SubmissionRefused(f"all {self._budget} submissions are used")
        limits = self._limits.get(own.problem_id) or package_limits(own)
        self.submissions += 1
        try:
            run = run_submission(own, solution, self._checks, limits.of(solution.language))
        except CannotBuild as error:
            raise SubmissionRefused(str(error)) from error
        except SandboxUnavailable as error:
            return JudgeVerdict("judge_error", detail=str(error), budget_left=self._left)
        return self._verdict(judged_tests(own), run)

    @property
    def _left(self) -> int | None:
        return None if self._budget is None else self._budget - self.submissions

    def _verdict(self, tests: list[ProblemTest], run: SubmissionRun) -> JudgeVerdict:
        passed = sum(case.status == "accepted" for case in run.cases)
        if run.status == "accepted" or not run.cases:
            return JudgeVerdict(run.status, None, passed, len(tests), None, self._left, run.detail)
        if self._shown.what == "nothing":
            return JudgeVerdict(run.status, budget_left=self._left)
        failed = None
        if self._shown.what == "case":
            test = tests[passed]
            answer, output = test.output or "", run.cases[-1].output
            failed = FailedCase(self._cut(test.input), self._cut(answer), self._cut(output))
        return JudgeVerdict(run.status, passed + 1, passed, len(tests), failed, self._left, run.detail)

    def _cut(self, text: str) -> str:
        most = self._shown.characters
        return text if most is None or len(text) <= most else text[:most] + "..."
