"""The end of training at the plateau of the validation loss."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback
from transformers.trainer_callback import ExportableState


class PlateauStop(TrainerCallback, ExportableState):
    """Stops when ``patience`` validations in a row bring the loss less than ``threshold`` below the last one
    that counted as better. Small gains add up: they are measured from there.

    During the warm-up nothing is counted, for the rate is not yet what the loss will follow. Its state is
    part of every checkpoint.
    """

    def __init__(self, patience: int, threshold: float, warm_up_steps: int) -> None:
        self._patience = patience
        self._threshold = threshold
        self._warm_up_steps = warm_up_steps
        self._reference: float | None = None
        self._worse = 0

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **others: Any) -> None:
        """Compare a validation with the best before it."""
        loss = metrics["eval_loss"]
        if self._reference is None or loss < self._reference - self._threshold:
            self._reference = loss
            self._worse = 0
        elif state.global_step > self._warm_up_steps:
            self._worse += 1
            control.should_training_stop = control.should_training_stop or self._worse >= self._patience

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: how it was made, and where it stands."""
        return {
            "args": {
                "patience": self._patience,
                "threshold": self._threshold,
                "warm_up_steps": self._warm_up_steps,
            },
            "attributes": {"_reference": self._reference, "_worse": self._worse},
        }
