"""tox and nox as the plans use them: installed apart from the project, asked for what they would do."""

from __future__ import annotations

from pathlib import Path

from sandbox.interface import Limits
from sandbox.interpreter import Interpreter, find_interpreter
from tracing.project_metadata import read_small_file
from tracing.workspace import RUNNER_PYTHON, RUNNERS, UV, Workspace

_OLDEST = (3, 10)
"""Of the Pythons that current releases of tox and nox run on."""


def runner_interpreter(workspace: Workspace) -> Interpreter:
    """The Python of tox and nox: the project's own, unless that is too old for them."""
    own = workspace.interpreter
    return own if own.version >= _OLDEST else find_interpreter()


def install_runner(workspace: Workspace, limits: Limits, *requirements: str) -> bool:
    """Make an environment of its own for a runner; tells whether that could be done."""
    python = str(runner_interpreter(workspace).executable)
    workspace.clear(workspace.runners)
    made = workspace.run("build", UV, "venv", "--no-project", "--allow-existing", "--python", python, RUNNERS)
    return (
        made.ok
        and workspace.run(
            "build",
            *(UV, "pip", "install", "--python", RUNNER_PYTHON, *requirements),
            index=True,
            limits=limits,
        ).ok
    )


def runner_file(workspace: Workspace, name: str) -> tuple[str, Path]:
    """A file for a runner's answer, by its path inside and on the host, where it is untrusted.

    What was there before is gone.
    """
    workspace.discard(workspace.runners / name)
    return f"{RUNNERS}/{name}", workspace.runners / name


def read_answer(file: Path) -> str:
    """A runner's answer; nothing if it is too long, or no regular file."""
    return read_small_file(file, file.parent)
