"""The layout of a run's output folder, and who may write to it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines import __version__
from tracing.project_spec import FolderSpec, ProjectSpec
from tracing.trace_project import TraceOptions

_NOT_CONTENT = frozenset({".git", ".tox", ".venv", "__pycache__"})


class OutputUnusable(ValueError):
    """The output folder cannot be written to; the message says why."""


@dataclass(frozen=True)
class RunFolder:
    """Where the parts of a run lie."""

    path: Path

    @property
    def tasks(self) -> Path:
        return self.path / "tasks.jsonl"

    @property
    def rejected(self) -> Path:
        return self.path / "rejected.jsonl"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def progress(self) -> Path:
        return self.path / ".progress"

    @property
    def verified(self) -> Path:
        """What has been verified, until it is written in order."""
        return self.path / ".verified"

    def project(self, spec: ProjectSpec, options: TraceOptions) -> Path:
        """The folder of a project's checkpoint and logs, named by what its result depends on."""
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", str(spec).rpartition("/")[2].removeprefix("pypi:")).strip(
            "-."
        )
        parts = [
            str(spec),
            __version__,
            str(options.python),
            str(options.build_seconds),
            str(options.test_seconds),
            options.tracer,
            str(options.methods),
            str(options.disk_bytes),
            str(options.test_command),
        ]
        if isinstance(spec, FolderSpec):
            parts.append(folder_digest(spec.path, self.path))
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
        return self.path / "projects" / f"{readable or 'project'}-{digest}"

    def claim(self, label: str, project: str) -> str:
        """The project that the tasks of a label are of in this run: the first that claimed it."""
        folder = self.path / ".labels"
        folder.mkdir(exist_ok=True)
        claims = folder / hashlib.sha256(label.encode()).hexdigest()
        with claims.open("a+", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            holder = stream.read()
            if not holder:
                stream.write(project)
        return holder or project

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Make the folder and hold it for this run; raises `OutputUnusable`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / ".lock").open("w")
        except OSError as error:
            raise OutputUnusable(
                f"{self.path} cannot be written to ({error.strerror}); choose another --output"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise OutputUnusable(
                    f"another run is writing to {self.path}; wait for it or choose another"
                ) from error
            shutil.rmtree(self.path / ".labels", ignore_errors=True)
            yield


def folder_digest(folder: Path, output: Path) -> str:
    """Changes whenever a file below a folder is added, removed or rewritten."""
    found: list[bytes] = []
    waiting = [str(folder)]
    while waiting:  # without recursion: folders may lie very deep
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NOT_CONTENT and not output.is_relative_to(entry.path):
                        waiting.append(entry.path)
                else:
                    facts = entry.stat(follow_symlinks=False)
                    place = os.fsencode(os.path.relpath(entry.path, folder))
                    found.append(place + f"\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return hashlib.sha256(b"".join(sorted(found))).hexdigest()
