"""The exports of a build: what a recipe says of each, and the writing of it by `pipelines.export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pipelines.benchmark_files import HUMANEVAL
from pipelines.export import NothingToExport, export_tasks
from pipelines.exports.formats import FORMATS
from pipelines.exports.options import ExportOptions, Shares, Split

_Count = Annotated[int, Meta(ge=1)]


class ExportTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the recipe; its settings are those of ``codex-sft export``."""

    include_undocumented: bool = False
    max_tasks: _Count | None = None
    min_tests: Annotated[int, Meta(ge=0)] = 0
    max_prompt_characters: _Count | None = None
    licences: tuple[str, ...] = ()
    allow_contaminated: bool = False
    benchmarks: dict[str, str] = {}
    held_out: tuple[float, float] = (0.05, 0.05)
    split: Split | None = None
    seed: int = 0
    samples: tuple[str, ...] = ()
    pairs: _Count = 4
    name: str | None = None


@dataclass(frozen=True)
class Export:
    """An export that a recipe asks for: its name is that of its file, but for the ending, or folder."""

    name: str
    format: str
    options: ExportOptions


@dataclass(frozen=True)
class Exported:
    """What was written: tasks that have rows, tasks left out by reason, rows by table and split."""

    tasks: int
    left_out: dict[str, int]
    rows: dict[str, int]
    refused: dict[str, int]


def options_of(table: ExportTable, folder: Path) -> ExportOptions:
    """The options that a table says, with files from a folder; raises `tasks.files.BadFile`."""
    return ExportOptions(
        documented_only=not table.include_undocumented,
        max_tasks=table.max_tasks,
        min_tests=table.min_tests,
        max_prompt_characters=table.max_prompt_characters,
        licences=table.licences,
        allow_contaminated=table.allow_contaminated,
        benchmarks=dict([HUMANEVAL]) | {name: folder / file for name, file in table.benchmarks.items()},
        shares=Shares(*table.held_out),
        split=table.split,
        seed=table.seed,
        samples=tuple(folder / file for file in table.samples),
        pairs=table.pairs,
        name=table.name,
    )


def write_export(export: Export, tasks: Path, folder: Path, options: ExportOptions) -> Exported:
    """Write an export into a folder; one without rows writes nothing. Raises `tasks.files.BadFile`."""
    ending = ".jsonl" if FORMATS[export.format].file else ""
    try:
        made = export_tasks(export.format, tasks, folder / f"{export.name}{ending}", options)
    except NothingToExport as nothing:
        return Exported(0, nothing.left_out, {}, {})
    return Exported(made.exported, made.left_out, made.rows, made.refused)
