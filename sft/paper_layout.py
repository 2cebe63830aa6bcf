"""The paper's layout: prompts padded on the left, so that the solutions of a batch line up.

``[pad ... | prompt | solution | pad ...]`` (Chen et al. 2021, §4.4). Positions count from a row's first
token: left to themselves, models with learned positions would count the padding too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from sft.packed_layout import IGNORED
from sft.rows import Row


class PaperLayout:
    """One row to a line, all solutions from the same column on.

    ``by_column`` numbers positions by columns instead, padding included: the words of the paper taken
    literally, after which the loss of learned positions is no longer that of unpadded rows.
    """

    attention = "sdpa"

    def __init__(self, pad_token: int, by_column: bool = False) -> None:
        self._pad_token = pad_token
        self._by_column = by_column

    def arrange(self, rows: Sequence[Row]) -> list[list[Row]]:
        """The items of the data set: each row is one."""
        return [[row] for row in rows]

    def collate(self, items: Sequence[Sequence[Row]]) -> dict[str, Any]:
        """Tokens, mask and positions, as wide as the longest prompt and the longest completion together."""
        rows = [row for item in items for row in item]
        column = max(row.prompt_tokens for row in rows)
        width = column + max(row.completion_tokens for row in rows)
        ids = torch.full((len(rows), width), self._pad_token)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, IGNORED)
        for line, row in enumerate(rows):
            start = column - row.prompt_tokens
            end = start + len(row.token_ids)
            ids[line, start:end] = torch.tensor(row.token_ids)
            mask[line, start:end] = 1
            labels[line, column:end] = ids[line, column:end]
        counted = torch.arange(width).repeat(len(rows), 1) if self._by_column else mask.cumsum(1) - 1
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": labels,
            "position_ids": counted.clamp(min=0),
        }
