"""What tests of several packages share: where things are, and small projects made on the spot."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.selection import select_sandbox

ProjectMaker = Callable[[str, Mapping[str, str]], Path]


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The strongest sandbox of this machine."""
    try:
        return select_sandbox()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> ProjectMaker:
    """Writes a project of the given files, with a minimal pyproject.toml unless it has its own."""

    def make(name: str, files: Mapping[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("projects") / name
        pyproject = f'[project]\nname = "{name}"\nversion = "1.0"\nlicense = "MIT"\n'
        for path, text in {"pyproject.toml": pyproject, **files}.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        return folder

    return make
