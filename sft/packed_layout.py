"""Rows one after another without padding, each with positions and attention of its own."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any

import torch

from sft.rows import Row
from sft.segment_attention import SEGMENT_ATTENTION

IGNORED = -100
"""The label of tokens that the loss leaves out."""

_BOUNDS_STEP = 64


def best_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Places of lengths in packs of at most ``capacity``: the longest first, each where it leaves least room.

    Raises `ValueError` for a length that exceeds the capacity.
    """
    packs: list[list[int]] = []
    rooms: list[tuple[int, int]] = []
    for place in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        length = lengths[place]
        if length > capacity:
            raise ValueError(f"a row of {length} tokens exceeds a pack's {capacity}")
        found = bisect_left(rooms, (length, -1))
        if found < len(rooms):
            room, pack = rooms.pop(found)
        else:
            room, pack = capacity, len(packs)
            packs.append([])
        packs[pack].append(place)
        insort(rooms, (room - length, pack))
    return packs


class PackedLayout:
    """Packs of whole rows; the packs of a batch follow one another in a single line of tokens.

    With ``items``, every batch has as many tokens as so many full packs, for code that is compiled for one
    shape: what a pack lacks is a row that weighs nothing, and bounds are repeated up to a multiple of 64.
    """

    attention = SEGMENT_ATTENTION

    def __init__(self, capacity: int, items: int | None = None) -> None:
        self._capacity = capacity
        self._items = items

    def arrange(self, rows: Sequence[Row]) -> list[list[Row]]:
        """The items of the data set: packs by best fit."""
        packs = best_fit([len(row.token_ids) for row in rows], self._capacity)
        return [[rows[place] for place in pack] for pack in packs]

    def collate(self, items: Sequence[Sequence[Row]]) -> dict[str, Any]:
        """One line of tokens, with the bounds of its rows as transformers' flash attention takes them.

        With ``items``, ``padding`` tells how many of the tokens are none.
        """
        real = [row for item in items for row in item]
        rows = real if self._items is None else self._filled(items, self._items)
        lengths = torch.tensor([len(row.token_ids) for row in rows])
        bounds = torch.zeros(len(rows) + 1, dtype=torch.int32)
        bounds[1:] = lengths.cumsum(0)
        ids = torch.tensor([token for row in rows for token in row.token_ids])
        labels = ids.clone()
        for row, start in zip(rows, bounds.tolist(), strict=False):
            labels[start : start + row.prompt_tokens] = IGNORED
        longest = int(lengths.max())
        if self._items is not None:
            bounds = torch.cat([bounds, bounds[-1:].expand(-len(bounds) % _BOUNDS_STEP)])
            longest = self._capacity
        batch = {
            "input_ids": ids[None],
            "labels": labels[None],
            "position_ids": torch.cat([torch.arange(length) for length in lengths.tolist()])[None],
            "cu_seq_lens_q": bounds,
            "cu_seq_lens_k": bounds,
            "max_length_q": longest,
            "max_length_k": longest,
        }
        if self._items is not None:
            batch["padding"] = torch.tensor(len(ids) - sum(len(row.token_ids) for row in real))
        return batch

    def _filled(self, items: Sequence[Sequence[Row]], count: int) -> list[Row]:
        rows: list[Row] = []
        for item in (*items, *((),) * (count - len(items))):
            rows += item
            missing = self._capacity - sum(len(row.token_ids) for row in item)
            if missing:
                rows.append(Row("", (0,) * missing, missing))
        return rows
