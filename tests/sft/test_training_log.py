"""The log of a training run: what a killed run wrote too much is taken back, numbers reach TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sft.training_log import TrainingLog


def test_lines_after_the_checkpoint_and_cut_ones_are_taken_back(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path, first_step=1)
    for step in (1, 2, 3):
        log.write(step, loss=float(step))
    log.close()
    file = tmp_path / "log.jsonl"
    file.write_text(file.read_text() + '{"step": 4, "lo')
    again = TrainingLog(tmp_path, first_step=3)
    again.write(3, loss=0.5)
    again.close()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines == [{"step": 1, "loss": 1.0}, {"step": 2, "loss": 2.0}, {"step": 3, "loss": 0.5}]


def test_numbers_reach_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = TrainingLog(tmp_path, first_step=1)
    log.write(1, loss=2.0)
    log.write(2, loss=1.5)
    log.close()
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [(event.step, event.value) for event in board.Scalars("loss")] == [(1, 2.0), (2, 1.5)]
