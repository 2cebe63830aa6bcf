"""Where Python files come from: folders and packed projects, read without unpacking or following anything."""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.files import BadFile

MAX_ARCHIVE_BYTES = 4 * 2**30
"""How much an archive may hold, unpacked, Python or not."""

_ARCHIVES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip", ".whl")
_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_NOT_SOURCE = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True)
class CorpusSource:
    """A project's files: a folder, loose files of a folder, or an archive."""

    project: str
    path: str
    loose_files_only: bool = False


def find_sources(paths: list[Path]) -> list[CorpusSource]:
    """The projects in folders and archives; raises `BadFile` for what is neither.

    A folder with a ``pyproject.toml``, ``setup.py``, ``setup.cfg`` or ``.git`` is one project. In any other
    each folder and each archive is a project of its own, named after it, and the loose files are one more.
    """
    found: list[CorpusSource] = []
    for path in paths:
        if path.is_dir():
            found += _sources_in(path)
        elif _is_archive(path) and path.is_file():
            found.append(CorpusSource(project_name(path.name), str(path)))
        else:
            raise BadFile(f"{path}: no folder and no archive ({', '.join(_ARCHIVES)}); give one of these")
    return list(dict.fromkeys(found))


def project_name(archive: str) -> str:
    """The project of an archive's name, without its version: ``toolz`` of ``toolz-1.0.tar.gz``."""
    stem = next((archive[: -len(end)] for end in _ARCHIVES if archive.lower().endswith(end)), archive)
    return re.sub(r"[-_.]+", "-", re.split(r"-v?\d", stem, maxsplit=1)[0]).lower() or stem


def read_source(source: CorpusSource, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Paths and contents of a project's ``.py`` files, of each no more than the first ``max_bytes``.

    Links are not followed; hidden folders, ``__pycache__`` and ``node_modules`` are passed over. Raises
    `BadFile` for archives that are damaged or hold too much.
    """
    path = Path(source.path)
    if path.is_dir():
        yield from _read_folder(path, max_bytes, source.loose_files_only)
        return
    read = _read_zip if path.name.lower().endswith((".zip", ".whl")) else _read_tar
    try:
        yield from read(path, max_bytes)
    except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise BadFile(f"{path}: the archive cannot be read ({error}); get it anew") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in an unknown way
        raise BadFile(f"{path}: the archive cannot be read ({error}); unpack it yourself") from error


def _is_archive(path: Path) -> bool:
    return path.name.lower().endswith(_ARCHIVES)


def _sources_in(folder: Path) -> list[CorpusSource]:
    if any((folder / mark).exists() for mark in _PROJECT_MARKS):
        return [CorpusSource(folder.resolve().name, str(folder))]
    found = []
    loose = False
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            if _is_source(entry.name):
                found.append(CorpusSource(_printable(entry.name), entry.path))
        elif entry.is_file(follow_symlinks=False):
            if _is_archive(Path(entry.path)):
                found.append(CorpusSource(project_name(_printable(entry.name)), entry.path))
            loose = loose or entry.name.endswith(".py")
    if loose:
        found.append(CorpusSource(folder.resolve().name, str(folder), loose_files_only=True))
    return found


def _is_source(folder: str) -> bool:
    return folder not in _NOT_SOURCE and not folder.startswith(".")


def _read_folder(root: Path, max_bytes: int, loose_only: bool) -> Iterator[tuple[str, bytes]]:
    waiting = [str(root)]
    while waiting:  # without recursion: folders may lie very deep
        entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if _is_source(entry.name) and not loose_only:
                    waiting.append(entry.path)
            elif entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
                with Path(entry.path).open("rb") as stream:
                    yield _printable(os.path.relpath(entry.path, root)), stream.read(max_bytes)


def _read_tar(path: Path, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    left = MAX_ARCHIVE_BYTES
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            left = _counted(left, member.size if member.isreg() else 0, path)
            if member.isreg() and _is_python(member.name):
                stream = archive.extractfile(member)
                if stream is not None:
                    yield _printable(member.name), stream.read(max_bytes)


def _read_zip(path: Path, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    left = MAX_ARCHIVE_BYTES
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir() and _is_python(member.filename):
                with archive.open(member) as stream:  # no more is unpacked than is read
                    content = stream.read(max_bytes)
                left = _counted(left, len(content), path)
                yield _printable(member.filename), content


def _is_python(name: str) -> bool:
    inner = PurePosixPath(name)
    return inner.suffix == ".py" and all(map(_is_source, inner.parts[:-1]))


def _printable(name: str) -> str:
    """Names of files need not be text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _counted(left: int, size: int, path: Path) -> int:
    if size > left:
        raise BadFile(f"{path}: holds more than {MAX_ARCHIVE_BYTES} bytes; unpack it yourself")
    return left - size
