"""What a search for hidden tests came to, problem by problem."""

from __future__ import annotations

from dataclasses import dataclass, field

from scraping.judges.hidden_tests import Stopped
from scraping.problem import Problem


@dataclass(frozen=True)
class RevealedProblem:
    """One problem: why the search ended, what it found, and what it took, earlier runs included.

    ``dropped`` counts shown cases that were not kept, ``total`` is how many the judge says there are.
    """

    problem_id: str
    stopped: Stopped
    found: int
    submissions: int
    by_mistakes: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    total: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class KeptProblem:
    """What is known of a problem between two runs."""

    outcome: RevealedProblem
    problem: Problem


@dataclass(frozen=True)
class RevealReport:
    """The whole search."""

    judge: str
    found: int
    submissions: int
    problems: list[RevealedProblem]

    @classmethod
    def of(cls, judge: str, problems: list[RevealedProblem]) -> RevealReport:
        """The report on problems."""
        found = sum(each.found for each in problems)
        return cls(judge, found, sum(each.submissions for each in problems), problems)
