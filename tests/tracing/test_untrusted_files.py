"""Files that a project wrote: read without leaving its folders, whatever they are called and lead to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracing.project_metadata import read_metadata, read_small_file
from tracing.project_modules import ProjectModules


@pytest.mark.parametrize("name", ["a/b", "a\x1b[31m", "a\n", "-a", "../a", "a" * 200, "", "a b", "é"])
def test_names_and_versions_that_are_none_are_not_taken(name: str, tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text(f"Name: {name}\nVersion: {name}\n")
    assert read_metadata(tmp_path).name in (None, "a")  # where the line ends, the name does
    assert read_metadata(tmp_path).version in (None, "a")


def test_files_are_read_through_no_link_below_their_folder(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "real").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (project / "real/file").write_text("own")
    (project / "folder").symlink_to(tmp_path)
    (project / "loop").symlink_to("loop")
    os.mkfifo(project / "pipe")
    (tmp_path / "link").symlink_to(project)
    for name in ("folder/secret", "loop", "loop/x", "pipe", "real", "no", "a" * 999, "real\0"):
        assert read_small_file(project / name, project) == ""
    assert read_small_file(project / "real/file", project) == "own"
    assert read_small_file(tmp_path / "link/real/file", tmp_path / "link") == "own"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/etc/passwd",
            "/project/../secret.py",
            "/project//etc/passwd",
            "/project/a\0.py",
            "/project/" + "a" * 999,
        ),
        *(
            "/project/linked.py",
            "/x/site-packages/linked.py",
            "/project/loop.py",
            "/project/pipe.py",
            "/project/",
        ),
        *("", "/project/a;b.py", "/x/site-packages/../secret.py", "/project/folder/secret.py"),
    ],
)
def test_recorded_paths_lead_to_no_file_outside_the_project(path: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for file in (tmp_path / "secret.py", project / "a;b.py"):
        file.write_text("def secret(x): return x\n")
    for name, target in {
        "linked.py": "../secret.py",
        "loop.py": "loop.py",
        "folder": "..",
        "src": "..",
    }.items():
        (project / name).symlink_to(target)
    os.mkfifo(project / "pipe.py")
    modules = ProjectModules(project, project)
    assert modules.by_recorded_path(path) is None
    assert "secret" not in modules.top_level_names()
