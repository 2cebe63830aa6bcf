"""Fetching from git and from an index that has wheels only."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import git
import pytest

from tests.tracing.conftest import PackageIndexStandIn
from tracing import wheel_repository
from tracing.failures import ProjectFailure
from tracing.fetch import fetch
from tracing.project_spec import GitSpec, PackageSpec


def _repository(folder: Path, files: dict[str, str], tag: str | None = None) -> git.Repo:
    repository = git.Repo.init(folder, initial_branch="main")
    for name, text in files.items():
        (folder / name).write_text(text)
    repository.git.add(all=True)
    repository.git.execute(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "files"])
    if tag:
        repository.create_tag(tag)
    return repository


def test_a_tag_comes_with_its_name_and_without_the_history(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "project.git", {"a": "1"})
    _repository(tmp_path / "project.git", {"a": "2"}, tag="v2.0")
    _repository(tmp_path / "project.git", {"a": "3"})
    fetched = fetch(GitSpec(f"file://{tmp_path}/project.git", "v2.0"), tmp_path / "out")
    assert fetched.folder is not None
    assert (fetched.folder / "a").read_text() == "2"
    assert (fetched.name, fetched.commit) == ("project", repository.commit("v2.0").hexsha)
    copy = git.Repo(fetched.folder)
    assert copy.git.describe(tags=True) == "v2.0"
    assert len(list(copy.iter_commits())) == 1


@pytest.mark.parametrize("revision", [None, "main", "commit", "abbreviated"])
def test_branches_commits_and_abbreviations(tmp_path: Path, revision: str | None) -> None:
    repository = _repository(tmp_path / "project", {"a": "1"})
    known = {"commit": repository.head.commit.hexsha, "abbreviated": repository.head.commit.hexsha[:10]}
    spec = GitSpec(f"file://{tmp_path}/project", known.get(revision or "", revision))
    assert fetch(spec, tmp_path / "out").commit == repository.head.commit.hexsha


def test_submodules_are_fetched(tmp_path: Path) -> None:
    _repository(tmp_path / "inner", {"value": "8"})
    repository = _repository(tmp_path / "outer", {"a": "1"})
    add = ("submodule", "add", "-q", f"file://{tmp_path}/inner", "data")
    repository.git.execute(["git", "-c", "protocol.file.allow=always", *add])
    _repository(tmp_path / "outer", {"a": "2"})
    fetched = fetch(GitSpec(f"file://{tmp_path}/outer", None), tmp_path / "out")
    assert fetched.folder is not None
    assert (fetched.folder / "data" / "value").read_text() == "8"
    assert fetched.note is None


def test_submodules_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    listed = '[submodule "x"]\n\tpath = x\n\turl = file:///no/such/repository\n'
    repository = _repository(tmp_path / "project", {".gitmodules": listed})
    repository.git.update_index("--add", "--cacheinfo", f"160000,{'1' * 40},x")
    repository.git.execute(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "module"])
    fetched = fetch(GitSpec(f"file://{tmp_path}/project", None), tmp_path / "out")
    assert fetched.note is not None
    assert fetched.note.startswith("its submodules cannot be fetched: ")


def _wheel(metadata: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("demo-1.2.0.dist-info/METADATA", metadata)
    return content.getvalue()


@pytest.fixture
def wheel_only(package_index: PackageIndexStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index whose project demo has one wheel, which names a repository, and where that one is to lie."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", package_index.address)
    monkeypatch.setattr(wheel_repository, "_SCHEMES", ("file",))
    place = tmp_path / "demo.git"
    wheel = _wheel(f"Name: demo\nProject-URL: Source, file://{place}\n")
    name = "demo-1.2.0-py3-none-any.whl"
    page = f'<a href="/{name}#sha256={hashlib.sha256(wheel).hexdigest()}">{name}</a>'
    package_index.pages.update({"/simple/demo/": page.encode(), f"/{name}": wheel})
    return place


def test_a_package_of_wheels_is_taken_from_its_repository(wheel_only: Path, tmp_path: Path) -> None:
    commit = _repository(wheel_only, {"a": "1"}, tag="v1.2").head.commit.hexsha
    _repository(wheel_only, {"a": "2"})
    fetched = fetch(PackageSpec("demo", None), tmp_path / "out")
    assert (fetched.version, fetched.commit) == ("1.2.0", commit)
    assert fetched.note == f"demo 1.2.0 has wheels only; taken from file://{wheel_only} at its tag v1.2"


@pytest.mark.parametrize("tag", ["v9.9", None])
def test_a_package_of_wheels_without_a_tag_is_told(wheel_only: Path, tmp_path: Path, tag: str | None) -> None:
    if tag:
        _repository(wheel_only, {"a": "1"}, tag=tag)
    with pytest.raises(ProjectFailure, match=r"demo 1\.2\.0 has wheels but no source .* no tag of") as raised:
        fetch(PackageSpec("demo", "1.2.0"), tmp_path / "out")
    assert raised.value.reason == "wheel_only"


def test_metadata_cannot_lead_into_this_machine() -> None:
    metadata = "".join(
        f"Project-URL: Source, {url}\n"
        for url in (
            "file:///etc/x.git",
            "ssh://host/x.git",
            "https://user@host/x.git",
            "http://10.0.0.1/x.git",
        )
    )
    assert wheel_repository.repository_addresses(metadata) == []
