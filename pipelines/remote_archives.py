"""Folders as archives in a place that all machines of a run see, by Beam's file systems."""

import contextlib
import io
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

if sys.version_info >= (3, 12):
    import tarfile
else:
    from backports import tarfile  # Python 3.11 has filters since 3.11.4, and Debian 12 has 3.11.2


def exists(url: str) -> bool:
    """Whether an archive is there, which it is only when it is whole."""
    found: bool = FileSystems.exists(url)
    return found


def send(url: str, root: Path, paths: Iterable[Path], inside: str = "") -> None:
    """Write files and folders below ``root`` into an archive, ``inside`` a folder of it."""
    with _written(url) as archive:
        for path in paths:
            archive.add(path, arcname=str(Path(inside, path.relative_to(root))))


def send_bytes(url: str, name: str, content: bytes) -> None:
    """Write an archive of one file."""
    with _written(url) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


@contextlib.contextmanager
def _written(url: str) -> Iterator[tarfile.TarFile]:
    """A new archive, which appears when it is whole."""
    folder, _ = FileSystems.split(url)
    if "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    temporary = f"{url}.{uuid.uuid4().hex}.tmp"
    with (
        FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED) as stream,
        tarfile.open(fileobj=stream, mode="w|gz") as archive,
    ):
        yield archive
    FileSystems.rename([temporary], [url])


def fetch_into(url: str, root: Path) -> None:
    """Unpack an archive below ``root``. Links that lead elsewhere, which a project may have, are left out."""
    with (
        FileSystems.open(url, compression_type=CompressionTypes.UNCOMPRESSED) as stream,
        tarfile.open(fileobj=stream, mode="r|gz") as archive,
    ):
        archive.extractall(root, filter=_harmless)


def _harmless(member: tarfile.TarInfo, root: str) -> tarfile.TarInfo | None:
    try:
        return tarfile.data_filter(member, root)
    except tarfile.FilterError:
        return None
