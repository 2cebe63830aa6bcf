"""How much a task's tests tell: which wrong programs pass them, and which right ones do not.

Wrong are mutants of the reference, trivial solutions, and programs that are known to be wrong, such as
samples that failed or submissions that were refused; trusted ones should pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from filters.program_runs import TaskRunner, VariantRun
from filters.trivial_solutions import trivial_solutions
from sandbox.installation import InstalledProject
from sandbox.worker_pool import WorkerPool
from tasks.mutants import DEFAULT_LIMIT, Mutant, mutants
from tasks.record import Task, TestCase, TestStrength


@dataclass(frozen=True)
class Measurement:
    """A task's strength with the programs behind the numbers. ``survivors`` pass all tests.

    ``strength`` is None where there is nothing to measure by: no tests, or a reference that fails them.
    ``cpu_seconds`` is the processor time of all programs that were run for it.
    """

    strength: TestStrength | None
    survivors: list[Mutant]
    trivial_survivors: dict[str, str]
    wrong_survivors: list[str]
    trusted: list[str]
    cpu_seconds: float
    detail: str = ""


def measure_strength(
    task: Task,
    pool: WorkerPool,
    *,
    trusted: Sequence[str] = (),
    wrong: Sequence[str] = (),
    mutant_limit: int = DEFAULT_LIMIT,
    installed: InstalledProject | None = None,
) -> Measurement:
    """Run a task's tests on mutants, trivial solutions and given programs, whole ones like `Task.program`."""
    return measure(TaskRunner(task, pool, installed), trusted=trusted, wrong=wrong, mutant_limit=mutant_limit)


def measure(
    runner: TaskRunner,
    *,
    trusted: Sequence[str] = (),
    wrong: Sequence[str] = (),
    mutant_limit: int = DEFAULT_LIMIT,
) -> Measurement:
    """The same with a runner that is there already."""
    task = runner.task
    before = runner.cpu_seconds
    if not (task.tests or task.stdio_tests or task.check is not None):
        return _nothing("it has no tests", runner, before)
    (reference,) = runner.variants([task.program])
    if reference.passed is not True:
        return _nothing("its reference does not pass its tests", runner, before)
    variants = mutants(task.program, first_line=first_line_of_solution(task), limit=mutant_limit)
    trivial = trivial_solutions(task)
    groups = ([variant.program for variant in variants], list(trivial.values()), list(wrong), list(trusted))
    runs = runner.variants([program for group in groups for program in group])
    of_mutants, of_trivial, of_wrong, of_trusted = _split(runs, list(map(len, groups)))
    told = [(each, run) for each, run in zip(variants, of_mutants, strict=True) if run.passed is not None]
    examples = frozenset(index for index, case in enumerate(task.tests) if case.origin == "example")
    surviving = {name for name, run in zip(trivial, of_trivial, strict=True) if run.passed}
    killed = sum(not run.passed for _, run in told)
    strength = TestStrength(
        mutants=len(told),
        mutants_killed=killed,
        mutants_killed_by_examples=sum(bool(run.failed & examples) for _, run in told),
        mutants_killable=killed,
        trivial_passed=sorted(surviving),
        wrong=sum(run.passed is not None for run in of_wrong),
        wrong_passed=sum(run.passed is True for run in of_wrong),
        right=sum(run.passed is not None for run in of_trusted),
        right_failed=sum(run.passed is False for run in of_trusted),
        branch_coverage=branch_coverage(runner, task.tests) if runner.mode == "values" else None,
        cases=dict(Counter(case.origin for case in task.tests)) or {"stdio": len(task.stdio_tests)},
    )
    return Measurement(
        strength,
        [variant for variant, run in told if run.passed],
        {name: program for name, program in trivial.items() if name in surviving},
        [program for program, run in zip(wrong, of_wrong, strict=True) if run.passed],
        [program for program, run in zip(trusted, of_trusted, strict=True) if run.passed],
        runner.cpu_seconds - before,
    )


def first_line_of_solution(task: Task) -> int:
    """The line of a task's program on which the solution begins."""
    return task.prompt.count("\n") + 1


def branch_coverage(runner: TaskRunner, cases: Sequence[TestCase]) -> float | None:
    """The share of the solution's branches that cases take; None if it has none or was too slow to tell."""
    run = runner.outcomes(cases, watch_branches=first_line_of_solution(runner.task))
    if not run.branches or len(run.outcomes) < len(cases):
        return None
    taken = {branch for outcome in run.outcomes for branch in outcome.branches}
    return round(min(1.0, len(taken) / run.branches), 4)


def _nothing(detail: str, runner: TaskRunner, before: float) -> Measurement:
    return Measurement(None, [], {}, [], [], runner.cpu_seconds - before, detail)


def _split(runs: list[VariantRun], sizes: list[int]) -> list[list[VariantRun]]:
    found = []
    start = 0
    for size in sizes:
        found.append(runs[start : start + size])
        start += size
    return found
