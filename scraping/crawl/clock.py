"""Time as the crawl sees it, so that tests need not wait."""

from __future__ import annotations

import datetime
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970, and waiting."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock as it stood at the start, going on steadily: corrections shorten no wait."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def timestamp(seconds: float) -> str:
    """A time as text in UTC; such texts sort by time."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="microseconds")


def seconds_of(text: str) -> float:
    """The time that `timestamp` wrote."""
    return datetime.datetime.fromisoformat(text).timestamp()


def in_utc(text: str) -> str:
    """A time of another source (ISO 8601) as `timestamp` would write it; raises `ValueError`."""
    return timestamp(seconds_of(text.replace("Z", "+00:00")))
