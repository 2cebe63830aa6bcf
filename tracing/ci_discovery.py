"""Without a CI configuration that can be used: make's targets, then what pytest and unittest find."""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sandbox.interface import Limits
from tracing.ci_plan import NoPlan, Plan, Step
from tracing.ci_scripts import ScriptSorter
from tracing.project_metadata import read_small_file
from tracing.workspace import PYTHON, Workspace

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_TARGETS = ("test", "tests", "check")
_DEFAULT_PATTERNS = ("test_*.py", "*_test.py")
_OTHER_PATTERNS = ("test.py", "tests.py", "*_tests.py", "*tests.py")
_SKIPPED_FOLDERS = frozenset({".git", ".tox", ".nox", "node_modules", "build", "dist"})
_MAX_READ = 200
_MAX_FOUND = 2_000


def make_plans(workspace: Workspace, limits: Limits) -> Iterator[Plan | NoPlan]:
    """The first of the usual targets whose commands test."""
    if not any((workspace.source / name).is_file() for name in _MAKEFILES):
        return
    if shutil.which("make") is None:
        yield NoPlan("make", "make is not installed")
        return
    reasons = []
    for target in _TARGETS:
        log = workspace.log("build")
        before = log.stat().st_size if log.exists() else 0
        if not workspace.run("build", "make", "--dry-run", "--no-print-directory", target, limits=limits).ok:
            continue
        with log.open(encoding="utf-8", errors="replace") as stream:
            stream.seek(before)
            _, *commands, _ = stream.read().splitlines()
        sorter = ScriptSorter()
        sorter.add("\n".join(commands), {})
        if sorter.test:
            if sorter.as_written:  # make knows its variables best
                sorter.test = [Step(("make", target))]
            yield sorter.plan("make", f"Makefile, target {target}")
            return
        reasons.append(f"target {target} does not test" + "".join(f", it runs {n}" for n in sorter.own_plans))
    yield NoPlan("make", "; ".join(reasons) or "its Makefile has no target that tests")


def pytest_plan(source: Path) -> Plan:
    """What pytest finds by itself, or is told of where test files are named in another way."""
    # -o addopts= drops coverage, parallel and style options, whose plugins may be missing
    options: tuple[str, ...] = ("-o", "addopts=", "-p", "no:cacheprovider", "--continue-on-collection-errors")
    if not _find(source, _DEFAULT_PATTERNS):
        options += tuple(_find(source, _OTHER_PATTERNS))
    return Plan("pytest", "pytest's own discovery", test=(Step((PYTHON, "-m", "pytest", *options)),))


def unittest_plans(source: Path) -> Iterator[Plan]:
    """What unittest finds by itself, for test files that name it."""
    files = find_test_files(source)
    if not any("unittest" in read_small_file(source / file, source) for file in files[:_MAX_READ]):
        return
    folders = {str(Path(file).parent) for file in files}
    loose = sorted(
        folder for folder in folders if folder != "." and not (source / folder / "__init__.py").exists()
    )
    discover = (PYTHON, "-m", "unittest", "discover", "--pattern", "*test*.py")
    steps = [Step(discover), *(Step((*discover, "--start-directory", folder)) for folder in loose[:5])]
    yield Plan("unittest", "unittest's own discovery", test=tuple(steps))


def find_test_files(source: Path) -> list[str]:
    """The test files of a project, by their names."""
    return _find(source, _DEFAULT_PATTERNS + _OTHER_PATTERNS)


def _find(source: Path, patterns: tuple[str, ...]) -> list[str]:
    """Files by the patterns of their names, in sorted order: no more than a command takes."""
    found: list[str] = []
    waiting = [str(source)]
    while waiting and len(found) < _MAX_FOUND:  # without recursion: folders may lie very deep
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.name in _SKIPPED_FOLDERS:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif any(fnmatch.fnmatchcase(entry.name, pattern) for pattern in patterns):
                        found.append(os.path.relpath(entry.path, source))
        except OSError:  # without rights, or too deep for a name
            continue
    return sorted(found)
