"""Which of this machine's Pythons runs a project: the newest that it names, of those that it admits."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.interpreter import Interpreter, NoInterpreter, find_interpreter
from tracing.ci_actions import actions_versions
from tracing.ci_travis import travis_versions
from tracing.project_metadata import ProjectMetadata
from tracing.python_versions import version_order

VERSIONS = tuple(f"3.{minor}" for minor in range(8, 14))
"""Pythons that the tracer runs on."""


@dataclass(frozen=True)
class ChosenPython:
    """The interpreter for a project, and why this one."""

    interpreter: Interpreter
    reason: str


def installed_interpreter(wanted: str | None) -> Interpreter:
    """The interpreter behind a path or version; versions are looked for on PATH, then among pyenv's.

    Raises `NoInterpreter`.
    """
    if wanted not in VERSIONS:
        return find_interpreter(wanted)
    running = find_interpreter()
    if running.short_version == wanted:
        return running
    places = [shutil.which(f"python{wanted}"), *_of_pyenv(wanted)]
    for place in filter(None, places):
        with contextlib.suppress(NoInterpreter):  # pyenv's shims stand for versions that are switched off
            return find_interpreter(place)
    raise NoInterpreter(f"no Python {wanted!r}: give a version such as 3.12 that is on PATH, or a path")


def _of_pyenv(version: str) -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    found = root.glob(f"versions/{version}.*/bin/python{version}")
    return sorted(map(str, found), key=lambda path: tuple(map(int, Path(path).parts[-3].split(".")[2:3])))[
        ::-1
    ]


def choose_python(source: Path, metadata: ProjectMetadata) -> ChosenPython:
    """The Python for a project: of those that it admits and that are here, the newest that its CI names,
    else the newest of its classifiers, else the running one, else the newest.

    Raises `NoInterpreter` if it admits none that is here.
    """
    admitted = [found for found in installed_interpreters() if metadata.allows_python(found.version_text)]
    if not admitted:
        here = ", ".join(found.version_text for found in installed_interpreters())
        raise NoInterpreter(f"it requires Python {metadata.requires_python}; here are {here}")
    ci = [*actions_versions(source), *travis_versions(source)]
    for versions, where in ((ci, "its CI names"), (metadata.classified_pythons, "its classifiers name")):
        chosen = _newest(admitted, versions)
        if chosen is not None:
            return ChosenPython(chosen, f"{chosen.short_version} is the newest here that {where}")
    running = find_interpreter()
    if running in admitted:
        return ChosenPython(running, "the project names none")
    return ChosenPython(_newest(admitted, VERSIONS) or admitted[-1], "the newest here that it admits")


def installed_interpreters() -> list[Interpreter]:
    """The Pythons of this machine that projects can be run with, the oldest first."""
    found = []
    for version in VERSIONS:
        with contextlib.suppress(NoInterpreter):
            found.append(installed_interpreter(version))
    return found


def _newest(interpreters: Sequence[Interpreter], versions: Sequence[str]) -> Interpreter | None:
    named = [found for found in interpreters if found.short_version in versions]
    return max(named, key=lambda found: version_order(found.short_version), default=None)
