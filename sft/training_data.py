"""The rows of a recipe: tasks read, split, tokenised and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sft.recipe import Data
from sft.row_split import NotSplittable, split_tasks
from sft.row_texts import RefusedRow, TextsOfTask
from sft.rows import Row, TokenizedTasks, prompt_tokenizer, rows_digest, tokenized_tasks
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
    tokenize = prompt_tokenizer(tokenizer)

    def tokenized(files: Sequence[str]) -> TokenizedTasks:
        tasks = [task for file in files for task in read_json_lines(Path(file), Task)]
        found = tokenized_tasks(tasks, texts_of, tokenize, tokenizer.eos_token_id, context)
        if not found.rows:
            reasons = ", ".join(f"{count} {reason}" for reason, count in found.refusals.items())
            raise BadFile(f"{', '.join(files)}: no row is left of {len(tasks)} tasks ({reasons or 'none'})")
        return found

    found = tokenized(data.tasks)
    facts: dict[str, Any] = {"refused": found.refusals}
    refused = found.refused
    if data.validation_tasks:
        held_out = tokenized(data.validation_tasks)
        training, validation = found.rows, held_out.rows
        facts["validation_refused"] = held_out.refusals
        refused = refused + held_out.refused
    else:
        try:
            # among what gives rows: a project that gives none would validate nothing
            split = split_tasks(found.tasks, data.validation_share, seed)
        except NotSplittable as error:
            raise BadFile(f"{', '.join(data.tasks)}: {error}") from error
        training, validation = ([found.rows[i] for i in side] for side in (split.training, split.validation))
        facts["groups"] = {"training": split.training_groups, "validation": split.validation_groups}
    for name, rows in (("training", training), ("validation", validation)):
        facts[name] = {
            "rows": len(rows),
            "tokens": sum(len(row.token_ids) for row in rows),
            "trained_tokens": sum(row.completion_tokens for row in rows),
            "digest": rows_digest(rows),
        }
    return TrainingData(training, validation, refused, facts)
