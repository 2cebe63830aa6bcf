"""The rows of a recipe: tasks read, split, tokenised and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sft.recipe import Data
from sft.row_split import NotSplittable, split_tasks
from sft.row_texts import RefusedRow, TextsOfTask
from sft.rows import Row, prompt_tokenizer, rows_digest, tokenized_tasks
from tasks.files import BadFile, read_json_lines
from tasks.record import Task


@dataclass(frozen=True)
class TrainingData:
    """Rows of both sides, every refusal, and in ``facts`` the counts and digests for the run's record."""

    training: list[Row]
    validation: list[Row]
    refused: list[RefusedRow]
    facts: dict[str, Any]

    @property
    def tokens(self) -> int:
        """Real tokens of one pass, prompts included."""
        return sum(len(row.token_ids) for row in self.training)


def read_training_data(
    data: Data, texts_of: TextsOfTask, tokenizer: Any, context: int, seed: int
) -> TrainingData:
    """Read and tokenise a recipe's tasks; raises `BadFile` if nothing is left to train on or to validate."""
    tasks = _read(data.tasks)
    facts: dict[str, Any] = {}
    if data.validation_tasks:
        sides = (tasks, _read(data.validation_tasks))
    else:
        try:
            split = split_tasks(tasks, data.validation_share, seed)
        except NotSplittable as error:
            raise BadFile(f"{', '.join(data.tasks)}: {error}") from error
        sides = (split.training, split.validation)
        facts["groups"] = {"training": split.training_groups, "validation": split.validation_groups}
    tokenize = prompt_tokenizer(tokenizer)
    both = [tokenized_tasks(side, texts_of, tokenize, tokenizer.eos_token_id, context) for side in sides]
    for name, side, found in zip(("training", "validation"), sides, both, strict=True):
        facts[name] = {
            "tasks": len(side),
            "rows": len(found.rows),
            "refused": found.refusals,
            "tokens": sum(len(row.token_ids) for row in found.rows),
            "trained_tokens": sum(row.completion_tokens for row in found.rows),
            "digest": rows_digest(found.rows),
        }
        if not found.rows:
            reasons = ", ".join(f"{count} {reason}" for reason, count in found.refusals.items())
            raise BadFile(f"no row is left for {name} of {len(side)} tasks ({reasons or 'there are none'})")
    training, validation = both
    return TrainingData(
        training.rows, validation.rows, list(chain(training.refused, validation.refused)), facts
    )


def _read(files: Iterable[str]) -> list[Task]:
    tasks = [task for file in files for task in read_json_lines(Path(file), Task)]
    if not tasks:
        raise BadFile(f"{', '.join(files)}: no tasks")
    return tasks
