"""Sketches by their bands, in little memory: those that are equal in a band may be alike.

Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, §3.4. `datasketch.MinHashLSH` finds the same;
it takes more than twice the memory, with a set for every band of every sketch.
"""

from __future__ import annotations

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray


class SketchIndex:
    """Names of sketches with so many numbers, of which those alike to ``near`` and more are wanted."""

    def __init__(self, near: float, numbers: int) -> None:
        chosen = MinHashLSH(threshold=near, num_perm=numbers)
        self._bands: list[dict[int, int | list[int]]] = [{} for _ in range(chosen.b)]
        self._rows: int = chosen.r
        self._near = near
        self._names: list[str] = []
        self._sketches: list[bytes] = []

    def nearest(self, sketch: MinHash) -> tuple[float, str] | None:
        """The most alike that was added, and the estimated Jaccard index; of equal ones the first by name."""
        numbers = _numbers(sketch)
        candidates: set[int] = set()
        for band, key in zip(self._bands, self._keys(numbers), strict=True):
            found = band.get(key, [])
            candidates.update([found] if isinstance(found, int) else found)
        alike = [(self._similarity(numbers, place), self._names[place]) for place in candidates]
        alike = [entry for entry in alike if entry[0] >= self._near]
        return min(alike, key=lambda entry: (-entry[0], entry[1]), default=None)

    def add(self, name: str, sketch: MinHash) -> None:
        """Add a sketch."""
        numbers, place = _numbers(sketch), len(self._names)
        self._names.append(name)
        self._sketches.append(numbers.tobytes())
        for band, key in zip(self._bands, self._keys(numbers), strict=True):
            known = band.setdefault(key, place)
            if isinstance(known, list):
                known.append(place)
            elif known != place:
                band[key] = [known, place]

    def _keys(self, numbers: NDArray[np.uint32]) -> list[int]:
        """A number for each band; two different bands that share one are told apart by their sketches."""
        rows = self._rows
        return [hash(numbers[at * rows : (at + 1) * rows].tobytes()) for at in range(len(self._bands))]

    def _similarity(self, numbers: NDArray[np.uint32], place: int) -> float:
        return float(np.mean(numbers == np.frombuffer(self._sketches[place], np.uint32)))


def _numbers(sketch: MinHash) -> NDArray[np.uint32]:
    """They are less than 2^32."""
    return np.asarray(sketch.hashvalues, dtype=np.uint32)
