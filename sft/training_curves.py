"""The curves of a training run as a picture; it imports matplotlib, so import it late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tasks.files import atomic_writer, read_json_lines

_LOSSES = {"loss": "training", "validation_loss": "validation", "eval_loss": "validation"}
_COLOURS = {"training": "#0072B2", "validation": "#D55E00"}


def draw_curves(log: Path, picture: Path) -> None:
    """Loss and learning rate by step, from the lines of a run's log, as PNG."""
    entries = list(read_json_lines(log, dict[str, Any]))
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    losses, rates = figure.subplots(1, 2)
    for key, label in _LOSSES.items():
        points = [(entry["step"], entry[key]) for entry in entries if key in entry]
        if points:
            marker = "o" if label == "validation" else None
            losses.plot(*zip(*points, strict=True), color=_COLOURS[label], marker=marker, ms=3, label=label)
    points = [(entry["step"], entry["learning_rate"]) for entry in entries if "learning_rate" in entry]
    rates.plot(*zip(*points, strict=True), color=_COLOURS["training"])
    losses.legend(fontsize=7, frameon=False)
    for axes, title in ((losses, "loss, nats a token"), (rates, "learning rate")):
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    with atomic_writer(picture) as stream:
        figure.savefig(stream, format="png", dpi=150)
