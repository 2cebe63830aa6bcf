"""How likely the ground-truth docstring is after a sample, by which samples are ranked; it imports torch, so
import it late.

Chen et al. 2021, §5: of several samples the one with the highest P(ground-truth docstring | sample), by
Codex-D, is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from sft.row_texts import CutProgram, RefusedRow, RowTexts, description_texts
from sft.rows import Row, Tokenize, tokenized_row

_CELLS_ON_CPU = 8_192
_CELLS_ON_GPU = 65_536
_LOGITS_ON_CPU = 2**27
_LOGITS_ON_GPU = 2**32
"""Logits of a batch at most: those of a large vocabulary fill the memory first."""


@dataclass(frozen=True)
class BackTranslation:
    """The log-probability of a docstring after a sample, its closing quotes included, over ``tokens`` tokens.

    Within a task sum and mean rank alike: the docstring is the same, and so are its tokens.
    """

    logprob_sum: float
    tokens: int

    @property
    def logprob_mean(self) -> float:
        """The mean over the tokens."""
        return self.logprob_sum / self.tokens


def sample_texts(task_id: str, cut: CutProgram, completion: str) -> RowTexts | RefusedRow:
    """The texts to score: a sample in the place of the solution, then the task's own docstring.

    It is the row of Codex-D but for the solution. A sample need not be a program.
    """
    if not cut.docstring:
        return RefusedRow(task_id, "no_docstring")
    return description_texts(task_id, cut.docstring, cut.head + completion)


class BackTranslator:
    """Scores rows by a causal model, padded on the right, those of like lengths together.

    ``cells`` bounds rows times tokens of a batch. No cache is used: models with one may let padded or packed
    rows see more than their own.
    """

    def __init__(self, model: Any, tokenize: Tokenize, end_token: int, cells: int | None = None) -> None:
        self._model = model.eval()
        self._tokenize = tokenize
        self._end = end_token
        self._context = getattr(model.config, "max_position_embeddings", None)
        self._cells = cells or _cells(model.device.type, model.config.vocab_size)

    def row(self, texts: RowTexts) -> Row | RefusedRow:
        """The tokens to score, or why there are none (`sft.rows.tokenized_row`)."""
        return tokenized_row(texts, self._tokenize, self._end, self._context)

    def scores(self, rows: Sequence[Row]) -> Iterator[tuple[int, BackTranslation]]:
        """The places of rows with their scores, shorter rows first, as they are computed."""
        for batch in _batches(rows, self._cells):
            yield from zip(batch, self._batch([rows[place] for place in batch]), strict=True)

    def _batch(self, rows: list[Row]) -> list[BackTranslation]:
        device = self._model.device
        sequences = [torch.tensor(_scored(row)) for row in rows]
        ids = pad_sequence(sequences, batch_first=True).to(device)
        mask = pad_sequence([torch.ones_like(each) for each in sequences], batch_first=True).to(device)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            return [_score(logits[line], ids[line], row) for line, row in enumerate(rows)]


def _scored(row: Row) -> tuple[int, ...]:
    """All tokens but the one that ends the row: like those of samples, the sum is of the text's tokens."""
    return row.token_ids[:-1]


def _score(logits: torch.Tensor, ids: torch.Tensor, row: Row) -> BackTranslation:
    start, end = row.prompt_tokens, len(_scored(row))
    told = functional.cross_entropy(logits[start - 1 : end - 1].float(), ids[start:end], reduction="sum")
    return BackTranslation(-told.item(), end - start)


def _cells(device: str, vocabulary: int) -> int:
    most, logits = (_CELLS_ON_GPU, _LOGITS_ON_GPU) if device == "cuda" else (_CELLS_ON_CPU, _LOGITS_ON_CPU)
    return min(most, max(1, logits // vocabulary))


def _batches(rows: Sequence[Row], cells: int) -> Iterable[list[int]]:
    batch: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: len(rows[place].token_ids)):
        longest = len(_scored(rows[place]))  # the rows come by length
        if batch and (len(batch) + 1) * longest > cells:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
