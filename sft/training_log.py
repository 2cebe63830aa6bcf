"""The log of a training run: JSON lines in its folder, and TensorBoard where that is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tasks.files import atomic_writer


class TrainingLog:
    """Appends a line for each step; what a killed run wrote after its checkpoint is taken back first."""

    def __init__(self, folder: Path, first_step: int) -> None:
        self._file = folder / "log.jsonl"
        self._take_back(first_step)
        self._stream = self._file.open("a", encoding="utf-8")
        self._board = _tensorboard(folder / "tensorboard", first_step)

    def write(self, step: int, **numbers: float) -> None:
        """Record numbers of a step; a line that was written is on disk whole or not at all."""
        self._stream.write(json.dumps({"step": step, **numbers}) + "\n")
        self._stream.flush()
        if self._board is not None:
            for name, number in numbers.items():
                self._board.add_scalar(name, number, step)

    def close(self) -> None:
        self._stream.close()
        if self._board is not None:
            self._board.close()

    def _take_back(self, first_step: int) -> None:
        kept = [line for line in self._lines() if json.loads(line)["step"] < first_step]
        with atomic_writer(self._file) as stream:
            stream.write("".join(line + "\n" for line in kept).encode())

    def _lines(self) -> list[str]:
        """The lines that are whole: a kill may have cut the last."""
        text = self._file.read_text() if self._file.exists() else ""
        return text.split("\n")[:-1]


def _tensorboard(folder: Path, first_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=first_step)
