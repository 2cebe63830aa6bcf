"""From generated inputs to test cases: the reference says what is expected, others have to agree."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from filters.handled_inputs import raised_on_purpose
from filters.input_variation import Call
from filters.program_runs import TaskRunner
from filters.replay import ROUNDS
from filters.well_formed import without_answers_in_prompt
from sandbox.samples import CallOutcome
from tasks.equality import EXACT, FLOAT_TOLERANCE, Comparator, holds_float
from tasks.record import Expected, Task, TestCase
from tasks.value_encoding import to_text
from tasks.value_shapes import is_encoding

MAX_EXPECTED_CHARACTERS = 2_000
_LEAST_SECONDS = 0.3
_TIMES_KNOWN = 5
"""Processor time for a batch: that, and so many times what as many known calls take."""
_MAX_ENDINGS = 3
"""So many calls of one batch may end the reference's process; the rest of the batch is given up then."""


@dataclass(frozen=True)
class InputValidator:
    """A program whose function ``entry_point`` returns True for legal arguments. It runs in a sandbox."""

    program: str
    entry_point: str


@dataclass
class Settled:
    """Cases with their outcomes, and why other calls gave none."""

    cases: list[TestCase] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


class CaseMaker:
    """Makes cases of calls.

    A call is dropped when a validator refuses it, when the reference does not answer it twice alike (in
    two processes with different hash seeds, clocks and so on, in opposite orders), raises what no known
    case raises nor the prompt speaks of, reads the clock, or when a trusted program answers otherwise.
    """

    def __init__(
        self, runner: TaskRunner, trusted: Sequence[str] = (), validators: Sequence[InputValidator] = ()
    ) -> None:
        self._runner = runner
        self._trusted = trusted
        self._validators = validators
        known = [case for case in runner.task.tests if case.origin != "generated"]
        expected = [case.expected for case in known]
        self._raised = {each.exception for each in expected if each.kind == "raised"}
        self._changes_arguments = any(each.arguments_after is not None for each in expected)
        self._yields = any(each.kind == "yielded" for each in expected)
        self._raised |= documented_exceptions(runner.task)
        self._refusals = [
            (name, texts)
            for name, texts in raised_on_purpose(runner.task)
            if texts and f"builtins:{name}" in self._raised
        ]
        self._known = known
        comparators = {case.comparator for case in known}
        self._comparator = comparators.pop() if len(comparators) == 1 else None

    @property
    def refuses(self) -> bool:
        """Whether the reference raises on purpose what known cases or the prompt speak of."""
        return bool(self._refusals)

    def cases(self, calls: Sequence[Call], *, beyond: bool = False) -> Settled:
        """The calls' cases, as far as they can be cases.

        Of calls ``beyond`` the known ones, those that the reference refuses on purpose: see `refuses`.
        """
        settled = Settled()
        pending = TestCase([], {}, Expected("returned", source="pending" if self._yields else "replayed"))
        asked = self._valid([call.as_case(pending) for call in calls], settled)
        first = self._answered(asked, settled, beyond)
        again = self._runner.outcomes([case for case, _ in reversed(first)], ROUNDS[1]) if first else None
        told = list(again.outcomes[::-1]) if again else []
        if len(told) < len(first):
            settled.dropped["differs_when_repeated"] += len(first)
            return settled
        for (case, outcome), repeated in zip(first, told, strict=True):
            if _substance(outcome) != _substance(repeated):
                settled.dropped["differs_when_repeated"] += 1
            else:
                settled.cases.append(self._with_outcome(case, outcome))
        self._drop_contested(settled)
        fit = without_answers_in_prompt(replace(self._runner.task, tests=settled.cases)).tests
        settled.dropped["answer_in_prompt"] += len(settled.cases) - len(fit)
        settled.cases = fit
        settled.dropped = +settled.dropped
        return settled

    def _valid(self, cases: list[TestCase], settled: Settled) -> list[TestCase]:
        for validator in self._validators:
            task = replace(self._runner.task, entry_point=validator.entry_point, replaces=None)
            outcomes = self._runner.on(task).outcomes(cases, program=validator.program).outcomes
            said = [outcome.kind == "returned" and outcome.value is True for outcome in outcomes]
            legal = [case for case, valid in zip(cases, said, strict=False) if valid]
            settled.dropped["refused_by_validator"] += len(cases) - len(legal)
            cases = legal
        return cases

    def _answered(
        self, cases: list[TestCase], settled: Settled, beyond: bool
    ) -> list[tuple[TestCase, CallOutcome]]:
        """Cases with what the reference does on them, without those that it has no use for."""
        found: list[tuple[TestCase, CallOutcome]] = []
        waiting = cases
        each = self._runner.outcomes(self._known).ending.cpu_seconds / max(1, len(self._known))
        for _ in range(_MAX_ENDINGS):
            seconds = _LEAST_SECONDS + _TIMES_KNOWN * each * len(waiting)
            run = self._runner.outcomes(waiting, watch_clock=True, seconds=seconds) if waiting else None
            if run is None:
                break
            found += zip(waiting, run.outcomes, strict=False)
            if len(run.outcomes) < len(waiting):
                settled.dropped["reference_does_not_end_well"] += 1
            waiting = waiting[len(run.outcomes) + 1 :]
        settled.dropped["reference_does_not_end_well"] += len(waiting)
        kept = []
        for case, outcome in found:
            reason = self._refusal(outcome)
            if beyond and not self._is_on_purpose(outcome):
                reason = "beyond_known_inputs"
            if reason:
                settled.dropped[reason] += 1
            else:
                kept.append((case, outcome))
        return kept

    def _refusal(self, outcome: CallOutcome) -> str | None:
        if outcome.kind == "raised":
            return None if outcome.exception in self._raised else "reference_raises"
        if outcome.kind not in ("returned", "yielded") or not is_encoding(outcome.value):
            return "result_not_encodable"
        if outcome.reads_clock:
            return "reads_clock"
        return "result_too_long" if len(to_text(outcome.value)) > MAX_EXPECTED_CHARACTERS else None

    def _is_on_purpose(self, outcome: CallOutcome) -> bool:
        """Whether the reference says in words of its own what is wrong with the arguments."""
        message = outcome.detail.partition(": ")[2]
        return outcome.kind == "raised" and any(
            outcome.exception == f"builtins:{name}" and all(text in message for text in texts)
            for name, texts in self._refusals
        )

    def _with_outcome(self, case: TestCase, outcome: CallOutcome) -> TestCase:
        # only raised, returned and yielded outcomes are left
        kind = outcome.kind if outcome.kind in ("raised", "yielded") else "returned"
        after = outcome.arguments_after if self._changes_arguments else None
        expected = Expected(
            kind,
            None if kind == "raised" else outcome.value,
            outcome.exhausted,
            outcome.exception,
            after,
            "replayed",
        )
        return replace(case, expected=expected, comparator=self._compared(expected))

    def _compared(self, expected: Expected) -> Comparator:
        if self._comparator not in (None, EXACT, FLOAT_TOLERANCE):
            return self._comparator or EXACT
        return FLOAT_TOLERANCE if holds_float([expected.value, expected.arguments_after]) else EXACT

    def _drop_contested(self, settled: Settled) -> None:
        if not settled.cases:
            return
        # a case that a trusted program did not reach was not agreed on either
        agreed = set(range(len(settled.cases)))
        for run in self._runner.variants(self._trusted, settled.cases):
            agreed -= run.failed | run.unreached if run.passed is not None else agreed
        settled.dropped["trusted_disagree"] += len(settled.cases) - len(agreed)
        settled.cases = [settled.cases[index] for index in sorted(agreed)]


def documented_exceptions(task: Task) -> set[str | None]:
    """The built-in exceptions that the prompt names and the solution raises on purpose."""
    raised = set(re.findall(r"\braise (\w+)", task.canonical_solution))
    named = {name for name in raised if re.search(rf"\b{name}\b", task.prompt)}
    return {f"builtins:{name}" for name in named if isinstance(getattr(builtins, name, None), type)}


def _substance(outcome: CallOutcome) -> str:
    return to_text(
        [outcome.kind, outcome.value, outcome.exhausted, outcome.exception, outcome.arguments_after]
    )
