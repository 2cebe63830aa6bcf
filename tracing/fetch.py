"""Fetching a project: from the package index, from git, or from a folder. Nothing of it runs here."""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple

from tracing.failures import ProjectFailure
from tracing.git_repository import fetch_repository, find_tag, without_login
from tracing.project_spec import FolderSpec, GitSpec, PackageSpec, ProjectSpec
from tracing.wheel_repository import repository_addresses, tag_names

_MAX_METADATA = 2**20
_MAX_COPIED = 2**30
_DEFAULT_INDEX = "https://pypi.org/simple/"
_NOT_COPIED = shutil.ignore_patterns(
    ".tox",
    ".nox",
    ".venv",
    "venv",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    "node_modules",
    ".hypothesis",
)


@dataclass(frozen=True)
class Fetched:
    """A project's files on this machine: an archive still to unpack, or a folder. ``note`` tells what could
    not be had, or was taken instead."""

    name: str
    version: str | None
    url: str | None
    commit: str | None
    archive: Path | None
    folder: Path | None
    note: str | None = None


def index_url() -> str:
    """The package index that this machine's installers use."""
    return os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or _DEFAULT_INDEX


def index_addresses() -> tuple[str, ...]:
    """The package indexes that builds may use, the first that has a name wins."""
    extra = os.environ.get("UV_INDEX") or os.environ.get("PIP_EXTRA_INDEX_URL") or ""
    addresses = (address.partition("=")[2] or address for address in extra.split())
    return (*(address for address in addresses if address.startswith("http")), index_url())


def fetch(spec: ProjectSpec, destination: Path) -> Fetched:
    """Bring a project into ``destination``; raises `ProjectFailure`."""
    destination.mkdir(parents=True, exist_ok=True)
    if isinstance(spec, PackageSpec):
        return _fetch_package(spec, destination)
    if isinstance(spec, GitSpec):
        return _fetch_git(spec, destination)
    return _copy_folder(spec, destination)


def _fetch_package(spec: PackageSpec, destination: Path) -> Fetched:
    try:
        with PyPISimple(index_url()) as index:
            packages = index.get_project_page(spec.name).packages
            package = _choose(spec, packages)
            if package is None:
                return _fetch_repository_of_wheel(spec, _choose_wheel(spec, packages), index, destination)
            archive = destination / Path(package.filename).name
            index.download_package(package, archive, timeout=120)
    except NoSuchProjectError:
        raise ProjectFailure(
            "fetch", "unknown_project", f"the package index has no project {spec.name!r}"
        ) from None
    except (requests.RequestException, OSError, ValueError) as error:
        message = f"the package index at {without_login(index_url())} cannot be used: {error}"
        raise ProjectFailure("fetch", "index_unreachable", message) from error
    return Fetched(spec.name, package.version, without_login(package.url), None, archive, None)


def _fetch_repository_of_wheel(
    spec: PackageSpec, wheel: DistributionPackage, index: PyPISimple, destination: Path
) -> Fetched:
    """The repository that a wheel's metadata names, at the tag of its version."""
    version = wheel.version or ""
    metadata = _metadata_of(wheel, index, destination)
    addresses = repository_addresses(metadata)
    for url in addresses:
        tag = find_tag(url, tag_names(spec.name, version))
        if tag is not None:
            folder = destination / "repository"
            commit, missing = fetch_repository(url, tag, folder)
            note = f"{spec.name} {version} has wheels only; taken from {url} at its tag {tag}"
            note = f"{note}; {missing}" if missing else note
            return Fetched(spec.name, version, url, commit, None, folder, note)
    where = (
        f"; {addresses[0]} has no tag of that version" if addresses else "; name its repository with git+URL"
    )
    raise ProjectFailure(
        "fetch", "wheel_only", f"{spec.name} {version} has wheels but no source distribution{where}"
    )


def _metadata_of(wheel: DistributionPackage, index: PyPISimple, destination: Path) -> str:
    if wheel.has_metadata:
        return index.get_package_metadata(wheel, timeout=120)
    file = destination / "wheel"
    index.download_package(wheel, file, timeout=120)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".dist-info/METADATA") and member.file_size < _MAX_METADATA:
                return archive.read(member).decode(errors="replace")
    return ""


def _choose_wheel(spec: PackageSpec, packages: list[DistributionPackage]) -> DistributionPackage:
    wheels = [p for p in packages if p.package_type == "wheel" and p.version]
    if spec.version is not None:
        wheels = [p for p in wheels if _version(p) == Version(spec.version)]
    else:
        stable = [p for p in wheels if not p.is_yanked and not _version(p).is_prerelease]
        wheels = stable or wheels
    if not wheels:
        raise ProjectFailure("fetch", "no_sdist", f"{spec.name} has no source distribution and no wheel")
    return max(wheels, key=_version)


def _choose(spec: PackageSpec, packages: list[DistributionPackage]) -> DistributionPackage | None:
    """The source distribution to take; None if there are only wheels."""
    sources = [
        p for p in packages if p.package_type == "sdist" and p.version and not p.filename.endswith(".bz2")
    ]
    if spec.version is not None:
        wanted = Version(spec.version)
        matching = [p for p in sources if _version(p) == wanted]
        if not matching:
            _check_known(spec, packages, wanted)
        return matching[-1] if matching else None
    released = [p for p in sources if not p.is_yanked and not _version(p).is_prerelease]
    return max(released, key=_version, default=None)


def _check_known(spec: PackageSpec, packages: list[DistributionPackage], wanted: Version) -> None:
    known = sorted({_version(p) for p in packages if p.version})
    if wanted not in known:
        newest = ", ".join(map(str, known[-5:]))
        raise ProjectFailure(
            "fetch", "unknown_version", f"{spec.name} has no version {wanted}; its newest are {newest}"
        )


def _version(package: DistributionPackage) -> Version:
    try:
        return Version(package.version or "0")
    except InvalidVersion:
        return Version("0")


def _fetch_git(spec: GitSpec, destination: Path) -> Fetched:
    folder = destination / "repository"
    commit, missing = fetch_repository(spec.url, spec.revision, folder)
    name = canonicalize_name(Path(urlsplit(spec.url).path).name.removesuffix(".git"))
    return Fetched(name, commit[:12], without_login(spec.url), commit, None, folder, missing)


def _copy_folder(spec: FolderSpec, destination: Path) -> Fetched:
    folder = destination / "copy"
    try:
        shutil.copytree(
            spec.path, folder, symlinks=True, ignore=_not_copied(folder), copy_function=_copy_file
        )
    except (OSError, shutil.Error, RecursionError) as error:
        raise ProjectFailure(
            "fetch", "unreadable_folder", f"{spec.path} cannot be copied: {error}"
        ) from error
    return Fetched(canonicalize_name(spec.path.name), None, spec.path.as_uri(), None, None, folder)


def _copy_file(source: str, target: str) -> str:
    """Copy a file, unless it is a huge one: its holes would be filled."""
    if Path(source).stat().st_size > _MAX_COPIED:
        raise OSError(errno.EFBIG, "it is larger than any file that a project may have", source)
    return shutil.copy2(source, target)


def _not_copied(destination: Path) -> Callable[[str, list[str]], set[str]]:
    """What is left out of a copy: build results, and the run's own folder where it lies inside."""

    def ignore(parent: str, names: list[str]) -> set[str]:
        own = {name for name in names if destination.is_relative_to(Path(parent, name))}
        return own | _NOT_COPIED(parent, names)

    return ignore
