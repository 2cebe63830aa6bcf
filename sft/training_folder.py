"""The folder of a training run: settings, versions, refused rows, curves, checkpoints, the best model."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from transformers import TrainerCallback

from sft.row_texts import RefusedRow
from tasks.files import BadFile, read_json, write_json, write_json_lines

_LIBRARIES = ("torch", "transformers", "trl", "accelerate", "tokenizers", "peft")


@dataclass(frozen=True)
class TrainingFolder:
    """Where the parts of a run lie."""

    path: Path

    @property
    def settings(self) -> Path:
        """What the run depends on, written before it begins."""
        return self.path / "settings.json"

    @property
    def refused(self) -> Path:
        return self.path / "refused.jsonl"

    @property
    def curves(self) -> Path:
        """A line for each log entry: losses, rate, tokens, by step."""
        return self.path / "curves.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The best checkpoint's model, with its tokenizer."""
        return self.path / "model"

    @property
    def outcome(self) -> Path:
        """The end of the run, written last: where it is, the rest is complete."""
        return self.path / "outcome.json"

    def begin(self, settings: Mapping[str, Any], refused: Sequence[RefusedRow]) -> None:
        """Write what the run depends on; raises `BadFile` if the folder is that of another run."""
        wanted = msgspec.json.decode(msgspec.json.encode(settings))
        if self.settings.exists():
            found = read_json(self.settings, dict[str, Any])["settings"]
            different = sorted(
                key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)
            )
            if different:
                raise BadFile(
                    f"{self.settings}: the folder holds a run with other {', '.join(different)}; "
                    "give another folder, or delete this one"
                )
            return
        write_json_lines(self.refused, refused)
        write_json(self.settings, {"settings": wanted, "versions": versions()})

    def last_checkpoint(self, processes: int) -> Path | None:
        """The newest checkpoint that is whole; those that a kill cut off are removed."""
        found = sorted(
            (each for each in self.checkpoints.glob("checkpoint-*") if each.name[11:].isdigit()),
            key=lambda each: int(each.name[11:]),
            reverse=True,
        )
        for each in found:
            if _is_whole(each, processes):
                return each
            shutil.rmtree(each)
        return None


class CurvesFile(TrainerCallback):
    """Appends each log entry to the curves and tells it; after a restart, what came after the checkpoint is
    dropped."""

    def __init__(self, file: Path, tell: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._file = file
        self._tell = tell

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.is_world_process_zero:
            write_json_lines(self._file, state.log_history)

    def on_log(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.is_world_process_zero:
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(state.log_history[-1]) + "\n")
            if self._tell:
                self._tell(state.log_history[-1])


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that are there."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _is_whole(checkpoint: Path, processes: int) -> bool:
    """Whether the state, which is written last, can be read, and every process left its random state."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_bytes())
    except (OSError, ValueError):
        return False
    return len(list(checkpoint.glob("rng_state*.pth"))) == processes
