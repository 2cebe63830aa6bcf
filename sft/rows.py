"""Training rows: token ids with the place where the completion begins, checked one by one.

Nothing is cut to fit and nothing is left out silently: what cannot be trained on as it stands is a
`RefusedRow` with its reason.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sft.row_texts import RefusedRow, RowTexts, TextsOfTask
from tasks.record import Task

Tokenize = Callable[[str], list[int]]


@dataclass(frozen=True)
class Row:
    """Tokens of prompt, completion and end; the loss is over those from ``prompt_tokens`` on."""

    task_id: str
    token_ids: tuple[int, ...]
    prompt_tokens: int

    @property
    def completion_tokens(self) -> int:
        """Trained tokens: the completion's and the one that ends it."""
        return len(self.token_ids) - self.prompt_tokens


@dataclass(frozen=True)
class TokenizedTasks:
    """Rows in the order of their tasks, those tasks, and what gave none."""

    rows: list[Row]
    tasks: list[Task]
    refused: list[RefusedRow]

    @property
    def refusals(self) -> dict[str, int]:
        """How many were refused, by reason."""
        return dict(sorted(Counter(each.reason for each in self.refused).items()))


def prompt_tokenizer(tokenizer: Any) -> Tokenize:
    """Tokenises as `sampling.transformers_engine` does with prompts: without a token that ends the text."""

    def tokenize(text: str) -> list[int]:
        ids: list[int] = tokenizer(text)["input_ids"]
        while ids and ids[-1] == tokenizer.eos_token_id:
            ids.pop()
        return ids

    return tokenize


def tokenized_row(
    texts: RowTexts, tokenize: Tokenize, end_token: int, context: int | None = None
) -> Row | RefusedRow:
    """The row of two texts, with one end token after the completion.

    Refused are ``tokens_diverge``: the prompt's tokens do not begin those of prompt and completion, so that a
    model would be trained after another prompt than the one it is sampled with; ``end_token_inside``;
    ``empty_prompt``; ``no_solution``; and ``too_long``: more than ``context`` tokens.
    """
    prompt = tokenize(texts.prompt)
    whole = tokenize(texts.prompt + texts.completion)
    if whole[: len(prompt)] != prompt:
        place = next(
            i for i, pair in enumerate(zip(prompt, [*whole, None], strict=False)) if pair[0] != pair[1]
        )
        detail = f"at token {place} of the prompt's {len(prompt)}"
        return RefusedRow(texts.task_id, "tokens_diverge", detail)
    if not prompt:
        return RefusedRow(texts.task_id, "empty_prompt")
    if len(whole) == len(prompt):
        return RefusedRow(texts.task_id, "no_solution")
    if end_token in whole:
        return RefusedRow(texts.task_id, "end_token_inside")
    if context is not None and len(whole) + 1 > context:
        return RefusedRow(texts.task_id, "too_long", f"{len(whole) + 1} tokens, the context has {context}")
    return Row(texts.task_id, (*whole, end_token), len(prompt))


def tokenized_tasks(
    tasks: Iterable[Task],
    texts_of: TextsOfTask,
    tokenize: Tokenize,
    end_token: int,
    context: int | None = None,
) -> TokenizedTasks:
    """A row, or a refusal, for each task."""
    rows: list[Row] = []
    kept: list[Task] = []
    refused: list[RefusedRow] = []
    for task in tasks:
        texts = texts_of(task)
        row = texts if isinstance(texts, RefusedRow) else tokenized_row(texts, tokenize, end_token, context)
        if isinstance(row, RefusedRow):
            refused.append(row)
        else:
            rows.append(row)
            kept.append(task)
    return TokenizedTasks(rows, kept, refused)


def rows_digest(rows: Sequence[Row]) -> str:
    """A digest (SHA-256, hexadecimal) of all that training sees of rows, their order included."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.task_id}\0{row.prompt_tokens}\0{row.token_ids}\n".encode())
    return digest.hexdigest()
