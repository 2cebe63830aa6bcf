"""Fetching a project: from the package index, from git, or from a folder. Nothing of it runs here."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import requests
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage, NoSuchProjectError, PyPISimple

from tracing.failures import ProjectFailure
from tracing.project_spec import FolderSpec, GitSpec, PackageSpec, ProjectSpec

if TYPE_CHECKING:
    import git

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
    """A project's files on this machine: an archive still to unpack, or a folder."""

    name: str
    version: str | None
    url: str | None
    commit: str | None
    archive: Path | None
    folder: Path | None


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
            package = _choose(spec, index.get_project_page(spec.name).packages)
            archive = destination / Path(package.filename).name
            index.download_package(package, archive, timeout=120)
    except NoSuchProjectError:
        raise ProjectFailure(
            "fetch", "unknown_project", f"the package index has no project {spec.name!r}"
        ) from None
    except (requests.RequestException, OSError, ValueError) as error:
        message = f"the package index at {_without_login(index_url())} cannot be used: {error}"
        raise ProjectFailure("fetch", "index_unreachable", message) from error
    return Fetched(spec.name, package.version, _without_login(package.url), None, archive, None)


def _choose(spec: PackageSpec, packages: list[DistributionPackage]) -> DistributionPackage:
    sources = [
        p for p in packages if p.package_type == "sdist" and p.version and not p.filename.endswith(".bz2")
    ]
    if spec.version is not None:
        wanted = Version(spec.version)
        matching = [p for p in sources if _version(p) == wanted]
        if not matching:
            _fail_unknown_version(spec, packages, wanted)
        return matching[-1]
    released = [p for p in sources if not p.is_yanked and not _version(p).is_prerelease]
    if not released:
        raise ProjectFailure(
            "fetch", "no_sdist", f"{spec.name} has no source distribution; name its repository with git+URL"
        )
    return max(released, key=_version)


def _fail_unknown_version(spec: PackageSpec, packages: list[DistributionPackage], wanted: Version) -> None:
    known = sorted({_version(p) for p in packages if p.version})
    if wanted in known:
        raise ProjectFailure(
            "fetch", "no_sdist", f"{spec.name} {wanted} has wheels but no source distribution with its tests"
        )
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
    try:
        import git  # fails at import where the git program is missing
    except ImportError:
        message = "git is not installed (Debian: apt-get install git)"
        raise ProjectFailure("fetch", "git_missing", message) from None
    folder = destination / "repository"
    revision = spec.revision or "HEAD"
    url = _without_login(spec.url)
    try:
        repository = git.Repo.init(folder)
        # protocols that run programs named in the address stay off
        with repository.git.custom_environment(
            GIT_TERMINAL_PROMPT="0", GIT_ALLOW_PROTOCOL="https:http:ssh:git:file"
        ):
            try:
                repository.git.fetch("--depth", "1", "--no-tags", "--", spec.url, revision)
                found = "FETCH_HEAD"
            except git.GitCommandError:
                # some servers hand out no single commit: take everything, then look for it
                repository.git.fetch("--tags", "--", spec.url, "+refs/heads/*:refs/remotes/origin/*")
                found = _find_revision(repository, revision)
            repository.git.checkout("--quiet", "--detach", found)
        commit = repository.head.commit.hexsha
        repository.close()
    except git.GitCommandError as error:
        said = re.search(r"fatal: (.*)", str(error.stderr))
        detail = (
            said.group(1).strip(" '\"").replace(spec.url, url) if said else f"git failed ({error.status})"
        )
        message = f"{url} at {revision} cannot be fetched: {detail}"
        raise ProjectFailure("fetch", "unknown_revision_or_repository", message) from None
    name = canonicalize_name(Path(urlsplit(spec.url).path).name.removesuffix(".git"))
    return Fetched(name, commit[:12], url, commit, None, folder)


def _find_revision(repository: git.Repo, revision: str) -> str:
    """The commit of a tag, branch or abbreviated hash; git's own error if there is none."""
    branch = f"refs/remotes/origin/{revision}"
    known = repository.git.for_each_ref(branch, format="%(objectname)")
    return str(known or repository.git.rev_parse("--verify", "--end-of-options", f"{revision}^{{commit}}"))


def _copy_folder(spec: FolderSpec, destination: Path) -> Fetched:
    folder = destination / "copy"
    try:
        shutil.copytree(spec.path, folder, symlinks=True, ignore=_not_copied(folder))
    except (OSError, shutil.Error) as error:
        raise ProjectFailure(
            "fetch", "unreadable_folder", f"{spec.path} cannot be copied: {error}"
        ) from error
    return Fetched(canonicalize_name(spec.path.name), None, spec.path.as_uri(), None, None, folder)


def _not_copied(destination: Path) -> Callable[[str, list[str]], set[str]]:
    """What is left out of a copy: build results, and the run's own folder where it lies inside."""

    def ignore(parent: str, names: list[str]) -> set[str]:
        own = {name for name in names if destination.is_relative_to(Path(parent, name))}
        return own | _NOT_COPIED(parent, names)

    return ignore


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
