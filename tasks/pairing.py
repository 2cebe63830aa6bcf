"""Whether two collections hold the same items, where equality is no matter of equal text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def can_be_paired(left: Sequence[Item], right: Sequence[Item], equal: Callable[[Item, Item], bool]) -> bool:
    """A perfect matching by augmenting paths: with a tolerance, the first that fits may be the wrong one."""
    if len(left) != len(right):
        return False
    partners: dict[int, int] = {}

    def pair(index: int, tried: set[int]) -> bool:
        for other in range(len(right)):
            if other not in tried and equal(left[index], right[other]):
                tried.add(other)
                if other not in partners or pair(partners[other], tried):
                    partners[other] = index
                    return True
        return False

    return all(pair(index, set()) for index in range(len(left)))
