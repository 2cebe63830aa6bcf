"""The card of a shipped base model, for programs: what it was made of, and how to tell that it is the one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BaseCard:
    """Digests are SHA-256; ``projects`` is that of the names of the corpus's projects. Seconds are real ones.

    ``overlaps`` counts what the corpus shares with the ``compared_tasks``, which are held out of it.
    """

    weights_sha256: str
    tokenizer_sha256: str
    corpus_sha256: str
    projects: str
    parameters: int
    steps: int
    tokens: int
    corpus_tokens: int
    corpus_files: int
    validation_loss: float | None
    seconds: float
    seed: int
    versions: dict[str, str]
    compared_tasks: int
    overlaps: int


def file_digest(file: Path) -> str:
    """The digest of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
