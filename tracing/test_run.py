"""Running a project's tests under the tracer: by the plans of its CI in turn, until one runs its tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.interface import CommandResult, Limits, Mount
from tracing.ci_actions import actions_plans
from tracing.ci_discovery import find_test_files, make_plans, pytest_plan, unittest_plans
from tracing.ci_nox import nox_plans
from tracing.ci_plan import NoPlan, Plan, PlanName, Step, script_step
from tracing.ci_tox import tox_plans
from tracing.ci_travis import travis_plans
from tracing.environment import BuiltEnvironment, add_installers, build, install
from tracing.failures import ProjectFailure
from tracing.injection import TracerSettings, check_tracer_starts, tracer_mounts
from tracing.missing_modules import missing_requirements
from tracing.project_metadata import ProjectMetadata
from tracing.recordings import Recordings, read_recordings
from tracing.test_counts import TestCounts, count_tests
from tracing.workspace import Workspace

_STOPPED = ("timeout", "output_limit", "disk_limit")
_OWN_ENVIRONMENTS = ("tox", "nox")
_LOG_END = 500_000
_SCRIPTED = ("given", "actions", "travis", "make")
# CI=1 makes hypothesis drop its deadlines, which no traced run can meet, and its randomness
_STEADY = ("/usr/bin/setarch", "-R")
_VARIABLES = {"CI": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class TriedPlan:
    """A plan that was made or run, and what came of it."""

    name: PlanName
    reason: str
    outcome: str


@dataclass(frozen=True)
class CiRecord:
    """How a project's CI was followed: every plan in turn, what of the last was left out, its tests.

    ``system_packages`` are those that its scripts would have installed; none are. ``not_installed`` says why
    the project was imported from its source as it lies.
    """

    tried: list[TriedPlan]
    left_out: list[str]
    system_packages: list[str]
    tests_passed: int
    tests_failed: int
    not_installed: str | None


@dataclass(frozen=True)
class TestRun:
    """A finished test run: how its tests were run and why so, how it ended, what it recorded."""

    __test__ = False  # pytest: this is no test class

    plan: str
    reason: str
    result: CommandResult
    recordings: Recordings
    ci: CiRecord


@dataclass(frozen=True)
class _Attempt:
    plan: Plan
    result: CommandResult
    recordings: Recordings
    counts: TestCounts
    log: str

    @property
    def plan_succeeded(self) -> bool:
        return self.result.ok and bool(self.recordings.functions)

    @property
    def ran_tests(self) -> bool:
        """Whether nothing better can be hoped for from another plan."""
        if not self.recordings.functions:
            return False
        return self.result.ok or self.counts.mostly_passed or self.result.ending in _STOPPED

    @property
    def worth(self) -> tuple[int, int]:
        return len(self.recordings.functions), self.counts.passed

    def describe(self) -> str:
        functions = len(self.recordings.functions)
        tests = f"{self.counts.passed} tests passed, {self.counts.failed} failed"
        return f"{self.result.describe()}; {tests}; {functions} functions recorded"


def run_tests(
    workspace: Workspace,
    built: BuiltEnvironment,
    limits: Limits,
    build_limits: Limits,
    given: str | None,
    tracer: TracerSettings,
) -> TestRun:
    """Run the project's tests by the first plan that does, ``given`` alone if there is such a command.

    If none does, by the one that recorded most. No other plan is begun once they took twice the limits of
    both phases together. Raises `ProjectFailure` if nothing was recorded.
    """
    mounts = tracer_mounts(workspace, tracer)
    check_tracer_starts(workspace, mounts)
    deadline = time.monotonic() + 2 * (limits.wall_seconds + build_limits.wall_seconds)
    tried: list[TriedPlan] = []
    attempts: list[_Attempt] = []
    environment_is_fresh = True
    for plan in _plans(workspace, built.metadata, build_limits, given):
        if isinstance(plan, NoPlan):
            tried.append(TriedPlan(plan.name, plan.reason, "not run"))
            continue
        if not environment_is_fresh:
            try:
                build(workspace, build_limits)
            except ProjectFailure as failure:
                tried.append(TriedPlan(plan.name, plan.reason, f"not run: {failure.message}"))
                break
        failed = _install(workspace, plan, build_limits)
        environment_is_fresh = plan.name not in _SCRIPTED
        if failed and plan.name in _OWN_ENVIRONMENTS:
            tried.append(TriedPlan(plan.name, plan.reason, f"not run{failed}"))
            continue
        attempt = _test(workspace, plan, limits, mounts)
        missing = missing_requirements(attempt.log) if plan.name not in _OWN_ENVIRONMENTS else []
        if missing and not attempt.plan_succeeded:
            if install(workspace, build_limits, *missing).ok:
                failed += f"; installed for the tests: {', '.join(missing)}"
                attempt = max(attempt, _test(workspace, plan, limits, mounts), key=lambda found: found.worth)
            environment_is_fresh = False
        attempts.append(attempt)
        tried.append(TriedPlan(plan.name, plan.reason, attempt.describe() + failed))
        if attempt.ran_tests or time.monotonic() > deadline:
            break
    best = max(attempts, key=lambda attempt: attempt.worth)
    if not best.recordings.functions:
        if built.failure is not None:
            raise built.failure
        raise _nothing_recorded(workspace, best, tried)
    return TestRun(
        best.plan.name,
        best.plan.reason,
        best.result,
        best.recordings,
        CiRecord(
            tried,
            list(best.plan.left_out),
            sorted({package for attempt in attempts for package in attempt.plan.system_packages}),
            best.counts.passed,
            best.counts.failed,
            built.failure.message if built.failure else None,
        ),
    )


def _plans(
    workspace: Workspace, metadata: ProjectMetadata, limits: Limits, given: str | None
) -> Iterator[Plan | NoPlan]:
    """The ways to run the tests, best first. Asking for the next says that the last did not do."""
    if given is not None:
        yield Plan("given", f"the command was given: {given}", test=(_given_step(given),))
        return
    source = workspace.source
    version = workspace.interpreter.short_version
    if metadata.uses_tox:
        yield from tox_plans(workspace, limits)
    yield from actions_plans(source, version)
    yield from travis_plans(source, version)
    if (source / "noxfile.py").is_file():
        yield from nox_plans(workspace, limits)
    yield from make_plans(workspace, limits)
    yield pytest_plan(source)
    yield from unittest_plans(source)


def _given_step(command: str) -> Step:
    return script_step(command, {}, "/project")


def _install(workspace: Workspace, plan: Plan, limits: Limits) -> str:
    """Run a plan's installing steps; what failed of them, in words, for tests may do without."""
    if plan.name in _SCRIPTED and plan.install:
        add_installers(workspace, limits)
    failed = [
        step.describe() for step in plan.install if not _run(workspace, "build", step, limits, index=True).ok
    ]
    return f"; failed before: {'; '.join(failed)}" if failed else ""


def _test(workspace: Workspace, plan: Plan, limits: Limits, mounts: tuple[Mount, ...]) -> _Attempt:
    """Run a plan's testing steps under the tracer, all of them within the limit of time."""
    steady = _steady_addresses(workspace)
    workspace.clear(workspace.records)
    log = workspace.log("test")
    before = log.stat().st_size if log.exists() else 0
    deadline = time.monotonic() + limits.wall_seconds
    result: CommandResult | None = None
    for step in plan.test:
        left = replace(limits, wall_seconds=max(1.0, deadline - time.monotonic()))
        last = _run(workspace, "test", step, left, by=steady, mounts=mounts)
        if result is None or result.ok or last.ending in _STOPPED:
            result = last  # the first that failed tells most
        if last.ending in _STOPPED:
            break
    assert result is not None
    with log.open(encoding="utf-8", errors="replace") as stream:
        stream.seek(before)
        said = stream.read()
    return _Attempt(plan, result, read_recordings(workspace.records), count_tests(said), said[-_LOG_END:])


def _steady_addresses(workspace: Workspace) -> tuple[str, ...]:
    """What runs a command with objects at the same addresses each time, where the sandbox lets it.

    Some functions are given what ``id`` and ``hash`` make of them.
    """
    return _STEADY if workspace.run("test", *_STEADY, "/bin/true").ok else ()


def _run(
    workspace: Workspace, stage: str, step: Step, limits: Limits, by: tuple[str, ...] = (), **how: object
) -> CommandResult:
    return workspace.run(
        stage,
        *by,
        *step.command,
        limits=limits,
        environment=_VARIABLES,
        folder=step.place,
        **how,  # type: ignore[arg-type]
    )


def _nothing_recorded(workspace: Workspace, attempt: _Attempt, tried: list[TriedPlan]) -> ProjectFailure:
    log = workspace.log("test")
    if not find_test_files(workspace.source):
        return ProjectFailure(
            "test",
            "no_tests",
            "it holds no test files; an sdist often leaves them out, its repository (git+URL) may have them",
            log,
        )
    plans = "; ".join(f"{plan.name}: {plan.outcome}" for plan in tried)
    also = f"; tried {plans}" if len(tried) > 1 else ""
    return ProjectFailure(
        "test",
        "nothing_recorded",
        f"its test run called none of the project's functions ({attempt.result.describe()}){also}",
        log,
    )
