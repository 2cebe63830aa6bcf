"""Exporting tasks: which go into a set, into which split, and the writing of it, all or nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pipelines import __version__
from pipelines.exports.formats import FORMATS, Format
from pipelines.exports.judged_samples import RecordedSamples
from pipelines.exports.options import ExportOptions, ExportSummary, LeftOut, Split, readable_name
from pipelines.exports.rejected_rows import left_out_row, rejected_rows
from pipelines.exports.selection import Selection
from pipelines.exports.splits import SplitAssigner, rank
from pipelines.exports.tables import Table, TableRow
from pipelines.exports.task_source import TaskSource, unchanged
from tasks.files import BadFile, read_json, write_json
from tasks.record import Task

RECORD = "export.json"
"""The counts of an exported folder; a folder that has it may be replaced by another export."""

_ALL: Split = "train"
"""Where everything is that is not split."""


class NothingToExport(BadFile):
    """Every task is left out; the message has the counts by reason, as ``left_out`` has."""

    def __init__(self, message: str, left_out: dict[str, int]) -> None:
        super().__init__(message)
        self.left_out = left_out


@dataclass
class _Chosen:
    """What becomes of each task by its place: a split, or a reason."""

    tasks: int = 0
    splits: dict[int, Split] = field(default_factory=dict)
    left_out: dict[int, LeftOut] = field(default_factory=dict)
    uncompared: int = 0


def export_tasks(
    format: str, source: Path | Sequence[Path], output: Path, options: ExportOptions | None = None
) -> ExportSummary:
    """Write the tasks of runs (folders) or files as ``format``, one of `FORMATS`, to a file or folder.

    The tasks are read twice and never held in memory; of each about a kilobyte is. The output appears when
    all of it is written. Equal tasks and options give equal bytes. Raises `BadFile`: a source that cannot be
    read, a format that is not known, or an output that is in the way; `NothingToExport`.
    """
    options = options or ExportOptions()
    kind = FORMATS.get(format)
    if kind is None:
        raise BadFile(f"{format!r} is no format; there are {', '.join(FORMATS)}")
    if kind.needs_samples and not options.samples:
        raise BadFile(f"{format} needs recorded samples with verdicts: the result file of codex-sft evaluate")
    tasks = TaskSource.of(source)
    _check_place(kind, output)
    partial = output.with_name(f".{output.name}.partial")
    with ExitStack() as stack:
        samples = stack.enter_context(RecordedSamples(options.samples))
        tables = kind.tables(samples, options)
        chosen = _choose(tasks, kind, tables, options)
        if not chosen.splits:
            left_out = _counted(chosen.left_out)
            reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
            raise NothingToExport(
                f"none of {chosen.tasks} tasks can be exported ({reasons or 'there are none'})", left_out
            )
        stack.callback(shutil.rmtree, partial, ignore_errors=True)
        rows: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir(parents=True)
            name = output.name if kind.file else options.name or readable_name(output.name)
            kind.write(partial, name, _rows(tasks, kind, tables, chosen, options, rows, refused))
            refused.update({f"samples: {reason}": count for reason, count in samples.left_out.items()})
            digest = _file_digest(partial / name) if kind.file else _digest(partial)
            summary = ExportSummary(
                format=format,
                output=output,
                tasks=chosen.tasks,
                exported=len(chosen.splits),
                left_out=_counted(chosen.left_out),
                rows=dict(sorted(rows.items())),
                refused=dict(sorted(refused.items())),
                uncompared=chosen.uncompared,
                digest=digest,
            )
            if kind.file:
                (partial / name).replace(output)
            else:
                write_json(partial / RECORD, {**_record(summary), "files": _files(partial)})
                _replace_folder(partial, output)
        except OSError as error:
            raise BadFile(f"{output} cannot be written: {error.strerror or error}") from error
    return summary


def _choose(tasks: TaskSource, kind: Format, tables: list[Table], options: ExportOptions) -> _Chosen:
    """The first reading: what can be exported, what is drawn of it, and its splits."""
    chosen = _Chosen()
    selection = Selection(options, kind.rights)
    by_split = kind.by_split or options.split is not None
    assigner = SplitAssigner(options.shares, options.seed) if by_split else None
    ranks: list[tuple[bytes, int]] = []
    for place, task in enumerate(tasks.read()):
        chosen.tasks += 1
        if assigner:
            assigner.add(task)
        objection = selection.objection(task) or _no_row(task, tables)
        if objection is None:
            ranks.append((rank(options.seed, task.task_id), place))
        else:
            chosen.left_out[place] = objection
    chosen.uncompared = selection.uncompared
    splits = assigner.splits() if assigner else []
    if options.split is not None:
        for _, place in ranks:
            if splits[place] != options.split:
                chosen.left_out[place] = LeftOut("in_another_split", splits[place])
        ranks = [each for each in ranks if splits[each[1]] == options.split]
    if options.max_tasks is not None and len(ranks) > options.max_tasks:
        ranks.sort()
        for _, place in ranks[options.max_tasks :]:
            chosen.left_out[place] = LeftOut("beyond_max_tasks")
        ranks = ranks[: options.max_tasks]
    chosen.splits = {place: splits[place] if splits else _ALL for _, place in ranks}
    return chosen


def _no_row(task: Task, tables: list[Table]) -> LeftOut | None:
    """Why none of the tables has a row of the task: the first one's reason."""
    reasons = []
    for table in tables:
        made = table.rows(task)
        if not isinstance(made, LeftOut):
            return None
        reasons.append(made)
    return reasons[0]


def _rows(
    tasks: TaskSource,
    kind: Format,
    tables: list[Table],
    chosen: _Chosen,
    options: ExportOptions,
    rows: Counter[str],
    refused: Counter[str],
) -> Iterator[TableRow]:
    """The second reading: all rows, counted as they pass by."""

    def counted(row: TableRow) -> TableRow:
        rows[f"{row.table}/{row.split}" if kind.by_split else row.table] += 1
        return row

    for place, task in enumerate(unchanged(chosen.tasks, tasks.read())):
        split = chosen.splits.get(place)
        if split is None:
            if kind.rejected:
                yield counted(TableRow("rejected", _ALL, left_out_row(task.task_id, chosen.left_out[place])))
            continue
        for table in tables:
            made = table.rows(task)
            if isinstance(made, LeftOut):
                refused[f"{table.name}: {made.reason}"] += 1
                continue
            for row in made:
                yield counted(TableRow(table.name, split, row))
    if kind.rejected:
        for row in rejected_rows(options.rejected):
            yield counted(TableRow("rejected", _ALL, row))


def _counted(left_out: dict[int, LeftOut]) -> dict[str, int]:
    return dict(sorted(Counter(each.reason for each in left_out.values()).items()))


def _record(summary: ExportSummary) -> dict[str, object]:
    """What of a summary is the same wherever the folder lies."""
    names = ("format", "tasks", "exported", "left_out", "rows", "refused", "uncompared", "digest")
    return {"tool_version": __version__, **{name: getattr(summary, name) for name in names}}


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in _files(folder):
        digest.update(f"{file}\0{_file_digest(folder / file)}\n".encode())
    return digest.hexdigest()


def _file_digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_place(kind: Format, output: Path) -> None:
    if kind.file and output.is_dir():
        raise BadFile(f"{output} is a folder; this format is one file: name it with --output")
    if kind.file or not output.exists():
        return
    if not output.is_dir():
        raise BadFile(f"{output} is a file; this format is a folder: choose another --output")
    own = read_json(output / RECORD, _FilesOfRecord).files if (output / RECORD).is_file() else []
    for file in _files(output):
        if file not in (*own, RECORD) and "__pycache__" not in file:
            raise BadFile(f"{output / file} is of no export and would be lost; choose another --output")


@dataclass(frozen=True)
class _FilesOfRecord:
    """What the record of an exported folder says that is in it."""

    files: list[str] = field(default_factory=list)


def _files(folder: Path) -> list[str]:
    """Names of the files below a folder, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def _replace_folder(partial: Path, output: Path) -> None:
    """Put a folder in the place of an older export, which goes first: no reader sees a mixture."""
    old = output.with_name(f".{output.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    partial.rename(output)
    shutil.rmtree(old, ignore_errors=True)
