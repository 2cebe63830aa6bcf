"""A file system of Beam's for tests: places that begin with ``made://`` lie in a folder of this machine."""

# no `from __future__ import annotations`, as in all modules with classes of Beam's

from pathlib import Path
from typing import Any, ClassVar

from apache_beam.io.localfilesystem import LocalFileSystem


class MappedFileSystem(LocalFileSystem):  # type: ignore[misc]
    """What Beam knows of it is by its scheme alone, as of ``gs://``."""

    root: ClassVar[Path]

    @classmethod
    def scheme(cls) -> str:
        return "made"

    def _place(self, path: str) -> str:
        assert path.startswith("made://"), path
        place = self.root / path.removeprefix("made://")
        place.parent.mkdir(parents=True, exist_ok=True)
        return str(place)

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def create(self, path: str, *options: Any, **named: Any) -> Any:
        return super().create(self._place(path), *options, **named)

    def open(self, path: str, *options: Any, **named: Any) -> Any:
        return super().open(self._place(path), *options, **named)

    def exists(self, path: str) -> bool:
        return Path(self._place(path)).exists()

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        super().rename(
            list(map(self._place, source_file_names)), list(map(self._place, destination_file_names))
        )
