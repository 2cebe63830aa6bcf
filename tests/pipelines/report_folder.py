"""Folders of builds as `codex-sft build` leaves them, without the work."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pipelines.build_folder import (
    BuildFolder,
    BuildManifest,
    Fault,
    Loss,
    Output,
    SourceCount,
    StageRecord,
    StageTimes,
)
from pipelines.filter_output import RejectedTask
from scraping.problem import ProblemRejection
from tasks.files import write_json, write_json_lines
from tasks.record import (
    Evidence,
    Expected,
    Provenance,
    Rejection,
    Samples,
    Task,
    TestCase,
    TestStrength,
)


def made_task(name: str, killed: int = 9, docstring: str = "Return n.", license: str | None = "MIT") -> Task:
    """A task of the project that its name begins with, whose tests kill so many of ten mutants."""
    cases = [TestCase([number], {}, Expected("returned", number)) for number in range(killed)]
    return Task(
        name,
        f'def f(n):\n    """{docstring}"""\n',
        "f",
        "    return n\n",
        cases,
        Provenance("project", name.partition("/")[0], license=license, file="a.py", line_start=3, line_end=5),
        evidence=Evidence(
            documented=True,
            strength=TestStrength(mutants=10, mutants_killed=killed),
            samples=Samples("recorded:s", 100, 100, 10 * killed, killed / 10),
        ),
    )


def write_build(
    path: Path, kept: list[Task], rejected: dict[str, list[Task]], *, recipe: str = "[filter]\n"
) -> BuildFolder:
    """A finished build of two projects and an archive, with these tasks kept and rejected by the filter."""
    folder = BuildFolder(path)
    lost = [task for tasks in rejected.values() for task in tasks]
    gathered = len(kept) + len(lost)
    functions = [Rejection("one-1.0", "m.g", "m.py", 7, "arguments_and_result", "no_result")]
    functions.append(Rejection("one-1.0", "m.h", "m.py", 9, "replay", "case_failed", "case 3: expected 1"))
    problems = [ProblemRejection("site/p", "https://site/p", "checker", "several_answers", "any order")]
    write_json_lines(folder.stage("trace").rejected, functions)
    write_json_lines(folder.stage("scrape").rejected, problems)
    write_json_lines(folder.stage("gather").rejected, [])
    write_json_lines(folder.stage("filter").tasks, kept)
    rows = [
        RejectedTask(task.task_id, "strength", reason, {reason: f"{reason} is so and so"}, task)
        for reason, tasks in rejected.items()
        for task in tasks
    ]
    write_json_lines(folder.stage("filter").rejected, rows)
    counts = Counter(task.task_id.partition("/")[0] for task in [*kept, *lost])
    sources = [SourceCount("one-1.0", len(functions) + gathered, gathered, _losses(functions))]
    stages = [
        StageRecord(
            "trace",
            len(functions) + gathered,
            gathered,
            _losses(functions),
            sources,
            [Fault("pypi:broken", "build", "no_matching_distribution")],
            facts={"projects": {"pypi:one==1.0": {"label": "one-1.0", "plan": "tox", "python": "3.11.7"}}},
        ),
        StageRecord("scrape", 1, 0, _losses(problems), [SourceCount("p.jsonl", 1, 0, _losses(problems))]),
        StageRecord("gather", gathered, gathered, [], [SourceCount("trace", gathered, gathered)]),
        StageRecord(
            "filter",
            gathered,
            len(kept),
            [Loss("strength", reason, len(tasks)) for reason, tasks in rejected.items()],
            [SourceCount(name, number, 0) for name, number in counts.items()],
            facts={"diagnoses": {"ambiguous": 2}, "tests_added": 5},
        ),
        StageRecord(
            "export",
            len(kept),
            len(kept),
            [],
            [SourceCount("humaneval", len(kept), len(kept))],
            outputs=[Output("exports/humaneval.jsonl", len(kept), "ab" * 32)],
        ),
    ]
    write_json(folder.manifest, BuildManifest(1, "0.1.0", recipe, stages))
    costs = {"cpu_seconds.strength": 61.5, "completion_tokens": 0.0}
    times = {
        stage.stage: StageTimes(90.0, f"2026-01-0{number}T00:00:00+00:00", "fn-api", costs)
        for number, stage in enumerate(stages, start=1)
    }
    write_json(folder.times, times)
    return folder


def _losses(lost: list[Rejection] | list[ProblemRejection]) -> list[Loss]:
    counts = Counter((each.stage, each.reason) for each in lost)
    return [Loss(*key, items) for key, items in sorted(counts.items())]
