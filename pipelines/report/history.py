"""The builds that a folder has seen, the present one and the one before it, and what is between them."""

from __future__ import annotations

import contextlib
import difflib
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy

from pipelines.build_folder import STAGE_NAMES, BuildFolder, BuildManifest, StageRecord
from tasks.files import BadFile, atomic_writer, read_json_lines
from tasks.json_decoders import json_decoder
from tasks.record import Task

_NAMED = 12
_DIFF_LINES = 80


@dataclass(frozen=True)
class SavedBuild:
    """The first line of a saved build; a `SavedTask` for each task of its exports follows."""

    finished_at: str
    manifest: BuildManifest


@dataclass(frozen=True)
class SavedTask:
    """A task's name, and a digest of what it is trained on and tested by."""

    task_id: str
    digest: str


@dataclass(frozen=True)
class CountChange:
    """How many items a stage read, kept, or lost for a reason, before and now."""

    stage: str
    what: str
    before: int
    now: int


@dataclass
class NamedTasks:
    """A number of tasks, with the names of the first ones."""

    number: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count a task."""
        self.number += 1
        if len(self.names) < _NAMED:
            self.names.append(name)


@dataclass(frozen=True)
class Changes:
    """What is otherwise than in the build before, which ended at ``since``; ``recipe`` is a diff."""

    since: str
    versions: tuple[str, str]
    recipe: list[str]
    counts: list[CountChange]
    new: NamedTasks
    gone: NamedTasks
    changed: NamedTasks


def save_build(folder: BuildFolder, manifest: BuildManifest, tasks: Path, finished_at: str) -> None:
    """Keep a build's record and the names of its tasks; the one that was kept becomes the one before it.

    A build that is equal to the one that is kept changes nothing.
    """
    current, previous = _current(folder), _previous(folder)
    if current.exists():
        with contextlib.suppress(BadFile):
            if _saved(current).manifest == json_decoder(BuildManifest).decode(msgspec.json.encode(manifest)):
                return
        current.replace(previous)  # killed here, the next one still finds it as the one before
    encoder = msgspec.json.Encoder()
    with atomic_writer(current) as stream:
        stream.write(encoder.encode(SavedBuild(finished_at, manifest)) + b"\n")
        for task in read_json_lines(tasks, Task):
            stream.write(encoder.encode(SavedTask(task.task_id, _digest(task))) + b"\n")


def changes_since_previous(folder: BuildFolder) -> Changes | None:
    """What changed between the two builds that are kept; None if there is but one."""
    current, previous = _current(folder), _previous(folder)
    if not current.exists() or not previous.exists():
        return None
    before, now = _saved(previous), _saved(current)
    new, gone, changed = _compared(previous, current)
    diff = difflib.unified_diff(
        before.manifest.recipe.splitlines(), now.manifest.recipe.splitlines(), lineterm="", n=1
    )
    return Changes(
        before.finished_at,
        (before.manifest.tool_version, now.manifest.tool_version),
        [line for line in diff if not line.startswith(("---", "+++", "@@"))][:_DIFF_LINES],
        _counts(before.manifest.stages, now.manifest.stages),
        new,
        gone,
        changed,
    )


def _current(folder: BuildFolder) -> Path:
    return folder.path / "history" / "current.jsonl.gz"


def _previous(folder: BuildFolder) -> Path:
    return folder.path / "history" / "previous.jsonl.gz"


def _saved(file: Path) -> SavedBuild:
    try:
        with gzip.open(file, "rb") as stream:
            return json_decoder(SavedBuild).decode(stream.readline())
    except (OSError, EOFError, ValueError) as error:
        raise BadFile(
            f"{file}: {error}; remove it, and what changed is told from the next build on"
        ) from error


def _tasks(file: Path) -> Iterator[SavedTask]:
    rows = read_json_lines(file, msgspec.Raw)
    next(rows)
    for row in rows:
        yield json_decoder(SavedTask).decode(row)


def _digest(task: Task) -> str:
    learned = (task.prompt, task.canonical_solution, task.tests, task.stdio_tests, task.check)
    return hashlib.sha256(msgspec.json.encode(learned)).hexdigest()[:16]


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogatepass")).digest()[:8], "big")


def _compared(previous: Path, current: Path) -> tuple[NamedTasks, NamedTasks, NamedTasks]:
    """Tasks that are new, gone and changed; of a task of the one before 16 bytes are held."""
    pairs = ((_key(task.task_id), int(task.digest, 16)) for task in _tasks(previous))
    before = numpy.fromiter(pairs, dtype=[("key", "u8"), ("digest", "u8")])
    before.sort(order="key")
    keys, seen = numpy.ascontiguousarray(before["key"]), numpy.zeros(len(before), dtype=bool)

    def place(name: str) -> int | None:
        key = numpy.uint64(_key(name))
        at = int(numpy.searchsorted(keys, key))
        return at if at < len(keys) and keys[at] == key else None

    new, gone, changed = NamedTasks(), NamedTasks(), NamedTasks()
    for task in _tasks(current):
        at = place(task.task_id)
        if at is None:
            new.add(task.task_id)
            continue
        seen[at] = True
        if int(before["digest"][at]) != int(task.digest, 16):
            changed.add(task.task_id)
    for task in _tasks(previous):
        at = place(task.task_id)
        if at is not None and not seen[at]:
            gone.add(task.task_id)
    return new, gone, changed


def _counts(before: list[StageRecord], now: list[StageRecord]) -> list[CountChange]:
    """Counts that are not what they were, in the order of the stages."""
    earlier, later = _flat(before), _flat(now)
    names = [*later, *(name for name in earlier if name not in later)]
    names.sort(key=lambda name: STAGE_NAMES.index(name[0]))
    return [
        CountChange(*name, earlier.get(name, 0), later.get(name, 0))
        for name in names
        if earlier.get(name, 0) != later.get(name, 0)
    ]


def _flat(records: list[StageRecord]) -> dict[tuple[str, str], int]:
    flat: dict[tuple[str, str], int] = {}
    for record in records:
        flat[record.stage, "read"] = record.read
        flat |= {(record.stage, f"{loss.step}: {loss.reason}"): loss.items for loss in record.losses}
        flat[record.stage, "kept"] = record.kept
    return flat
