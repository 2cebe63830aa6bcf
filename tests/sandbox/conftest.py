"""Runners for the tests of the sandbox: as the user who runs them, and as an ordinary user too."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyseccomp
import pytest

import sandbox.interface
from sandbox.bubblewrap import NOBODY
from sandbox.interpreter import Interpreter
from tests.sandbox import run_command
from tests.sandbox.runner import Meeting, Runner

_ORDINARY_USER = 61_234
_SYSTEM_PYTHON = Path("/usr/bin/python3")


@pytest.fixture(scope="session")
def _shared_folder() -> Iterator[Path]:
    """A folder that every user may enter, with what `run_command` needs."""
    with tempfile.TemporaryDirectory(prefix="codex-sft-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "folders").mkdir()
        (folder / "tests/sandbox").mkdir(parents=True)
        shutil.copy(run_command.__file__, folder / "tests/sandbox")
        source = Path(str(sandbox.interface.__file__)).parent
        shutil.copytree(source, folder / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(str(pyseccomp.__file__), folder)
        yield folder


@pytest.fixture(scope="session")
def caller(_shared_folder: Path, interpreter: Interpreter) -> Runner:
    """Runs commands as the user who runs the tests."""
    return Runner(
        launch=(sys.executable, "-B"),
        code=_shared_folder,
        user=NOBODY if os.geteuid() == 0 else os.geteuid(),
        in_this_process=True,
        python=interpreter.executable,
        python_mounts=interpreter.mounts,
        folders=_shared_folder / "folders",
    )


@pytest.fixture(scope="session")
def ordinary_user(_shared_folder: Path) -> Runner:
    """Runs commands as a user without privileges, which only root can become."""
    if os.geteuid() != 0:
        pytest.skip("the tests run as an ordinary user already")
    if not _SYSTEM_PYTHON.exists():
        pytest.skip(f"no {_SYSTEM_PYTHON} that every user may run")
    become = ("setpriv", f"--reuid={_ORDINARY_USER}", f"--regid={_ORDINARY_USER}", "--clear-groups", "--")
    return Runner(
        launch=(*become, str(_SYSTEM_PYTHON), "-B"),
        code=_shared_folder,
        user=_ORDINARY_USER,
        in_this_process=False,
        python=_SYSTEM_PYTHON,
        python_mounts=(),
        folders=_shared_folder / "folders",
    )


@pytest.fixture(params=["caller", "ordinary_user"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Each of them in turn."""
    found: Runner = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def meeting(runner: Runner) -> Iterator[Meeting]:
    made = Meeting(runner)
    yield made
    made.close()
