"""Running a project's tests under the tracer: the commands of its CI, else pytest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import CommandResult, Limits
from tracing.failures import ProjectFailure
from tracing.injection import enter_environments, tracer_mounts
from tracing.project_metadata import ProjectMetadata
from tracing.recordings import Recordings, read_recordings
from tracing.workspace import PYTHON, UV, Workspace

_DEFAULT_PATTERNS = ("test_*.py", "*_test.py")
_OTHER_PATTERNS = ("test.py", "tests.py", "*_tests.py", "*tests.py")
_SKIPPED_FOLDERS = frozenset({".git", ".tox", ".nox", "node_modules", "build", "dist"})


@dataclass(frozen=True)
class TestRun:
    """A finished test run: how its tests were run and why so, how it ended, what it recorded."""

    __test__ = False  # pytest: this is no test class

    plan: str
    reason: str
    result: CommandResult
    recordings: Recordings


def run_tests(workspace: Workspace, metadata: ProjectMetadata, limits: Limits) -> TestRun:
    """Run the project's tests by the first plan that records any call; raises `ProjectFailure`."""
    mounts = tracer_mounts(workspace)
    last: TestRun | None = None
    for plan in _plans(workspace, metadata, limits):
        workspace.clear(workspace.records)
        enter_environments(workspace)
        # CI=1 makes hypothesis drop its deadlines, which no traced run can meet, and its randomness
        result = workspace.run(
            "test",
            *plan.command,
            limits=limits,
            mounts=mounts,
            environment={"CI": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        last = TestRun(plan.name, plan.reason, result, read_recordings(workspace.records))
        if last.recordings.functions:
            return last
    raise _nothing_recorded(workspace, last)


@dataclass(frozen=True)
class _Plan:
    name: str
    reason: str
    command: tuple[str, ...]


def _plans(workspace: Workspace, metadata: ProjectMetadata, limits: Limits) -> Iterator[_Plan]:
    """The ways to run the tests, best first. Asking for the next says that the last gave nothing."""
    reason = "no CI configuration was found"
    if metadata.uses_tox:
        tox = _prepare_tox(workspace, limits)
        if tox is not None:
            yield tox
            reason = "the tox environment's commands called none of the project's functions"
        else:
            reason = "tox could not prepare its environment"
    yield _Plan("pytest", reason, (PYTHON, "-m", "pytest", *_pytest_options(workspace.source)))


def _prepare_tox(workspace: Workspace, limits: Limits) -> _Plan | None:
    """Install tox's environment for this Python; the tests then run in it without network."""
    version = workspace.interpreter.short_version.replace(".", "")
    result = workspace.run(
        "build", UV, "pip", "install", "--python", PYTHON, "tox", index=True, limits=limits
    )
    if not result.ok:
        return None
    tox = (
        PYTHON,
        "-m",
        "tox",
        "run",
        "-e",
        f"py{version}",
        "--discover",
        str(workspace.interpreter.executable),
    )
    result = workspace.run("build", *tox, "--notest", index=True, limits=limits)
    if not result.ok:
        return None
    return _Plan(
        "tox", f"the project has a tox configuration; environment py{version}", (*tox, "--skip-pkg-install")
    )


def _pytest_options(source: Path) -> tuple[str, ...]:
    # -o addopts= drops coverage, parallel and style options, whose plugins may be missing
    options: tuple[str, ...] = ("-o", "addopts=", "-p", "no:cacheprovider", "--continue-on-collection-errors")
    if not _find_tests(source, _DEFAULT_PATTERNS):
        options += tuple(_find_tests(source, _OTHER_PATTERNS))
    return options


def _find_tests(source: Path, patterns: tuple[str, ...]) -> list[str]:
    found = {
        str(file.relative_to(source))
        for pattern in patterns
        for file in source.rglob(pattern)
        if _SKIPPED_FOLDERS.isdisjoint(file.relative_to(source).parts)
    }
    return sorted(found)


def _nothing_recorded(workspace: Workspace, run: TestRun | None) -> ProjectFailure:
    log = workspace.log("test")
    patterns = _DEFAULT_PATTERNS + _OTHER_PATTERNS
    if not _find_tests(workspace.source, patterns):
        return ProjectFailure(
            "test",
            "no_tests",
            "it holds no test files; an sdist often leaves them out, its repository (git+URL) may have them",
            log,
        )
    ending = run.result.describe() if run else "not started"
    return ProjectFailure(
        "test", "nothing_recorded", f"its test run called none of the project's functions ({ending})", log
    )
