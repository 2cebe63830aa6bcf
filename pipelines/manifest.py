"""The manifest: what a run did to which projects, with what, and how many tasks came of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from pipelines.checkpoint import Failure, ProjectResult
from pipelines.funnel import Funnel
from tracing.test_run import CiRecord
from tracing.trace_project import Installation, TracedProject


@dataclass(frozen=True)
class ProjectEntry:
    """What the manifest says of a traced project; its logs and packages are in ``folder``."""

    project: str
    label: str
    version: str | None
    license: str | None
    fetch_note: str | None
    python_version: str
    python_reason: str
    plan: str
    plan_reason: str
    test_ending: str
    ci: CiRecord
    functions_called: int
    calls_recorded: int
    reused: bool
    folder: str
    installation: Installation


@dataclass(frozen=True)
class Manifest:
    """A run's own record, written last: where it is, the rest is complete."""

    tool_version: str
    host_python: str
    sandbox: str
    replay_sandbox: str
    finished_at: str
    projects: list[ProjectEntry]
    failures: list[Failure]
    funnels: list[Funnel]

    @classmethod
    def of(
        cls,
        *,
        tool_version: str,
        host_python: str,
        sandbox: str,
        replay_sandbox: str,
        results: list[ProjectResult],
        traced: list[TracedProject],
        failures: list[Failure],
        funnels: list[Funnel],
    ) -> Manifest:
        """The manifest of a run that ends now."""
        entries = [
            ProjectEntry(
                project=result.project,
                label=project.label,
                version=project.version,
                license=project.license,
                fetch_note=project.fetch_note,
                python_version=project.python_version,
                python_reason=project.python_reason,
                plan=project.plan,
                plan_reason=project.plan_reason,
                test_ending=project.test_ending,
                ci=project.ci,
                functions_called=project.functions_called,
                calls_recorded=project.calls_recorded,
                reused=result.reused,
                folder=f"projects/{Path(result.checkpoint).parent.name}",
                installation=project.installation,
            )
            for result, project in zip(results, traced, strict=True)
        ]
        finished = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return cls(tool_version, host_python, sandbox, replay_sandbox, finished, entries, failures, funnels)
