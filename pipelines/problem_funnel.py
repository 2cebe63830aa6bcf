"""The funnel of problems: how many were read, how many went on at each step, and why the others did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table

STAGES = (
    ("read", "read-\nable"),
    ("statement", "sound\ntext"),
    ("examples", "whole\ntests"),
    ("checker", "one\nanswer"),
    ("reference", "solved"),
    ("function", "as a\nfunction"),
    ("tests", "tasks"),
)
"""Each stage by which problems are lost, with the words for those that are left after it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one problem of a source: a task, or lost at ``stage`` for ``reason``."""

    source: str
    stage: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ProblemFunnel:
    """Counts for one source or for all: ``left[i]`` is what is left after stage ``i``."""

    source: str
    found: int
    left: list[int]
    losses: dict[str, int]

    @property
    def tasks(self) -> int:
        """Problems that became proven tasks."""
        return self.left[-1]


def count_problem_funnel(source: str, outcomes: list[Outcome]) -> ProblemFunnel:
    """Count a funnel; raises `ValueError` if it does not sum to what came in."""
    lost = [outcome for outcome in outcomes if outcome.stage]
    by_stage = Counter(outcome.stage for outcome in lost)
    losses = Counter(f"{outcome.stage}: {outcome.reason}" for outcome in lost)
    left = []
    remaining = len(outcomes)
    for stage, _ in STAGES:
        remaining -= by_stage[stage]
        left.append(remaining)
    if remaining != len(outcomes) - len(lost):
        unknown = sorted(by_stage.keys() - {stage for stage, _ in STAGES})
        raise ValueError(f"{source}: the funnel leaks: there is no stage {', '.join(unknown)}")
    return ProblemFunnel(source, len(outcomes), left, dict(losses.most_common()))


def count_problem_funnels(sources: list[str], outcomes: list[Outcome]) -> list[ProblemFunnel]:
    """A funnel for each source that was read and, where there are several, one for all."""
    by_source = {source: [entry for entry in outcomes if entry.source == source] for source in sources}
    funnels = [count_problem_funnel(source, found) for source, found in by_source.items() if found]
    if len(funnels) > 1:
        funnels.append(count_problem_funnel("all", outcomes))
    return funnels


def render_problem_funnels(funnels: list[ProblemFunnel]) -> RenderableType:
    """Tables for the terminal: the counts of each source, and the reasons of the losses."""
    counts = Table(
        title="Problems left after each step", title_justify="left", box=SIMPLE, pad_edge=False, padding=0
    )
    counts.add_column("source", vertical="bottom", overflow="fold")
    for heading in ("found", *(words for _, words in STAGES)):
        counts.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
    for index, funnel in enumerate(funnels):
        last = index == len(funnels) - 2 and funnels[-1].source == "all"
        counts.add_row(funnel.source, str(funnel.found), *map(str, funnel.left), end_section=last)
    reasons = Table(title="Losses, all sources", title_justify="left", box=SIMPLE, pad_edge=False)
    reasons.add_column("lost at")
    reasons.add_column("reason")
    reasons.add_column("problems", justify="right")
    for name, number in funnels[-1].losses.items():
        stage, _, reason = name.partition(": ")
        reasons.add_row(stage, reason, str(number))
    return Group(counts, reasons)
