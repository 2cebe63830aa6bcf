"""A git repository at a revision: shallow, with its submodules, and without running anything of it."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from tracing.failures import ProjectFailure

if TYPE_CHECKING:
    import git

_PROTOCOLS = "https:http:ssh:git"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def fetch_repository(url: str, revision: str | None, folder: Path) -> tuple[str, str | None]:
    """Check a revision out into a folder; returns the commit, and what of submodules could not be had.

    Raises `ProjectFailure`.
    """
    git = _import_git()
    shown = without_login(url)
    wanted = revision or "HEAD"
    try:
        repository = git.Repo.init(folder)
        with repository.git.custom_environment(**_environment(url)):
            _fetch(repository, url, wanted)
        commit = repository.head.commit.hexsha
        missing = _add_submodules(repository, url)
        repository.close()
    except git.GitCommandError as error:
        message = f"{shown} at {wanted} cannot be fetched: {_said(error).replace(url, shown)}"
        raise ProjectFailure("fetch", "unknown_revision_or_repository", message) from None
    return commit, missing


def find_tag(url: str, names: list[str]) -> str | None:
    """The first of the names that is a tag of a remote repository; None if none is, or it cannot be read."""
    git = _import_git()
    command = git.Git()
    try:
        with command.custom_environment(**_environment(url)):
            listed = command.ls_remote("--tags", "--", url)
    except git.GitCommandError:
        return None
    tags = set(re.findall(r"refs/tags/(\S+?)(?:\^\{\})?$", str(listed), re.MULTILINE))
    return next((name for name in names if name in tags), None)


def without_login(url: str) -> str:
    """An address without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _import_git() -> ModuleType:
    try:
        import git  # fails at import where the git program is missing
    except ImportError:
        message = "git is not installed (Debian: apt-get install git)"
        raise ProjectFailure("fetch", "git_missing", message) from None
    return git


def _environment(url: str) -> dict[str, str]:
    """Protocols that run programs named in an address stay off. Only a repository of this machine may have
    submodules of this machine."""
    local = ":file" if url.startswith("file://") else ""
    return {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS + local,
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


def _fetch(repository: git.Repo, url: str, revision: str) -> None:
    import git

    if revision != "HEAD" and not _COMMIT.fullmatch(revision):
        try:  # with its name, since versions are often made of tags
            tag = f"refs/tags/{revision}"
            repository.git.fetch("--depth", "1", "--no-tags", "--", url, f"+{tag}:{tag}")
            repository.git.checkout("--quiet", "--detach", tag)
            return
        except git.GitCommandError:
            pass
    try:
        repository.git.fetch("--depth", "1", "--no-tags", "--", url, revision)
        found = "FETCH_HEAD"
    except git.GitCommandError:
        # some servers hand out no single commit: take everything, then look for it
        repository.git.fetch("--tags", "--", url, "+refs/heads/*:refs/remotes/origin/*")
        found = _find_revision(repository, revision)
    repository.git.checkout("--quiet", "--detach", found)


def _find_revision(repository: git.Repo, revision: str) -> str:
    """The commit of a tag, branch or abbreviated hash; git's own error if there is none."""
    branch = f"refs/remotes/origin/{revision}"
    known = repository.git.for_each_ref(branch, format="%(objectname)")
    return str(known or repository.git.rev_parse("--verify", "--end-of-options", f"{revision}^{{commit}}"))


def _add_submodules(repository: git.Repo, url: str) -> str | None:
    import git

    if not Path(repository.working_dir, ".gitmodules").is_file():
        return None
    try:
        repository.create_remote("origin", without_login(url))  # what relative addresses are relative to
        with repository.git.custom_environment(**_environment(url)):
            repository.git.submodule("update", "--init", "--recursive", "--depth", "1")
    except git.GitCommandError as error:
        return f"its submodules cannot be fetched: {_said(error)}"
    return None


def _said(error: git.GitCommandError) -> str:
    said = re.search(r"fatal: (.*)", str(error.stderr))
    return said.group(1).strip(" '\"") if said else f"git failed ({error.status})"
