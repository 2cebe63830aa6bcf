"""Runs scripts under the tracer, as it is injected: in other processes, on every Python that can be found."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

from tracing import test_paths
from tracing.injection import MAX_CALLS, copy_tracer
from tracing.recordings import Recordings, read_recordings

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def interpreters() -> dict[str, str]:
    """The Pythons of this machine, by version."""
    found = {}
    for version in VERSIONS:
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        program = str(installed[-1]) if installed else shutil.which(f"python{version}")
        if program:
            found[version] = program
    return found


class Traced:
    """Runs a script beside a traced module and gives what was recorded."""

    def __init__(self, folder: Path, python: str, version: tuple[int, int], tracer: str) -> None:
        self.folder = folder
        self.python = python
        self.tracer = tracer
        self.version = version
        self.output = ""

    def run(self, module: str, script: str, *, before: str = "", **configuration: Any) -> Recordings:
        """Run ``script``, with ``before`` ahead of the tracer's start, and read what was recorded."""
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
            "tracer": self.tracer,
            **configuration,
        }
        start = (
            f"{textwrap.dedent(before)}\nimport sys; sys.path[:0] = [{str(tracer)!r}, {str(project)!r}]\n"
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
        assert not [line for line in self.lines() if "fault" in line]
        return read_recordings(records)

    def lines(self) -> list[dict[str, Any]]:
        """All lines of all processes as they were written."""
        files = sorted((self.folder / "records").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def calls(self, name: str) -> list[dict[str, Any]]:
        """The recorded calls of the function with this name, as they were written."""
        numbers: set[int] = set()
        found = []
        for file in sorted((self.folder / "records").glob("*.jsonl")):
            numbers.clear()
            for text in file.read_text().splitlines():
                line = json.loads(text)
                if line.get("name", "").rpartition(".")[2] == name:
                    numbers.add(line["function"])
                elif line.get("call") in numbers:
                    found.append(line)
        return found
