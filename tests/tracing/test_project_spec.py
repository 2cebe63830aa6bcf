"""How users name projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracing.project_spec import BadProject, FolderSpec, GitSpec, PackageSpec, parse_project


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pypi:inflection==0.5.1", PackageSpec("inflection", "0.5.1")),
        ("pypi:More_Itertools", PackageSpec("more-itertools", None)),
        ("git+https://host/o/r.git@v1.2", GitSpec("https://host/o/r.git", "v1.2")),
        ("git+https://host/o/r", GitSpec("https://host/o/r", None)),
        ("git+ssh://git@host/o/r.git", GitSpec("ssh://git@host/o/r.git", None)),
        ("git+ssh://git@host/o/r.git@feature/x", GitSpec("ssh://git@host/o/r.git", "feature/x")),
    ],
)
def test_specs_are_read(text: str, expected: object) -> None:
    assert parse_project(text) == expected


def test_a_folder_is_a_project(tmp_path: Path) -> None:
    assert parse_project(str(tmp_path)) == FolderSpec(tmp_path)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("inflection", "write pypi:inflection"),
        ("pypi:", "write pypi:NAME"),
        ("pypi:a b", "write pypi:NAME"),
        ("pypi:inflection==not-a-version!", "is no version"),
        ("git+ext::sh -c id", "git+URL"),
        ("git+--upload-pack=id", "git+URL"),
        ("git+https://host/r@--option", "dash"),
        ("./no/such/folder", "no such folder"),
    ],
)
def test_nonsense_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(BadProject, match=hint.replace("+", r"\+")):
        parse_project(text)


def test_a_spec_reads_back_from_its_own_text() -> None:
    for text in ("pypi:a==1", "pypi:a", "git+https://h/r@main", "git+https://h/r"):
        assert str(parse_project(text)) == text
