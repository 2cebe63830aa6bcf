"""How tasks are spread over a measure, counted one by one, in as much memory as there are bars."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_OTHERS = "all others"
_MOST_NAMES = 1000


@dataclass(frozen=True)
class Bar:
    """How many tasks of one range or name are kept, and how many are not."""

    label: str
    kept: int
    rejected: int

    @property
    def total(self) -> int:
        return self.kept + self.rejected


@dataclass(frozen=True)
class Distribution:
    """A counted distribution. ``unknown`` tasks have no value of this measure."""

    title: str
    note: str
    bars: list[Bar]
    unknown: int

    @property
    def largest(self) -> int:
        """The tasks of the longest bar."""
        return max((bar.total for bar in self.bars), default=0)


class Histogram:
    """Counts values in ranges that begin at ``edges``; the first begins at the smallest value there can be.

    With ``whole`` the labels are those of whole numbers. ``top`` is the largest value there can be, which
    gets a bar of its own.
    """

    def __init__(self, edges: Sequence[float], *, whole: bool = True, top: float | None = None) -> None:
        self._edges = [*edges, top] if top is not None else list(edges)
        self._whole = whole
        self._top = top
        self._counts = Counter[tuple[int, bool]]()
        self._unknown = 0

    def add(self, value: float | None, kept: bool) -> None:
        """Count a task; None if it was not measured."""
        if value is None:
            self._unknown += 1
        else:
            self._counts[max(bisect_right(self._edges, value) - 1, 0), kept] += 1

    def counted(self, title: str, note: str = "") -> Distribution:
        """What was counted, without empty ranges at either end."""
        seen = sorted({place for place, _ in self._counts})
        bars = [
            Bar(self._label(place), self._counts[place, True], self._counts[place, False])
            for place in (range(seen[0], seen[-1] + 1) if seen else ())
        ]
        return Distribution(title, note, bars, self._unknown)

    def _label(self, place: int) -> str:
        low = self._edges[place]
        if self._top is not None and place == len(self._edges) - 1:
            return f"{low:g}"
        if place == len(self._edges) - 1:
            return f"{low:,g} or more"
        high = self._edges[place + 1]
        if not self._whole:
            return f"{low:g} to {high:g}"
        return f"{low:,g}" if high - low == 1 else f"{low:,g} to {high - 1:,g}"


class Tally:
    """Counts names; the most frequent are shown, the others together."""

    def __init__(self, shown: int = 12) -> None:
        self._shown = shown
        self._counts = Counter[tuple[str, bool]]()
        self._names: set[str] = set()

    def add(self, name: str, kept: bool) -> None:
        """Count a task under a name. Of endlessly many names the later ones are counted together."""
        if name not in self._names and len(self._names) >= _MOST_NAMES:
            name = _OTHERS
        self._names.add(name)
        self._counts[name, kept] += 1

    def counted(self, title: str, note: str = "") -> Distribution:
        """What was counted, the most frequent name first."""
        bars = [Bar(name, self._counts[name, True], self._counts[name, False]) for name in self._names]
        bars.sort(key=lambda bar: (bar.label == _OTHERS, -bar.total, bar.label))
        shown, rest = bars[: self._shown], bars[self._shown :]
        if rest:
            shown.append(Bar(_OTHERS, sum(bar.kept for bar in rest), sum(bar.rejected for bar in rest)))
        return Distribution(title, note, shown, 0)
