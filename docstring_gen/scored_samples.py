"""Files of samples with the scores that a model gives them by back-translation; it imports torch."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from docstring_gen.back_translation import BackTranslation, BackTranslator, sample_texts
from evaluation.evaluation_files import Sample
from sft.row_texts import CutProgram, RefusedRow, cut_docstring
from sft.rows import Row, rows_digest
from tasks.record import Task

SCORE = "back_translation"
"""The name of the score on a line, by which `evaluation.ranking_curves` ranks."""


class KnownScores(Protocol):
    """Scores by digests of what they depend on."""

    def find(self, key: str, kind: type[BackTranslation]) -> BackTranslation | None: ...

    def add(self, key: str, record: object) -> None: ...


@dataclass(frozen=True)
class SampleScore:
    """What is known of a sample: its score, or the reason why it has none."""

    score: BackTranslation | None
    refused: RefusedRow | None = None


def score_samples(
    tasks: Mapping[str, Task],
    samples: list[Sample],
    scorer: BackTranslator,
    model: str,
    known: KnownScores,
    on_row: Callable[[], None] = lambda: None,
) -> dict[int, SampleScore]:
    """The samples' scores by their places. Equal samples are scored once, and so is what ``known`` has.

    ``model`` stands for all of the model in the digests. ``on_row`` is called for each sample in the end.
    """
    cuts = {task_id: cut_docstring(tasks[task_id]) for task_id in {each.task_id for each in samples}}
    found: dict[int, SampleScore] = {}
    rows: dict[str, Row] = {}
    places: dict[str, list[int]] = {}
    for sample in samples:
        row = _row(tasks[sample.task_id], cuts[sample.task_id], sample, scorer)
        if isinstance(row, RefusedRow):
            found[sample.index] = SampleScore(None, row)
            on_row()
            continue
        key = hashlib.sha256(f"{model}\0{rows_digest([row])}".encode()).hexdigest()[:32]
        rows[key] = row
        places.setdefault(key, []).append(sample.index)

    def settle(key: str, score: BackTranslation) -> None:
        for index in places[key]:
            found[index] = SampleScore(score)
            on_row()

    missing = []
    for key in rows:
        score = known.find(key, BackTranslation)
        if score is None:
            missing.append(key)
        else:
            settle(key, score)
    for place, score in scorer.scores([rows[key] for key in missing]):
        known.add(missing[place], score)
        settle(missing[place], score)
    return found


def _row(
    task: Task, cut: CutProgram | RefusedRow, sample: Sample, scorer: BackTranslator
) -> Row | RefusedRow:
    if isinstance(cut, RefusedRow):
        return cut
    if not sample.program.startswith(task.prompt):
        return RefusedRow(task.task_id, "not_after_the_prompt")
    texts = sample_texts(task.task_id, cut, sample.program[len(task.prompt) :])
    return texts if isinstance(texts, RefusedRow) else scorer.row(texts)


def scored_rows(
    samples: list[Sample], found: Mapping[int, SampleScore], facts: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The lines of samples with their scores; ``facts`` tell of the model."""
    for sample in samples:
        each = found[sample.index]
        told: dict[str, Any] = dict(facts)
        if each.score is not None:
            told |= {
                "logprob_sum": each.score.logprob_sum,
                "logprob_mean": each.score.logprob_mean,
                "tokens": each.score.tokens,
            }
        if each.refused is not None:
            told["refused"] = each.refused.reason
        value = each.score.logprob_sum if each.score is not None else None
        before = sample.row.get("scores")
        scores = {**(before if isinstance(before, dict) else {}), SCORE: value}
        yield {**sample.row, "scores": scores, SCORE: told}


def refusals(found: Mapping[int, SampleScore]) -> dict[str, int]:
    """How many samples have no score, by reason."""
    return dict(Counter(each.refused.reason for each in found.values() if each.refused).most_common())
