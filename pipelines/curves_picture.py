"""The picture of a training run's curves, where there is something to draw it with."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def draw_training_curves(log: Path) -> None:
    """Draw ``curves.png`` beside a run's log, if matplotlib (the extra ``report``) is there."""
    if importlib.util.find_spec("matplotlib") is not None:
        from sft.training_curves import draw_curves

        draw_curves(log, log.with_name("curves.png"))
