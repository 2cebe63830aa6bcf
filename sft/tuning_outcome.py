"""The end of a fine-tuning, as its folder keeps it: to be read where no model runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.files import read_json


@dataclass(frozen=True)
class TuningOutcome:
    """The end of a run. Losses are the validation's, in nats per trained token; ``best`` the kept one's."""

    steps: int
    stopped: str
    first_loss: float
    best_loss: float
    best_step: int
    tokens: int
    seconds: float


def read_outcome(folder: Path) -> TuningOutcome:
    """The end of the run in a training folder; raises `BadFile` where there is none."""
    return read_json(folder / "outcome.json", TuningOutcome)
