"""The tracer in other processes, on every Python that can be found."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tracing import test_paths
from tracing.injection import MAX_CALLS, copy_tracer
from tracing.recordings import Recordings, read_recordings

_VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def _interpreters() -> dict[str, str]:
    found = {}
    for version in _VERSIONS:
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        program = str(installed[-1]) if installed else shutil.which(f"python{version}")
        if program:
            found[version] = program
    return found


@pytest.fixture(params=_VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    program = _interpreters().get(request.param)
    if program is None:
        pytest.skip(f"no Python {request.param} on this machine")
    return program


class Traced:
    """Runs a script beside a traced module and gives what was recorded."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = python
        self.output = ""

    def run(self, module: str, script: str, **configuration: Any) -> Recordings:
        tracer = self.folder / "tracer"
        records = self.folder / "records"
        project = self.folder / "project"
        for path in (tracer, records, project):
            path.mkdir(exist_ok=True)
        copy_tracer(tracer)
        (project / "sample.py").write_text(textwrap.dedent(module))
        settings = {
            "project_root": str(project),
            "packages": ["sample"],
            "test_paths": {
                "names": sorted(test_paths.FILE_NAMES),
                "prefixes": test_paths.FILE_PREFIXES,
                "suffixes": test_paths.FILE_SUFFIXES,
                "folders": sorted(test_paths.FOLDER_NAMES),
            },
            "records": str(records),
            "max_inputs": 20,
            "max_calls": MAX_CALLS,
            **configuration,
        }
        start = (
            f"import sys; sys.path[:0] = [{str(tracer)!r}, {str(project)!r}]\n"
            f"import codexsft_tracer; codexsft_tracer.Tracer({settings!r}).start()\n"
        )
        done = subprocess.run(
            [self.python, "-c", start + textwrap.dedent(script)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.output = done.stdout + done.stderr
        faults = [
            line for file in records.iterdir() for line in file.read_text().splitlines() if '"fault"' in line
        ]
        assert not faults
        return read_recordings(records)


@pytest.fixture
def traced(tmp_path: Path, python: str) -> Traced:
    return Traced(tmp_path, python)
