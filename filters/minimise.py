"""The smallest list of extra tests that catches what the generated ones catch, and the task with them.

Generated inputs are kept only if they kill something that the tests before did not: greedy set cover
(Chvátal 1979), cheapest first among equals, within bounds for the number and the length of tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from filters.branch_seeds import BranchSeeds
from filters.generated_cases import CaseMaker, InputValidator
from filters.input_variation import input_space, vary
from filters.inputs_beyond import calls_beyond
from filters.program_runs import TaskRunner
from filters.strength import Measurement, measure
from sandbox.installation import InstalledProject
from sandbox.worker_pool import WorkerPool
from tasks.input_bounds import InputBound
from tasks.mutants import DEFAULT_LIMIT
from tasks.record import Task, TestCase, TestStrength
from tasks.value_encoding import to_text


@dataclass(frozen=True)
class StrengthenOptions:
    """How much is tried and how much kept.

    In each of ``batches`` up to ``candidates`` inputs are made, half of them from those that took branches
    which no input before them took. ``cpu_seconds`` bounds what the programs that
    are run for one task may take in sum, and once more those of the last measurement. The tests added
    are at most ``max_added``, of ``max_characters`` of arguments and results in sum.
    """

    batches: int = 6
    candidates: int = 120
    mutants: int = DEFAULT_LIMIT
    cpu_seconds: float = 30.0
    max_added: int = 20
    max_characters: int = 8_000
    seed: int = 0


@dataclass(frozen=True)
class StrengthenedTask:
    """A task with the tests that were added and its measured strength, before and after.

    ``dropped`` counts generated inputs by why they became no case; ``out_of_time`` says that the budget
    ended the search. ``detail`` says why nothing could be measured or added.
    """

    task: Task
    before: TestStrength | None
    after: TestStrength | None
    added: int = 0
    tried: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    out_of_time: bool = False
    detail: str = ""


def strengthen(
    task: Task,
    pool: WorkerPool,
    *,
    bounds: Sequence[InputBound] = (),
    trusted: Sequence[str] = (),
    wrong: Sequence[str] = (),
    validators: Sequence[InputValidator] = (),
    options: StrengthenOptions | None = None,
    installed: InstalledProject | None = None,
) -> StrengthenedTask:
    """Measure a task's tests and add generated ones that kill mutants, wrong or trivial programs.

    ``trusted`` and ``wrong`` are whole programs like `Task.program`. Trusted ones that do not pass the tests
    there are have no say in what generated tests expect. Whatever is wrong with a generated test, the
    task comes back as it was, but measured. Done again with equal options, nothing is added, unless
    time had run out.
    """
    options = options or StrengthenOptions()
    runner = TaskRunner(task, pool, installed, options.cpu_seconds)
    before = measure(runner, trusted=trusted, wrong=wrong, mutant_limit=options.mutants)
    if before.strength is None:
        return StrengthenedTask(task, None, None, cpu_seconds=runner.cpu_seconds, detail=before.detail)
    search = _Search(runner, options, before)
    if runner.mode == "values":
        search.run(bounds, validators)
    if not search.added:
        strength = before.strength
        return search.result(_with_strength(task, strength), before, strength, "")
    more = replace(task, tests=[*task.tests, *search.added])
    after = measure(runner.on(more), trusted=trusted, wrong=wrong, mutant_limit=options.mutants)
    runner.cpu_seconds += after.cpu_seconds
    if after.strength is None:
        detail = "the reference does not pass the generated tests in one run with the others"
        return search.result(_with_strength(task, before.strength), before, before.strength, detail, added=0)
    return search.result(_with_strength(more, after.strength), before, after.strength, "")


class _Search:
    """Batches of generated cases, of each of which what kills something is kept."""

    def __init__(self, runner: TaskRunner, options: StrengthenOptions, before: Measurement) -> None:
        self._runner = runner
        self._options = options
        self._trusted = before.trusted
        survivors = [mutant.program for mutant in before.survivors]
        self._surviving = [*survivors, *before.trivial_survivors.values(), *before.wrong_survivors]
        self._characters = 0
        self.added: list[TestCase] = []
        self._tried = 0
        self._dropped: Counter[str] = Counter()
        self._out_of_time = False

    def run(self, bounds: Sequence[InputBound], validators: Sequence[InputValidator]) -> None:
        options = self._options
        if self._runner.out_of_time or not self._surviving:
            self._out_of_time = self._runner.out_of_time
            return
        space = input_space(self._runner.task, bounds)
        maker = CaseMaker(self._runner, self._trusted, validators)
        seeds = BranchSeeds(self._runner, space)
        tried: set[str] = set()
        for batch in range(options.batches):
            if self._runner.out_of_time:
                self._out_of_time = True
                return
            if not self._surviving or len(self.added) >= options.max_added:
                return
            calls = [
                call
                for call in vary(space, options.seed + batch, options.candidates, seeds.calls)
                if call.text not in tried
            ]
            tried |= {call.text for call in calls}
            self._tried += len(calls)
            settled = maker.cases(calls)
            self._dropped += settled.dropped
            seeds.learn(settled.cases)
            if maker.refuses and batch == 0:
                beyond = calls_beyond(space, options.seed, options.candidates)
                self._tried += len(beyond)
                refused = maker.cases(beyond, beyond=True)
                self._dropped += refused.dropped
                settled.cases += refused.cases
            if settled.cases:
                self._keep(settled.cases)

    def _keep(self, cases: list[TestCase]) -> None:
        runs = self._runner.variants(self._surviving, cases)
        kills = {
            index: {number for number, run in enumerate(runs) if index in run.failed}
            for index in range(len(cases))
        }
        sizes = [len(_text(case)) for case in cases]
        room = self._options.max_added - len(self.added)
        left = self._options.max_characters - self._characters
        chosen = cover(kills, sizes, room, left)
        self.added += [cases[index] for index in chosen]
        self._characters += sum(sizes[index] for index in chosen)
        dead = {number for index in chosen for number in kills[index]}
        self._surviving = [each for number, each in enumerate(self._surviving) if number not in dead]

    def result(
        self,
        task: Task,
        before: Measurement,
        after: TestStrength,
        detail: str,
        added: int | None = None,
    ) -> StrengthenedTask:
        assert before.strength is not None
        return StrengthenedTask(
            task,
            replace(before.strength, mutants_killable=after.mutants_killable),
            after,
            len(self.added) if added is None else added,
            self._tried,
            dict(+self._dropped),
            round(self._runner.cpu_seconds, 3),
            self._out_of_time,
            detail,
        )


def cover(kills: Mapping[int, set[int]], sizes: Sequence[int], count: int, characters: int) -> list[int]:
    """The cases that together kill all that any does, in the order of their numbers, few and short ones.

    At most ``count`` of them, of ``characters`` in sum.
    """
    alive = set().union(*kills.values()) if kills else set()
    chosen: list[int] = []
    waiting = set(kills)
    while alive and len(chosen) < count:
        fitting = [index for index in waiting if sizes[index] <= characters]
        best = max(
            fitting, key=lambda index: (len(kills[index] & alive), -sizes[index], -index), default=None
        )
        if best is None or not kills[best] & alive:
            break
        chosen.append(best)
        waiting.remove(best)
        alive -= kills[best]
        characters -= sizes[best]
    return sorted(chosen)


def _text(case: TestCase) -> str:
    return to_text(
        [case.arguments, case.keyword_arguments, case.expected.value, case.expected.arguments_after]
    )


def _with_strength(task: Task, strength: TestStrength) -> Task:
    return replace(task, evidence=replace(task.evidence, strength=strength))
