"""Base models of several sizes, their controls and their Codex-S, sampled and judged: the paper's comparison.

For each size: a base model is trained from scratch on a corpus for so many minutes; Codex-S is trained from
it on tasks, at a tenth of its rate; the control gets as many further steps and tokens of the corpus, at the
same rate. All three are sampled on every test set, at every temperature, and judged. Whatever is finished is
kept: the same command goes on where it was ended. Test sets must share no project with corpus and tasks,
which is for who prepares them to see to.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from evaluation.comparison import BestPoint, Difference, differences, report_run
from evaluation.evaluation_files import read_tasks
from evaluation.judged_samples import read_runs
from pipelines.comparison_tables import interval
from sampling.engine import Parameters, Request
from sampling.recorded import RecordingEngine
from sampling.sample_store import SampleStore
from sampling.transformers_engine import TransformersEngine
from sft.base_training import BaseSettings, train_base
from sft.codex_s import FineTuning
from sft.model_presets import PRESETS
from sft.recipe import Batch, Budget, Data, Machine, Plateau, Rate, Recipe
from sft.tuning_outcome import TuningOutcome
from tasks.files import read_json, write_json

PAPER = {1: 6.5, 100: 15.1}
"""By how many points Codex-S is above Codex on HumanEval, on average over sizes, at the best temperature
(Chen et al. 2021, §4.5)."""

ARMS = ("base", "control", "codex-s")
_PROBE_STEPS = 12
_WARM_PROBE_STEPS = 4


@dataclass(frozen=True)
class Plan:
    """What is compared; see the options. ``tokens`` of a base model, or ``minutes`` to train it for."""

    folder: Path
    corpus: str
    tokenizer: str
    tasks: tuple[str, ...]
    tests: dict[str, Path]
    minutes: float
    tokens: int | None
    passes: float
    items: int
    samples: int
    temperatures: tuple[float, ...]
    max_tokens: int
    rows: int | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    gpu = torch.cuda.is_available()
    parser.add_argument("corpus", help="of `codex-sft corpus`")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--tokenizer", required=True, help="of `codex-sft tokenizer train`")
    parser.add_argument("--tasks", nargs="+", required=True, help="what Codex-S is trained on: tasks.jsonl")
    parser.add_argument("--test", nargs="+", required=True, metavar="NAME=FILE", help="sets of tasks")
    parser.add_argument("--preset", nargs="+", default=["25m", "85m"], choices=list(PRESETS))
    parser.add_argument("--minutes", type=float, default=8.0, help="of each base model's training")
    parser.add_argument("--base-tokens", type=int, help="of each base model's training, in place of minutes")
    parser.add_argument("--passes", type=float, default=3.0, help="of Codex-S over the tasks, at most")
    parser.add_argument("--items", type=int, default=16 if gpu else 2, help="packs of a step of Codex-S")
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--temperature", type=float, nargs="+", default=[0.2, 0.8])
    parser.add_argument("--max-tokens", type=int, default=256, help="of a sample")
    parser.add_argument("--rows", type=int, default=1024 if gpu else None, help="drawn side by side")
    parser.add_argument("--k", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--until", default="judged", choices=["trained", "sampled", "judged"])
    options = parser.parse_args()
    plan = Plan(
        folder=options.output.absolute(),
        corpus=options.corpus,
        tokenizer=options.tokenizer,
        tasks=tuple(str(Path(each).absolute()) for each in options.tasks),
        tests={name: Path(file) for name, _, file in (each.partition("=") for each in options.test)},
        minutes=options.minutes,
        tokens=options.base_tokens,
        passes=options.passes,
        items=options.items,
        samples=options.n,
        temperatures=tuple(options.temperature),
        max_tokens=options.max_tokens,
        rows=options.rows,
    )
    console = Console()
    for preset in options.preset:
        models = trained(plan, preset, console)
        if options.until != "trained":
            for arm, model in models.items():
                sample(plan, preset, arm, model, console)
    if options.until == "judged":
        results = judge(plan, options.preset)
        show(plan, options.preset, results, options.k, console)


def trained(plan: Plan, preset: str, console: Console) -> dict[str, Path]:
    """The folders of a size's three models; what is there is not trained again."""
    folder = plan.folder / preset
    settings = _base_settings(plan, preset, _base_tokens(plan, preset, console))
    base = train_base(settings, folder / "base")
    told = "none" if base.validation_loss is None else f"{base.validation_loss:.3f}"
    console.print(f"{preset} base: {base.tokens:,} tokens, validation loss {told}, {base.seconds:.0f} s")
    outcome = FineTuning(_recipe(plan, preset), folder / "codex-s").run()
    console.print(
        f"{preset} codex-s: {outcome.steps} steps, {outcome.tokens:,} tokens, loss {outcome.first_loss:.3f} "
        f"-> {outcome.best_loss:.3f}, {outcome.seconds:.0f} s"
    )
    control = train_base(_control_settings(settings, folder, outcome), folder / "control")
    console.print(f"{preset} control: {control.steps} steps, {control.tokens:,} tokens")
    return {arm: folder / arm / "model" for arm in ARMS}


def _base_settings(plan: Plan, preset: str, tokens: int) -> BaseSettings:
    size = PRESETS[preset]
    return BaseSettings(
        corpus=plan.corpus,
        tokenizer=plan.tokenizer,
        preset=preset,
        architecture="llama",
        tokens=tokens,
        learning_rate=size.learning_rate,
        batch_tokens=size.batch_tokens,
    )


def _base_tokens(plan: Plan, preset: str, console: Console) -> int:
    """As many as the minutes allow by the speed of a few steps; written down, so that it stays the same."""
    if plan.tokens is not None:
        return plan.tokens
    file = plan.folder / preset / "base_tokens.json"
    if not file.exists():
        size = PRESETS[preset]
        times: list[float] = []
        probe = _base_settings(plan, preset, _PROBE_STEPS * size.batch_tokens)
        train_base(
            probe, plan.folder / preset / "probe", on_step=lambda step, loss: times.append(time.monotonic())
        )
        # the first steps compile; the last one is followed by a validation
        seconds = (times[-2] - times[_WARM_PROBE_STEPS]) / (len(times) - 2 - _WARM_PROBE_STEPS)
        steps = max(1, int(plan.minutes * 60 / seconds))
        console.print(f"{preset}: {size.batch_tokens / seconds:,.0f} tokens a second, {steps} steps")
        write_json(file, steps * size.batch_tokens)
    return read_json(file, int)


def _recipe(plan: Plan, preset: str) -> Recipe:
    return Recipe(
        model=str(plan.folder / preset / "base" / "model"),
        data=Data(list(plan.tasks)),
        rate=Rate(base=PRESETS[preset].learning_rate),
        budget=Budget(passes=plan.passes),
        batch=Batch(items=plan.items),
        plateau=Plateau(every=25),
        machine=Machine(trackers=()),
    )


def _control_settings(base: BaseSettings, folder: Path, outcome: TuningOutcome) -> BaseSettings:
    """As many steps as Codex-S made, each of as many tokens, on other windows of the corpus."""
    context = PRESETS[base.preset].context
    windows = max(1, round(outcome.tokens / outcome.steps / context))
    return BaseSettings(
        corpus=base.corpus,
        tokenizer=base.tokenizer,
        preset=base.preset,
        architecture=base.architecture,
        tokens=outcome.steps * windows * context,
        learning_rate=base.learning_rate * Rate(base=1.0).ratio,
        batch_tokens=windows * context,
        start=str(folder / "base" / "model"),
        seed=1,
    )


def _samples(plan: Plan, preset: str, arm: str, test: str, temperature: float) -> Path:
    return plan.folder / preset / "samples" / f"{test}-{arm}-{temperature:g}.jsonl"


def sample(plan: Plan, preset: str, arm: str, model: Path, console: Console) -> None:
    """Draw what is missing of a model's samples of all sets, each task's all at once."""
    engine = TransformersEngine.load(str(model), rows=plan.rows)
    for test, file in plan.tests.items():
        tasks = read_tasks(file)
        for temperature in plan.temperatures:
            path = _samples(plan, preset, arm, test, temperature)
            path.parent.mkdir(parents=True, exist_ok=True)
            drawn = Parameters(temperature, max_tokens=plan.max_tokens)
            started = time.monotonic()
            with SampleStore(path) as store:
                before = len(store)
                requests = (
                    Request(task.task_id, task.prompt, plan.samples, 0, drawn) for task in tasks.values()
                )
                for _ in RecordingEngine(engine, store).draw(requests):
                    pass
                count = len(store) - before
            seconds = time.monotonic() - started
            console.print(f"{preset} {arm}, {test} at {temperature:g}: {count} samples, {seconds:.0f} s")


def judge(plan: Plan, presets: Sequence[str]) -> dict[tuple[str, str], list[tuple[str, Path]]]:
    """The result files of each size and set, by arm, judged by `codex-sft evaluate`."""
    from pipelines.commands import main as codex_sft

    found: dict[tuple[str, str], list[tuple[str, Path]]] = {}
    for preset in presets:
        for test, file in plan.tests.items():
            for arm in ARMS:
                for temperature in plan.temperatures:
                    samples = _samples(plan, preset, arm, test, temperature)
                    results = samples.with_name(f"{samples.name}_results.jsonl")
                    if not results.exists():
                        arguments = ("evaluate", "--tasks", file, "--samples", samples, "--output", results)
                        codex_sft([str(each) for each in arguments], standalone_mode=False)
                    found.setdefault((preset, test), []).append((arm, results))
    return found


def show(
    plan: Plan,
    presets: Sequence[str],
    results: dict[tuple[str, str], list[tuple[str, Path]]],
    ks: Sequence[int],
    console: Console,
) -> None:
    """Tables of pass@k and of what Codex-S gains, and the same in ``report.json``."""
    told = []
    for test in plan.tests:
        table = Table(
            *("size", "k", *ARMS, "codex-s - base", "codex-s - control", "the paper's gain"),
            title=f"{test}: pass@k in % at the best temperature, n = {plan.samples}",
            title_justify="left",
        )
        for preset in presets:
            runs = read_runs(results[preset, test])
            # the largest k that there are samples for stands for those beyond
            wanted = sorted({min(k, plan.samples) for k in ks})
            reports = {run.label: report_run(run, wanted) for run in runs}
            found = differences(runs, wanted)
            for k in wanted:
                best = [reports[arm].best.get(k) for arm in ARMS]
                gains = [_gain(found, against, k, len(plan.temperatures)) for against in ("base", "control")]
                paper = f"+{PAPER[k]} (HumanEval)" if k in PAPER else ""
                cells = (
                    *map(_told, best),
                    *(interval(g.estimate if g else None, signed=True) for g in gains),
                    paper,
                )
                table.add_row(preset, str(k), *cells)
                told.append(
                    {
                        "size": preset,
                        "test": test,
                        "k": k,
                        "best": {arm: b and asdict(b) for arm, b in zip(ARMS, best, strict=True)},
                        "gain": {name: g and asdict(g) for name, g in zip(ARMS[:2], gains, strict=True)},
                    }
                )
        console.print(table)
    (plan.folder / "report.json").write_text(json.dumps(told, indent=1))


def _gain(found: Sequence[Difference], against: str, k: int, temperatures: int) -> Difference | None:
    kept = (each for each in found if (each.run, each.against, each.k) == ("codex-s", against, k))
    return next((each for each in kept if each.at_best == (temperatures > 1)), None)


def _told(best: BestPoint | None) -> str:
    return f"{interval(best.estimate)} at {best.temperature:g}" if best else interval(None)


if __name__ == "__main__":
    main()
