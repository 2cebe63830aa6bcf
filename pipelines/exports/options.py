"""What is exported of a run's tasks, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from pipelines.benchmark_files import HUMANEVAL
from tasks.files import BadFile

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class Shares:
    """The shares of the tasks that are held out; the others are for training."""

    validation: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise BadFile(
                f"the shares {self.validation:g} for validation and {self.test:g} for tests: give numbers "
                "from 0 on that leave something to train on"
            )


@dataclass(frozen=True)
class ExportOptions:
    """What is wanted. Tasks that have it otherwise are left out, each for a reason with a name.

    ``max_tasks`` are drawn by ``seed`` from all that could be exported. ``licences`` are SPDX identifiers
    with which alone a task's licence has to be met; empty: any. ``benchmarks`` are files by their names, of
    which no task may be; tasks that `filter` has compared with its own are known to be, or not. ``shares``
    and ``seed`` part tasks into splits; ``split`` exports one of them. ``samples`` are result files of
    `evaluate` or of `filter`. ``rejected`` are files of what became no task. ``name`` is what a folder's
    content is called, by default as the folder; ``pairs`` is how many preference pairs a task gives at most.
    """

    documented_only: bool = True
    max_tasks: int | None = None
    min_tests: int = 0
    max_prompt_characters: int | None = None
    licences: tuple[str, ...] = ()
    allow_contaminated: bool = False
    benchmarks: Mapping[str, Path] = field(default_factory=lambda: dict([HUMANEVAL]))
    shares: Shares = Shares()
    split: Split | None = None
    seed: int = 0
    samples: tuple[Path, ...] = ()
    rejected: tuple[Path, ...] = ()
    pairs: int = 4
    name: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """Why a task has no row."""

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class ExportSummary:
    """What came of an export.

    ``tasks`` were read, of which ``exported`` have rows and those in ``left_out`` none, by the reason's name;
    the two are all of them. ``rows`` counts by table and split, ``refused`` by table and reason: tasks that
    have rows in other tables only, and samples. ``uncompared`` tasks were compared with benchmarks by their
    text and tree alone. ``digest`` is of what was written (SHA-256, hexadecimal), of a file its own.
    """

    format: str
    output: Path
    tasks: int
    exported: int
    left_out: dict[str, int]
    rows: dict[str, int]
    refused: dict[str, int]
    uncompared: int
    digest: str


def readable_name(text: str) -> str:
    """A name that packages, tasks of harnesses and folders may have: letters, digits and underscores."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    return name if name[:1].isalpha() else f"tasks_{name}".rstrip("_")
