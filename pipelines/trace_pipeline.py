"""The trace pipeline as Beam transforms: trace projects, verify tasks, write the set."""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines import __version__
from pipelines.checkpoint import Failure, ProjectResult, candidates_of, trace_to_checkpoint
from pipelines.environments import installed_project
from pipelines.funnel import Funnel, count_funnels, summarize
from pipelines.local_runner import pipeline_on
from pipelines.manifest import Manifest
from pipelines.progress import count_verified
from pipelines.run_folder import RunFolder
from pipelines.runner_choice import Runner
from pipelines.side_by_side import Crew, SideBySide
from pipelines.stored_lines import Place, places_in, read_place
from pipelines.verification_checkpoint import Verified, verify_once
from sandbox.installation import InstalledProject
from sandbox.interface import Sandbox
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import read_json, write_json, write_json_lines
from tasks.record import Rejection, Task
from tracing.projects_file import ProjectRequest
from tracing.trace_project import TracedProject, TraceOptions

_THREADS = Runner()


class TraceProjects(beam.PTransform):
    """Requests for projects to `ProjectResult`; those that fail leave by ``failed`` as `Failure`."""

    def __init__(self, output: Path, options: TraceOptions, sandbox: str, crew: Crew) -> None:
        super().__init__()
        self._output = output
        self._options = options
        self._sandbox = sandbox
        self._crew = crew

    def expand(self, projects: beam.PCollection[ProjectRequest]) -> beam.pvalue.DoOutputsTuple:
        work = SideBySide(_TraceProject(self._output, self._options, self._sandbox), self._crew)
        return (
            projects
            | "Spread projects" >> beam.Reshuffle()
            | "Trace project" >> beam.ParDo(work).with_outputs("failed", main="traced")
        )


class VerifyTasks(beam.PTransform):
    """Traced projects to the places of proven `Task`s; by ``rejected`` leave those of `Rejection`s."""

    def __init__(self, output: Path, sandbox: str, crew: Crew) -> None:
        super().__init__()
        self._output = output
        self._sandbox = sandbox
        self._crew = crew

    def expand(self, results: beam.PCollection[ProjectResult]) -> beam.pvalue.DoOutputsTuple:
        # not spread anew: that would wait for the last project to be traced
        work = SideBySide(_VerifyTask(self._output, self._sandbox), self._crew)
        return (
            results
            | "Read candidates" >> beam.FlatMap(_read_candidates)
            | "Verify task" >> beam.ParDo(work).with_outputs("rejected", main="proven")
        )


class _TraceProject(beam.DoFn):
    def __init__(self, output: Path, options: TraceOptions, sandbox: str) -> None:
        self._output = output
        self._options = options
        self._wanted = sandbox
        self._sandbox: Sandbox | None = None

    def setup(self) -> None:
        self._sandbox = select_sandbox("projects", self._wanted)

    def process(
        self, request: ProjectRequest
    ) -> Iterator[ProjectResult | TaggedOutput[Literal["failed"], Failure]]:
        assert self._sandbox is not None
        result = trace_to_checkpoint(request, self._output, self._sandbox, self._options)
        yield TaggedOutput("failed", result) if isinstance(result, Failure) else result


@dataclass(frozen=True)
class _StoredCandidate:
    """Where a candidate is stored, and the checkpoint of its project."""

    place: Place
    checkpoint: str


class _VerifyTask(beam.DoFn):
    def __init__(self, output: Path, sandbox: str) -> None:
        self._output = output
        self._sandbox = sandbox
        self._pool: WorkerPool | None = None
        self._installed: dict[str, InstalledProject] = {}

    def setup(self) -> None:
        self._pool = WorkerPool(select_sandbox("samples", self._sandbox), find_interpreter())

    def process(
        self, element: _StoredCandidate
    ) -> Iterator[Place | TaggedOutput[Literal["rejected"], Place]]:
        assert self._pool is not None
        stored, is_task = verify_once(
            element.place,
            Path(element.checkpoint),
            self._pool,
            self._sandbox,
            lambda: self._installation(element.checkpoint),
        )
        count_verified(RunFolder(self._output))
        yield stored if is_task else TaggedOutput("rejected", stored)

    def _installation(self, checkpoint: str) -> InstalledProject:
        if checkpoint not in self._installed:
            file = Path(checkpoint)
            traced = read_json(file, TracedProject)
            self._installed[checkpoint] = installed_project(traced.installation, file.parent)
        return self._installed[checkpoint]

    def teardown(self) -> None:
        if self._pool is not None:
            self._pool.close()


def _read_candidates(result: ProjectResult) -> Iterator[_StoredCandidate]:
    for place in places_in(candidates_of(Path(result.checkpoint))):
        yield _StoredCandidate(place, result.checkpoint)


def run_trace(
    projects: list[ProjectRequest],
    output: Path,
    options: TraceOptions,
    *,
    workers: int,
    sandbox_name: str,
    sample_sandbox_name: str,
    runner: Runner = _THREADS,
) -> Manifest:
    """Run the pipeline and write its results into ``output``, which the runner's workers see.

    The sandboxes of projects and of samples are given by their names.
    """
    crew = Crew(runner.threads(workers))
    with pipeline_on(runner, runner.processes(workers)) as pipeline:
        requests = pipeline | "Projects" >> beam.Create(projects)
        traced = requests | TraceProjects(output, options, sandbox_name, crew)
        verified = traced.traced | VerifyTasks(output, sample_sandbox_name, crew)
        _ = (
            pipeline
            | "Once" >> beam.Create([None])
            | "Write task set"
            >> beam.Map(
                _write_task_set,
                output=output,
                projects=[request.project for request in projects],
                sandbox_name=sandbox_name,
                sample_sandbox_name=sample_sandbox_name,
                results=beam.pvalue.AsList(traced.traced),
                failures=beam.pvalue.AsList(traced.failed),
                tasks=beam.pvalue.AsList(verified.proven),
                rejections=beam.pvalue.AsList(verified.rejected),
            )
        )
    return read_json(RunFolder(output).manifest, Manifest)


def _write_task_set(
    _: None,
    output: Path,
    projects: list[str],
    sandbox_name: str,
    sample_sandbox_name: str,
    results: list[ProjectResult],
    failures: list[Failure],
    tasks: list[Place],
    rejections: list[Place],
) -> None:
    """Write tasks, rejections and manifest in an order that does not depend on the run.

    Tasks are taken from their places one by one.
    """
    run = RunFolder(output)
    place = {project: index for index, project in enumerate(projects)}
    results = sorted(results, key=lambda result: place[result.project])
    traced = [read_json(Path(result.checkpoint), TracedProject) for result in results]
    every = [rejection for project in traced for rejection in project.rejections]
    every += [rejection for place in rejections if (rejection := read_place(place, Verified).rejection)]
    every.sort(key=_rejection_order)
    found = ((summarize(_task_at(task)), task) for task in tasks)
    in_order = sorted(found, key=lambda entry: entry[0])
    summaries = [summary for summary, _ in in_order]
    funnels: list[Funnel] = count_funnels(traced, summaries, every) if traced else []
    if results:  # a run in which everything failed leaves what was there before
        write_json_lines(run.tasks, (_task_at(task) for _, task in in_order))
        write_json_lines(run.rejected, every)
    write_json(
        run.manifest,
        Manifest.of(
            tool_version=__version__,
            host_python=platform.python_version(),
            sandbox=sandbox_name,
            replay_sandbox=sample_sandbox_name,
            results=results,
            traced=traced,
            failures=sorted(failures, key=lambda failure: place[failure.project]),
            funnels=funnels,
        ),
    )


def _task_at(place: Place) -> Task:
    task = read_place(place, Verified).task
    assert task is not None
    return task


def _rejection_order(each: Rejection) -> tuple[str, str, int, str, str, str, str]:
    return each.project, each.file, each.line, each.function, each.stage, each.reason, each.detail
