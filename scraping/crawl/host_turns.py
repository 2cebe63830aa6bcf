"""Turns of one host: who may ask it, and when. Kept on disk, so that they outlast processes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import msgspec

from scraping.crawl.clock import Clock
from tasks.json_decoders import json_decoder

_LONGEST_NAME = 100
_LONGEST_WAIT = 30 * 24 * 3600.0


@dataclass(frozen=True)
class HostRefusal:
    """A host's word that it does not want to be asked: when, for what page, why."""

    at: float
    url: str
    reason: str
    detail: str


@dataclass(frozen=True)
class HostState:
    """What has to be known of a host from one request to the next; times in seconds since 1970.

    ``contact`` is the end of the last request. ``not_before`` is what the host asked for by ``Retry-After``.
    """

    contact: float = 0.0
    under_way: bool = False
    not_before: float = 0.0
    refusal: HostRefusal | None = None


class HostTurns:
    """One host, which nobody else on this machine asks as long as this is held."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self.state = self._read()

    @classmethod
    @contextlib.contextmanager
    def held(cls, folder: Path, host: str, clock: Clock) -> Iterator[HostTurns]:
        """Wait for the host to be free, and hold it."""
        folder.mkdir(parents=True, exist_ok=True)
        name = quote(host, safe="")
        if len(name) > _LONGEST_NAME:
            name = hashlib.sha256(host.encode()).hexdigest()
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield cls(folder / f"{name}.json", clock)

    @property
    def asked_wait(self) -> float:
        """Seconds for which the host has asked to be left alone."""
        return self.state.not_before - self._clock.now()

    @contextlib.contextmanager
    def turn(self, delay: float) -> Iterator[None]:
        """Wait for a turn and take it: ``delay`` seconds after the end of the last one.

        Counted from the end, the time between two arrivals at the host is never shorter than the delay.
        """
        begin = max(self.state.contact + delay, self.state.not_before)
        while (seconds := begin - self._clock.now()) > 0:
            self._clock.sleep(seconds)
        self._write(replace(self.state, under_way=True))
        try:
            yield
        finally:
            self._write(replace(self.state, under_way=False, contact=self._clock.now()))

    def hold_off(self, seconds: float) -> None:
        """Ask nothing for so many seconds from now, or for a month if that is less."""
        until = self._clock.now() + min(seconds, _LONGEST_WAIT)
        self._write(replace(self.state, not_before=max(self.state.not_before, until)))

    def refuse(self, url: str, reason: str, detail: str) -> None:
        """Remember that the host refused."""
        self._write(replace(self.state, refusal=HostRefusal(self._clock.now(), url, reason, detail)))

    def forget_refusal(self) -> None:
        """The host has given a page again."""
        if self.state.refusal is not None:
            self._write(replace(self.state, refusal=None))

    def _read(self) -> HostState:
        try:
            state = json_decoder(HostState).decode(self._file.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return HostState()
        now = self._clock.now()
        return HostState(
            # under way: whoever had it was killed, perhaps just now; later than now: the clock was set back
            contact=now if state.under_way else min(state.contact, now),
            not_before=min(state.not_before, now + _LONGEST_WAIT),
            refusal=state.refusal,
        )

    def _write(self, state: HostState) -> None:
        self.state = state
        # not synchronized to the disk, unlike results: after a failure of the machine enough time has passed
        temporary = self._file.with_name(f".{self._file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        temporary.write_bytes(msgspec.json.encode(state))
        temporary.replace(self._file)
