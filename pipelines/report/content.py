"""What a report tells of a build, read from its folder: streams of tasks are counted as they go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pipelines.build_folder import (
    STAGE_NAMES,
    BuildFolder,
    BuildManifest,
    FinishedStage,
    StageRecord,
    StageTimes,
)
from pipelines.report.distributions import Distribution, Histogram, Tally
from pipelines.report.examples import Choice, LostExample, TaskExample, one_line, task_example
from pipelines.report.history import Changes, changes_since_previous
from scraping.problem import ProblemRejection
from tasks.files import BadFile, Record, read_json, read_json_lines
from tasks.record import Rejection, Task

_KEPT_SHOWN = 10
_REJECTED_SHOWN = 2
_LOST_SHOWN = 3


@dataclass(frozen=True)
class RejectedGroup:
    """Examples of one reason."""

    stage: str
    step: str
    reason: str
    items: int
    tasks: list[TaskExample] = field(default_factory=list)
    lost: list[LostExample] = field(default_factory=list)


@dataclass(frozen=True)
class OriginYield:
    """Tasks of a project or site: how many were gathered, and how many are kept."""

    origin: str
    gathered: int
    kept: int


@dataclass(frozen=True)
class ReportContent:
    """All that a report tells. ``finished`` is False of a build some of whose stages were not run;
    ``missing`` are files of it that are not there,
    ``gone_reasons`` tell why tasks of the build before are rejected now."""

    name: str
    finished: bool
    finished_at: str | None
    tool_version: str | None
    recipe: str | None
    stages: list[StageRecord]
    times: dict[str, StageTimes]
    origins: list[OriginYield]
    distributions: list[Distribution]
    kept: list[TaskExample]
    rejected: list[RejectedGroup]
    changes: Changes | None
    gone_reasons: dict[str, str]
    missing: list[str]

    def stage(self, name: str) -> StageRecord | None:
        """The record of a stage, None if the build has none."""
        return next((record for record in self.stages if record.stage == name), None)

    @property
    def tasks(self) -> StageRecord | None:
        """The stage whose tasks are exported."""
        return self.stage("filter") or self.stage("gather")


class _RejectedTask(msgspec.Struct):
    """What a report needs of the filter's rejected tasks."""

    task: Task
    stage: str
    reason: str
    objections: dict[str, str]


def read_report_content(folder: BuildFolder) -> ReportContent:
    """Read a build; raises `BadFile` if there is none, or a part of it cannot be read."""
    manifest = read_json(folder.manifest, BuildManifest) if folder.manifest.exists() else None
    stages = manifest.stages if manifest else _finished_stages(folder)
    if not stages:
        raise BadFile(f"{folder.path}: no stage of a build has come to its end here; give a build's --output")
    times = read_json(folder.times, dict[str, StageTimes]) if folder.times.exists() else {}
    changes = changes_since_previous(folder) if manifest else None
    reading = _Reading(frozenset(changes.gone.names if changes else ()))
    groups = [group for record in stages for group in _examples_of(folder, record, reading)]
    final = final_tasks(folder, stages)
    if final:
        reading.read_tasks(final)
    return ReportContent(
        folder.path.resolve().name,
        manifest is not None,
        max((entry.finished_at for entry in times.values()), default=None),
        manifest.tool_version if manifest else None,
        manifest.recipe if manifest else None,
        stages,
        times,
        reading.origins(),
        reading.distributions(),
        reading.kept.items,
        groups,
        changes,
        reading.gone_reasons,
        reading.missing,
    )


def final_tasks(folder: BuildFolder, stages: list[StageRecord]) -> Path | None:
    """The tasks that are exported, None if it has not come to that."""
    names = {record.stage for record in stages}
    if "filter" in names:
        return folder.stage("filter").tasks
    return folder.stage("gather").tasks if "gather" in names else None


def _finished_stages(folder: BuildFolder) -> list[StageRecord]:
    files = [folder.finished(name) for name in STAGE_NAMES]
    return [read_json(file, FinishedStage).record for file in files if file.exists()]


class _Reading:
    """What is counted and chosen while tasks go by."""

    def __init__(self, gone: frozenset[str]) -> None:
        self.gone_reasons: dict[str, str] = {}
        self._gone = gone
        self.kept = Choice[TaskExample](_KEPT_SHOWN)
        self.rejected: dict[str, Choice[TaskExample]] = {}
        self.missing: list[str] = []
        self._origins = Counter[tuple[str, bool]]()
        self._tests = Histogram([0, 1, 2, 3, 5, 10, 20, 50, 100])
        self._mutants = Histogram([tenth / 10 for tenth in range(10)], whole=False, top=1)
        self._pass_rates = Histogram([tenth / 10 for tenth in range(10)], whole=False, top=1)
        self._drawn = Histogram([1, 2, 4, 10, 20, 40, 100])
        self._prompts = Histogram([0, 100, 200, 400, 800, 1600, 3200, 6400])
        self._solutions = Histogram([1, 2, 3, 5, 10, 20, 40, 80])
        self._licences = Tally()

    def rows(self, file: Path, kind: type[Record]) -> Iterator[Record]:
        """The records of a file, none if it is not there."""
        if file.exists():
            yield from read_json_lines(file, kind)
        else:
            self.missing.append(str(file))

    def read_tasks(self, file: Path) -> None:
        """Count the tasks that are kept, and choose some."""
        for task in self.rows(file, Task):
            self._count(task, kept=True)
            if self.kept.wants(task.task_id):
                self.kept.add(task.task_id, task_example(task))

    def read_rejected(self, file: Path) -> None:
        """Count the filter's rejected tasks, and choose some of each reason."""
        for row in self.rows(file, _RejectedTask):
            self._count(row.task, kept=False)
            if row.task.task_id in self._gone:
                self.gone_reasons[row.task.task_id] = row.reason
            choice = self.rejected.setdefault(row.reason, Choice(_REJECTED_SHOWN))
            if choice.wants(row.task.task_id):
                choice.add(row.task.task_id, task_example(row.task, row.objections))

    def _count(self, task: Task, *, kept: bool) -> None:
        strength, samples = task.evidence.strength, task.evidence.samples
        self._origins[origin_of(task.task_id), kept] += 1
        self._tests.add(len(task.tests) + len(task.stdio_tests) + (task.check is not None), kept)
        self._mutants.add(strength.mutation_score if strength else None, kept)
        self._pass_rates.add(samples.pass_rate if samples else None, kept)
        self._drawn.add(samples.drawn if samples and samples.passed else None, kept)
        self._prompts.add(len(task.prompt), kept)
        self._solutions.add(task.canonical_solution.strip("\n").count("\n") + 1, kept)
        self._licences.add(one_line(task.provenance.license or "not known", 60), kept)

    def origins(self) -> list[OriginYield]:
        """Projects and sites, those with the most tasks first."""
        found = {
            name: OriginYield(
                name, self._origins[name, True] + self._origins[name, False], self._origins[name, True]
            )
            for name, _ in self._origins
        }
        return sorted(found.values(), key=lambda each: (-each.gathered, each.origin))

    def distributions(self) -> list[Distribution]:
        """Those of which anything is known."""
        found = [
            self._tests.counted("Tests per task"),
            self._mutants.counted("Mutation score", "share of the reference's mutants that the tests kill"),
            self._pass_rates.counted("Pass rate", "of tasks whose samples were all drawn"),
            self._drawn.counted("Samples drawn", "of tasks that a sample passed"),
            self._prompts.counted("Prompt", "characters"),
            self._solutions.counted("Solution", "lines"),
            self._licences.counted("Licence"),
        ]
        return [each for each in found if each.bars]


def origin_of(task_id: str) -> str:
    """The project or site that a task's name begins with."""
    return one_line(task_id.partition("/")[0], 80)


def _examples_of(folder: BuildFolder, record: StageRecord, reading: _Reading) -> list[RejectedGroup]:
    """A group for each reason of a stage, the most frequent first."""
    lost: dict[tuple[str, str], Choice[LostExample]] = {}
    if record.stage == "filter":
        reading.read_rejected(folder.stage("filter").rejected)
    elif record.stage != "export":
        for step, reason, example in _lost(folder, record, reading):
            lost.setdefault((step, reason), Choice(_LOST_SHOWN)).add(example.name, example)
    return [
        RejectedGroup(
            record.stage,
            loss.step,
            loss.reason,
            loss.items,
            reading.rejected[loss.reason].items if loss.reason in reading.rejected else [],
            lost[loss.step, loss.reason].items if (loss.step, loss.reason) in lost else [],
        )
        for loss in sorted(record.losses, key=lambda loss: (-loss.items, loss.step, loss.reason))
    ]


def _lost(
    folder: BuildFolder, record: StageRecord, reading: _Reading
) -> Iterator[tuple[str, str, LostExample]]:
    """The items that a stage lost, with the step and the reason."""
    file = folder.stage(record.stage).rejected
    if record.stage == "scrape":
        for problem in reading.rows(file, ProblemRejection):
            example = LostExample(problem.problem_id, problem.where, one_line(problem.detail))
            yield problem.stage, problem.reason, example
    else:
        for function in reading.rows(file, Rejection):
            name = f"{function.project}/{function.function}"
            where = f"{function.file}:{function.line}" if function.file else ""
            told = "; ".join(filter(None, (function.detail, function.also and f"alone: {function.also}")))
            yield function.stage, function.reason, LostExample(name, where, one_line(told))
