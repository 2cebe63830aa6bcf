"""Which tasks may be exported at all, whatever the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from filters.benchmark_tasks import read_benchmark_texts
from filters.contamination import ContaminationFinder
from filters.licences import licence_allowed
from filters.measures import text_measures
from pipelines.exports.options import ExportOptions, LeftOut
from tasks.record import Contamination, Task

Right = Literal["training", "redistribution"]
"""What a format is for, and the terms of a task's source may forbid."""


class Selection:
    """Looks at tasks one by one; of each that was seen a few bytes are kept.

    ``uncompared`` counts tasks that nobody has compared with benchmarks by what they do. Raises `BadFile`
    where a benchmark cannot be read.
    """

    def __init__(self, options: ExportOptions, rights: frozenset[Right]) -> None:
        self._options = options
        self._rights = rights
        self._finder = None if options.allow_contaminated else _finder(options.benchmarks)
        self._seen: set[int] = set()
        self.uncompared = 0

    def objection(self, task: Task) -> LeftOut | None:
        """Why a task is left out, or None; the cheapest reason counts."""
        options = self._options
        if hash(task.task_id) in self._seen:
            return LeftOut("task_id_twice")
        self._seen.add(hash(task.task_id))
        for right in sorted(self._rights):
            if getattr(task.provenance, right) == "no":
                return LeftOut(f"{right}_not_permitted", task.provenance.license or "")
        if options.licences and not licence_allowed(task.provenance.license, options.licences):
            return LeftOut("licence_not_allowed", task.provenance.license or "")
        measures = text_measures(task)
        if options.documented_only and not (measures["text.documented"] and _states_the_task(task)):
            return LeftOut("no_docstring")
        longest = options.max_prompt_characters
        if longest is not None and measures["text.prompt_characters"] > longest:
            return LeftOut("prompt_too_long", f"{measures['text.prompt_characters']} characters")
        if measures["text.tests"] < options.min_tests:
            return LeftOut("too_few_tests", str(measures["text.tests"]))
        found = self._contamination(task)
        if found:
            return LeftOut("contaminated", f"{found[0].benchmark} {found[0].task_id}, by {found[0].layer}")
        return None

    def _contamination(self, task: Task) -> list[Contamination]:
        if self._finder is None:
            return []
        known = task.evidence.contamination
        found = [*(known or ()), *self._finder.find_by_reading(task)]
        self.uncompared += known is None and not found
        return found


def _finder(benchmarks: Mapping[str, Path]) -> ContaminationFinder:
    return ContaminationFinder(
        [task for name, path in benchmarks.items() for task in read_benchmark_texts(name, path)]
    )


def _states_the_task(task: Task) -> bool:
    """Whether a traced function's docstring says more than a word or two, as the funnel of `trace` counts."""
    of_a_project = task.provenance.source_kind == "project" and task.provenance.generated_docstring is None
    return task.evidence.documented or not of_a_project
