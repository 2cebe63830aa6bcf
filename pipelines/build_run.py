"""A build: the stages of a recipe in their order, each run again only where its inputs have changed."""

from __future__ import annotations

import hashlib
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from pipelines import __version__
from pipelines.build_folder import (
    MANIFEST_VERSION,
    STAGE_NAMES,
    BuildFolder,
    BuildManifest,
    FinishedStage,
    StageName,
    StageRecord,
    StageTimes,
)
from pipelines.build_recipe import BuildRecipe
from pipelines.build_stages import Ran, StageRunner
from pipelines.build_status import StageState, StageStatus, StatusFile, now
from pipelines.content_digest import file_digest
from pipelines.report.page import write_report
from pipelines.run_folder import folder_digest
from pipelines.runner_choice import Runner
from pipelines.user_error import UserError
from tasks.files import BadFile, read_json, write_json
from tracing.project_spec import FolderSpec, parse_project

if TYPE_CHECKING:
    from pipelines.remote_stages import RemoteStages  # Beam takes seconds to import


@dataclass(frozen=True)
class BuildOrder:
    """What a build is told besides its recipe. ``only``: the stages to run, by default all of the recipe;
    ``retry_faults``: stages of which some inputs gave nothing are run again."""

    recipe_text: str
    runner: Runner
    workers: int
    only: tuple[StageName, ...] = ()
    retry_faults: bool = False


@dataclass(frozen=True)
class Built:
    """The records of the stages so far, which of them were found unchanged, and the manifest, if all are."""

    records: list[StageRecord]
    unchanged: list[StageName]
    manifest: BuildManifest | None


class Build:
    """One build of a recipe in a folder, which is held open meanwhile."""

    def __init__(
        self,
        folder: BuildFolder,
        recipe: BuildRecipe,
        order: BuildOrder,
        console: Console,
        remote: RemoteStages | None = None,
        publish: Callable[[list[Path]], None] = lambda files: None,
    ) -> None:
        """``remote`` does the work of stages before they run here; ``publish`` is told of written files."""
        self._folder = folder
        self._recipe = recipe
        self._order = order
        self._console = console
        self._publish = publish
        runner = order.runner if remote is None else Runner()
        self._stages = StageRunner(folder, recipe, runner, order.workers, console, remote)

    def run(self) -> Built:
        """Run what has to be run; raises `UserError` if a stage is asked for whose input is not there."""
        names = [name for name in STAGE_NAMES if self._wanted(name)]
        for name in self._order.only:
            if name not in names:
                raise UserError(f"--stage {name}: the recipe has no such stage; it has {', '.join(names)}")
        status = StatusFile(
            self._folder, names, self._order.runner.name, lambda: self._publish([self._folder.status])
        )
        records: list[StageRecord] = []
        unchanged: list[StageName] = []
        with status.kept():
            for place, name in enumerate(names):
                known = self._known(name)
                if known is None and not self._may_run(name):
                    later = [each for each in self._order.only if each in names[place:]]
                    if later:
                        raise UserError(
                            f"--stage {later[0]}: {name} was not run with this recipe; give --stage {name}"
                        )
                    break
                if known is not None:
                    unchanged.append(name)
                else:
                    status.set(StageStatus(name, "running"))
                record = known or self._run(name)
                records.append(record)
                state: StageState = "unchanged" if known else "done"
                status.set(StageStatus(name, state, {}, record.read, record.kept, record.losses))
            manifest = self._finished(records) if len(records) == len(names) else None
        return Built(records, unchanged, manifest)

    def _wanted(self, name: StageName) -> bool:
        asked = {
            "trace": self._recipe.trace,
            "scrape": self._recipe.scrape,
            "gather": True,
            "filter": self._recipe.filter,
            "export": self._recipe.exports,
        }
        return bool(asked[name])

    def _may_run(self, name: StageName) -> bool:
        return not self._order.only or name in self._order.only

    def _run(self, name: StageName) -> StageRecord:
        """Run a stage; with its record, which is written last, it is finished."""
        for file in (self._folder.manifest, self._folder.finished(name)):
            file.unlink(missing_ok=True)
        stage = self._folder.stage(name)
        for file in (stage.tasks, stage.rejected, stage.manifest):
            file.unlink(missing_ok=True)
        key = self._key(name)
        self._console.print(f"[{name}]", markup=False)
        started = time.monotonic()
        ran = self._ran(name)
        write_json(self._folder.finished(name), FinishedStage(key, ran.record))
        seconds = round(time.monotonic() - started, 3)
        times = read_json(self._folder.times, dict[str, StageTimes]) if self._folder.times.exists() else {}
        times[name] = StageTimes(seconds, now(), self._order.runner.name, ran.costs)
        write_json(self._folder.times, times)
        self._publish([self._folder.path / output.path for output in ran.record.outputs])
        return ran.record

    def _ran(self, name: StageName) -> Ran:
        stages, recipe = self._stages, self._recipe
        if name == "trace" and recipe.trace:
            return stages.trace(recipe.trace)
        if name == "scrape" and recipe.scrape:
            return stages.scrape(recipe.scrape)
        if name == "filter" and recipe.filter:
            return stages.filter(recipe.filter)
        return stages.gather() if name == "gather" else stages.export()

    def _finished(self, records: list[StageRecord]) -> BuildManifest:
        """Write the manifest and the report, and remove exports that the recipe has no longer."""
        manifest = BuildManifest(MANIFEST_VERSION, __version__, self._order.recipe_text, records)
        exports = (output for each in records if each.stage == "export" for output in each.outputs)
        wanted = {Path(output.path).name for output in exports}
        if self._folder.exports.is_dir():
            for old in self._folder.exports.iterdir():
                if old.name not in wanted:
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
        encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        if not self._folder.manifest.exists() or self._folder.manifest.read_bytes() != encoded:
            write_json(self._folder.manifest, manifest)
        self._publish([self._folder.manifest, self._folder.times, write_report(self._folder)])
        return manifest

    def _known(self, name: StageName) -> StageRecord | None:
        """A finished stage's record, if neither what it depends on nor what it wrote has changed."""
        try:
            finished = read_json(self._folder.finished(name), FinishedStage)
            if finished.key != self._key(name) or (self._order.retry_faults and finished.record.faults):
                return None
            for output in finished.record.outputs:
                if file_digest(self._folder.path / output.path) != output.digest:
                    return None
        except (BadFile, OSError):
            return None
        return finished.record

    def _key(self, name: StageName) -> str:
        """Changes with all that a stage's result depends on."""
        settings: object = None
        inputs: list[str] = []
        recipe = self._recipe
        if name == "trace" and recipe.trace:
            # where downloads are kept makes no difference
            settings = (recipe.trace.projects, replace(recipe.trace.options, downloads=Path()))
            specs = [parse_project(request.project) for request in recipe.trace.projects]
            inputs = [self._digest(spec.path) for spec in specs if isinstance(spec, FolderSpec)]
        elif name == "scrape" and recipe.scrape:
            settings = recipe.scrape
            inputs = [self._digest(source_path(source)) for source in recipe.scrape.sources]
        elif name == "gather":
            settings = [str(file) for file in recipe.task_files]
            inputs = [file_digest(file) for _, file in self._stages.task_files()]
        elif name == "filter" and recipe.filter:
            sampling = recipe.filter.sampling
            settings = replace(recipe.filter, sampling=None, benchmarks={})
            inputs = [file_digest(self._folder.stage("gather").tasks)]
            inputs += [f"{name} {file_digest(file)}" for name, file in recipe.filter.benchmarks.items()]
            inputs += (
                [repr((sampling.engine.identity, sampling.parameters, sampling.options))] if sampling else []
            )
        elif name == "export":
            settings = recipe.exports
            inputs = [file_digest(self._stages.final_tasks)]
        depends_on = (__version__, platform.python_version(), recipe.sandbox, name, settings, inputs)
        return hashlib.sha256(msgspec.json.encode(depends_on, enc_hook=str)).hexdigest()

    def _digest(self, path: Path) -> str:
        return folder_digest(path, self._folder.path) if path.is_dir() else file_digest(path)


def source_path(source: str) -> Path:
    """The file or folder of a source of problems, ``PATH`` or ``FORMAT:PATH``."""
    _, colon, rest = source.partition(":")
    return Path(rest) if colon and not Path(source).exists() else Path(source)
