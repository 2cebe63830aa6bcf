"""Cutting a completion before its first stop, exactly, with the log-probabilities that belong to it."""

from __future__ import annotations

from collections.abc import Sequence


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop begins, or None. A stop at the very beginning counts as well."""
    found = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    return min(found, default=None)


def kept_tokens(offsets: Sequence[int], length: int) -> int:
    """How many tokens a text of ``length`` characters has, given where each begins.

    A token that begins within the text counts, also where its end was cut off with a stop.
    """
    return sum(offset < length for offset in offsets)
