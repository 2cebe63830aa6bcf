"""How a project can fail: one message that names the stage, what happened and where the log is."""

from __future__ import annotations

from pathlib import Path


class ProjectFailure(Exception):
    """A project cannot be traced. ``reason`` is a stable name; the message is for people."""

    def __init__(self, stage: str, reason: str, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.stage = stage
        self.reason = reason
        self.message = message
        self.log = log
