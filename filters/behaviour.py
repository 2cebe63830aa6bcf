"""What samples do on a task's inputs, and which of them do the same."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from sandbox.samples import CallOutcome, SampleRun
from sandbox.verdicts import outcome_difference
from tasks.record import Expected, TestCase
from tasks.syntax_trees import parse_module
from tasks.value_encoding import to_text

_UNDEFINED = frozenset(
    f"builtins:{name}" for name in ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError")
)
_TELLING = frozenset({"returned", "yielded"})


@dataclass(frozen=True)
class Cluster:
    """Samples that do the same on every input: their places, what they do, and how many programs they are.

    Programs that differ in layout and comments alone count as one.
    """

    samples: tuple[int, ...]
    programs: int
    outcomes: tuple[CallOutcome, ...]


@dataclass(frozen=True)
class Behaviour:
    """All samples: ``broken`` with their error if they failed before they did anything (they cannot be
    loaded, or every call meets an undefined name), ``unfinished`` if they did not come to an end, or in a
    cluster, the largest first."""

    broken: dict[int, str]
    unfinished: tuple[int, ...]
    clusters: tuple[Cluster, ...]

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return len(self.broken) + len(self.unfinished) + sum(len(each.samples) for each in self.clusters)


def behaviour_of(cases: list[TestCase], programs: list[str], runs: list[SampleRun]) -> Behaviour:
    """Sort samples by what their runs on the cases did. Samples of equal text have equal runs."""
    broken: dict[int, str] = {}
    unfinished: list[int] = []
    alike: dict[str, list[int]] = defaultdict(list)
    for place, run in enumerate(runs):
        error = _early_error(run)
        if error is not None:
            broken[place] = error
        elif len(run.outcomes) < len(cases) or run.ending.kind != "exited":
            unfinished.append(place)
        else:
            alike[_text(run.outcomes)].append(place)
    groups: list[list[int]] = []
    for places in sorted(alike.values(), key=len, reverse=True):
        for group in groups:
            if _same(cases, runs[group[0]].outcomes, runs[places[0]].outcomes):
                group += places
                break
        else:
            groups.append(places)
    clusters = [
        Cluster(
            tuple(sorted(group)),
            len({_normalised(programs[place]) for place in group}),
            tuple(runs[group[0]].outcomes),
        )
        for group in groups
    ]
    clusters.sort(key=lambda cluster: (-len(cluster.samples), cluster.samples))
    return Behaviour(broken, tuple(unfinished), tuple(clusters))


def is_telling(cases: list[TestCase], cluster: Cluster, reference: list[CallOutcome]) -> bool:
    """Whether what a cluster does could be what the prompt asks for, and not the absence of a solution.

    It gives values for at least half of the inputs, not the same value for all where the reference does
    not, and not always its first argument.
    """
    values = [outcome for outcome in cluster.outcomes if outcome.kind in _TELLING]
    if 2 * len(values) < len(cases):
        return False
    if len({_text([each]) for each in reference}) > 1 and len({_text([each]) for each in values}) < 2:
        return False
    return not all(
        outcome.kind == "returned" and case.arguments and to_text(outcome.value) == to_text(case.arguments[0])
        for case, outcome in zip(cases, cluster.outcomes, strict=True)
    )


def same_outcome(case: TestCase, left: CallOutcome, right: CallOutcome) -> bool:
    """Whether two outcomes of a case are equal by its comparator."""
    if _text([left]) == _text([right]):
        return True
    return _differs(case, left, right) is None and _differs(case, right, left) is None


def common_errors(behaviour: Behaviour) -> str:
    """The errors that broke most samples, for a message."""
    kinds = Counter(error.partition(":")[0] for error in behaviour.broken.values())
    return ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common(3))


def _early_error(run: SampleRun) -> str | None:
    if run.program_error is not None:
        return run.program_error
    if run.outcomes and all(each.kind == "raised" and each.exception in _UNDEFINED for each in run.outcomes):
        return (run.outcomes[0].exception or "").partition(":")[2]
    return None


def _same(cases: list[TestCase], left: list[CallOutcome], right: list[CallOutcome]) -> bool:
    return all(map(same_outcome, cases, left, right))


def _differs(case: TestCase, left: CallOutcome, right: CallOutcome) -> str | None:
    if left.kind not in ("returned", "yielded", "raised"):
        return None if left.kind == right.kind else "another kind"
    after = case.arguments if left.arguments_after is None else left.arguments_after
    expected = Expected(left.kind, left.value, left.exhausted, left.exception, after)
    return outcome_difference(replace(case, expected=expected), right)


def _text(outcomes: list[CallOutcome]) -> str:
    """What an outcome is, without what it says in words."""
    return to_text([[o.kind, o.value, o.exhausted, o.exception, o.arguments_after] for o in outcomes])


def _normalised(program: str) -> str:
    try:
        return ast.dump(parse_module(program))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return program
