"""How the tracer gets into every Python process of a project's test run."""

from __future__ import annotations

import json
from pathlib import Path

import cloudpickle.cloudpickle

import tasks.rebuilt_values
import tasks.structural_encoding
import tasks.value_encoding
from sandbox.interface import Mount
from tracing import test_paths
from tracing.project_modules import SOURCE_ROOT, ProjectModules
from tracing.recordings import MAX_CASES
from tracing.workspace import PYTHON, RECORDS, TOOLS, Workspace

MAX_CALLS = 400
"""After so many calls a function is no longer recorded, whether its inputs differed or not."""

_INJECTED = Path(__file__).with_name("injected")
_ENCODING = (tasks.value_encoding, tasks.rebuilt_values, tasks.structural_encoding)

# A .pth file makes every Python process of an environment start the tracer, however it is launched.
_INJECT = f"""
import pathlib
line = ("import os, sys; p = '{TOOLS}/tracer'; os.path.isdir(p) and (sys.path.insert(0, p), "
        "__import__('codexsft_tracer').start(), sys.path.remove(p))\\n")
project = pathlib.Path("/project")
for root in [pathlib.Path("/environment"), *project.glob(".tox/*"), *project.glob(".nox/*")]:
    for packages in root.glob("lib/python*/site-packages"):
        (packages / "codexsft_tracer.pth").write_text(line)
"""


def tracer_mounts(workspace: Workspace) -> tuple[Mount, ...]:
    """The tracer's files and its configuration, as a test run sees them."""
    modules = ProjectModules(workspace.source, workspace.site_packages)
    configuration = workspace.root / "tracer.json"
    configuration.write_text(
        json.dumps(
            {
                "project_root": SOURCE_ROOT,
                "packages": sorted(modules.top_level_names()),
                "test_paths": {
                    "names": sorted(test_paths.FILE_NAMES),
                    "prefixes": test_paths.FILE_PREFIXES,
                    "suffixes": test_paths.FILE_SUFFIXES,
                    "folders": sorted(test_paths.FOLDER_NAMES),
                },
                "records": RECORDS,
                "max_inputs": MAX_CASES,
                "max_calls": MAX_CALLS,
            }
        )
    )
    return (
        Mount(configuration, f"{TOOLS}/tracer/configuration.json"),
        *(Mount(file, f"{TOOLS}/tracer/{place}") for place, file in tracer_files().items()),
    )


def tracer_files() -> dict[str, Path]:
    """The tracer's files by their places in its folder: its modules and a package of the encoding.

    In that package the modules of ``tasks`` have the names that they have there.
    """
    files = {file.name: file for file in sorted(_INJECTED.glob("codexsft_*.py"))}
    files["codexsft_encoding/__init__.py"] = Path(str(tasks.__file__))
    for module in _ENCODING:
        file = Path(str(module.__file__))
        files[f"codexsft_encoding/{file.name}"] = file
    files["codexsft_cloudpickle.py"] = Path(str(cloudpickle.cloudpickle.__file__))
    return files


def enter_environments(workspace: Workspace) -> None:
    """Make the interpreters of the project's environments start the tracer."""
    workspace.run("test", PYTHON, "-c", _INJECT)
