"""From a problem to a proven task or a rejection: the steps in the order of their cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from filters.docstring_quality import docstring_faults
from filters.minimise import StrengthenOptions, strengthen
from filters.replay import NotProven, prove
from filters.task_size import task_size
from filters.well_formed import malformed_reason
from pipelines import __version__
from sandbox.worker_pool import WorkerPool
from scraping.checker_settling import is_assumed, is_open, settled
from scraping.input_formats.functions import to_function
from scraping.problem import AnswerChecker, Problem, ProblemRejection, rejected
from scraping.problem_tasks import problem_task
from scraping.statements.bounds import read_bounds
from scraping.statements.faults import statement_faults
from tasks.record import Task

_DISPUTED = frozenset({"reference_fails", "trusted_solution_refused"})
"""Rejections that another comparison of answers may make up for."""


@dataclass(frozen=True)
class ProblemOptions:
    """``test_seconds`` bounds the processor time for measuring and generating one problem's tests."""

    generate_tests: bool = True
    test_seconds: float = 20.0


def make_task(problem: Problem, pool: WorkerPool, options: ProblemOptions) -> Task | ProblemRejection:
    """The proven task of a problem, or the first reason why there is none.

    The statement is read for faults; where several answers may be right, the problem's programs settle how
    they are compared; the reference is run as a program and as a function; its tests are measured and
    strengthened; then the task is replayed like any other.
    """
    faults = statement_faults(problem)
    if faults:
        stage = "examples" if faults[0].reason == "truncated_example" else "statement"
        return rejected(problem, stage, faults[0].reason, faults[0].detail)
    if is_open(problem):
        found = settled(problem, pool)
        return found if isinstance(found, ProblemRejection) else _task_of(found, pool, options)
    made = _task_of(problem, pool, options)
    if isinstance(made, Task) or made.reason not in _DISPUTED or not is_assumed(problem):
        return made
    found = settled(problem, pool)
    if isinstance(found, ProblemRejection) or _same_comparison(found.checker, problem.checker):
        return made
    return _task_of(found, pool, options)


def _same_comparison(one: AnswerChecker, other: AnswerChecker) -> bool:
    return replace(one, evidence=[]) == replace(other, evidence=[])


def _task_of(problem: Problem, pool: WorkerPool, options: ProblemOptions) -> Task | ProblemRejection:
    function = to_function(problem, pool)
    if isinstance(function, ProblemRejection):
        return function
    task = problem_task(problem, function, __version__)
    if not task.tests:
        return rejected(problem, "tests", "no_tests", str(task.evidence.cases_dropped))
    malformed = malformed_reason(task)
    if malformed:
        return rejected(problem, "function", malformed)
    task = _strengthened(
        task,
        problem,
        pool,
        options,
        trusted=[program.program for program in function.other_accepted],
        wrong=[program.program for program in function.wrong],
    )
    proven = prove(task, pool)
    if isinstance(proven, NotProven):
        return rejected(problem, "tests", proven.reason, proven.detail)
    weak = _weakness(proven)
    if weak:
        return rejected(problem, "tests", *weak)
    evidence = replace(proven.evidence, docstring_faults=docstring_faults(proven), size=task_size(proven))
    return replace(proven, evidence=evidence)


def _strengthened(
    task: Task,
    problem: Problem,
    pool: WorkerPool,
    options: ProblemOptions,
    *,
    trusted: list[str],
    wrong: list[str],
) -> Task:
    constraints = "\n".join(
        (problem.sections.constraints, problem.sections.input)
        if problem.sections.input
        else (problem.sections.constraints, problem.statement_markdown)
    )
    made = strengthen(
        task,
        pool,
        bounds=read_bounds(constraints),
        trusted=trusted,
        wrong=wrong,
        options=StrengthenOptions(
            batches=StrengthenOptions.batches if options.generate_tests else 0,
            cpu_seconds=options.test_seconds,
        ),
    )
    return made.task


def _weakness(task: Task) -> tuple[str, str] | None:
    """Why the tests of a proven task do not do."""
    strength = task.evidence.strength
    if strength is not None and strength.right_failed:
        return "trusted_solution_refused", f"{strength.right_failed} of {strength.right}"
    if strength is not None and strength.trivial_passed:
        return "trivial_solution_passes", ", ".join(strength.trivial_passed)
    if all(case.origin == "example" for case in task.tests):
        return "examples_only", f"{len(task.tests)} examples, which the statement shows"
    return None
