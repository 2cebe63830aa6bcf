"""The result of a conversion: a problem as that of a function, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scraping.input_formats.forms import FunctionForm
from scraping.problem import ProblemTest, Signature, Solution
from tasks.record import OutputChecker, TestCase


@dataclass(frozen=True)
class Attempt:
    """A form that was tried, and why it was not taken; an empty reason is the one that was."""

    form: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class WrappedProgram:
    """A solution as a module that defines the function, with what its source says of it."""

    name: str
    program: str
    claimed: str


@dataclass(frozen=True)
class FunctionProblem:
    """A problem as that of a function, of which the reference is known to give the program's answers.

    ``prelude`` and ``header`` come before the docstring, ``canonical_solution`` after it. With a ``checker``
    the function takes an input text and returns an output text. ``notes`` are sentences that a docstring
    needs because of the form. ``other_accepted`` and ``wrong`` are the further solutions; ``not_wrapped`` and
    ``dropped_tests`` count by reason what there is no place for.
    """

    problem_id: str
    signature: Signature
    prelude: str
    header: str
    canonical_solution: str
    reference: str
    tests: list[TestCase]
    form: FunctionForm | None = None
    checker: OutputChecker | None = None
    notes: list[str] = field(default_factory=list)
    other_accepted: list[WrappedProgram] = field(default_factory=list)
    wrong: list[WrappedProgram] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    not_wrapped: dict[str, int] = field(default_factory=dict)
    dropped_tests: dict[str, int] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """The reference as a module, without a docstring."""
        return self.prelude + self.header + self.canonical_solution


def is_python(solution: Solution) -> bool:
    """Whether a solution can run here: Python 3, in one file."""
    return solution.language in ("python", "python3", "pypy3") and len(solution.files) == 1


def is_slow(solution: Solution) -> bool:
    """Whether its source says that a solution fails by the limits alone: its answers may all be right."""
    return solution.claimed in ("time_limit_exceeded", "memory_limit_exceeded", "slow_accepted")


def origin_of(test: ProblemTest) -> Literal["example", "extracted", "generated"]:
    """The origin of a task's case; a package's own secret tests count as extracted."""
    return "extracted" if test.kind == "secret" else test.kind
