"""The filter pipeline as Beam transforms: shards of tasks are measured side by side."""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.utils.shared import Shared

from pipelines.environments import read_environments
from pipelines.filter_folder import Measuring, Shard, measure_shard
from sampling.engine import Engine, EngineError
from sandbox.installation import InstalledProject
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import BadFile, write_text


class MeasureTasks(beam.PTransform):
    """Shards of tasks to those that are measured; those that an engine failed have left word of it."""

    def __init__(self, measuring: Measuring) -> None:
        super().__init__()
        self._measuring = measuring

    def expand(self, shards: beam.PCollection[Shard]) -> beam.PCollection[Shard]:
        return (
            shards
            | "Spread shards" >> beam.Reshuffle()
            | "Measure shard" >> beam.ParDo(_MeasureShard(self._measuring, Shared()))
        )


class _MeasureShard(beam.DoFn):
    def __init__(self, measuring: Measuring, shared: Shared) -> None:
        self._measuring = measuring
        self._shared = shared
        self._engine: Engine | None = None
        self._pool: WorkerPool | None = None
        self._environments: dict[str, InstalledProject] = {}

    def setup(self) -> None:
        self._pool = WorkerPool(select_sandbox("samples", self._measuring.sandbox), find_interpreter())
        run = self._measuring.environments
        self._environments = read_environments(run) if run else {}

    def process(self, shard: Shard) -> Iterator[Shard]:
        assert self._pool is not None
        measuring = self._measuring
        try:
            # one engine for all threads of a process: a model is loaded once
            self._engine = self._shared.acquire(measuring.engine.open)
            measure_shard(shard, self._engine, measuring, self._pool, self._environments)
        except (EngineError, BadFile) as error:
            write_text(shard.failure, str(error))
            return
        yield shard

    def teardown(self) -> None:
        if self._pool is not None:
            self._pool.close()


def run_measuring(shards: list[Shard], measuring: Measuring, *, workers: int) -> list[str]:
    """Measure the shards that are not measured yet, on this machine; what went wrong, in words."""
    waiting = [shard for shard in shards if not shard.measured.exists()]
    for shard in waiting:
        shard.failure.unlink(missing_ok=True)
    if waiting:
        runner = FnApiRunner()  # named, for Beam's own choice of a local runner tries to download another
        flags = PipelineOptions(
            [
                "--direct_running_mode=multi_threading",
                f"--direct_num_workers={workers}",
                "--no_save_main_session",
            ]
        )
        with beam.Pipeline(runner=runner, options=flags) as pipeline:
            _ = pipeline | "Shards" >> beam.Create(waiting) | MeasureTasks(measuring)
    failed = [shard.failure.read_text() for shard in waiting if shard.failure.exists()]
    return list(dict.fromkeys(failed))
