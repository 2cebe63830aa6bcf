"""Files that list projects: lines and tables, and the messages for what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracing.project_spec import BadProject
from tracing.projects_file import ProjectRequest, read_projects_file


def _read(folder: Path, text: str, name: str = "projects.txt") -> list[ProjectRequest]:
    (folder / name).write_text(text)
    return read_projects_file(folder / name)


def test_lines_with_comments(tmp_path: Path) -> None:
    text = (
        "# projects\npypi:Humanize==4.9.0\n\n  git+https://host/a.git@v1 # a comment\npypi:humanize==4.9.0\n"
    )
    assert _read(tmp_path, text) == [
        ProjectRequest("pypi:humanize==4.9.0"),
        ProjectRequest("git+https://host/a.git@v1"),
    ]


@pytest.mark.parametrize("mark", [",", "\t"])
def test_tables(tmp_path: Path, mark: str) -> None:
    rows = [
        ("project", "test_command", "python"),
        ("pypi:sympy", '"pytest sympy/ntheory, quietly"', "3.12"),
        ("pypi:toolz",),
        ("# pypi:boltons",),
        ("pypi:idna", "", " 3.8 "),
    ]
    assert _read(tmp_path, "\n".join(map(mark.join, rows)) + "\n") == [
        ProjectRequest("pypi:sympy", "3.12", "pytest sympy/ntheory, quietly"),
        ProjectRequest("pypi:toolz"),
        ProjectRequest("pypi:idna", "3.8"),
    ]


def test_a_table_of_one_column(tmp_path: Path) -> None:
    assert _read(tmp_path, "\ufeffproject\npypi:toolz\n") == [ProjectRequest("pypi:toolz")]


def test_folders_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "lists" / "mine").mkdir(parents=True)
    (request,) = _read(tmp_path, "mine\n", "lists/projects.txt")
    assert request.project == str((tmp_path / "lists" / "mine").resolve())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lists no project"),
        ("# nothing\n", "lists no project"),
        ("pypi:a\n\ntoolz\n", ":3: .*toolz: no such folder"),
        ("pypi:a==x y\n", ":1: pypi:a==x y: write pypi:NAME"),
        ("project,pithon\npypi:a,3\n", ":1: 'pithon' is no column .* project, python, test_command"),
        ("project,project\npypi:a\n", ":1: 'a name twice'"),
        ("project,python\n,3.8\n", ":2: the column project is empty"),
        ("project,python\npypi:a,3.8,x\n", ":2: 3 cells, but 2 columns"),
        ('project,python\npypi:a,"3.8\n', ":2: .*a quoted cell ends in its line"),
        ("project,python\npypi:a,3.8\npypi:a,3.9\n", ":3: pypi:a is in line 2 already, with other options"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadProject, match=message):
        _read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadProject, match=r"no\.txt cannot be read: No such file"):
        read_projects_file(tmp_path / "no.txt")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadProject, match="it is not UTF-8"):
        read_projects_file(tmp_path / "bytes")
