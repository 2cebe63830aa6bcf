"""The tasks of runs and files, one after the other, read as often as they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.run_folder import RunFolder
from tasks.files import BadFile, read_json_lines
from tasks.humaneval import read_humaneval
from tasks.record import Task


@dataclass(frozen=True)
class TaskSource:
    """Folders of runs, files of task records, or files in HumanEval's form; never held in memory."""

    paths: tuple[Path, ...]

    @classmethod
    def of(cls, paths: Path | Sequence[Path]) -> TaskSource:
        """The source of one path or of several."""
        return cls((paths,) if isinstance(paths, Path) else tuple(paths))

    def read(self) -> Iterator[Task]:
        """All tasks, in the order of the paths; raises `BadFile`."""
        for path in self.paths:
            file = RunFolder(path).tasks if path.is_dir() else path
            first: dict[str, Any] = next(read_json_lines(file, dict[str, Any]), {})
            yield from read_humaneval(file) if "test" in first else read_json_lines(file, Task)

    def beside(self, name: str) -> tuple[Path, ...]:
        """The files of a name that lie in the folders of runs."""
        found = (path / name for path in self.paths if path.is_dir())
        return tuple(file for file in found if file.is_file())


def unchanged(before: int, tasks: Iterator[Task]) -> Iterator[Task]:
    """The same tasks, of which there were so many when they were read before; raises `BadFile`."""
    count = 0
    for count, task in enumerate(tasks, start=1):
        if count > before:
            break
        yield task
    if count != before:
        raise BadFile("the tasks changed while they were being exported; export them again")
