"""What a machine elsewhere does of a stage: a part of its work, which gives the stage's own checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from filters.contamination import ContaminationFinder
from pipelines.benchmark_files import Benchmarks
from pipelines.checkpoint import Failure, candidates_of, keep_failure, trace_to_checkpoint
from pipelines.environments import installed_project, is_traced, read_environments
from pipelines.filter_folder import Measuring, Shard, measure_shard
from pipelines.problem_checkpoint import make_task_once
from pipelines.problem_stages import ProblemOptions
from pipelines.run_folder import RunFolder
from pipelines.stored_lines import places_in
from pipelines.task_measures import TaskMeasurer
from pipelines.verification_checkpoint import verify_once
from sampling.engine import Engine, EngineError
from sandbox.interpreter import find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from scraping.problem import Problem
from tasks.files import BadFile, read_json, read_json_lines, write_text
from tracing.index_gateway import default_downloads
from tracing.projects_file import ProjectRequest
from tracing.trace_project import TracedProject, TraceOptions


@dataclass(frozen=True)
class TracePart:
    """A project to trace and prove."""

    request: ProjectRequest
    options: TraceOptions
    sandbox: str


@dataclass(frozen=True)
class ProblemsPart:
    """Problems, of which tasks are made; they come in ``problems.jsonl``."""

    options: ProblemOptions
    sandbox: str


@dataclass(frozen=True)
class ShardPart:
    """A shard of tasks to measure, which comes with what is known of it and with what its tasks need."""

    number: int
    measuring: Measuring


Work = TracePart | ProblemsPart | ShardPart


@dataclass(frozen=True)
class Done:
    """The files and folders that are a part's result. A faulty one may be another at the next attempt."""

    paths: list[Path]
    is_faulty: bool = False


FinderMaker = Callable[[Benchmarks | None], ContaminationFinder]
"""Gives what compares tasks with benchmarks, which is made once for all parts that have the same."""


def do_work(work: Work, scratch: Path, finder_of: FinderMaker) -> Done:
    """Do a part of a stage in a folder that has its inputs."""
    if isinstance(work, TracePart):
        return _trace(work, scratch)
    if isinstance(work, ProblemsPart):
        return _make_tasks(work, scratch)
    return _measure(work, scratch, finder_of)


def _trace(work: TracePart, scratch: Path) -> Done:
    run = RunFolder(scratch)
    options = replace(work.options, downloads=default_downloads())
    found = trace_to_checkpoint(work.request, scratch, select_sandbox("projects", work.sandbox), options)
    if isinstance(found, Failure):
        return Done([keep_failure(run, work.request, options, found)], is_faulty=True)
    checkpoint = Path(found.checkpoint)
    traced = read_json(checkpoint, TracedProject)
    samples = select_sandbox("samples", work.sandbox)
    with WorkerPool(samples, find_interpreter()) as pool:
        for place in places_in(candidates_of(checkpoint)):
            verify_once(
                place,
                checkpoint,
                pool,
                samples.name,
                lambda: installed_project(traced.installation, checkpoint.parent),
            )
    return Done([checkpoint.parent])


def _make_tasks(work: ProblemsPart, scratch: Path) -> Done:
    run = RunFolder(scratch)
    with _pool(work.sandbox) as pool:
        for problem in read_json_lines(scratch / "problems.jsonl", Problem):
            make_task_once(problem, run, pool, work.options)
    made = scratch / "problems"
    return Done([made] if made.exists() else [])


def _measure(work: ShardPart, scratch: Path, finder_of: FinderMaker) -> Done:
    shard = Shard(scratch, work.number)
    traced = scratch / "traced"
    environments = read_environments(traced) if is_traced(traced) else {}
    benchmarks = _benchmarks(work.measuring.benchmarks, scratch)
    with _pool(work.measuring.sandbox) as pool:
        measurer = TaskMeasurer(
            pool,
            finder_of(benchmarks),
            benchmarks.digest if benchmarks else "",
            work.measuring.strengthening,
            work.measuring.add_tests,
        )
        try:
            measure_shard(shard, work.measuring, measurer, environments, lambda: _opened(work.measuring))
        except (EngineError, BadFile) as error:
            write_text(shard.failure, str(error))
    files = set((scratch / "shards").glob(f"{work.number:02}-*.jsonl")) - {shard.tasks}
    return Done(sorted(files), shard.failure.exists())


def _benchmarks(benchmarks: Benchmarks | None, scratch: Path) -> Benchmarks | None:
    """The same, with the files that came along."""
    if benchmarks is None:
        return None
    files = tuple(scratch / "benchmarks" / file.name for file in benchmarks.files)
    return replace(benchmarks, files=files)


def _pool(sandbox: str) -> WorkerPool:
    interpreter = find_interpreter()
    checks = OutputChecks(lambda: select_sandbox("projects"), interpreter)
    return WorkerPool(select_sandbox("samples", sandbox), interpreter, checks)


def _opened(measuring: Measuring) -> Engine:
    assert measuring.sampling is not None
    return measuring.sampling.engine.open()
