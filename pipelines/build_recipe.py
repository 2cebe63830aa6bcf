"""The recipe of a build: where tasks come from, what is kept, and what is written, in one TOML file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from filters.default_recipe import DEFAULT
from filters.minimise import StrengthenOptions
from filters.recipe import Recipe as Thresholds
from filters.recipe import read_recipe as read_thresholds
from filters.recipe import recipe_of
from filters.sample_filter import SampleFilterOptions
from pipelines.benchmark_files import HUMANEVAL
from pipelines.engine_options import ChosenEngine, ChosenParameters
from pipelines.export_formats import Export, ExportTable, options_of
from pipelines.exports.formats import FORMATS
from pipelines.problem_stages import ProblemOptions
from pipelines.sample_measures import Sampling
from sampling.engine import PAPER_STOPS, Parameters, Prices
from sampling.engine_choice import KINDS, EngineOptions
from sampling.server_engine import ServerOptions
from sandbox.interpreter import NoInterpreter
from sandbox.task_judging import JudgingOptions
from scraping.problem_sources import SourceUnreadable, check_source
from tasks.files import BadFile
from tasks.settings_file import Settings, read_settings
from tracing.injection import Tracer
from tracing.project_spec import BadProject, FolderSpec, parse_project
from tracing.projects_file import ProjectRequest, read_projects_file
from tracing.python_choice import installed_interpreter
from tracing.trace_project import TraceOptions

_Count = Annotated[int, Meta(ge=1)]
_Seconds = Annotated[float, Meta(ge=1)]
_Budget = Annotated[float, Meta(ge=0)]
_Texts = Annotated[list[str], Meta(min_length=1)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table whose unknown keys are mistakes."""


class Trace(_Table, frozen=True):
    """Projects to trace; the other settings are those of ``codex-sft trace``."""

    projects: list[str] = []
    projects_files: list[str] = []
    python: str | None = None
    test_command: str | None = None
    build_seconds: _Seconds = 900.0
    test_seconds: _Seconds = 900.0
    disk_gib: Annotated[float, Meta(gt=0)] = 10.0
    tracer: Tracer = "auto"
    methods: bool = True


class Scrape(_Table, frozen=True):
    """Archives of problems and folders of crawls; the other settings are those of ``codex-sft scrape``."""

    sources: _Texts
    generate_tests: bool = True
    test_seconds: _Budget = ProblemOptions.test_seconds


class Tasks(_Table, frozen=True):
    """Files of tasks, or folders of runs, that exist already."""

    files: _Texts


class Filter(_Table, frozen=True):
    """What is measured and kept; settings are those of ``codex-sft filter``.

    ``thresholds`` are tables as in a file of thresholds, which ``thresholds_file`` names instead.
    """

    strengthen: bool = True
    test_seconds: _Budget = StrengthenOptions.cpu_seconds
    measure_all: bool = False
    benchmarks: dict[str, str] = {}
    thresholds: dict[str, Any] = {}
    thresholds_file: str | None = None


class Engine(_Table, frozen=True):
    """What draws samples, and how; settings are those of ``codex-sft filter``."""

    engine: Annotated[str, Meta(min_length=1)]
    model: str | None = None
    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: _Count = 512
    stops: list[str] | None = None
    seed: Annotated[int, Meta(ge=0)] = 0
    limit: _Count = SampleFilterOptions.limit
    exhaustive: bool = False
    half_width: Annotated[float, Meta(ge=0.01, le=0.5)] | None = None
    timeout: Annotated[float, Meta(ge=0.1)] = 3.0
    concurrency: _Count = 16
    request_timeout: Annotated[float, Meta(ge=0.1)] = 600.0
    patience: _Budget = 300.0
    prices: tuple[float, float] = (0.0, 0.0)
    device: str = "auto"
    rows: _Count | None = None


class _Written(_Table, frozen=True):
    trace: Trace | None = None
    scrape: Scrape | None = None
    tasks: Tasks | None = None
    filter: Filter | None = None
    samples: Engine | None = None
    export: dict[str, dict[str, Any]] = {}
    sandbox: Literal["auto", "gvisor", "bubblewrap"] = "auto"


@dataclass(frozen=True)
class TraceSettings:
    """Projects, each once, and how they are traced."""

    projects: list[ProjectRequest]
    options: TraceOptions


@dataclass(frozen=True)
class ScrapeSettings:
    """Sources of problems, as `scraping.problem_sources` reads them, and how tasks are made of them."""

    sources: list[str]
    options: ProblemOptions


@dataclass(frozen=True)
class FilterSettings:
    """How tasks are measured, and which are kept. ``benchmarks`` are files by name."""

    thresholds: Thresholds
    benchmarks: dict[str, Path]
    strengthening: StrengthenOptions
    add_tests: bool
    measure_all: bool
    sampling: Sampling | None


@dataclass(frozen=True)
class BuildRecipe:
    """A checked recipe; what it does not ask for is None or empty."""

    trace: TraceSettings | None
    scrape: ScrapeSettings | None
    task_files: list[Path]
    filter: FilterSettings | None
    exports: list[Export]
    sandbox: str


def read_build_recipe(path: Path) -> BuildRecipe:
    """Read and check a recipe, with its paths from its folder; raises `BadFile` with line and key."""
    settings = read_settings(path, _Written)
    written, folder = settings.content, path.absolute().parent
    if written.trace is None and written.scrape is None and written.tasks is None:
        raise BadFile(f"{path}:1: no source of tasks; give [trace], [scrape] or [tasks]")
    if written.samples and not written.filter:
        raise settings.wrong("samples", "samples are drawn by the filter; give [filter], which may be empty")
    return BuildRecipe(
        _trace(settings, written.trace, folder) if written.trace else None,
        _scrape(settings, written.scrape, folder) if written.scrape else None,
        [_existing(settings, "tasks.files", folder, file) for file in written.tasks.files]
        if written.tasks
        else [],
        _filter(settings, written.filter, folder) if written.filter else None,
        [_export(settings, name, body, folder) for name, body in written.export.items()],
        written.sandbox,
    )


def _existing(settings: Settings[_Written], keys: str, folder: Path, name: str) -> Path:
    path = folder / Path(name).expanduser()
    if not path.exists():
        raise settings.wrong(keys, f"{path} does not exist", name)
    return path


def _trace(settings: Settings[_Written], trace: Trace, folder: Path) -> TraceSettings:
    found: dict[str, ProjectRequest] = {}

    def add(keys: str, written: str, request: ProjectRequest) -> None:
        if found.setdefault(request.project, request) != request:
            raise settings.wrong(keys, f"{request.project} is named twice, with different options", written)

    for text in trace.projects:
        place = text if text.startswith(("pypi:", "git+")) else str(folder / Path(text).expanduser())
        try:
            add("trace.projects", text, ProjectRequest(str(parse_project(place))))
        except BadProject as error:
            raise settings.wrong("trace.projects", str(error), text) from error
    for name in trace.projects_files:
        file = _existing(settings, "trace.projects_files", folder, name)
        try:
            for request in read_projects_file(file):
                add("trace.projects_files", name, request)
        except BadProject as error:
            raise BadFile(str(error)) from error
    if not found:
        raise settings.wrong("trace", "no project is named; give projects or projects_files")
    for wanted in {trace.python, *(request.python for request in found.values())}:
        try:
            installed_interpreter(wanted)
        except NoInterpreter as error:
            raise settings.wrong("trace.python", str(error), wanted or "") from error
    options = TraceOptions(
        python=trace.python,
        test_command=trace.test_command,
        build_seconds=trace.build_seconds,
        test_seconds=trace.test_seconds,
        disk_bytes=int(trace.disk_gib * 2**30),
        tracer=trace.tracer,
        methods=trace.methods,
    )
    return TraceSettings(list(found.values()), options)


def _scrape(settings: Settings[_Written], scrape: Scrape, folder: Path) -> ScrapeSettings:
    sources = []
    for text in scrape.sources:
        name, colon, path = text.partition(":")
        placed = f"{name}:{folder / path}" if colon else str(folder / text)
        try:
            check_source(placed)
        except SourceUnreadable as error:
            raise settings.wrong("scrape.sources", str(error), text) from error
        sources.append(placed)
    options = ProblemOptions(generate_tests=scrape.generate_tests, test_seconds=scrape.test_seconds)
    return ScrapeSettings(list(dict.fromkeys(sources)), options)


def _filter(settings: Settings[_Written], wanted: Filter, folder: Path) -> FilterSettings:
    if wanted.thresholds_file and wanted.thresholds:
        raise settings.wrong("filter.thresholds_file", "give either a file or tables of thresholds")
    if wanted.thresholds_file:
        file = _existing(settings, "filter.thresholds_file", folder, wanted.thresholds_file)
        thresholds = read_thresholds(file, DEFAULT)
    else:
        thresholds = recipe_of(wanted.thresholds, settings.path, settings.text, DEFAULT, "filter.thresholds")
    benchmarks = {
        name: _existing(settings, f"filter.benchmarks.{name}", folder, file)
        for name, file in wanted.benchmarks.items()
    }
    return FilterSettings(
        thresholds,
        dict([HUMANEVAL]) | benchmarks,
        StrengthenOptions(cpu_seconds=wanted.test_seconds),
        wanted.strengthen,
        wanted.measure_all,
        _sampling(settings, settings.content.samples, folder) if settings.content.samples else None,
    )


def _sampling(settings: Settings[_Written], engine: Engine, folder: Path) -> Sampling:
    kind, _, place = engine.engine.partition(":")
    if kind not in {each.partition(":")[0] for each in KINDS} or not place:
        raise settings.wrong("samples.engine", f"{engine.engine!r} is none of {', '.join(KINDS)}")
    text = engine.engine
    if kind == "recorded":
        text = f"recorded:{_existing(settings, 'samples.engine', folder, place)}"
    elif kind == "transformers" and (folder / place).is_dir():
        text = f"transformers:{folder / place}"
    given = None if engine.stops is None else tuple(engine.stops)
    try:
        plain = Parameters(engine.temperature, engine.top_p, engine.max_tokens, given or ())
        parameters = ChosenParameters(replace(plain, stops=PAPER_STOPS) if given is None else plain, plain)
    except ValueError as error:
        raise settings.wrong("samples", str(error)) from error
    server = ServerOptions(
        engine.concurrency, engine.request_timeout, engine.patience, prices=Prices(*engine.prices)
    )
    chosen = ChosenEngine(text, EngineOptions(engine.model, server, engine.device, engine.rows))
    options = SampleFilterOptions(
        engine.limit, engine.exhaustive, engine.half_width, engine.seed, JudgingOptions(engine.timeout)
    )
    return Sampling(chosen, parameters, options)


def _export(settings: Settings[_Written], name: str, body: dict[str, Any], folder: Path) -> Export:
    if not name.replace("_", "").replace("-", "").isalnum():
        raise settings.wrong(f"export.{name}", "an export is named in letters, digits, - and _")
    body = dict(body)
    format_name = body.pop("format", name)
    if format_name not in FORMATS:
        key = f"export.{name}.format" if "format" in settings.content.export[name] else f"export.{name}"
        raise settings.wrong(key, f"{format_name!r} is none of {', '.join(FORMATS)}")
    table = settings.table(f"export.{name}", body, ExportTable)
    for key, files in ("benchmarks", list(table.benchmarks.values())), ("samples", list(table.samples)):
        for file in files:
            _existing(settings, f"export.{name}.{key}", folder, file)
    if FORMATS[format_name].needs_samples and not table.samples and settings.content.samples is None:
        raise settings.wrong(
            f"export.{name}", f"{format_name} needs samples; give files of them, or [samples]"
        )
    try:
        return Export(name, format_name, options_of(table, folder))
    except BadFile as error:
        raise settings.wrong(f"export.{name}.held_out", str(error)) from error


def traced_folders(recipe: BuildRecipe) -> list[Path]:
    """Folders of this machine that a recipe traces, which other machines do not see."""
    requests = recipe.trace.projects if recipe.trace else []
    specs = [parse_project(request.project) for request in requests]
    return [spec.path for spec in specs if isinstance(spec, FolderSpec)]
