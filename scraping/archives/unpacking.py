"""Packed archives (``.tar``, ``.tar.gz``, ``.tar.xz``, ``.zip``), unpacked into a temporary folder.

Members that would lie outside it, and all that are neither files nor folders nor links within the
archive, are left out. A packed archive cannot fill the disk: what it holds is counted while it is
written.
"""

from __future__ import annotations

import contextlib
import posixpath
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tasks.files import BadFile

MAX_UNPACKED_BYTES = 16 * 2**30
MAX_MEMBERS = 1_000_000
_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def is_packed(path: Path) -> bool:
    """Whether a file's name is that of a packed archive."""
    return path.name.lower().endswith((*_TAR_SUFFIXES, ".zip")) and path.is_file()


@contextlib.contextmanager
def unpacked(path: Path, max_bytes: int = MAX_UNPACKED_BYTES) -> Iterator[Path]:
    """The folder of a packed archive's content, for as long as the context lasts; raises `BadFile`.

    An archive of one folder stands for that folder.
    """
    with tempfile.TemporaryDirectory(prefix="codex-sft-archive-") as temporary:
        target = _Target(Path(temporary) / path.name.partition(".")[0], max_bytes, path)
        target.folder.mkdir()
        try:
            if path.name.lower().endswith(".zip"):
                _unpack_zip(path, target)
            else:
                _unpack_tar(path, target)
        except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile, RuntimeError) as error:
            raise BadFile(f"{path}: the archive cannot be unpacked ({error}); get it anew") from error
        yield _only_folder(target.folder)


def _only_folder(folder: Path) -> Path:
    """The folder, or the one that is all that it holds, as in what repositories are downloaded as."""
    inside = list(folder.iterdir())
    alone = len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink()
    return inside[0] if alone and inside[0].name != "exercises" else folder


class _Target:
    def __init__(self, folder: Path, max_bytes: int, archive: Path) -> None:
        self.folder = folder
        self._bytes_left = max_bytes
        self._members_left = MAX_MEMBERS
        self._archive = archive
        self._max_bytes = max_bytes

    def place(self, name: str) -> Path | None:
        """Where a member goes, or None where its name leads out of the folder or through a link."""
        self._members_left -= 1
        if self._members_left < 0:
            raise BadFile(f"{self._archive}: more than {MAX_MEMBERS} members; unpack it yourself")
        normal = posixpath.normpath(name.replace("\\", "/"))
        if normal.startswith(("/", "../")) or normal in ("..", ".") or "\0" in normal:
            return None
        path = self.folder / normal
        if any(parent.is_symlink() for parent in (path, *path.parents) if parent != self.folder.parent):
            return None
        return path

    def write(self, path: Path, stream: IO[bytes]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as output:
            while block := stream.read(2**20):
                self._bytes_left -= len(block)
                if self._bytes_left < 0:
                    raise BadFile(
                        f"{self._archive}: holds more than {self._max_bytes} bytes; unpack it yourself"
                    )
                output.write(block)

    def link(self, path: Path, goal: str) -> None:
        """A symbolic link, where it leads to a place in the folder."""
        inside = posixpath.normpath(posixpath.join(str(path.parent.relative_to(self.folder)), goal))
        if not goal.startswith("/") and not inside.startswith("../") and inside != "..":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(goal)


def _unpack_zip(path: Path, target: _Target) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            place = target.place(member.filename)
            if place is not None and not member.is_dir():
                with archive.open(member) as stream:
                    target.write(place, stream)


def _unpack_tar(path: Path, target: _Target) -> None:
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            place = target.place(member.name)
            if place is None:
                continue
            if member.isreg():
                stream = archive.extractfile(member)
                if stream is not None:
                    target.write(place, stream)
            elif member.issym():
                target.link(place, member.linkname)
