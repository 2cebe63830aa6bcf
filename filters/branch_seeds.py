"""Which generated inputs are worth going on from: those that reach what nothing before them reached.

The rule of fuzzers that are guided by coverage (AFL; Böhme et al. 2016), with branches of the reference.
"""

from __future__ import annotations

from collections.abc import Sequence

from filters.input_variation import Call, InputSpace
from filters.program_runs import TaskRunner
from filters.strength import first_line_of_solution
from tasks.record import TestCase


class BranchSeeds:
    """The generated ``calls`` that took a branch of the reference which no call before them took."""

    def __init__(self, runner: TaskRunner, space: InputSpace) -> None:
        self.calls: list[Call] = []
        self._runner = runner
        self._space = space
        self._first_line = first_line_of_solution(runner.task)
        known = [case for case in runner.task.tests if case.origin != "generated"]
        run = runner.outcomes(known, watch_branches=self._first_line)
        self._taken = {branch for outcome in run.outcomes for branch in outcome.branches}
        self._branches = run.branches or 0

    def learn(self, cases: Sequence[TestCase]) -> None:
        """Run cases and keep the calls of those that get further."""
        if not cases or len(self._taken) >= self._branches:
            return
        run = self._runner.outcomes(cases, watch_branches=self._first_line)
        for case, outcome in zip(cases, run.outcomes, strict=False):
            if not self._taken.issuperset(outcome.branches):
                self._taken.update(outcome.branches)
                self.calls.append(self._space.call_of(case))
