"""The folder of a build: where its parts lie, and the records that its stages leave."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from pipelines.run_folder import RunFolder

StageName = Literal["trace", "scrape", "gather", "filter", "export"]
STAGE_NAMES: tuple[StageName, ...] = get_args(StageName)
"""The stages in their order. ``gather`` makes one file of the tasks of all sources."""

MANIFEST_VERSION = 1


@dataclass(frozen=True)
class Loss:
    """How many items a stage lost at a step of its own, and for what reason."""

    step: str
    reason: str
    items: int


@dataclass(frozen=True)
class SourceCount:
    """What of a project, site or file came in, and what was left of it."""

    source: str
    read: int
    kept: int
    losses: list[Loss] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """An input that gave nothing: at which step, for what reason."""

    source: str
    step: str
    reason: str


@dataclass(frozen=True)
class Output:
    """A file or folder that a stage wrote, by its place in the build, with `content_digest.file_digest`."""

    path: str
    rows: int
    digest: str


@dataclass(frozen=True)
class StageRecord:
    """What a stage did. What came in is what was kept and what was lost. ``facts`` are further counts.

    The items of ``trace`` are functions that tests called, of ``scrape`` problems, of ``export`` the tasks
    of all exports; of the others they are tasks.
    """

    stage: StageName
    read: int
    kept: int
    losses: list[Loss]
    sources: list[SourceCount] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FinishedStage:
    """A stage's record with what it depended on: while that is the same, the stage is not run again."""

    key: str
    record: StageRecord


@dataclass(frozen=True)
class BuildManifest:
    """What a build did, written last: where it is, the rest is complete.

    It has no times: the same recipe gives the same manifest, however often it was stopped and wherever it
    ran. Times are in ``times.json``.
    """

    manifest_version: int
    tool_version: str
    recipe: str
    stages: list[StageRecord]


@dataclass(frozen=True)
class StageTimes:
    """Seconds that a stage took when it was last run, and what it cost besides: processor time, prices."""

    seconds: float
    finished_at: str
    runner: str
    costs: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class BuildFolder:
    """Where the parts of a build lie."""

    path: Path

    @property
    def manifest(self) -> Path:
        return self.path / "build.json"

    @property
    def times(self) -> Path:
        return self.path / "times.json"

    @property
    def status(self) -> Path:
        return self.path / "status.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def exports(self) -> Path:
        return self.path / "exports"

    def stage(self, name: StageName) -> RunFolder:
        """The folder of a stage, which is that of the command that does the same."""
        return RunFolder(self.path / "stages" / name)

    def finished(self, name: StageName) -> Path:
        """The record of a stage that has come to its end."""
        return self.path / "stages" / f"{name}.json"

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Hold the folder, without what an interrupted build left; raises `OutputUnusable`.

        Temporary files of this process and its children lie together until the block ends.
        """
        with RunFolder(self.path).open():
            shutil.rmtree(self.path / ".labels", ignore_errors=True)
            self._remove_leftovers()
            name = sha256(str(self.path.resolve()).encode()).hexdigest()[:16]
            for left in Path(tempfile.gettempdir()).glob(f"codex-sft-build-{name}-*"):
                shutil.rmtree(left, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix=f"codex-sft-build-{name}-"))
            scratch.chmod(0o711)  # sandboxed users pass through
            before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
            tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
            try:
                yield
            finally:
                tempfile.tempdir = before
                if variable is None:
                    del os.environ["TMPDIR"]
                else:
                    os.environ["TMPDIR"] = variable
                shutil.rmtree(scratch, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Files and folders that were being written when a build was killed, wherever they are."""
        for place, folders, files in os.walk(self.path):
            for name in files:
                if name.startswith(".") and name.endswith(".tmp"):
                    (Path(place) / name).unlink(missing_ok=True)
            for name in list(folders):
                if name in (".partial", ".progress", ".verified"):
                    shutil.rmtree(Path(place) / name, ignore_errors=True)
                if name.startswith(".") or name in ("packages", "workspace", "logs"):
                    folders.remove(name)
