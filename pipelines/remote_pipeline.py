"""Parts of a stage on machines that do not see this one's disk, as a Beam transform.

Inputs and results travel as archives; a part whose result is there is not done again, so that retries and
bundles that are run twice are harmless.
"""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import apache_beam as beam
from apache_beam.utils.shared import Shared

from filters.contamination import ContaminationFinder
from pipelines.benchmark_files import Benchmarks
from pipelines.filter_pipeline import SharedFinder
from pipelines.local_runner import pipeline_on
from pipelines.remote_archives import exists, fetch_into, send
from pipelines.remote_work import Work, do_work
from pipelines.runner_choice import Runner


@dataclass(frozen=True)
class RemotePart:
    """A part of a stage: where its inputs are, and where its result goes.

    Results that other attempts may better, such as that a project cannot be had, go to ``result`` with
    `FAULTY` in its name.
    """

    work: Work
    inputs: tuple[str, ...]
    result: str

    @property
    def faulty_result(self) -> str:
        return self.result.removesuffix(".tar.gz") + ".faulty.tar.gz"


class DoParts(beam.PTransform):
    """`RemotePart` to the places of their results."""

    def expand(self, parts: beam.PCollection[RemotePart]) -> beam.PCollection[str]:
        return parts | "Spread parts" >> beam.Reshuffle() | "Do part" >> beam.ParDo(_DoPart(Shared()))


class _DoPart(beam.DoFn):
    def __init__(self, finders: Shared) -> None:
        self._finders = finders
        self._finder: SharedFinder | None = None

    def process(self, part: RemotePart) -> Iterator[str]:
        if exists(part.result):
            yield part.result
            return
        with tempfile.TemporaryDirectory(prefix="codex-sft-part-") as name:
            scratch = Path(name)
            scratch.chmod(0o711)  # sandboxed users pass through
            for url in part.inputs:
                fetch_into(url, scratch)
            done = do_work(part.work, scratch, self._finder_of)
            place = part.faulty_result if done.is_faulty else part.result
            send(place, scratch, done.paths)
        yield place

    def _finder_of(self, benchmarks: Benchmarks | None) -> ContaminationFinder:
        made: SharedFinder = self._finders.acquire(
            lambda: SharedFinder(ContaminationFinder(benchmarks.read() if benchmarks else [])),
            tag=benchmarks.digest if benchmarks else "none",
        )
        self._finder = made
        return made.finder


def run_parts(parts: list[RemotePart], runner: Runner, workers: int) -> None:
    """Have the parts done that are not yet; raises `RuntimeError` if the job fails."""
    with pipeline_on(runner, workers) as pipeline:
        _ = pipeline | "Parts" >> beam.Create(parts) | DoParts()


def write_template(parts: list[RemotePart], runner: Runner, workers: int, file: Path) -> None:
    """Write the job of Dataflow that would do the parts, without asking Google anything.

    Beam stages to a local folder beside the file, and takes an endpoint of this machine for one that needs
    no credentials.
    """
    folder = file.parent
    for name in ("staged", "temporary"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    offline: dict[str, str | list[str]] = {
        "dataflow_endpoint": "http://localhost:1",
        "no_auth": "true",
        "temp_location": str(folder / "temporary"),
        "staging_location": str(folder / "staged"),
        "template_location": str(file),
    }
    run_parts(parts, replace(runner, options={**runner.options, **offline}), workers)
