"""The whole loop, from top to bottom: tasks, filter, Codex-S and its control, verdicts, Codex-D, comparison.

Each stage is a command of codex-sft that could be typed as well; `pipelines.loop_stages` runs them. Three
arms are compared: the base model, the control (the base after as many further steps at the same rate on more
of its own data), and Codex-S; the last two once for each seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.block_chains import chain_length
from pipelines.loop_stages import Chain, Stage, StageRunner
from pipelines.user_error import UserError
from sft.base_record import read_base_record
from sft.model_presets import PRESETS
from sft.tiny_base import BLOCKS, TINY_BASE, base_projects
from sft.tuning_outcome import read_outcome
from tasks.files import read_json_lines, write_json_lines, write_text
from tasks.record import Task

LONGEST = 4
"""Blocks of the longest chains that are tested."""

_CONTROL_SEED = 1000
_ROWS = 256
_RANKED = 4
"""Times as many samples are drawn to choose among."""

ARMS = ("base", "control", "codex-s")
SETS = ("blocks", "projects")

_FILTER = """# The filter of the paper's section 4.3: one of 100 samples of the base model has to pass.
defaults = false

[undocumented]
measure = "text.documented"
one_of = [true]

[undecided]
measure = "samples.decision"
one_of = ["kept", "dropped"]

[no_sample_passes]
measure = "samples.passed"
minimum = 1
"""

_RECIPE = """model = "{base}"
seed = {seed}

[data]
tasks = [{tasks}]
validation_share = 0.1

[budget]
passes = {passes}

[batch]
items = {items}

[plateau]
every = {every}

[machine]
trackers = []
log_every = 5
"""


@dataclass(frozen=True)
class LoopSettings:
    """What a loop depends on. Counts of chains are for each length; ``corpus`` is more of the base's data,
    made of the tiny base's own sources where it is None.
    """

    base: str = str(TINY_BASE)
    corpus: str | None = None
    seeds: int = 3
    samples: int = 5
    descriptions: int = 2
    temperature: float = 0.8
    max_tokens: int = 160
    train_chains: int = 120
    test_chains: int = 30
    train_projects: tuple[str, ...] = ("pypi:tabulate==0.10.0",)
    held_out_projects: tuple[str, ...] = ("pypi:inflection==0.5.1",)
    snippets: int = 5000
    passes: float = 12
    sequences: int = 4
    validate_every: int = 20
    limit: int = 100
    sandbox: str = "auto"
    figures: bool = True

    @property
    def sets(self) -> tuple[str, ...]:
        """What is trained on and tested: without projects to trace, chains alone."""
        return SETS if self.held_out_projects else SETS[:1]


@dataclass(frozen=True)
class LoopFolder:
    """Where the parts of a loop lie."""

    path: Path

    @property
    def settings(self) -> Path:
        return self.path / "loop.json"

    @property
    def report(self) -> Path:
        """All numbers, written last."""
        return self.path / "report.json"

    @property
    def chains(self) -> Path:
        return self.path / "tasks" / "blocks.jsonl"

    @property
    def corpus(self) -> Path:
        return self.path / "base-data" / "corpus"

    @property
    def codex_d(self) -> Path:
        return self.path / "codex-d"

    def traced(self, name: str) -> Path:
        return self.path / "traced" / name

    def tests(self, name: str) -> Path:
        """The held-out tasks of a set."""
        return self.path / "tasks" / f"held-out-{name}.jsonl"

    def kept(self, name: str) -> Path:
        """What the filter kept of a set."""
        return self.path / "kept" / name

    def trained(self, arm: str, seed: int) -> Path:
        return self.path / arm / f"seed-{seed}"

    def results(self, arm: str, seed: int, name: str) -> Path:
        return self.path / "samples" / f"{arm}-{seed}-{name}.jsonl_results.jsonl"

    @property
    def descriptions(self) -> Path:
        """Docstrings that Codex-D wrote for the code of held-out chains."""
        return self.path / "descriptions.jsonl"

    def comparison(self, name: str) -> Path:
        return self.path / "report" / name


def run_loop(settings: LoopSettings, folder: Path, runner: StageRunner) -> LoopFolder:
    """Run every stage that is not on record yet; raises `UserError` when one fails."""
    place = LoopFolder(folder)

    # tasks: chains of building blocks and functions of projects; for the control more of the base's data
    projects = {"train": settings.train_projects, "held-out": settings.held_out_projects}
    traced = [_traced(settings, place, name, some) for name, some in projects.items() if some]
    runner.run(_data(settings, place), *traced)
    _hold_out(settings, place)

    # the filter: what the base model solves in one of its samples; what it never solves is not trained on
    write_text(place.kept("filter.toml"), _FILTER)
    candidates = {"blocks": place.chains, "projects": place.traced("train")}
    runner.run(*(_filtered(settings, place, name, candidates[name]) for name in settings.sets))

    # Codex-S and then its control, seed by seed, sampled and judged on both sets; Codex-D beside them
    runner.run(
        *(_seed(settings, place, seed) for seed in range(settings.seeds)),
        *(_judged(settings, place, "base", seed, settings.base) for seed in range(settings.seeds)),
        _codex_d(settings, place),
    )
    # Codex-D: docstrings from held-out code, and choosing among Codex-S's samples by back-translation
    runner.run(_described(settings, place), _ranked(settings, place))

    # the comparison: paired by task, with intervals over tasks and the range of the seeds
    runner.run(*(_compared(settings, place, name) for name in settings.sets))
    return place


def _data(settings: LoopSettings, place: LoopFolder) -> Chain:
    snippets = () if settings.corpus else ("--snippets", settings.snippets, "--snippets-seed", 1)
    chains = ("--count", settings.train_chains, *BLOCKS)
    yield _stage("blocks", "building-blocks", *chains, *snippets, "-o", place.chains)
    if settings.corpus is None:
        # about a quarter of the base's corpus, mixed as that was: other snippets, some of its projects
        sources = (place.chains.with_name("blocks.snippets"), *list(base_projects())[::5])
        yield _stage("corpus", "corpus", *sources, "--workers", 1, "-o", place.corpus)


def _traced(settings: LoopSettings, place: LoopFolder, name: str, projects: Sequence[str]) -> Chain:
    how = ("--no-methods", "--workers", 1, "--sandbox", settings.sandbox)
    yield _stage(f"trace-{name}", "trace", *projects, *how, "-o", place.traced(name), may_lack=True)


def _hold_out(settings: LoopSettings, place: LoopFolder) -> None:
    """The test sets: pairs of blocks that are never together in training, longer chains; traced functions."""
    chains = [
        task
        for name in ("unseen_pairs", "longer")
        for task in read_json_lines(place.chains.with_name(f"blocks.{name}.jsonl"), Task)
        if (chain_length(task.task_id) or 0) <= LONGEST and _number(task) < settings.test_chains
    ]
    write_json_lines(place.tests("blocks"), chains)
    if settings.held_out_projects:
        traced = read_json_lines(place.traced("held-out") / "tasks.jsonl", Task)
        documented = [task for task in traced if task.original_docstring and task.environment is None]
        if not documented:
            raise UserError("the held-out projects gave no documented task; name others")
        write_json_lines(place.tests("projects"), documented)


def _number(task: Task) -> int:
    return int(task.task_id.rpartition("/")[2])


def _filtered(settings: LoopSettings, place: LoopFolder, name: str, tasks: Path) -> Chain:
    recipe = ("--recipe", place.kept("filter.toml"), "--limit", settings.limit)
    how = ("--workers", 1, "--sandbox", settings.sandbox, "--max-tokens", settings.max_tokens)
    engine = ("--engine", f"transformers:{settings.base}")
    yield _stage(f"filter-{name}", "filter", "--tasks", tasks, *recipe, *engine, *how, "-o", place.kept(name))


def _seed(settings: LoopSettings, place: LoopFolder, seed: int) -> Chain:
    tuned = place.trained("codex-s", seed)
    recipe = _recipe(settings, place, f"codex-s-{seed}", seed)
    yield _stage(f"codex-s-{seed}", "train", "codex-s", recipe, "-o", tuned)
    yield from _judged(settings, place, "codex-s", seed, str(tuned / "model"))

    # as many steps of about as many tokens, at the same rate, and not in the order that the base has seen
    outcome, record = read_outcome(tuned), read_base_record(settings.base)
    context = PRESETS[record.preset].context
    sequences = max(1, round(outcome.tokens / outcome.steps / context))
    control = place.trained("control", seed)
    size = ("--batch-tokens", sequences * context, "--tokens", outcome.steps * sequences * context)
    rate = ("--learning-rate", record.learning_rate / 10, "--seed", _CONTROL_SEED + seed)
    start = ("--start", settings.base, "--preset", record.preset)
    corpus = settings.corpus or place.corpus
    every = ("--evaluate-every", settings.validate_every)
    yield _stage(f"control-{seed}", "train", "base", corpus, *start, *size, *rate, *every, "-o", control)
    yield from _judged(settings, place, "control", seed, str(control / "model"))


def _codex_d(settings: LoopSettings, place: LoopFolder) -> Chain:
    recipe = _recipe(settings, place, "codex-d", 0)
    yield _stage("codex-d", "train", "codex-d", recipe, "-o", place.codex_d)


def _described(settings: LoopSettings, place: LoopFolder) -> Chain:
    """Docstrings for held-out code, each solved again by Codex-S of the first seed."""
    writes = ("--engine", f"transformers:{place.codex_d / 'model'}", "-n", settings.descriptions)
    codes = ("--code-engine", f"transformers:{place.trained('codex-s', 0) / 'model'}")
    samples = ("--code-samples", settings.samples, "--max-tokens", settings.max_tokens, "--rows", _ROWS)
    how = ("--workers", 1, "--sandbox", settings.sandbox)
    tasks = ("--tasks", place.tests("blocks"))
    yield _stage(
        "describe",
        "describe",
        *tasks,
        *writes,
        *codes,
        *samples,
        *how,
        "-o",
        place.descriptions,
        may_lack=True,
    )


def _ranked(settings: LoopSettings, place: LoopFolder) -> Chain:
    """More samples of the first seed, to choose among by five scores."""
    tasks, results = place.tests("blocks"), place.results("codex-s", 0, "ranked")
    model = str(place.trained("codex-s", 0) / "model")
    yield from _sampled(settings, "ranked", model, tasks, results, _RANKED * settings.samples, 0)
    scored = results.with_name("ranked.jsonl")
    codex_d = place.codex_d / "model"
    yield _stage(
        "back-translate", "back-translate", results, "--tasks", tasks, "--model", codex_d, "-o", scored
    )
    figures = () if settings.figures else ("--no-figures",)
    yield _stage("compare-ranked", "compare", f"codex-s={scored}", "-o", place.comparison("ranked"), *figures)


def _recipe(settings: LoopSettings, place: LoopFolder, name: str, seed: int) -> Path:
    """The recipe of a fine-tuning, on all that the filter kept."""
    kept = (place.kept(each) / "tasks.jsonl" for each in settings.sets)
    tasks = ", ".join(f'"{file}"' for file in kept if file.stat().st_size)
    file = place.path / "recipes" / f"{name}.toml"
    text = _RECIPE.format(
        base=settings.base,
        seed=seed,
        tasks=tasks,
        passes=settings.passes,
        items=settings.sequences,
        every=settings.validate_every,
    )
    write_text(file, text)
    return file


def _judged(settings: LoopSettings, place: LoopFolder, arm: str, seed: int, model: str) -> Chain:
    """Samples of a model on both sets, and their verdicts."""
    for name in settings.sets:
        tasks, results = place.tests(name), place.results(arm, seed, name)
        yield from _sampled(settings, f"{arm}-{seed}-{name}", model, tasks, results, settings.samples, seed)


def _sampled(
    settings: LoopSettings, what: str, model: str, tasks: Path, results: Path, samples: int, seed: int
) -> Chain:
    """So many samples of a model for each task, and their verdicts."""
    file = results.with_name(results.name.removesuffix("_results.jsonl"))
    how = ("-n", samples, "--temperature", settings.temperature, "--seed", seed)
    size = ("--max-tokens", settings.max_tokens, "--rows", _ROWS)
    engine = ("--engine", f"transformers:{model}", *how, *size)
    yield _stage(f"sample-{what}", "sample", "--tasks", tasks, *engine, "-o", file, may_lack=True)
    judged = ("--samples", file, "--workers", 1, "--sandbox", settings.sandbox)
    yield _stage(f"evaluate-{what}", "evaluate", "--tasks", tasks, *judged, "-o", results)


def _compared(settings: LoopSettings, place: LoopFolder, name: str) -> Chain:
    results = [f"{arm}={place.results(arm, seed, name)}" for arm in ARMS for seed in range(settings.seeds)]
    how = ("--k", f"1,{settings.samples}", "-o", place.comparison(name))
    figures = ("--tasks", place.tests(name)) if settings.figures else ("--no-figures",)
    yield _stage(f"compare-{name}", "compare", *results, *how, *figures)


def _stage(name: str, *arguments: object, may_lack: bool = False) -> Stage:
    return Stage(name, tuple(map(str, arguments)), may_lack)
