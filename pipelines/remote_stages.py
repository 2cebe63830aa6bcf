"""Stages of a build on machines elsewhere: they fill the checkpoints, which the stage then finds here.

What is written by a stage, its counts and its order, are so made by one machine, whoever did the work.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pipelines import __version__
from pipelines.benchmark_files import Benchmarks
from pipelines.build_folder import BuildFolder, StageName
from pipelines.build_recipe import BuildRecipe, traced_folders
from pipelines.checkpoint import forget_failures
from pipelines.filter_folder import Measuring, Shard
from pipelines.manifest import Manifest, ProjectEntry
from pipelines.remote_archives import exists, fetch_into, send, send_bytes
from pipelines.remote_pipeline import RemotePart, run_parts, write_template
from pipelines.remote_work import ProblemsPart, ShardPart, TracePart, Work
from pipelines.runner_choice import DryRun, Runner
from pipelines.user_error import UserError
from scraping.problem import Problem
from scraping.problem_sources import SourceUnreadable, read_source
from tasks.files import read_json, read_json_lines

_PROBLEMS_AT_A_TIME = 32


@dataclass(frozen=True)
class RemoteStages:
    """Has parts of stages done by a runner, by way of ``url``, which its workers and this machine see."""

    folder: BuildFolder
    url: str
    runner: Runner
    workers: int
    dry_run: bool = False

    def trace(self, recipe: BuildRecipe) -> None:
        """Trace and prove projects; raises `UserError` for those that only this machine has."""
        assert recipe.trace is not None
        for folder in traced_folders(recipe):
            raise UserError(
                f"--runner {self.runner.name}: {folder} is a folder of this machine; name a repository"
            )
        # where downloads are kept is each machine's own matter
        options = replace(recipe.trace.options, downloads=Path())
        parts = [
            self._part("trace", TracePart(request, options, recipe.sandbox), request.project)
            for request in recipe.trace.projects
        ]
        run = self.folder.stage("trace")
        forget_failures(run)
        self._do("trace", parts, run.path)

    def scrape(self, recipe: BuildRecipe) -> None:
        """Make tasks of problems, which are read here."""
        assert recipe.scrape is not None
        parts = []
        for problems in _portions(recipe.scrape.sources):
            lines = b"".join(msgspec.json.encode(each) + b"\n" for each in problems)
            url = self._send_once("scrape", "problems.jsonl", lines)
            work = ProblemsPart(recipe.scrape.options, recipe.sandbox)
            parts.append(self._part("scrape", work, url, (url,)))
        self._do("scrape", parts, self.folder.stage("scrape").path)

    def measure(self, shards: list[Shard], measuring: Measuring) -> list[str]:
        """Measure shards of tasks, with their benchmarks and the projects that they need; what failed."""
        run = self.folder.stage("filter")
        environments = self._environments(shards, measuring)
        benchmarks = self._benchmarks(measuring.benchmarks)
        parts = []
        for shard in shards:
            files = sorted(run.path.glob(f"shards/{shard.number:02}-*.jsonl"))
            lines = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:24]
            url = self._send_files("filter", lines, run.path, files)
            work = ShardPart(shard.number, replace(measuring, environments=()))
            parts.append(self._part("filter", work, lines, (url, *benchmarks, *environments)))
        self._do("filter", parts, run.path)
        return [shard.failure.read_text() for shard in shards if shard.failure.exists()]

    def _do(self, stage: StageName, parts: list[RemotePart], folder: Path) -> None:
        """Have parts done and unpack their results below a folder."""
        if self.dry_run:
            template = self.folder.path / "jobs" / stage / "job.json"
            write_template(parts, self.runner, self.workers, template)
            raise DryRun(template)
        missing = [part for part in parts if not exists(part.result)]
        if missing:
            run_parts(missing, self.runner, self.workers)
        for part in parts:
            fetch_into(part.result if exists(part.result) else part.faulty_result, folder)

    def _part(
        self, stage: StageName, work: Work, depends_on: str, inputs: tuple[str, ...] = ()
    ) -> RemotePart:
        """A part whose result is named by all that it depends on."""
        told = repr((__version__, stage, work, depends_on)).encode()
        name = hashlib.sha256(told).hexdigest()[:24]
        return RemotePart(work, inputs, f"{self._place(stage)}/{name}.tar.gz")

    def _place(self, stage: StageName) -> str:
        return f"{self.url.rstrip('/')}/remote/{stage}"

    def _send_once(self, stage: StageName, name: str, content: bytes) -> str:
        """An input of one file, which is named by its content."""
        digest = hashlib.sha256(content).hexdigest()[:24]
        url = f"{self._place(stage)}/input-{digest}.tar.gz"
        if not self.dry_run and not exists(url):
            send_bytes(url, name, content)
        return url

    def _send_files(self, stage: StageName, digest: str, root: Path, paths: list[Path]) -> str:
        url = f"{self._place(stage)}/input-{digest}.tar.gz"
        if not self.dry_run and not exists(url):
            send(url, root, paths)
        return url

    def _benchmarks(self, benchmarks: Benchmarks | None) -> tuple[str, ...]:
        if benchmarks is None:
            return ()
        files = [(file, file.read_bytes()) for file in benchmarks.files]
        return tuple(self._send_once("filter", f"benchmarks/{file.name}", text) for file, text in files)

    def _environments(self, shards: list[Shard], measuring: Measuring) -> tuple[str, ...]:
        """Archives of the projects that tasks of the shards are run with, laid out as one run's."""
        needed = {each.task.label for shard in shards for each in read_json_lines(shard.tasks, _Waiting)}
        found: list[str] = []
        entries: list[ProjectEntry] = []
        manifest: Manifest | None = None
        for place in measuring.environments:
            manifest = read_json(place / "manifest.json", Manifest)
            wanted = [entry for entry in manifest.projects if entry.label in needed]
            for entry in wanted:
                folder = place / entry.folder
                url = f"{self._place('filter')}/environment-{folder.name}.tar.gz"
                if not self.dry_run and not exists(url):
                    send(url, place, [folder / entry.installation.packages], "traced")
                found.append(url)
            entries += wanted
        if manifest is None or not entries:
            return ()
        text = msgspec.json.encode(replace(manifest, projects=entries, failures=[], funnels=[]))
        return (*found, self._send_once("filter", "traced/manifest.json", text))


class _Labelled(msgspec.Struct):
    task_id: str
    environment: str | None = None

    @property
    def label(self) -> str:
        return self.environment or self.task_id.partition("/")[0]


class _Waiting(msgspec.Struct):
    """What of a waiting task tells the project with which, or with whose Python, it is run."""

    task: _Labelled


def _portions(sources: list[str]) -> Iterator[list[Problem]]:
    """The problems of the sources, some at a time; what is none is for the stage itself to tell."""
    portion: list[Problem] = []
    for source in sources:
        with contextlib.suppress(SourceUnreadable):
            for found in read_source(source):
                if isinstance(found, Problem):
                    portion.append(found)
                if len(portion) == _PROBLEMS_AT_A_TIME:
                    yield portion
                    portion = []
    if portion:
        yield portion
