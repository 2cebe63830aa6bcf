"""What tests of several packages share: where things are, sandboxes, and small projects made on the spot."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter, find_interpreter
from sandbox.selection import BACKENDS, select_sandbox
from sandbox.worker_pool import WorkerPool

ProjectMaker = Callable[[str, Mapping[str, str]], Path]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUICKEST_FIRST = ("bubblewrap", "landlock", "gvisor")


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The strongest sandbox for projects of this machine."""
    try:
        return select_sandbox("projects")
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    return find_interpreter()


@pytest.fixture(scope="module", params=[name for name, _ in BACKENDS])
def pool(request: pytest.FixtureRequest, interpreter: Interpreter) -> Iterator[WorkerPool]:
    """Workers for samples, in each backend that works here in turn."""
    try:
        backend = select_sandbox("samples", request.param)
    except SandboxUnavailable as error:
        pytest.skip(f"{request.param} does not work here: {error}")
    with WorkerPool(backend, interpreter) as made:
        yield made


@pytest.fixture(scope="session")
def quick_backend() -> Sandbox:
    """A backend for tests of what does not depend on it: the one that starts quickest."""
    for name in _QUICKEST_FIRST:
        try:
            return select_sandbox("samples", name)
        except SandboxUnavailable:
            continue
    pytest.skip("no sandbox for samples works here")


@pytest.fixture(scope="session")
def quick_pool(quick_backend: Sandbox, interpreter: Interpreter) -> Iterator[WorkerPool]:
    """Workers for tests of what does not depend on the backend."""
    with WorkerPool(quick_backend, interpreter) as made:
        yield made


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of this machine."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (the extra `test`)"
    )
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        pytest.skip("no Chromium here (scripts/system-packages installs it)")
    with sync_api.sync_playwright() as playwright:
        # as root there is no sandbox, and it shows nothing but our own pages
        started = playwright.chromium.launch(executable_path=executable, chromium_sandbox=os.getuid() != 0)
        yield started
        started.close()
