"""Files of a build that are wanted on other machines, by Beam's file systems: ``gs://`` and others.

Only what a build is for goes there: status, manifest, times, sets of tasks and exports. Checkpoints, logs and
environments stay in the folder of this machine, from which an interrupted build goes on.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from apache_beam.io.filesystems import FileSystems

Publish = Callable[[list[Path]], None]


def default_work(url: str) -> Path:
    """Where the build for a place is made on this machine."""
    name = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
    return Path.home() / ".cache" / "codex-sft" / "builds" / name


class Publisher:
    """Takes files below a folder to the same places below ``url``. An object appears when it is whole."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url.rstrip("/")

    def __call__(self, files: list[Path]) -> None:
        """Publish files, and all files of folders."""
        for path in files:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    self._copy(file)

    def _copy(self, file: Path) -> None:
        target = FileSystems.join(self._url, *file.relative_to(self._folder).parts)
        with file.open("rb") as source, FileSystems.create(target, "application/octet-stream") as written:
            shutil.copyfileobj(source, written)


def read_published(url: str, name: str) -> bytes:
    """The content of a file below a place; raises `OSError`."""
    from apache_beam.io.filesystem import BeamIOError

    try:
        with FileSystems.open(FileSystems.join(url.rstrip("/"), name)) as stream:
            content: bytes = stream.read()
    except BeamIOError as error:
        raise OSError(str(error)) from error
    return content
