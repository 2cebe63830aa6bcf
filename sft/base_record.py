"""How a base model was trained, kept beside its weights for those who train it further."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.files import BadFile, read_json, write_json

_NAME = "base_training.json"


@dataclass(frozen=True)
class BaseRecord:
    """The preset of its size, and the peak of its learning rate."""

    preset: str
    learning_rate: float


def write_base_record(model: Path, record: BaseRecord) -> None:
    """Write the record into a model's folder."""
    write_json(model / _NAME, record)


def read_base_record(model: str) -> BaseRecord:
    """The record of a model's folder; raises `BadFile` where there is none."""
    file = Path(model) / _NAME
    if not file.exists():
        raise BadFile(
            f"{model} does not tell how it was trained: {_NAME}, of codex-sft train base, is missing"
        )
    return read_json(file, BaseRecord)
