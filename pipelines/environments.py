"""The environments that a run keeps: what tasks need that do not stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.manifest import Manifest
from pipelines.run_folder import RunFolder
from sandbox.installation import InstalledProject
from sandbox.interpreter import NoInterpreter, find_interpreter
from tasks.files import BadFile, read_json
from tasks.record import Task
from tracing.trace_project import Installation


def installed_project(installation: Installation, folder: Path) -> InstalledProject:
    """An installation in the folder of its project; raises `sandbox.interpreter.NoInterpreter`."""
    interpreter = find_interpreter(installation.python)
    return InstalledProject(interpreter, (folder / installation.packages,), tuple(installation.modules))


def read_environments(run_folder: Path) -> dict[str, InstalledProject]:
    """The environments of a run by the names that tasks have for them; raises `tasks.files.BadFile`."""
    run = RunFolder(run_folder.absolute())
    manifest = read_json(run.manifest, Manifest)
    return {
        entry.label: installed_project(entry.installation, run.path / entry.folder)
        for entry in manifest.projects
        if (run.path / entry.folder / entry.installation.packages).is_dir()
    }


def environments_of(
    tasks: Iterable[Task], environments: Mapping[str, InstalledProject]
) -> dict[str, InstalledProject]:
    """What each task runs in, by its identifier, of those that a run knows.

    A task that stands alone has its project's interpreter, and nothing of the project.
    """
    found = {}
    for task in tasks:
        project = environments.get(task.environment or task.task_id.partition("/")[0])
        if project is not None:
            alone = InstalledProject(project.interpreter, (), ())
            found[task.task_id] = project if task.environment else alone
    return found


def is_traced(run_folder: Path) -> bool:
    """Whether a folder is a run's whose projects' interpreters are here."""
    try:
        read_environments(run_folder)
    except (BadFile, NoInterpreter):
        return False
    return True


def needed_environments(tasks: Iterable[Task], run_folder: Path) -> Path | None:
    """The run, if any of the tasks needs an environment; raises `tasks.files.BadFile` if it lacks one."""
    needed = {task.environment: task.task_id for task in tasks if task.environment}
    if not needed:
        return None
    missing = needed.keys() - read_environments(run_folder).keys()
    for environment in sorted(missing):
        raise BadFile(
            f"{needed[environment]} needs {environment} to be installed, which {run_folder} does not hold; "
            "name the run that traced it with --environments, or trace it again"
        )
    return run_folder
