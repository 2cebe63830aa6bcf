"""How processes of untrusted code ended, and their texts made fit for messages."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Ending:
    """How a sample's process ended: of itself with ``code``, by the signal ``code``, or at a limit."""

    kind: Literal["exited", "signalled", "timeout", "out_of_memory", "output_limit", "infrastructure"]
    code: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    detail: str = ""

    def describe(self) -> str:
        """How it ended, in words for a message."""
        if self.kind == "exited":
            return f"it ended by itself, with exit status {self.code}"
        if self.kind == "signalled":
            return f"it was killed by {_signal_name(self.code)}"
        if self.kind == "timeout":
            return f"it reached its time limit after {self.cpu_seconds:.1f} s of processor time"
        words = {
            "out_of_memory": "it was killed for the memory it used",
            "output_limit": "it answered more than allowed",
            "infrastructure": f"the sandbox failed: {self.detail}",
        }
        return words[self.kind]


def printable(text: str) -> str:
    """Untrusted text, cut and without control characters, fit for a message or a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:500])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
