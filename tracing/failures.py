"""How a project can fail: one message that names the stage, what happened and where the log is."""

from __future__ import annotations

from pathlib import Path

from sandbox.endings import printable


class ProjectFailure(Exception):
    """A project cannot be traced. ``reason`` is a stable name; the message is for people, fit for a terminal
    whatever the project wrote into it."""

    def __init__(self, stage: str, reason: str, message: str, log: Path | None = None) -> None:
        super().__init__(printable(message))
        self.stage = stage
        self.reason = reason
        self.message = printable(message)
        self.log = log
