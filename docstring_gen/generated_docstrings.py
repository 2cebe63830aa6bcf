"""Generated docstrings for tasks that have none: which are taken, and why the others are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from docstring_gen.descriptions import DescribedTask, Description, acceptable, described_task
from docstring_gen.documented_tasks import with_docstring
from filters.default_recipe import DEFAULT
from filters.well_formed import without_answers_in_prompt
from sft.row_texts import RefusedRow
from tasks.record import GeneratedDocstring, Task


def document(
    tasks: Iterable[Task], descriptions: Iterable[Description], counts: Counter[str]
) -> Iterator[Task]:
    """The tasks, those without a docstring with the best description that passed its round trip.

    ``counts`` gets, by name, the tasks without a docstring: ``taken``, or why none was: ``no_description``;
    ``other_code`` (that was described); else what left none in the end: ``not_acceptable`` (marked wrong,
    refused or contradicted), ``round_trip_missing``, ``round_trip_failed``, ``answer_in_prompt``. Tests whose
    results the docstring tells are dropped. One without faults goes first, then what most samples solved,
    then the likeliest. Raises ``ValueError`` at the end for a description of a task that was not there.
    """
    of_task: dict[str, list[Description]] = defaultdict(list)
    for each in descriptions:
        of_task[each.task_id].append(each)
    for task in tasks:
        written = of_task.pop(task.task_id, [])
        described = described_task(task)
        if isinstance(described, RefusedRow) or described.cut.docstring:
            yield task
            continue
        chosen = _chosen(described, written)
        counts["taken" if isinstance(chosen, Task) else chosen] += 1
        yield chosen if isinstance(chosen, Task) else task
    if of_task:
        raise ValueError(f"{next(iter(of_task))!r} is not among the tasks")


def _chosen(described: DescribedTask, descriptions: list[Description]) -> Task | str:
    if not descriptions:
        return "no_description"
    left = [each for each in descriptions if each.code_digest == described.code_digest]
    if not left:
        return "other_code"
    left = [each for each in left if acceptable(each)]
    if not left:
        return "not_acceptable"
    left = [each for each in left if each.round_trip is not None and each.round_trip.judged]
    if not left:
        return "round_trip_missing"
    left = [each for each in left if each.round_trip is not None and each.round_trip.passed]
    if not left:
        return "round_trip_failed"
    for each in sorted(left, key=_rank):
        task = _documented(described, each)
        if task is not None:
            return task
    return "answer_in_prompt"


def _rank(description: Description) -> tuple[bool, float, float, int]:
    admitted = DEFAULT.thresholds["docstring_faults"].only or []
    trip = description.round_trip
    solved = trip.passed / trip.judged if trip and trip.judged else 0.0
    likely = description.logprob_mean if description.logprob_mean is not None else float("-inf")
    return bool(set(description.faults) - set(admitted)), -solved, -likely, description.sample_index


def _documented(described: DescribedTask, description: Description) -> Task | None:
    task = with_docstring(described.task, described.cut, description.docstring)
    trip = description.round_trip
    if isinstance(task, RefusedRow) or trip is None:
        return None
    hidden = without_answers_in_prompt(task)
    if task.tests and not hidden.tests:
        return None
    mark = GeneratedDocstring(
        description.engine,
        description.model,
        description.template,
        description.sample_index,
        trip.model,
        trip.judged,
        trip.passed,
    )
    return replace(hidden, provenance=replace(task.provenance, generated_docstring=mark))
