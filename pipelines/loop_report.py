"""What came of a loop: all of its numbers in one record, and the tables that end the command."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from docstring_gen.descriptions import Description
from evaluation.intervals import Estimate, Resamples
from pipelines.comparison_tables import interval
from pipelines.filter_output import FilterManifest
from pipelines.loop_recipe import ARMS, LoopFolder, LoopSettings
from pipelines.loop_stages import StageRecord
from sft.corpus_folder import CorpusFolder
from sft.corpus_overlap import Overlap, corpus_overlaps
from sft.held_out_loss import HeldOutLoss, held_out_loss
from sft.row_texts import code_texts, docstring_texts
from sft.rows import prompt_tokenizer, tokenized_tasks
from sft.tokenizer import load_tokenizer
from sft.tuning_outcome import TuningOutcome, read_outcome
from tasks.files import read_json, read_json_lines, write_json
from tasks.record import Task

_QUIET_CORES = 2


@dataclass(frozen=True)
class ArmResult:
    """An arm's pass@k on a set, over all seeds, with the mean of each seed by itself."""

    arm: str
    k: int
    estimate: Estimate
    of_seeds: list[float]


@dataclass(frozen=True)
class ArmDifference:
    """How much higher an arm's pass@k is than another's, paired by task."""

    arm: str
    against: str
    k: int
    estimate: Estimate


@dataclass(frozen=True)
class SetResult:
    """Results on one set of held-out tasks; ``unanswered`` do not fit into the model's context."""

    tasks: int
    unanswered: int
    arms: list[ArmResult]
    differences: list[ArmDifference]


@dataclass(frozen=True)
class DocstringResult:
    """What docstrings of held-out tasks cost the base model and Codex-D, in nats a token; ``gain`` is the
    mean over tasks of what each is cheaper by."""

    base: HeldOutLoss
    codex_d: HeldOutLoss
    gain: Estimate | None


@dataclass(frozen=True)
class Descriptions:
    """What became of the docstrings that Codex-D wrote for held-out code: ``solved`` are those from which
    Codex-S solved the task in one of its samples."""

    written: int
    marked_wrong: int
    contradicted: int
    judged: int
    solved: int


@dataclass(frozen=True)
class Choice:
    """Choosing one of ``k`` samples by a score: the chance that it passes, and what the score has over chance
    in the mean of 1 to ``k``."""

    score: str
    k: int
    passes: Estimate
    gain: Estimate


@dataclass(frozen=True)
class LoopReport:
    """All numbers. ``rows`` counts what the traced tasks give: rows, or the reasons why they give none;
    ``overlaps`` is what the control's corpus, made as the base's was, shares with the held-out tasks.
    ``cpu_seconds`` are of all processes that were waited for.
    """

    settings: LoopSettings
    filtered: dict[str, dict[str, int]]
    rows: dict[str, int]
    overlaps: list[Overlap]
    codex_s: list[TuningOutcome]
    codex_d: TuningOutcome
    sets: dict[str, SetResult]
    docstrings: DocstringResult
    descriptions: Descriptions
    choices: list[Choice]
    stages: list[StageRecord]
    seconds: float
    cpu_seconds: float

    @property
    def quiet_minutes(self) -> float:
        """What two cores need that do nothing else, were they never idle."""
        return self.cpu_seconds / _QUIET_CORES / 60


def write_report(
    settings: LoopSettings,
    place: LoopFolder,
    records: Sequence[StageRecord],
    started: float,
) -> LoopReport:
    """Gather the numbers of a loop whose stages are done; raises `BadFile`. It ``started`` at a
    `time.monotonic`."""
    tests = {name: list(read_json_lines(place.tests(name), Task)) for name in settings.sets}
    held_out = [task for tasks in tests.values() for task in tasks]
    corpus = CorpusFolder(Path(settings.corpus) if settings.corpus else place.corpus)
    outcomes = [read_outcome(place.trained("codex-s", seed)) for seed in range(settings.seeds)]
    overlaps = corpus_overlaps(corpus.files("train"), held_out)
    docstrings = _docstrings(settings, place, held_out)
    spent = time.process_time() + sum(record.cpu_seconds for record in records)
    report = LoopReport(
        settings=settings,
        filtered={name: _filtered(place.kept(name) / "manifest.json") for name in settings.sets},
        rows=_rows(settings, place),
        overlaps=overlaps,
        codex_s=outcomes,
        codex_d=read_outcome(place.codex_d),
        sets={name: _set_result(place, name, tests[name]) for name in settings.sets},
        docstrings=docstrings,
        descriptions=_descriptions(place),
        choices=_choices(place),
        stages=list(records),
        seconds=round(time.monotonic() - started, 1),
        cpu_seconds=round(spent, 1),
    )
    write_json(place.report, report)
    return report


def _filtered(file: Path) -> dict[str, int]:
    manifest = read_json(file, FilterManifest)
    return {"tasks": manifest.tasks, "kept": manifest.kept}


def _rows(settings: LoopSettings, place: LoopFolder) -> dict[str, int]:
    """Rows and refusals of all traced tasks, with the base's tokenizer and without a bound on length."""
    tokenizer = load_tokenizer(settings.base)
    traced = [
        task
        for name in ("train", "held-out")
        if (place.traced(name) / "tasks.jsonl").exists()
        for task in read_json_lines(place.traced(name) / "tasks.jsonl", Task)
    ]
    found = tokenized_tasks(traced, code_texts, prompt_tokenizer(tokenizer), tokenizer.eos_token_id)
    return {"rows": len(found.rows), "tokens_diverge": 0, **found.refusals}


def _set_result(place: LoopFolder, name: str, tasks: Sequence[Task]) -> SetResult:
    found = read_json(place.comparison(name) / "report.json", dict[str, Any])
    arms = [
        ArmResult(run["label"], int(k), Estimate(**point), curve["files"].get(k, [point["value"]]))
        for run in found["runs"]
        for curve in run["curves"]
        for k, point in curve["points"].items()
    ]
    differences = [
        ArmDifference(each["run"], each["against"], each["k"], Estimate(**each["estimate"]))
        for each in found["differences"]
    ]
    answered = max(run["tasks"] for run in found["runs"])
    return SetResult(len(tasks), len(tasks) - answered, arms, differences)


def _docstrings(settings: LoopSettings, place: LoopFolder, tasks: Sequence[Task]) -> DocstringResult:
    base = held_out_loss(settings.base, tasks, docstring_texts)
    tuned = held_out_loss(str(place.codex_d / "model"), tasks, docstring_texts)
    gains = [base.of_task[task] - tuned.of_task[task] for task in base.of_task]
    return DocstringResult(base, tuned, Resamples(len(gains)).mean(gains) if gains else None)


def _descriptions(place: LoopFolder) -> Descriptions:
    lines = list(read_json_lines(place.descriptions, Description))
    trips = [each.round_trip for each in lines if each.round_trip is not None and each.round_trip.judged]
    return Descriptions(
        written=len(lines),
        marked_wrong=sum(each.marked_wrong is not None for each in lines),
        contradicted=sum(bool(each.contradictions) for each in lines),
        judged=len(trips),
        solved=sum(trip.passed > 0 for trip in trips),
    )


def _choices(place: LoopFolder) -> list[Choice]:
    found = read_json(place.comparison("ranked") / "report.json", dict[str, Any])
    (run,) = found["runs"]
    return [
        Choice(curve["score"], int(k), Estimate(**curve["points"][k]), Estimate(**curve["gain"]))
        for curve in run["rankings"]
        for k in [max(curve["points"], key=int)]
    ]


def show_report(report: LoopReport, console: Console) -> None:
    """Print the end of a loop."""
    for name, found in report.sets.items():
        console.print(_arms(name, found, report.settings))
        if found.unanswered:
            console.print(f"{found.unanswered} more tasks do not fit into the context", highlight=False)
    for name, counts in report.filtered.items():
        told = f"{counts['kept']} of {counts['tasks']} training tasks kept by the filter"
        console.print(f"{name}: {told}", highlight=False)
    base, tuned, gain = report.docstrings.base, report.docstrings.codex_d, report.docstrings.gain
    if gain is not None:
        console.print(
            f"docstrings of {gain.tasks} held-out tasks, nats a token: base {base.loss:.3f}, "
            f"Codex-D {tuned.loss:.3f}; each cheaper by {gain.value:.3f} [{gain.low:.3f}, {gain.high:.3f}]",
            highlight=False,
        )
    if report.choices:
        console.print(_choice_table(report.choices))
    written = report.descriptions
    console.print(
        f"docstrings by Codex-D: {written.written} written, {written.marked_wrong} marked wrong, "
        f"{written.contradicted} contradicted; Codex-S solved the task from {written.solved} of "
        f"{written.judged}",
        highlight=False,
    )
    refused = {reason: count for reason, count in report.rows.items() if reason != "rows"}
    told = ", ".join(f"{count} {reason}" for reason, count in refused.items())
    console.print(f"rows of traced tasks: {report.rows['rows']}; {told}", highlight=False)
    layers = Counter(each.layer for each in report.overlaps)
    told = ", ".join(f"{count} by {layer}" for layer, count in layers.items()) or "none"
    console.print(f"held-out tasks in the base's data: {told}", highlight=False)
    console.print(
        f"{report.cpu_seconds:.0f} processor seconds, {report.quiet_minutes:.1f} minutes of "
        f"{_QUIET_CORES} quiet cores; the last start took {report.seconds / 60:.1f} minutes",
        highlight=False,
    )


def _choice_table(choices: Sequence[Choice]) -> Table:
    k = choices[0].k
    table = Table(title=f"choosing among samples of Codex-S, seed 0, in %: 1 of {k}", title_justify="left")
    for column in ("by", "passes", f"over chance, mean of 1 to {k}"):
        table.add_column(column)
    for each in choices:
        table.add_row(each.score, interval(each.passes), interval(each.gain, signed=True))
    return table


def _arms(name: str, found: SetResult, settings: LoopSettings) -> Table:
    ks = sorted({1, settings.samples})
    of = {(each.arm, each.k): each for each in found.arms}
    against = {(each.arm, each.against, each.k): each.estimate for each in found.differences}
    title = f"held-out {name}: pass@k in %, {found.tasks - found.unanswered} tasks, {settings.seeds} seeds"
    table = Table(title=title, title_justify="left")
    for column in ("arm", *(f"pass@{k}" for k in ks), "pass@1 of the seeds", "pass@1 over the control"):
        table.add_column(column)
    for arm in ARMS:
        cells = [interval(of[arm, k].estimate) if (arm, k) in of else "-" for k in ks]
        seeds = ", ".join(f"{100 * value:.1f}" for value in of[arm, 1].of_seeds)
        over = against.get((arm, "control", 1))
        table.add_row(arm, *cells, seeds, interval(over, signed=True) if over else "-")
    return table
