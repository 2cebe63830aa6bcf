"""The stages of a build: each runs what the command of its name runs, and says what became of its items."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console

from evaluation.evaluation_files import stream_tasks
from pipelines.benchmark_files import default_benchmark_cache
from pipelines.build_folder import BuildFolder, Fault, Loss, Output, SourceCount, StageRecord
from pipelines.build_recipe import BuildRecipe, FilterSettings, ScrapeSettings, TraceSettings
from pipelines.content_digest import file_digest
from pipelines.counted_progress import shown_counts
from pipelines.environments import is_traced, read_environments
from pipelines.export_formats import write_export
from pipelines.exports.options import ExportOptions
from pipelines.filter_folder import Measuring
from pipelines.filter_run import TaskFile, prepared_benchmarks, run_filter, without_missing_stages
from pipelines.progress import shown_progress
from pipelines.runner_choice import Runner
from sandbox.selection import select_sandbox
from tasks.files import atomic_writer, read_json_lines, write_json_lines
from tasks.record import Rejection, Task

if TYPE_CHECKING:
    from pipelines.remote_stages import RemoteStages  # Beam takes seconds to import

_NOT_TRACING = ("documented", "exported")
"""Steps of a trace's funnel that are the filter's and the exports' to decide in a build."""


@dataclass(frozen=True)
class Ran:
    """What a stage did, and what that cost besides time."""

    record: StageRecord
    costs: dict[str, float]


@dataclass(frozen=True)
class StageRunner:
    """Runs the stages of a recipe in a folder."""

    folder: BuildFolder
    recipe: BuildRecipe
    runner: Runner
    workers: int
    console: Console
    remote: RemoteStages | None = None

    def trace(self, settings: TraceSettings) -> Ran:
        """Trace projects and prove their tasks."""
        from pipelines.trace_pipeline import run_trace  # Beam takes seconds to import

        run = self.folder.stage("trace")
        names = [request.project for request in settings.projects]
        with run.open(), shown_progress(run, names, self.console):
            if self.remote:
                self.remote.trace(self.recipe)
            manifest = run_trace(
                settings.projects,
                run.path,
                settings.options,
                workers=self.workers,
                sandbox_name=select_sandbox("projects", self.recipe.sandbox).name,
                sample_sandbox_name=self._backend,
                runner=self.runner,
            )
        sources = [
            SourceCount(
                funnel.label,
                funnel.called,
                funnel.proven,
                [each for each in _losses(funnel.losses) if each.step not in _NOT_TRACING],
            )
            for funnel in manifest.funnels
            if funnel.label != "all"
        ]
        faults = [Fault(each.project, each.stage, each.reason) for each in manifest.failures]
        facts = {
            "projects": {
                entry.project: {
                    "label": entry.label,
                    "python": entry.python_version,
                    "plan": entry.plan,
                    "ending": entry.test_ending,
                    "license": entry.license,
                }
                for entry in manifest.projects
            }
        }
        outputs = self._written("trace", bool(sources))
        return Ran(_summed("trace", sources, faults, outputs, facts), {})

    def scrape(self, settings: ScrapeSettings) -> Ran:
        """Make tasks of problems."""
        from pipelines.scrape_pipeline import run_scrape  # Beam takes seconds to import

        run = self.folder.stage("scrape")
        with run.open(), shown_counts(run, "read", "done", "problems", self.console):
            if self.remote:
                self.remote.scrape(self.recipe)
            manifest = run_scrape(
                settings.sources,
                run.path,
                settings.options,
                workers=self.workers,
                sandbox_name=self._backend,
                runner=self.runner,
            )
        sources = [
            SourceCount(funnel.source, funnel.found, funnel.tasks, _losses(funnel.losses))
            for funnel in manifest.funnels
            if funnel.source != "all"
        ]
        faults = [Fault(each.source, "read", "unreadable") for each in manifest.failures]
        outputs = self._written("scrape", bool(sources))
        return Ran(_summed("scrape", sources, faults, outputs, {}), {})

    def gather(self) -> Ran:
        """One file of all tasks: of those with one name the first, and none whose project is missing."""
        run = self.folder.stage("gather")
        run.path.mkdir(parents=True, exist_ok=True)
        environments = {name for place in self._environments() for name in read_environments(place)}
        known: set[str] = set()
        sources = []
        with atomic_writer(run.tasks) as tasks, atomic_writer(run.rejected) as rejected:
            for name, file in self.task_files():
                losses = Counter[tuple[str, str]]()
                read = 0
                for read, task in enumerate(_tasks_of(file), start=1):  # noqa: B007
                    reason = None
                    if task.task_id in known:
                        reason = "duplicate_identifier"
                    elif task.environment is not None and task.environment not in environments:
                        reason = "environment_missing"
                    if reason is None:
                        known.add(task.task_id)
                        tasks.write(msgspec.json.encode(task) + b"\n")
                    else:
                        losses["gather", reason] += 1
                        rejected.write(msgspec.json.encode(_rejected(task, reason)) + b"\n")
                lost = [Loss(*key, items) for key, items in sorted(losses.items())]
                sources.append(SourceCount(name, read, read - losses.total(), lost))
        return Ran(_summed("gather", sources, [], self._written("gather", True), {}), {})

    def filter(self, settings: FilterSettings) -> Ran:
        """Measure the gathered tasks and keep those that the thresholds keep."""
        run = self.folder.stage("filter")
        gathered = TaskFile(self.folder.stage("gather").tasks)
        measuring = Measuring(
            without_missing_stages(settings.thresholds, settings.sampling),
            self._backend,
            None,
            settings.strengthening,
            settings.add_tests,
            settings.measure_all,
            settings.sampling,
            tuple(self._environments()),
        )
        with run.open():
            if gathered.path.stat().st_size == 0:
                write_json_lines(run.tasks, [])
                write_json_lines(run.rejected, [])
                return Ran(_summed("filter", [], [], self._written("filter", True), {}), {})
            if "contamination" in measuring.stages:
                backend = select_sandbox("samples", self._backend)
                found = prepared_benchmarks(
                    settings.benchmarks, default_benchmark_cache(), backend, self.console
                )
                measuring = replace(measuring, benchmarks=found)
            before = [self.remote.measure] if self.remote else []
            manifest = run_filter(gathered, run, measuring, self.workers, self.runner, self.console, *before)
        record = StageRecord(
            "filter",
            manifest.tasks,
            manifest.kept,
            [Loss(row.stage, row.reason, row.tasks) for row in manifest.funnel],
            _yields(gathered.path, run.tasks),
            outputs=self._written("filter", True),
            facts={
                "diagnoses": manifest.diagnoses,
                "samples": manifest.samples,
                "samples_passed": manifest.passed,
                "tests_added": manifest.tests_added,
                "benchmarks": list(manifest.benchmarks),
                "engine": manifest.engine,
            },
        )
        costs = {f"cpu_seconds.{stage}": seconds for stage, seconds in manifest.cpu_seconds.items()}
        usage = manifest.usage
        costs |= {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
        return Ran(record, costs | {"cost": usage.cost})

    def export(self) -> Ran:
        """Write every export anew: each appears when it is whole."""
        tasks = self.final_tasks
        number = sum(1 for _ in read_json_lines(tasks, msgspec.Raw))
        partial = self.folder.exports / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        sources: list[SourceCount] = []
        outputs: list[Output] = []
        facts: dict[str, Any] = {}
        for export in self.recipe.exports:
            written_to = partial / export.name
            written_to.mkdir(parents=True)
            done = write_export(export, tasks, written_to, self._export_options(export.options))
            facts[export.name] = {"rows": done.rows, "refused": done.refused}
            lost = [Loss("export", reason, items) for reason, items in done.left_out.items()]
            sources.append(SourceCount(export.name, number, number - sum(done.left_out.values()), lost))
            for each in sorted(written_to.iterdir()):
                place = self.folder.exports / each.name
                _replace(each, place)
                outputs.append(Output(f"exports/{place.name}", done.tasks, file_digest(place)))
        shutil.rmtree(partial, ignore_errors=True)
        return Ran(_summed("export", sources, [], outputs, facts), {})

    def _export_options(self, options: ExportOptions) -> ExportOptions:
        """With what the build knows besides: samples of the filter, and what became no task."""
        drawn = self.folder.stage("filter").path / "samples.jsonl"
        samples = options.samples
        if not samples and self.recipe.filter and self.recipe.filter.sampling:
            samples = (drawn,)
        stages = ("trace", "scrape", "gather", "filter")
        rejected = (self.folder.path / "stages" / name / "rejected.jsonl" for name in stages)
        return replace(options, samples=samples, rejected=tuple(file for file in rejected if file.exists()))

    @property
    def final_tasks(self) -> Path:
        """The tasks that are exported."""
        return self.folder.stage("filter" if self.recipe.filter else "gather").tasks

    @property
    def _backend(self) -> str:
        """What contains references and samples, by its name."""
        return select_sandbox("samples", self.recipe.sandbox).name

    def task_files(self) -> Iterator[tuple[str, Path]]:
        """The files of tasks of all sources, by the names of these."""
        for name in ("trace", "scrape"):
            if getattr(self.recipe, name):
                yield name, self.folder.path / "stages" / name / "tasks.jsonl"
        for path in self.recipe.task_files:
            file = path / "tasks.jsonl" if path.is_dir() else path
            yield str(path), file

    def _environments(self) -> list[Path]:
        """Runs whose projects are installed here: this build's, and those that files of tasks are of."""
        files = [path if path.is_dir() else path.parent for path in self.recipe.task_files]
        places = [self.folder.stage("trace").path] if self.recipe.trace else []
        return [place for place in [*places, *files] if is_traced(place)]

    def _written(self, name: str, something: bool) -> list[Output]:
        """The files of a stage, which are there, if empty, where all its inputs failed."""
        folder = self.folder.path / "stages" / name
        outputs = []
        for file in (folder / "tasks.jsonl", folder / "rejected.jsonl"):
            if not something:
                write_json_lines(file, [])
            rows = sum(1 for _ in read_json_lines(file, msgspec.Raw))
            outputs.append(Output(str(file.relative_to(self.folder.path)), rows, file_digest(file)))
        return outputs


def _losses(counts: dict[str, int]) -> list[Loss]:
    parts = ((*name.partition(": ")[::2], items) for name, items in counts.items())
    return sorted((Loss(*each) for each in parts), key=lambda loss: (loss.step, loss.reason))


def _summed(
    stage: str,
    sources: list[SourceCount],
    faults: list[Fault],
    outputs: list[Output],
    facts: dict[str, Any],
) -> StageRecord:
    losses = Counter[tuple[str, str]]()
    for source in sources:
        losses.update({(loss.step, loss.reason): loss.items for loss in source.losses})
    read, kept = sum(each.read for each in sources), sum(each.kept for each in sources)
    if read - kept != losses.total():
        raise ValueError(f"{stage}: {read} came in, {kept} were kept and {losses.total()} lost")
    return StageRecord(
        stage,  # type: ignore[arg-type]
        read,
        kept,
        [Loss(*key, items) for key, items in sorted(losses.items())],
        sources,
        sorted(faults, key=lambda fault: fault.source),
        outputs,
        facts,
    )


def _tasks_of(file: Path) -> Iterator[Task]:
    if file.stat().st_size:
        yield from stream_tasks(file)


def _rejected(task: Task, reason: str) -> Rejection:
    project, _, function = task.task_id.partition("/")
    return Rejection(
        project, function, task.provenance.file or "", task.provenance.line_start or 0, "gather", reason
    )


class _Source(msgspec.Struct):
    source: str


class _Sourced(msgspec.Struct):
    """What of a task tells where it is from."""

    provenance: _Source


def _yields(read: Path, kept: Path) -> list[SourceCount]:
    """How many tasks of each project or site were kept."""
    before, after = (
        Counter(row.provenance.source for row in read_json_lines(file, _Sourced)) for file in (read, kept)
    )
    return [SourceCount(source, number, after[source]) for source, number in sorted(before.items())]


def _replace(made: Path, place: Path) -> None:
    """Put what is whole in its place."""
    if place.is_dir():
        shutil.rmtree(place)
    made.replace(place)
