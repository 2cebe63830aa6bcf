"""Ends a run that fills the disk: it looks at the run's folders, and at what is left of their disk."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_INTERVAL = 0.2
_REST = 20.0
"""A walk over the folders is followed by a pause of so many times its own duration."""


@dataclass(frozen=True)
class DiskLimits:
    """``bytes`` and ``files`` bound what a project's folders may hold together; a run is also ended when
    fewer than ``reserve_bytes`` are left on their disk, whoever filled it."""

    bytes: int = 10 * 2**30
    files: int = 1_000_000
    reserve_bytes: int = 2**30


class DiskWatch:
    """Watches a folder for as long as the block lasts, and calls ``on_excess`` once if it grows too large.

    ``excess`` then says what was too much. The disk's free space is read five times a second; the folder is
    walked when that fell by a sixteenth of the limit, or now and then.
    """

    def __init__(self, folder: Path, limits: DiskLimits, on_excess: Callable[[], None]) -> None:
        self._folder = folder
        self._limits = limits
        self._on_excess = on_excess
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.excess: str | None = None

    def __enter__(self) -> DiskWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        free_then, files_then = _free(self._folder)
        next_walk = time.monotonic() + 1.0
        while not self._stop.wait(_INTERVAL):
            free, files = _free(self._folder)
            if free < self._limits.reserve_bytes:
                reserve = _size(self._limits.reserve_bytes)
                self._end(f"less than {reserve} is left on the disk of {self._folder}")
                return
            grown = (
                free_then - free > self._limits.bytes // 16 or files_then - files > self._limits.files // 16
            )
            if not grown and time.monotonic() < next_walk:
                continue
            free_then, files_then = free, files
            started = time.monotonic()
            excess = measure_excess(self._folder, self._limits)
            if excess:
                self._end(excess)
                return
            next_walk = time.monotonic() + max(1.0, _REST * (time.monotonic() - started))

    def _end(self, excess: str) -> None:
        self.excess = excess
        self._on_excess()


def measure_excess(folder: Path, limits: DiskLimits) -> str | None:
    """What is too much of a folder's content, in words; None if nothing is. Links are not followed."""
    size = files = 0
    hidden: list[OSError] = []
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    # blocks, since a file with holes may be larger than the disk
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError as error:  # what is being deleted meanwhile, or may not be looked into
            hidden.append(error)
        if size > limits.bytes:
            return f"its files took more than {_size(limits.bytes)} of disk"
        if files > limits.files:
            return f"it made more than {limits.files} files"
    if any(error.errno == errno.ENAMETOOLONG for error in hidden):
        return "its folders lie deeper than the system can name"
    return None


def _free(folder: Path) -> tuple[int, int]:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize, facts.f_favail


def _size(count: int) -> str:
    return f"{count / 2**30:.3g} GiB"
