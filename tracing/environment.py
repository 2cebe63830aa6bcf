"""Unpacking a project and building the environment that its tests run in, inside the sandbox."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.interface import CommandResult, Limits, Mount
from tracing.failures import ProjectFailure
from tracing.fetch import Fetched
from tracing.project_metadata import ProjectMetadata, read_metadata
from tracing.project_modules import SOURCE_ROOT
from tracing.workspace import ENVIRONMENT, PYTHON, TOOLS, UV, Workspace

_UNPACK = """
import os, shutil, sys
shutil.unpack_archive(sys.argv[1], "/project")
entries = os.listdir("/project")
if len(entries) == 1 and os.path.isdir("/project/" + entries[0]):
    inner = "/project/" + entries[0]
    os.rename(inner, "/project/.unpacked")
    for name in os.listdir("/project/.unpacked"):
        os.rename("/project/.unpacked/" + name, "/project/" + name)
    os.rmdir("/project/.unpacked")
"""

_COMPILER = r"(?:[\w./-]*-)?(?:gcc|cc|clang|c\+\+|g\+\+)"
_CAUSES = (
    (
        re.compile(rf"No such file or directory: '{_COMPILER}'|unable to execute '{_COMPILER}'"),
        "a C compiler",
    ),
    (re.compile(r"fatal error: (\S+\.h): No such file"), "the C header {0}"),
    (
        re.compile(r"requires a different Python|requires-python|Requires-Python|requires Python"),
        "another Python",
    ),
    (re.compile(r"dns error|Could not connect|Failed to fetch|error sending request"), "the package index"),
    (re.compile(r"can't find Rust compiler|cargo.{0,20}not (?:found|installed)"), "a Rust compiler"),
)


def unpack(workspace: Workspace, fetched: Fetched) -> None:
    """Bring the fetched files into the workspace; archives are unpacked inside the sandbox."""
    if fetched.folder is not None:
        workspace.take_in(fetched.folder)
        return
    assert fetched.archive is not None
    inside = f"{TOOLS}/archive/{fetched.archive.name}"
    result = workspace.run(
        "unpack",
        *(str(workspace.interpreter.executable), "-c", _UNPACK, inside),
        mounts=(Mount(fetched.archive, inside),),
    )
    if not result.ok:
        raise ProjectFailure(
            "unpack",
            "bad_archive",
            f"{fetched.archive.name} cannot be unpacked ({result.describe()})",
            workspace.log("unpack"),
        )


def check_python(workspace: Workspace, metadata: ProjectMetadata) -> None:
    """Refuse a project that declares to need another Python than the one in use."""
    version = workspace.interpreter.version_text
    if not metadata.allows_python(version):
        raise ProjectFailure(
            "build",
            "needs_another_python",
            f"it requires Python {metadata.requires_python}, this run uses {version}; "
            "choose another with --python",
        )


def build(workspace: Workspace, limits: Limits) -> ProjectMetadata:
    """Install the project, its test requirements and pytest; returns what it then declares.

    If the test requirements cannot be had, the project alone is installed with pytest: many tests
    need nothing more.
    """
    metadata = read_metadata(workspace.source)
    check_python(workspace, metadata)
    make_environment(workspace)
    result = _install(workspace, limits, *_test_requirements(metadata))
    if not result.ok:
        result = _install(workspace, limits, SOURCE_ROOT)
    if not result.ok:
        raise _build_failure(workspace, result)
    return read_metadata(workspace.source, workspace.site_packages)


def make_environment(workspace: Workspace) -> None:
    """Create the empty virtual environment."""
    result = workspace.run(
        "build",
        UV,
        "venv",
        "--no-project",
        "--clear",
        "--python",
        str(workspace.interpreter.executable),
        ENVIRONMENT,
    )
    if not result.ok:
        raise _build_failure(workspace, result)


def _install(workspace: Workspace, limits: Limits, *requirements: str) -> CommandResult:
    return workspace.run(
        "build",
        *(UV, "pip", "install", "--python", PYTHON, "pytest", *requirements),
        index=True,
        limits=limits,
    )


def _test_requirements(metadata: ProjectMetadata) -> list[str]:
    extras = f"[{','.join(metadata.test_extras)}]" if metadata.test_extras else ""
    requirements = [f"{metadata.name or 'project'}{extras} @ file://{SOURCE_ROOT}" if extras else SOURCE_ROOT]
    for group in metadata.test_groups:
        requirements += ["--group", f"{SOURCE_ROOT}/pyproject.toml:{group}"]
    for file in metadata.requirement_files:
        requirements += ["-r", f"{SOURCE_ROOT}/{file}"]
    return requirements


def _build_failure(workspace: Workspace, result: CommandResult) -> ProjectFailure:
    log = workspace.log("build")
    cause = _cause(log)
    missing = f": it lacks {cause}" if cause else ""
    return ProjectFailure(
        "build", "build_failed", f"its environment cannot be built ({result.describe()}){missing}", log
    )


def _cause(log: Path) -> str | None:
    text = log.read_text(encoding="utf-8", errors="replace")[-100_000:]
    for pattern, cause in _CAUSES:
        match = pattern.search(text)
        if match:
            return cause.format(*match.groups())
    return None
