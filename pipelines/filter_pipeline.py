"""The filter pipeline as Beam transforms: shards of tasks are measured side by side."""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.utils.shared import Shared

from filters.contamination import ContaminationFinder
from pipelines.environments import read_environments
from pipelines.filter_folder import Measuring, Shard, measure_shard
from pipelines.local_runner import pipeline_on
from pipelines.runner_choice import Runner
from pipelines.side_by_side import Crew, SideBySide
from pipelines.task_measures import TaskMeasurer
from sampling.engine import Engine, EngineError
from sandbox.installation import InstalledProject
from sandbox.interpreter import find_interpreter
from sandbox.output_checks import OutputChecks
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, write_text

_THREADS = Runner()


class MeasureTasks(beam.PTransform):
    """Shards of tasks to those that are measured; those that an engine failed have left word of it."""

    def __init__(self, measuring: Measuring, crew: Crew) -> None:
        super().__init__()
        self._measuring = measuring
        self._crew = crew

    def expand(self, shards: beam.PCollection[Shard]) -> beam.PCollection[Shard]:
        work = SideBySide(_MeasureShard(self._measuring, Shared(), Shared()), self._crew)
        return shards | "Spread shards" >> beam.Reshuffle() | "Measure shard" >> beam.ParDo(work)


class SharedFinder:
    """What compares with benchmarks, and may be shared by weak reference."""

    def __init__(self, finder: ContaminationFinder) -> None:
        self.finder = finder


class _MeasureShard(beam.DoFn):
    def __init__(self, measuring: Measuring, engine: Shared, finder: Shared) -> None:
        self._measuring = measuring
        self._shared_engine = engine
        self._shared_finder = finder
        self._engine: Engine | None = None
        self._finder: SharedFinder | None = None
        self._pool: WorkerPool | None = None
        self._environments: dict[str, InstalledProject] = {}

    def setup(self) -> None:
        interpreter = find_interpreter()
        checks = OutputChecks(lambda: select_sandbox("projects"), interpreter)
        self._pool = WorkerPool(select_sandbox("samples", self._measuring.sandbox), interpreter, checks)
        for run in self._measuring.environments:
            self._environments |= read_environments(run)

    def process(self, shard: Shard) -> Iterator[Shard]:
        assert self._pool is not None
        measuring = self._measuring
        try:
            # one for all threads of a process: a model, or the benchmarks, are loaded once
            self._finder = self._shared_finder.acquire(self._make_finder)
            measurer = TaskMeasurer(
                self._pool,
                self._finder.finder,
                measuring.benchmarks.digest if measuring.benchmarks else "",
                measuring.strengthening,
                measuring.add_tests,
            )
            measure_shard(shard, measuring, measurer, self._environments, self._open_engine)
        except (EngineError, BadFile) as error:
            write_text(shard.failure, str(error))
            return
        yield shard

    def teardown(self) -> None:
        if self._pool is not None:
            self._pool.close()

    def _open_engine(self) -> Engine:
        assert self._measuring.sampling is not None
        engine: Engine = self._shared_engine.acquire(self._measuring.sampling.engine.open)
        self._engine = engine
        return engine

    def _make_finder(self) -> SharedFinder:
        benchmarks = self._measuring.benchmarks
        return SharedFinder(ContaminationFinder(benchmarks.read() if benchmarks else []))


def run_measuring(
    shards: list[Shard], measuring: Measuring, *, workers: int, runner: Runner = _THREADS
) -> list[str]:
    """Measure the shards by workers that see their folder; what went wrong, in words."""
    with pipeline_on(runner, runner.processes(workers)) as pipeline:
        made = pipeline | "Shards" >> beam.Create(shards)
        _ = made | MeasureTasks(measuring, Crew(runner.threads(workers)))
    failed = [shard.failure.read_text() for shard in shards if shard.failure.exists()]
    return list(dict.fromkeys(failed))
