"""Time limits for submissions on this machine: the package's own, or by what accepted ones take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.output_checks import OutputChecks
from sandbox.program_build import CannotBuild
from scraping.judges.submission_runs import SubmissionRun, run_submission
from scraping.problem import Problem

_TIMES_SLOWEST = 2.0
_AT_LEAST = 1.0
_MOST = 300.0
_INTERPRETED = {"python3": 20.0, "java": 3.0}
"""How much slower than compiled programs those of a language are, where no accepted one tells."""


@dataclass(frozen=True)
class TimeLimits:
    """Seconds of processor time for one test, by language, and for languages that are not named."""

    by_language: dict[str, float]
    compiled: float

    def of(self, language: str) -> float:
        """The limit for a program in a language."""
        return self.by_language.get(language, self.compiled * _INTERPRETED.get(language, 1.0))


def package_limits(problem: Problem, default: float = 10.0) -> TimeLimits:
    """What the package says holds for all languages, else ``default`` seconds."""
    return TimeLimits({}, _declared(problem) or default)


def calibrated_limits(
    problem: Problem, checks: OutputChecks, most: float
) -> tuple[TimeLimits, dict[str, SubmissionRun]]:
    """Twice what the slowest accepted submission of a language takes here, from one second to ``most``.

    Kattis makes its limits so (``time_limit_to_ac`` of the package format 2025-09 is 2.0). A limit
    that the package itself gives is the least for compiled programs. Returns the runs of the accepted ones
    too, by their names.
    """
    runs: dict[str, SubmissionRun] = {}
    slowest: dict[str, float] = {}
    for solution in problem.solutions:
        if solution.claimed != "accepted":
            continue
        try:
            run = run_submission(problem, solution, checks, most)
        except CannotBuild:
            continue
        runs[solution.name] = run
        if run.status == "accepted":
            slowest[solution.language] = max(slowest.get(solution.language, 0.0), run.slowest)
    by_language = {
        language: _rounded(_TIMES_SLOWEST * seconds, most) for language, seconds in slowest.items()
    }
    own = _declared(problem)
    if own:
        for language in ("c", "cpp"):
            by_language[language] = max(own, by_language.get(language, 0.0))
    compiled = max(_only(by_language, ("c", "cpp")), default=own or _compared(by_language) or _AT_LEAST)
    return TimeLimits(by_language, compiled), runs


def _declared(problem: Problem) -> float | None:
    """The package's own limit as far as it can be one; packages may say anything."""
    seconds = problem.limits.time_seconds
    return min(seconds, _MOST) if seconds and seconds > 0 else None


def _only(limits: dict[str, float], languages: Iterable[str]) -> list[float]:
    return [limits[language] for language in languages if language in limits]


def _compared(limits: dict[str, float]) -> float | None:
    """For compiled programs, by the limits of the others."""
    return max((seconds / _INTERPRETED.get(name, 1.0) for name, seconds in limits.items()), default=None)


def _rounded(seconds: float, most: float) -> float:
    return round(min(most, max(_AT_LEAST, seconds)), 2)
