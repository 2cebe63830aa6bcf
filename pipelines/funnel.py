"""The funnel: how many functions came in, how many went on at each step, and why the others did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table

from pipelines.exports.humaneval_rows import humaneval_row
from pipelines.exports.options import LeftOut
from tasks.record import Rejection, Task
from tracing.trace_project import TracedProject

STAGES = (
    ("arguments_and_result", "with\nI/O"),
    ("encodable", "enc-\noded"),
    ("extractable", "extr-\nacted"),
    ("testable", "test-\nable"),
    ("replay", "pro-\nven"),
    ("documented", "with\ndoc"),
    ("exported", "ex-\npor-\nted"),
)
"""Each stage by which functions are lost, with the words for those that are left after it."""

_SHOWN_REASONS = 8
_TITLE = "Functions left after each step (I/O: called with arguments, giving a result)"
_PROVEN = [stage for stage, _ in STAGES].index("replay")


@dataclass(frozen=True)
class Funnel:
    """Counts for one project or for all: ``left[i]`` is what is left after stage ``i``, ``standalone``
    how many of the proven tasks do without their project."""

    label: str
    called: int
    left: list[int]
    losses: dict[str, int]
    standalone: int

    @property
    def proven(self) -> int:
        """Tasks that passed every test, documented or not."""
        return self.left[_PROVEN]


@dataclass(frozen=True, order=True)
class TaskSummary:
    """What of a proven task is counted. ``stage`` and ``reason`` tell why it is not exported, if so."""

    task_id: str
    standalone: bool
    stage: str = ""
    reason: str = ""


def summarize(task: Task) -> TaskSummary:
    """What of a task is counted."""
    why = ("", "")
    if not task.evidence.documented:
        why = ("documented", "no_docstring")
    elif isinstance(row := humaneval_row(task), LeftOut):
        why = ("exported", row.reason)
    return TaskSummary(task.task_id, task.environment is None, *why)


def count_funnel(label: str, called: int, tasks: list[TaskSummary], rejections: list[Rejection]) -> Funnel:
    """Count a funnel; raises `ValueError` if it does not sum to what came in."""
    lost: list[Rejection | TaskSummary] = [*rejections, *(task for task in tasks if task.stage)]
    by_stage = Counter(rejection.stage for rejection in lost)
    losses = Counter(f"{rejection.stage}: {rejection.reason}" for rejection in lost)
    left = []
    remaining = called
    for stage, _ in STAGES:
        remaining -= by_stage[stage]
        left.append(remaining)
    exported = sum(not task.stage for task in tasks)
    if remaining != exported:
        raise ValueError(f"{label}: the funnel leaks: {remaining} are left, but {exported} are exported")
    standalone = sum(task.standalone for task in tasks)
    return Funnel(label, called, left, dict(losses.most_common()), standalone)


def count_funnels(
    projects: list[TracedProject], tasks: list[TaskSummary], rejections: list[Rejection]
) -> list[Funnel]:
    """A funnel for each project and, where there are several, one for all."""
    funnels = []
    for project in projects:
        prefix = f"{project.label}/"
        own_tasks = [task for task in tasks if task.task_id.startswith(prefix)]
        own_rejections = [rejection for rejection in rejections if rejection.project == project.label]
        funnels.append(count_funnel(project.label, project.functions_called, own_tasks, own_rejections))
    if len(projects) > 1:
        called = sum(project.functions_called for project in projects)
        funnels.append(count_funnel("all", called, tasks, rejections))
    return funnels


def render_funnels(funnels: list[Funnel]) -> RenderableType:
    """Tables for the terminal: the counts of each project, and the reasons of the losses."""
    counts = Table(title=_TITLE, title_justify="left", box=SIMPLE, pad_edge=False, padding=0)
    counts.add_column("project", vertical="bottom", overflow="fold")
    headings = ["called", *(words for _, words in STAGES)]
    headings.insert(_PROVEN + 2, "alone")
    for heading in headings:
        counts.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
    for index, funnel in enumerate(funnels):
        last = index == len(funnels) - 2 and funnels[-1].label == "all"
        numbers = [funnel.called, *funnel.left]
        numbers.insert(_PROVEN + 2, funnel.standalone)
        counts.add_row(funnel.label, *map(str, numbers), end_section=last)
    reasons = Table(title="Losses, all projects", title_justify="left", box=SIMPLE, pad_edge=False)
    reasons.add_column("lost at")
    reasons.add_column("reason")
    reasons.add_column("functions", justify="right")
    total = funnels[-1].losses
    for stage, _ in STAGES:
        here = [
            (name.partition(": ")[2], count) for name, count in total.items() if name.startswith(f"{stage}: ")
        ]
        for reason, count in here[:_SHOWN_REASONS]:
            reasons.add_row(stage, reason, str(count))
        rest = sum(count for _, count in here[_SHOWN_REASONS:])
        if rest:
            reasons.add_row(stage, f"{len(here) - _SHOWN_REASONS} more reasons", str(rest))
    return Group(counts, reasons)
