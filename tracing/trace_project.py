"""One project from its name to candidate tasks: fetch, build, run the tests, extract."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.interface import Sandbox
from sandbox.interpreter import NoInterpreter
from tasks.record import Provenance, Rejection
from tracing.candidates import Candidate, CandidateBuilder
from tracing.disk_watch import DiskLimits
from tracing.environment import build, unpack
from tracing.failures import ProjectFailure
from tracing.fetch import Fetched, fetch
from tracing.index_gateway import default_downloads
from tracing.injection import Tracer, TracerSettings
from tracing.project_metadata import ProjectMetadata, read_metadata
from tracing.project_modules import ProjectModules
from tracing.project_spec import GitSpec, PackageSpec, ProjectSpec
from tracing.python_choice import choose_python, installed_interpreter
from tracing.recordings import TracedFunction
from tracing.test_run import CiRecord, TestRun, run_tests
from tracing.workspace import Workspace, with_wall_seconds


@dataclass(frozen=True)
class TraceOptions:
    """How projects are traced. ``python`` is a version or a path, by default what suits each project;
    ``test_command`` stands in for its CI's commands; times are in seconds, ``disk_bytes`` bounds what its
    folders may hold; ``downloads`` keeps packages of the index between runs."""

    python: str | None = None
    test_command: str | None = None
    build_seconds: float = 900.0
    test_seconds: float = 900.0
    disk_bytes: int = DiskLimits.bytes
    downloads: Path = field(default_factory=default_downloads)
    keep_workspace: bool = False
    tracer: Tracer = "auto"
    methods: bool = True


@dataclass(frozen=True)
class Installation:
    """A traced project as it was installed for its tests: the interpreter, the folder of packages beside
    the project's checkpoint, and the modules by which it is imported."""

    python: str
    packages: str
    modules: list[str]


@dataclass(frozen=True)
class TracedProject:
    """What tracing a project gave. Every function called is among the candidates or rejections.

    ``label`` names the project in task ids; ``test_ending`` tells how its test run ended, by the
    command that ``plan`` names and for the reason given; ``ci`` tells what else was tried.
    """

    label: str
    name: str
    version: str | None
    license: str | None
    plan: str
    plan_reason: str
    test_ending: str
    ci: CiRecord
    python_version: str
    python_reason: str
    fetch_note: str | None
    functions_called: int
    calls_recorded: int
    candidates: list[Candidate]
    rejections: list[Rejection]
    installation: Installation


def trace_project(
    spec: ProjectSpec,
    folder: Path,
    sandbox: Sandbox,
    options: TraceOptions,
    tool_version: str,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> TracedProject:
    """Trace a project, with its logs in ``folder``; raises `ProjectFailure`.

    A test run that is stopped at its limit is no failure: what it recorded until then counts.
    """
    workspace = Workspace(
        folder / "workspace",
        sandbox,
        installed_interpreter(options.python),
        folder / "logs",
        options.downloads,
        DiskLimits(bytes=options.disk_bytes),
    )
    try:
        on_stage("fetch")
        workspace.prepare()
        fetched = fetch(spec, workspace.root / "fetched")
        on_stage("unpack")
        unpack(workspace, fetched)
        on_stage("build")
        python_reason = "it was asked for"
        if options.python is None:
            workspace, python_reason = _with_own_python(workspace)
        build_limits = with_wall_seconds(options.build_seconds)
        built = build(workspace, build_limits)
        on_stage("test")
        test_limits = with_wall_seconds(options.test_seconds)
        tracer = TracerSettings(options.tracer, options.methods)
        run = run_tests(workspace, built, test_limits, build_limits, options.test_command, tracer)
        on_stage("extract")
        workspace.check_environment()
        traced = _extract(spec, workspace, fetched, built.metadata, run, tool_version, python_reason)
        workspace.keep_packages(folder / traced.installation.packages)
        return traced
    finally:
        if not options.keep_workspace:
            workspace.remove()


def _with_own_python(workspace: Workspace) -> tuple[Workspace, str]:
    """The workspace with the Python that suits the project, and why that one does."""
    try:
        chosen = choose_python(workspace.source, read_metadata(workspace.source))
    except NoInterpreter as error:
        raise ProjectFailure("build", "needs_another_python", str(error)) from error
    return replace(workspace, interpreter=chosen.interpreter), chosen.reason


def _extract(
    spec: ProjectSpec,
    workspace: Workspace,
    fetched: Fetched,
    metadata: ProjectMetadata,
    run: TestRun,
    tool_version: str,
    python_reason: str,
) -> TracedProject:
    modules = ProjectModules(workspace.source, workspace.site_packages, workspace.interpreter.version)
    # what the index calls it, however it calls itself
    name = fetched.name if isinstance(spec, PackageSpec) else metadata.name or fetched.name
    version = fetched.version or metadata.version
    label = f"{name}-{version}" if version else name
    provenance = Provenance(
        source_kind="project",
        source=name,
        version=metadata.version or fetched.version,
        url=fetched.url,
        commit=fetched.commit,
        license=metadata.license,
        copyright=metadata.copyright,
        python_version=workspace.interpreter.version_text,
        tool_version=tool_version,
        retrieved_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    functions = merge_copies(run.recordings.functions, modules)
    builder = CandidateBuilder(modules, label, provenance, [requirement(spec, fetched, name)])
    built = [builder.build(function) for function in functions]
    return TracedProject(
        label=label,
        name=name,
        version=version,
        license=metadata.license,
        plan=run.plan,
        plan_reason=run.reason,
        test_ending=run.result.describe(),
        ci=run.ci,
        python_version=workspace.interpreter.version_text,
        python_reason=python_reason,
        fetch_note=fetched.note,
        functions_called=len(functions),
        calls_recorded=run.recordings.calls,
        candidates=_with_unique_ids([item for item in built if isinstance(item, Candidate)]),
        rejections=[item for item in built if isinstance(item, Rejection)],
        installation=Installation(
            str(workspace.interpreter.executable), "packages", sorted(modules.top_level_names())
        ),
    )


def requirement(spec: ProjectSpec, fetched: Fetched, name: str) -> str:
    """What installs the project again, as installers read it."""
    if isinstance(spec, PackageSpec):
        return f"{fetched.name}=={fetched.version}"
    if isinstance(spec, GitSpec):
        return f"{name} @ git+{fetched.url}@{fetched.commit}"
    return f"{name} @ {fetched.url}"


def merge_copies(functions: list[TracedFunction], modules: ProjectModules) -> list[TracedFunction]:
    """One function for each place in the project, whether its source or its installed copy ran."""
    merged: dict[tuple[str, str, int], TracedFunction] = {}
    for function in functions:
        module = modules.by_recorded_path(function.file)
        key = (module.name if module else function.file, function.name, function.line)
        first = merged.setdefault(key, function)
        if first is not function:
            for text, case in function.cases.items():
                first.cases.setdefault(text, case)
            first.losses += function.losses
    return list(merged.values())


def _with_unique_ids(candidates: list[Candidate]) -> list[Candidate]:
    """Tell apart functions of one name in one module, of which the last definition is the usual."""
    counts: dict[str, int] = {}
    unique = []
    for candidate in candidates:
        task_id = candidate.tasks[0].task_id
        counts[task_id] = number = counts.get(task_id, 0) + 1
        new_id = task_id if number == 1 else f"{task_id}#{number}"
        unique.append(replace(candidate, tasks=[replace(task, task_id=new_id) for task in candidate.tasks]))
    return unique
