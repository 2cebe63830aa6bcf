"""What a statement says about legal inputs: bounds of numbers, of lengths and of the items of lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class InputBound:
    """``minimum <= name <= maximum``, both included; None where the statement does not bound that side.

    ``of``: the number itself, the length of the text or list, or each item of the list called ``name``.
    A side that is no number but another name, as in ``1 <= k <= n``, stands in ``minimum_name`` or
    ``maximum_name``. ``text`` is the statement's own wording.
    """

    name: str
    of: Literal["value", "length", "item"] = "value"
    minimum: int | float | None = None
    maximum: int | float | None = None
    minimum_name: str | None = None
    maximum_name: str | None = None
    text: str = ""
