"""A project's result on disk: found again, a finished project is not traced twice."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines import __version__
from pipelines.run_folder import RunFolder
from pipelines.verification_checkpoint import forget_verified
from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import NoInterpreter
from tasks.files import BadFile, read_json, write_json, write_json_lines, write_text
from tracing.failures import ProjectFailure
from tracing.project_spec import parse_project
from tracing.projects_file import ProjectRequest
from tracing.trace_project import TracedProject, TraceOptions, trace_project

_FAILED = "failed.json"


@dataclass(frozen=True)
class Failure:
    """A project that could not be traced: the stage, a stable reason, a message, its log."""

    project: str
    stage: str
    reason: str
    message: str
    log: str | None


@dataclass(frozen=True)
class ProjectResult:
    """A traced project in its checkpoint file; the file holds its tasks, this only what is small."""

    project: str
    checkpoint: str
    reused: bool


def candidates_of(checkpoint: Path) -> Path:
    """The file beside a checkpoint that has its project's candidates, one to a line."""
    return checkpoint.with_name("candidates.jsonl")


def trace_to_checkpoint(
    request: ProjectRequest, output: Path, sandbox: Sandbox, options: TraceOptions
) -> ProjectResult | Failure:
    """Trace one project unless its checkpoint is there already. Expected failures are returned.

    What the request says of Python and test command goes before the options. A project that makes the
    tracing itself fail is a failure as well: the others go on.
    """
    run = RunFolder(output)
    project = request.project
    options = _own_options(request, options)
    spec = parse_project(project)
    folder = run.project(spec, options)
    checkpoint = folder / "traced.json"
    failed = folder / _FAILED
    if failed.exists():
        return read_json(failed, Failure)
    if checkpoint.exists():
        try:
            known = read_json(checkpoint, TracedProject)
            return _claimed(run, ProjectResult(project, str(checkpoint), reused=True), known.label)
        except BadFile:
            checkpoint.unlink()  # written by something else; trace again
    forget_verified(checkpoint)
    for log in (folder / "logs").glob("*.log"):
        log.unlink()
    reached = "fetch"

    def on_stage(stage: str) -> None:
        nonlocal reached
        reached = stage
        set_stage(run, project, folder, stage)

    try:
        traced = trace_project(spec, folder, sandbox, options, __version__, on_stage)
        write_json(checkpoint, traced)
    except ProjectFailure as failure:
        set_stage(run, project, folder, "failed")
        log_path = str(failure.log) if failure.log else None
        return Failure(project, failure.stage, failure.reason, failure.message, log_path)
    except NoInterpreter as error:
        return Failure(project, "build", "no_interpreter", str(error), None)
    except SandboxUnavailable:
        raise
    except Exception as error:  # one project that nobody foresaw must not end a run of thousands
        set_stage(run, project, folder, "failed")
        fault = folder / "logs" / "fault.log"
        write_text(fault, "".join(traceback.format_exception(error)).encode("utf-8", "replace").decode())
        message = f"something of it cannot be dealt with ({type(error).__name__})"
        return Failure(project, reached, "unexpected", message, str(fault))
    write_json_lines(candidates_of(checkpoint), traced.candidates)
    write_json(checkpoint, replace(traced, candidates=[]))  # last: with it, the project is finished
    set_stage(run, project, folder, "traced")
    return _claimed(run, ProjectResult(project, str(checkpoint), reused=False), traced.label)


def keep_failure(run: RunFolder, request: ProjectRequest, options: TraceOptions, failure: Failure) -> Path:
    """Keep a failure in the project's folder, which is returned, so that it is not tried again.

    Runs do not keep failures; those of other machines come so.
    """
    folder = run.project(parse_project(request.project), _own_options(request, options))
    write_json(folder / _FAILED, failure)
    return folder


def forget_failures(run: RunFolder) -> None:
    """Try projects again of which failures were kept."""
    for file in run.path.glob(f"projects/*/{_FAILED}"):
        file.unlink()


def _own_options(request: ProjectRequest, options: TraceOptions) -> TraceOptions:
    return replace(
        options,
        python=request.python or options.python,
        test_command=request.test_command or options.test_command,
    )


def _claimed(run: RunFolder, result: ProjectResult, label: str) -> ProjectResult | Failure:
    """The result, unless its tasks would have the names of another project's."""
    holder = run.claim(label, result.project)
    if holder == result.project:
        return result
    message = f"{holder} is {label} as well, so their tasks could not be told apart; use another --output"
    return Failure(result.project, "extract", "name_taken", message, None)


def set_stage(run: RunFolder, project: str, folder: Path, stage: str) -> None:
    """Leave word of a project's stage where the progress display of another process finds it."""
    run.progress.mkdir(exist_ok=True)
    (run.progress / folder.name).write_text(f"{stage}\n{project}")
