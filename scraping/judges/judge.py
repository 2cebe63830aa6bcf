"""What a judge is: a problem and a program in, a verdict out, and as much of a failed case as it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from scraping.problem import Problem, Solution

Status = Literal[
    "accepted",
    "wrong_answer",
    "time_limit_exceeded",
    "memory_limit_exceeded",
    "output_limit_exceeded",
    "run_time_error",
    "compile_error",
    "judge_error",
]
"""What a judge says. ``judge_error`` is a fault of its own, which never counts against a program."""


@dataclass(frozen=True)
class FailedCase:
    """A case as a judge shows it: texts of a program's streams, or of a call's arguments and result.

    ``truncated``: the judge itself says that it shows only a part.
    """

    input: str
    expected: str | None = None
    actual: str | None = None
    truncated: bool = False


@dataclass(frozen=True)
class JudgeVerdict:
    """What a judge said of a program.

    ``case_number`` is the first case that failed, counted from 1, ``passed`` those that held before or
    altogether, ``total`` how many there are; None where the judge does not tell. ``budget_left`` is how
    many more programs it takes.
    """

    status: Status
    case_number: int | None = None
    passed: int | None = None
    total: int | None = None
    failed_case: FailedCase | None = None
    budget_left: int | None = None
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the program is right, as far as the judge can tell."""
        return self.status == "accepted"


class SubmissionRefused(RuntimeError):
    """The judge takes no such program, or none any more; the message says why."""


class Judge(Protocol):
    """Judges programs. Whoever asks it sees nothing of its tests but what the verdicts show."""

    def submit(self, problem: Problem, solution: Solution) -> JudgeVerdict:
        """Judge one program; raises `SubmissionRefused`."""
