"""Unpacking a project and building the environment that its tests run in, inside the sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.interface import CommandResult, Limits, Mount
from tracing.build_causes import find_cause
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
_ADD_PATH = f"""
import os, sysconfig
folders = [folder for folder in ("{SOURCE_ROOT}/src", "{SOURCE_ROOT}/lib") if os.path.isdir(folder)]
with open(os.path.join(sysconfig.get_path("purelib"), "source.pth"), "w") as file:
    file.write("\\n".join([*folders, "{SOURCE_ROOT}"]))
"""


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
            "choose another with --python, or leave that out",
        )


@dataclass(frozen=True)
class BuiltEnvironment:
    """An environment with what the tests need, and what the project then declares. With ``failure``, the
    project itself could not be installed, and is imported from its source as it lies."""

    metadata: ProjectMetadata
    failure: ProjectFailure | None = None


def build(workspace: Workspace, limits: Limits) -> BuiltEnvironment:
    """Install the project, its test requirements and pytest; raises `ProjectFailure`.

    If the test requirements cannot be had, fewer of them are installed, at last the project alone: many
    tests need nothing more. If that fails too, the project is made importable without being installed.
    """
    metadata = read_metadata(workspace.source)
    check_python(workspace, metadata)
    make_environment(workspace)
    result = None
    for requirements in _requirements(metadata):
        before = workspace.log("build").stat().st_size
        result = install(workspace, limits, "pytest", *requirements)
        if result.ok:
            workspace.check_environment()
            return BuiltEnvironment(read_metadata(workspace.source, workspace.site_packages))
        if result.ending != "exited":
            break
    assert result is not None
    failure = _build_failure(workspace, result, before)
    if result.ending == "exited" and _put_source_on_path(workspace, metadata, limits):
        return BuiltEnvironment(metadata, failure)
    raise failure


def _put_source_on_path(workspace: Workspace, metadata: ProjectMetadata, limits: Limits) -> bool:
    """Make the project importable without its build; tells whether that could be done."""
    files = [word for file in metadata.requirement_files for word in ("-r", f"{SOURCE_ROOT}/{file}")]
    tries: tuple[list[str], ...] = (
        [*metadata.dependencies, *files, *metadata.tool_requirements],
        [*metadata.dependencies],
        [],
    )
    return (
        any(install(workspace, limits, "pytest", *requirements).ok for requirements in tries)
        and workspace.run("build", PYTHON, "-c", _ADD_PATH).ok
    )


def make_environment(workspace: Workspace) -> None:
    """Create the empty virtual environment."""
    workspace.clear(workspace.environment)
    python = str(workspace.interpreter.executable)
    result = workspace.run(
        "build", UV, "venv", "--no-project", "--allow-existing", "--python", python, ENVIRONMENT
    )
    if not result.ok:
        raise _build_failure(workspace, result)


def install(workspace: Workspace, limits: Limits, *requirements: str) -> CommandResult:
    """Install requirements into the environment."""
    return workspace.run(
        "build",
        *(UV, "pip", "install", "--python", PYTHON, *requirements),
        index=True,
        limits=limits,
    )


def add_installers(workspace: Workspace, limits: Limits) -> None:
    """Give the environment what the scripts of a CI call: pip, and setuptools for ``setup.py``."""
    install(workspace, limits, "pip", "setuptools", "wheel")


def _requirements(metadata: ProjectMetadata) -> list[list[str]]:
    """What to install, in decreasing order of what the tests may need."""
    extras = f"[{','.join(metadata.test_extras)}]" if metadata.test_extras else ""
    project = [f"{metadata.name or 'project'}{extras} @ file://{SOURCE_ROOT}" if extras else SOURCE_ROOT]
    groups = [f"{SOURCE_ROOT}/pyproject.toml:{group}" for group in metadata.test_groups]
    declared = [*project, *(word for group in groups for word in ("--group", group))]
    files = [word for file in metadata.requirement_files for word in ("-r", f"{SOURCE_ROOT}/{file}")]
    tries = [
        [*declared, *files, *metadata.tool_requirements],
        [*declared, *metadata.tool_requirements],
        [*declared, *files],
        declared,
        [SOURCE_ROOT],
    ]
    return [words for number, words in enumerate(tries) if words not in tries[:number]]


def _build_failure(workspace: Workspace, result: CommandResult, start: int = 0) -> ProjectFailure:
    log = workspace.log("build")
    said = f"its environment cannot be built ({result.describe()})"
    if result.ending != "exited":
        reasons = {"timeout": "build_timeout", "disk_limit": "disk_limit"}
        return ProjectFailure("build", reasons.get(result.ending, "build_failed"), said, log)
    reason, lacking = find_cause(log, start) or ("build_failed", "")
    return ProjectFailure("build", reason, f"{said}: it lacks {lacking}" if lacking else said, log)
