"""The scrape pipeline as Beam transforms: read problems, make tasks of them, write the set."""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

import platform
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines import __version__
from pipelines.counted_progress import count
from pipelines.local_runner import pipeline_on
from pipelines.problem_checkpoint import make_task_once
from pipelines.problem_funnel import Outcome, count_problem_funnels
from pipelines.problem_stages import ProblemOptions
from pipelines.run_folder import RunFolder
from pipelines.runner_choice import Runner
from pipelines.scrape_manifest import FailedSource, ScrapeManifest
from pipelines.side_by_side import Crew, SideBySide
from pipelines.stored_lines import LineWriter, Place, read_place
from sandbox.endings import printable
from sandbox.interpreter import find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from scraping.problem import Problem, ProblemRejection
from scraping.problem_sources import SourceUnreadable, read_source
from scraping.problem_tasks import task_id
from tasks.files import read_json, write_json, write_json_lines
from tasks.record import Task

_THREADS = Runner()


@dataclass(frozen=True)
class StoredProblem:
    """Where a problem is stored, and which of the sources it is of."""

    source: int
    place: Place


@dataclass(frozen=True)
class StoredOutcome:
    """What became of a problem: the place of its task or of its rejection."""

    source: int
    problem_id: str
    kind: Literal["task", "rejection"]
    place: Place


class ReadProblems(beam.PTransform):
    """Sources to `StoredProblem`; ``rejected`` has `StoredOutcome`, ``failed`` has `FailedSource`."""

    def __init__(self, output: Path, crew: Crew) -> None:
        super().__init__()
        self._output = output
        self._crew = crew

    def expand(self, sources: beam.PCollection[tuple[int, str]]) -> beam.pvalue.DoOutputsTuple:
        work = SideBySide(_ReadSource(self._output), self._crew)
        return (
            sources
            | "Spread sources" >> beam.Reshuffle()
            | "Read source" >> beam.ParDo(work).with_outputs("rejected", "failed", main="problems")
        )


class MakeTasks(beam.PTransform):
    """`StoredProblem` to `StoredOutcome`: each problem becomes a proven task or a rejection."""

    def __init__(self, output: Path, sandbox: str, options: ProblemOptions, crew: Crew) -> None:
        super().__init__()
        self._output = output
        self._sandbox = sandbox
        self._options = options
        self._crew = crew

    def expand(self, problems: beam.PCollection[StoredProblem]) -> beam.PCollection[StoredOutcome]:
        # not spread anew: that would wait for the last source to be read
        work = SideBySide(_MakeTask(self._output, self._sandbox, self._options), self._crew)
        return problems | "Make task" >> beam.ParDo(work)


class _WritesLines(beam.DoFn):
    """Keeps a file of its own for what it stores."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._writer: LineWriter | None = None

    def setup(self) -> None:
        self._writer = LineWriter(RunFolder(self._output).verified / f"{uuid.uuid4().hex}.jsonl")

    def store(self, record: object) -> Place:
        assert self._writer is not None
        return self._writer.append(record)

    def teardown(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _ReadSource(_WritesLines):
    def process(
        self, element: tuple[int, str]
    ) -> Iterator[
        StoredProblem
        | TaggedOutput[Literal["rejected"], StoredOutcome]
        | TaggedOutput[Literal["failed"], FailedSource]
    ]:
        index, source = element
        run = RunFolder(self._output)
        try:
            for found in read_source(source):
                place, problem_id = self._stored(found)
                count(run, "read")
                if problem_id is None:
                    yield StoredProblem(index, place)
                else:
                    yield TaggedOutput("rejected", StoredOutcome(index, problem_id, "rejection", place))
        except SourceUnreadable as error:
            yield TaggedOutput("failed", FailedSource(source, str(error)))
        except OSError:
            raise  # of the run's own folder, as a rule: no other source would fare better
        except Exception as error:  # a source that nobody foresaw must not end the others' run
            message = printable(f"it cannot be read any further ({type(error).__name__}: {error})")
            yield TaggedOutput("failed", FailedSource(source, message))

    def _stored(self, found: Problem | ProblemRejection) -> tuple[Place, str | None]:
        """Where it is stored, and the identifier if it is a rejection, as is what has no form in a file."""
        if isinstance(found, Problem):
            try:
                place = self.store(found)
                read_place(place, Problem)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                where = found.source.file or found.source.url or found.problem_id
                detail = f"{type(error).__name__}: {error}"
                found = ProblemRejection(str(found.problem_id), str(where), "read", "malformed", detail)
            else:
                return place, None
        found = replace(
            found,
            problem_id=printable(found.problem_id),
            where=printable(found.where),
            detail=printable(found.detail),
        )
        return self.store(found), found.problem_id


class _MakeTask(_WritesLines):
    def __init__(self, output: Path, sandbox: str, options: ProblemOptions) -> None:
        super().__init__(output)
        self._wanted = sandbox
        self._options = options
        self._pool: WorkerPool | None = None

    def setup(self) -> None:
        super().setup()
        interpreter = find_interpreter()
        checks = OutputChecks(lambda: select_sandbox("projects"), interpreter)
        self._pool = WorkerPool(select_sandbox("samples", self._wanted), interpreter, checks)

    def process(self, element: StoredProblem) -> Iterator[StoredOutcome]:
        assert self._pool is not None
        problem = read_place(element.place, Problem)
        made = make_task_once(problem, RunFolder(self._output), self._pool, self._options)
        count(RunFolder(self._output), "done")
        kind: Literal["task", "rejection"] = "task" if isinstance(made, Task) else "rejection"
        yield StoredOutcome(element.source, problem.problem_id, kind, self.store(made))

    def teardown(self) -> None:
        super().teardown()
        if self._pool is not None:
            self._pool.close()


def run_scrape(
    sources: list[str],
    output: Path,
    options: ProblemOptions,
    *,
    workers: int,
    sandbox_name: str,
    runner: Runner = _THREADS,
) -> ScrapeManifest:
    """Run the pipeline and write its results into ``output``, which the runner's workers see."""
    shutil.rmtree(RunFolder(output).verified, ignore_errors=True)  # of a run that was interrupted
    crew = Crew(runner.threads(workers))
    with pipeline_on(runner, runner.processes(workers)) as pipeline:
        read = pipeline | "Sources" >> beam.Create(list(enumerate(sources))) | ReadProblems(output, crew)
        made = read.problems | MakeTasks(output, sandbox_name, options, crew)
        _ = (
            pipeline
            | "Once" >> beam.Create([None])
            | "Write task set"
            >> beam.Map(
                _write_task_set,
                output=output,
                sources=sources,
                sandbox_name=sandbox_name,
                failures=beam.pvalue.AsList(read.failed),
                rejections=beam.pvalue.AsList(read.rejected),
                made=beam.pvalue.AsList(made),
            )
        )
    return read_json(RunFolder(output).manifest, ScrapeManifest)


def _write_task_set(
    _: None,
    output: Path,
    sources: list[str],
    sandbox_name: str,
    failures: list[FailedSource],
    rejections: list[StoredOutcome],
    made: list[StoredOutcome],
) -> None:
    """Write tasks, rejections and manifest in an order that does not depend on the run.

    Of a problem that several sources have, the first source's is kept.
    """
    run = RunFolder(output)
    found = sorted([*rejections, *made], key=lambda entry: (entry.source, entry.problem_id, entry.kind))
    tasks: dict[str, Place] = {}
    rejected: list[ProblemRejection] = []
    outcomes: list[Outcome] = []
    for entry in found:
        name = task_id(entry.problem_id)
        if entry.kind == "task" and name not in tasks:
            tasks[name] = entry.place
            outcomes.append(Outcome(sources[entry.source]))
            continue
        rejection = (
            read_place(entry.place, ProblemRejection)
            if entry.kind == "rejection"
            else ProblemRejection(entry.problem_id, sources[entry.source], "read", "duplicate_problem")
        )
        rejected.append(rejection)
        outcomes.append(Outcome(sources[entry.source], rejection.stage, rejection.reason))
    if outcomes:  # a run in which everything failed leaves what was there before
        write_json_lines(run.tasks, (read_place(place, Task) for place in tasks.values()))
        write_json_lines(run.rejected, rejected)
    shutil.rmtree(run.verified, ignore_errors=True)
    write_json(
        run.manifest,
        ScrapeManifest.of(
            tool_version=__version__,
            host_python=platform.python_version(),
            sandbox=sandbox_name,
            sources=sources,
            failures=sorted(failures, key=lambda failure: sources.index(failure.source)),
            funnels=count_problem_funnels(sources, outcomes),
        ),
    )
