"""The switch between the two layouts of a batch, whose loss and gradients are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from sft.packed_layout import PackedLayout
from sft.paper_layout import PaperLayout
from sft.rows import Row

LayoutName = Literal["packed", "paper"]
PositionMode = Literal["from_first_token", "by_column"]


class Layout(Protocol):
    """How rows are laid out as the items of a data set, and items as the tensors of a batch."""

    def arrange(self, rows: Sequence[Row]) -> list[list[Row]]:
        """The items of the data set, each one or several rows."""

    def collate(self, items: Sequence[Sequence[Row]]) -> dict[str, Any]:
        """The model's arguments for a batch of items."""


def attention_of(name: LayoutName) -> str:
    """The attention implementation that a model needs for a layout."""
    return PackedLayout.attention if name == "packed" else PaperLayout.attention


def choose_layout(
    name: LayoutName, context: int, pad_token: int, positions: PositionMode, fixed_items: int | None = None
) -> Layout:
    """The layout of a name, for rows of at most ``context`` tokens.

    With ``fixed_items``, packed batches have the shape of so many full packs.
    """
    if name == "packed":
        return PackedLayout(context, fixed_items)
    return PaperLayout(pad_token, by_column=positions == "by_column")
