"""Builds that are killed with ``SIGKILL``, then run again: what they leave, and whether they end alike.

    python -m benchmarks.killed_builds [--kills 10] [--runner portable]

A build that nobody disturbs tells how long it takes, and what it leaves. Then builds in new folders are
killed, each in another part of that time, at a moment drawn by ``--seed``; some twice, where the second
build is started at once; and others while one stage runs, before which all is done.

What is killed is the process of the command alone. All that it had started is then a child of this process,
which looks for three seconds what does not end by itself. Each build has a home, and thus caches, and a
folder of temporary files of its own; but the answers of HumanEval's references are taken from where this
machine keeps them, if it does. Ends with 1 if anything is left, or is not as in the undisturbed build.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.build_remains import Places, digests, left_files, stage_under_way
from benchmarks.killed_process import StartedBuild, adopt_orphans, group_folders
from pipelines.benchmark_files import default_benchmark_cache
from pipelines.build_folder import STAGE_NAMES, BuildFolder, StageName, StageTimes
from tasks.files import read_json, read_json_lines, write_json_lines
from tasks.record import Task
from tests.pipelines.build_recipes import ALPHA, FUNCTIONS, THRESHOLDS, write_tasks

_PROJECTS = """\
project,python,test_command
pypi:inflection==0.5.1,,pytest test_inflection.py -k 'ordinal or dasherize'
"""
_PYPROJECT = '[project]\nname = "alpha"\nversion = "1.0"\nlicense = "MIT"\n'
_EXPORTS = ("humaneval", "preferences", "verifiers", "datasets")
_TRACE = """\
[trace]
projects = ["alpha"]
projects_files = ["projects.csv"]
"""
_RECIPE = f"""\
[scrape]
sources = ["code"]
test_seconds = 3
[tasks]
files = ["tasks.jsonl"]
{THRESHOLDS}
[filter.thresholds.undocumented]
apply = false
"""
_SAMPLES = """
[samples]
engine = "recorded:samples.jsonl"
limit = 4
exhaustive = true
"""
_ATTEMPTS = 5
_INTERVAL = 0.002
_UNDISTURBED = "undisturbed"


@dataclass(frozen=True)
class Undisturbed:
    """What a build leaves and how long it takes when nobody kills it; ``stages`` are seconds by name."""

    seconds: float
    manifest: bytes
    files: dict[str, str]
    stages: dict[str, float]


@dataclass
class Row:
    """What was seen of a build that was killed, at one moment or at two."""

    kind: str
    moments: list[float] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    seconds_to_end: float = 0.0
    seconds_again: float = 0.0
    left: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    same_manifest: bool = False
    processes: set[int] = field(default_factory=set)

    @property
    def good(self) -> bool:
        return self.same_manifest and not (self.orphans or self.left or self.differing)


class Benchmark:
    """Builds of one recipe, by one runner."""

    def __init__(self, folder: Path, runner: str, workers: int, seed: int, *, trace: bool) -> None:
        self._folder = folder
        self._trace = trace
        self._runner = runner
        self._workers = workers
        self._dice = random.Random(seed)
        self._recipe = folder / "recipe.toml"

    def undisturbed(self) -> Undisturbed:
        """Build the recipe to its end, with samples recorded of its own tasks; raises `ClickException`."""
        self._write_sources()
        text = f'sandbox = "bubblewrap"\n{_TRACE if self._trace else ""}{_RECIPE}'
        self._recipe.write_text(text)
        tasks = self._places("tasks")
        stages = ("trace", "scrape", "gather")[0 if self._trace else 1 :]
        self._end(tasks, *(word for stage in stages for word in ("--stage", stage)))
        _record_samples(tasks.output / "stages" / "gather" / "tasks.jsonl", self._folder / "samples.jsonl")
        shutil.rmtree(tasks.root)
        self._recipe.write_text(text + _SAMPLES + "".join(f"[export.{name}]\n" for name in _EXPORTS))
        places = self._places(_UNDISTURBED)
        seconds = self._end(places)
        build = BuildFolder(places.output)
        times = read_json(build.times, dict[str, StageTimes])
        return Undisturbed(
            seconds,
            build.manifest.read_bytes(),
            digests(places.output),
            {stage: told.seconds for stage, told in times.items()},
        )

    def _write_sources(self) -> None:
        files = {f"alpha/{name}": textwrap.dedent(text) for name, text in ALPHA.items()}
        files |= {
            "alpha/pyproject.toml": _PYPROJECT,
            "code/functions.py": FUNCTIONS,
            "projects.csv": _PROJECTS,
        }
        for name, text in files.items():
            file = self._folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        write_tasks(self._folder / "tasks.jsonl")

    def killed(self, kind: str, whole: Undisturbed, parts: list[tuple[float, float]]) -> Row:
        """A build that is killed once in each part of an undisturbed build's time, then runs to its end."""
        row = Row(kind)
        places = self._places(kind.replace(" ", "-"))
        for place, (low, high) in enumerate(parts):
            self._kill_at(row, places, whole, low, high, look=place == len(parts) - 1)
        return self._compared(row, places, whole)

    def killed_in(self, stage: StageName, number: int, whole: Undisturbed) -> Row:
        """A build that is killed while a stage runs, before which all is done, then runs to its end."""
        row = Row(f"{stage} {number}")
        for _ in range(_ATTEMPTS):
            places = self._places(row.kind.replace(" ", "-"))
            self._copy_until(stage, places)
            status = BuildFolder(places.output).status
            with self._started(places) as build:
                while stage_under_way(status) != stage and not build.wait(_INTERVAL):
                    pass
                if not build.wait(self._dice.uniform(0, whole.stages[stage])):
                    self._kill(row, build, status, look=True)
                    return self._compared(row, places, whole)
            shutil.rmtree(places.root)  # it was quicker this time
        raise click.ClickException(f"{row.kind}: the stage ended before it could be killed")

    def _copy_until(self, stage: StageName, places: Places) -> None:
        """What the undisturbed build had when a stage began."""
        done = Places(self._folder / _UNDISTURBED)
        for source, target in ((done.output, places.output), (done.home, places.home)):
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        build = BuildFolder(places.output)
        for name in STAGE_NAMES[STAGE_NAMES.index(stage) :]:
            build.finished(name).unlink()
            shutil.rmtree(build.stage(name).path, ignore_errors=True)
        for file in (build.manifest, build.status, build.report):
            file.unlink()
        for folder in (build.exports, build.path / "history"):
            shutil.rmtree(folder)

    def _kill_at(
        self, row: Row, places: Places, whole: Undisturbed, low: float, high: float, *, look: bool
    ) -> None:
        seconds = whole.seconds
        for _ in range(_ATTEMPTS):
            with self._started(places) as build:
                if not build.wait(self._dice.uniform(low, high) * seconds):
                    self._kill(row, build, BuildFolder(places.output).status, look=look)
                    return
            seconds = build.seconds  # it was quicker this time
            if row.moments:
                raise click.ClickException(f"{row.kind}: the build had ended before its second kill")
            shutil.rmtree(places.root)
            self._places(places.root.name)
        raise click.ClickException(f"{row.kind}: the build ended before it could be killed")

    def _kill(self, row: Row, build: StartedBuild, status: Path, *, look: bool) -> None:
        """Kill a build; ``look`` waits for what it leaves, else that is there when it is started again."""
        row.processes |= build.kill()
        row.moments.append(build.seconds)
        row.stages.append(stage_under_way(status))
        if look:
            row.orphans += build.orphans()
            row.seconds_to_end = build.seconds_to_end

    def _compared(self, row: Row, places: Places, whole: Undisturbed) -> Row:
        row.seconds_again = self._end(places)
        row.same_manifest = BuildFolder(places.output).manifest.read_bytes() == whole.manifest
        found = digests(places.output)
        row.differing = sorted(
            name for name in found.keys() | whole.files.keys() if found.get(name) != whole.files.get(name)
        )
        row.left += [str(file.relative_to(places.root)) for file in left_files(places)]
        row.left += map(str, group_folders(row.processes))
        if row.good:
            shutil.rmtree(places.root)
        return row

    def _end(self, places: Places, *rest: str) -> float:
        """Seconds that a build takes to its end; raises `ClickException` where that is another."""
        with self._started(places, *rest) as build:
            build.wait(None)
            status, orphans = build.status, build.orphans()
        if status or orphans:
            raise click.ClickException(
                f"the build in {places.output} ended with {status}: {build.log.read_text()[-2000:]}"
                f"{' and left ' + '; '.join(orphans) if orphans else ''}"
            )
        return build.seconds

    @contextlib.contextmanager
    def _started(self, places: Places, *rest: str) -> Iterator[StartedBuild]:
        command = ["build", self._recipe, "-o", places.output, "--runner", self._runner]
        command += ["--workers", self._workers, *rest]
        with StartedBuild(command, places.home, places.temporary) as build:
            yield build

    def _places(self, name: str) -> Places:
        places = Places(self._folder / name)
        for folder in (places.home, places.temporary):
            folder.mkdir(parents=True)
        answers = default_benchmark_cache()
        if answers.is_dir():  # of HumanEval's references, which take longer than all else
            shutil.copytree(answers, places.home / answers.relative_to(Path.home()))
        return places


def _record_samples(tasks: Path, samples: Path) -> None:
    """For each task two samples that pass and two that fail."""
    write_json_lines(
        samples,
        (
            {"task_id": task.task_id, "completion": completion}
            for task in read_json_lines(tasks, Task)
            for completion in (task.canonical_solution, "    return None\n") * 2
        ),
    )


def _told(row: Row, whole: Undisturbed) -> str:
    moments = ", ".join(f"{each:.1f} s ({each / whole.seconds:.0%})" for each in row.moments)
    cells = (
        row.kind,
        moments,
        ", ".join(row.stages),
        len(row.orphans),
        f"{row.seconds_to_end:.1f}",
        len(row.left),
        f"{row.seconds_again:.1f}",
        "yes" if row.same_manifest else "**no**",
        "yes" if not row.differing else "**no**",
    )
    return f"| {' | '.join(map(str, cells))} |"


@click.command()
@click.option("--kills", default=10, show_default=True, help="Builds that are killed once.")
@click.option("--in-stage", default="export", show_default=True, type=click.Choice(STAGE_NAMES))
@click.option("--in-stage-kills", default=3, show_default=True, help="Builds killed while that stage runs.")
@click.option("--twice", default=2, show_default=True, help="Builds that are killed twice.")
@click.option("--runner", default="fn-api", show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--trace/--no-trace", default=True, help="Leave the tracing out, which takes longest.")
@click.option("--seed", default=0, show_default=True)
def main(
    kills: int,
    in_stage: StageName,
    in_stage_kills: int,
    twice: int,
    runner: str,
    workers: int,
    trace: bool,
    seed: int,
) -> None:
    """Kill builds of one recipe, run them again, and compare them with one that was not killed."""
    adopt_orphans()
    folder = Path(tempfile.mkdtemp(prefix="codex-sft-killed-"))
    benchmark = Benchmark(folder, runner, workers, seed, trace=trace)
    whole = benchmark.undisturbed()
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in whole.stages.items())
    click.echo(
        f"{runner}, undisturbed: {whole.seconds:.1f} s ({stages}); {len(whole.files)} files compared\n"
    )
    click.echo(
        "| kill | moment | stage | orphans | s to their end | files left | s again | same `build.json` "
        "| same files |\n|---|---|---|---:|---:|---:|---:|---|---|"
    )
    rows = []

    def tell(row: Row) -> None:
        rows.append(row)
        click.echo(_told(row, whole))
        for what, names in ("orphan", row.orphans), ("left", row.left), ("differs", row.differing):
            for name in names:
                click.echo(f"{row.kind}: {what}: {name}", err=True)

    for place in range(kills):
        tell(benchmark.killed(str(place + 1), whole, [(place / kills, (place + 1) / kills)]))
    for place in range(in_stage_kills):
        tell(benchmark.killed_in(in_stage, place + 1, whole))
    for place in range(twice):
        tell(benchmark.killed(f"twice {place + 1}", whole, [(0.1, 0.6), (0.05, 0.3)]))
    bad = [row for row in rows if not row.good]
    if bad:
        click.echo(f"kept: {folder}", err=True)
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
