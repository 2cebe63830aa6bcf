"""The folder of a corpus: shards of kept files by split, rejected files, and a manifest with the counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sft.corpus import CorpusFile, CorpusFilters, RejectionReason
from tasks.files import BadFile, read_json, read_json_lines

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True)
class CorpusShard:
    """A file of the corpus, its lines sorted by digest."""

    name: str
    split: Split
    files: int
    characters: int


@dataclass(frozen=True)
class UnreadableSource:
    """A source of which some or all could not be read. None of its files is in the corpus."""

    project: str
    path: str
    message: str


@dataclass(frozen=True)
class CorpusManifest:
    """What was read and what came of it; written last, so that a folder that has it is whole.

    ``files_read`` is the sum of ``files_kept`` and of ``rejected``.
    """

    tool_version: str
    filters: CorpusFilters
    validation_share: float
    sources: int
    unreadable: list[UnreadableSource]
    files_read: int
    files_kept: int
    rejected: dict[RejectionReason, int]
    projects: dict[Split, int]
    shards: list[CorpusShard]

    def characters(self, split: Split) -> int:
        """How many characters a split holds."""
        return sum(shard.characters for shard in self.shards if shard.split == split)


@dataclass(frozen=True)
class CorpusFolder:
    """Where the parts of a corpus lie."""

    path: Path

    @property
    def manifest_file(self) -> Path:
        return self.path / "corpus.json"

    @property
    def rejected_file(self) -> Path:
        return self.path / "rejected.jsonl"

    @property
    def work(self) -> Path:
        """What is kept until the shards are written."""
        return self.path / ".work"

    def shard(self, split: Split, number: int) -> Path:
        return self.path / f"{split}-{number:05}.jsonl.gz"

    def manifest(self) -> CorpusManifest:
        """The counts; raises `BadFile` where the folder holds no whole corpus."""
        if not self.manifest_file.exists():
            raise BadFile(f"{self.path}: no corpus (corpus.json is missing); make it by codex-sft corpus")
        return read_json(self.manifest_file, CorpusManifest)

    def files(self, split: Split) -> Iterator[CorpusFile]:
        """The files of a split, always in the same order; raises `BadFile`."""
        for shard in self.manifest().shards:
            if shard.split == split:
                yield from read_json_lines(self.path / shard.name, CorpusFile)
