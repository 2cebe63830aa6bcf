"""Descriptions: docstrings that a model wrote for tasks' code, and what can be told of them automatically."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from docstring_gen.copied_code import copies_code
from docstring_gen.doctest_runs import Doctests, run_doctests
from docstring_gen.documented_tasks import with_docstring
from docstring_gen.generated_text import read_generated
from docstring_gen.stated_facts import contradictions, unmentioned_arguments
from filters.docstring_quality import docstring_faults
from sampling.engine import Answer, Parameters
from sandbox.installation import InstalledProject
from sandbox.task_judging import JudgingOptions
from sandbox.worker_pool import WorkerPool
from sft.row_texts import (
    DOCSTRING_QUOTES,
    DOCSTRING_TEMPLATE,
    CutProgram,
    RefusedRow,
    cut_docstring,
    description_prompt,
    repeats_docstring,
)
from tasks.record import Task

STOPS = (DOCSTRING_QUOTES,)
"""Where a description ends."""


@dataclass(frozen=True)
class RoundTrip:
    """What a code model made of a task with a description for docstring: ``passed`` of ``judged`` samples.

    ``undecided`` is the reason where none could be judged, ``answer_in_prompt`` if the description tells
    the results of all tests.
    """

    engine: str
    model: str
    drawn: int = 0
    judged: int = 0
    passed: int = 0
    undecided: str = ""


@dataclass(frozen=True)
class Description:
    """One docstring for a task, as a line of `codex-sft describe`.

    ``docstring`` is ``completion`` without its ``test_lines`` lines of tests. ``marked_wrong``: ``empty``, or
    ``copies_code`` (Chen et al. 2021, §5). ``refused`` is why it cannot stand in the task's prompt. All other
    columns are proxies: ``doctests`` of the completion on the reference, ``contradictions`` of recorded calls
    and of the signature, ``unmentioned_arguments``, ``faults`` by the filter's names, ``round_trip``.
    ``code_digest`` is of the code that was described.
    """

    task_id: str
    sample_index: int
    docstring: str
    completion: str
    finish_reason: str
    marked_wrong: str | None = None
    refused: str | None = None
    test_lines: int = 0
    doctests: Doctests = field(default_factory=Doctests)
    contradictions: list[str] = field(default_factory=list)
    unmentioned_arguments: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    round_trip: RoundTrip | None = None
    logprob_sum: float | None = None
    logprob_mean: float | None = None
    tokens: int | None = None
    token_logprobs: tuple[float, ...] | None = None
    engine: str = ""
    model: str = ""
    parameters: Parameters | None = None
    seed: int | None = None
    template: str = DOCSTRING_TEMPLATE
    code_digest: str = ""


@dataclass(frozen=True)
class DescribedTask:
    """A task whose code can be described, and the prompt for that, which holds none of its docstring."""

    task: Task
    cut: CutProgram
    prompt: str

    @property
    def code_digest(self) -> str:
        """What tells the code from another, in 16 characters."""
        code = self.cut.head + self.cut.solution
        return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def described_task(task: Task) -> DescribedTask | RefusedRow:
    """A task's prompt for Codex-D: that of its training rows. Refused where its docstring would be in it."""
    cut = cut_docstring(task)
    if isinstance(cut, RefusedRow):
        return cut
    code = cut.head + cut.solution
    if not cut.solution.strip():
        return RefusedRow(task.task_id, "no_solution")
    if cut.docstring and repeats_docstring(code, cut.docstring):
        return RefusedRow(task.task_id, "docstring_in_code")
    return DescribedTask(task, cut, description_prompt(code))


def describe(
    described: DescribedTask,
    answer: Answer,
    pool: WorkerPool,
    options: JudgingOptions,
    installed: InstalledProject | None = None,
    *,
    every_token: bool = False,
) -> list[Description]:
    """The descriptions that an answer holds, checked by all but the round trip."""
    task = described.task
    texts = [read_generated(each.text, task.entry_point) for each in answer.completions]
    runs = run_doctests(task, [text.examples for text in texts], pool, options, installed)
    found = []
    for completion, text, doctests in zip(answer.completions, texts, runs, strict=True):
        told = _told(described, text.text)
        found.append(
            Description(
                task.task_id,
                completion.index,
                text.text,
                completion.text,
                completion.finish_reason,
                told.marked_wrong,
                told.refused,
                text.test_lines,
                doctests,
                told.contradictions,
                told.unmentioned_arguments,
                told.faults,
                None,
                completion.logprob_sum,
                completion.logprob_mean,
                completion.token_count,
                completion.token_logprobs if every_token else None,
                answer.origin.engine,
                answer.origin.model,
                answer.parameters,
                completion.seed,
                DOCSTRING_TEMPLATE,
                described.code_digest,
            )
        )
    return found


@dataclass(frozen=True)
class _Told:
    """What a docstring's text tells by itself."""

    marked_wrong: str | None = None
    refused: str | None = None
    contradictions: list[str] = field(default_factory=list)
    unmentioned_arguments: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def _told(described: DescribedTask, docstring: str) -> _Told:
    task, cut = described.task, described.cut
    documented = with_docstring(task, cut, docstring)
    if isinstance(documented, RefusedRow):
        return _Told("empty" if documented.reason == "empty" else None, documented.reason)
    return _Told(
        "copies_code" if copies_code(docstring, cut, task.entry_point) else None,
        None,
        contradictions(docstring, task, cut),
        unmentioned_arguments(docstring, cut, task.entry_point),
        docstring_faults(documented),
    )


def counts(descriptions: Iterable[Description]) -> dict[str, int]:
    """How many descriptions have what is told automatically, by stable names; one may count repeatedly."""
    found: Counter[str] = Counter()
    for each in descriptions:
        found["descriptions"] += 1
        found["marked_wrong"] += each.marked_wrong is not None
        found[f"marked_wrong: {each.marked_wrong}"] += each.marked_wrong is not None
        found[f"refused: {each.refused}"] += each.refused is not None
        found["cut_off"] += each.finish_reason == "length"
        found["with_tests"] += each.test_lines > 0
        found["doctests_held"] += each.doctests.held
        found["doctests_contradicted"] += each.doctests.contradicted
        found["doctests_not_run"] += each.doctests.not_run
        found["with_wrong_doctests"] += each.doctests.contradicted > 0
        found["with_contradictions"] += bool(each.contradictions)
        found["with_unmentioned_arguments"] += bool(each.unmentioned_arguments)
        for fault in each.faults:
            found[f"fault: {fault}"] += 1
        if each.round_trip is not None:
            found["round_trips"] += each.round_trip.judged > 0
            found["round_trips_passed"] += each.round_trip.passed > 0
            found[f"round_trip_undecided: {each.round_trip.undecided}"] += bool(each.round_trip.undecided)
    return {name: count for name, count in found.items() if count}


def acceptable(description: Description) -> bool:
    """Whether nothing that can be told without another model speaks against a docstring.

    Tests that came with it are no part of it, wrong ones neither (Chen et al. 2021, §5).
    """
    clean = description.marked_wrong is None and description.refused is None
    return clean and not description.contradictions


def distinct(descriptions: Sequence[Description]) -> dict[str, Description]:
    """The first description with each text, by the text."""
    found: dict[str, Description] = {}
    for each in descriptions:
        found.setdefault(each.docstring, each)
    return found
