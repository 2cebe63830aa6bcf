"""What a user may name as a project: a package of the index, a git repository, a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


class BadProject(ValueError):
    """A project cannot be used as named; the message says why and what to write instead."""


@dataclass(frozen=True)
class PackageSpec:
    """``pypi:NAME`` or ``pypi:NAME==VERSION``: a source distribution of the package index."""

    name: str
    version: str | None

    def __str__(self) -> str:
        return f"pypi:{self.name}=={self.version}" if self.version else f"pypi:{self.name}"


@dataclass(frozen=True)
class GitSpec:
    """``git+URL`` or ``git+URL@REVISION``: a repository at a commit, tag or branch."""

    url: str
    revision: str | None

    def __str__(self) -> str:
        return f"git+{self.url}@{self.revision}" if self.revision else f"git+{self.url}"


@dataclass(frozen=True)
class FolderSpec:
    """A folder of this machine; it is copied and never written to."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


ProjectSpec = PackageSpec | GitSpec | FolderSpec

_PACKAGE = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==(\S+))?")
_GIT_SCHEMES = ("https://", "http://", "ssh://", "git://", "file://")


def parse_project(text: str) -> ProjectSpec:
    """Read a project as users write it; raises `BadProject`."""
    if text.startswith("pypi:"):
        return _parse_package(text)
    if text.startswith("git+"):
        return _parse_git(text)
    path = Path(text).expanduser()
    if path.is_dir():
        return FolderSpec(path.resolve())
    hint = f"; for the package index write pypi:{text}" if _PACKAGE.fullmatch(text) else ""
    raise BadProject(f"{text}: no such folder{hint}")


def _parse_package(text: str) -> PackageSpec:
    match = _PACKAGE.fullmatch(text.removeprefix("pypi:").strip())
    if match is None:
        raise BadProject(f"{text}: write pypi:NAME or pypi:NAME==VERSION")
    name, version = match.groups()
    if version is not None:
        try:
            Version(version)
        except InvalidVersion:
            raise BadProject(
                f"{text}: {version!r} is no version; write for example pypi:{name}==1.2.3"
            ) from None
    return PackageSpec(canonicalize_name(name), version)


def _parse_git(text: str) -> GitSpec:
    # an @ before the path belongs to the user name of the address
    address = urlsplit(text.removeprefix("git+"))
    path, at, revision = address.path.rpartition("@")
    url = urlunsplit(address._replace(path=path)) if at else text.removeprefix("git+")
    if not url.startswith(_GIT_SCHEMES):
        raise BadProject(f"{text}: write git+URL or git+URL@REVISION with one of {', '.join(_GIT_SCHEMES)}")
    if at and revision.startswith("-"):
        raise BadProject(f"{text}: a revision cannot start with a dash")
    return GitSpec(url, revision if at and revision else None)
