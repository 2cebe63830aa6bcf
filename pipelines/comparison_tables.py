"""The terminal's view of a comparison of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from evaluation.comparison import Difference, RunReport
from evaluation.intervals import Estimate

if TYPE_CHECKING:
    from evaluation.bleu_report import BleuReport

_NONE = "-"


def show_comparison(
    console: Console,
    runs: Sequence[RunReport],
    found: Sequence[Difference],
    bleu: Mapping[str, BleuReport],
    ks: Sequence[int],
) -> None:
    """Print tables of all that there is something to tell about; intervals stand in brackets."""
    console.print(_passes(runs, ks))
    if found:
        console.print(_differences(found))
    if any(len(curve.points) > 1 for run in runs for curve in run.rankings):
        console.print(_rankings(runs))
    if any(run.filtered for run in runs):
        console.print(_filtered(runs, ks))
    if any(run.lengths for run in runs):
        console.print(_lengths(runs))
    if bleu:
        console.print(_bleu(bleu))
    for run in runs:
        if run.unjudged:
            console.print(f"{run.label}: {run.unjudged} samples without a verdict were left out")
        if run.tasks_left_out:
            console.print(f"{run.label}: {run.tasks_left_out} tasks were left out: not in all of its files")


def interval(estimate: Estimate | None, *, signed: bool = False) -> str:
    """A share and its interval in percent, or of a difference in percentage points."""
    if estimate is None:
        return _NONE
    form = "{:+.1f} [{:+.1f}, {:+.1f}]" if signed else "{:.1f} [{:.1f}, {:.1f}]"
    return form.format(100 * estimate.value, 100 * estimate.low, 100 * estimate.high)


def _passes(runs: Sequence[RunReport], ks: Sequence[int]) -> Table:
    table = _table("pass@k in %", "run", "T", "n", "tasks", *(f"pass@{k}" for k in ks))
    for run in runs:
        for curve in run.curves:
            some = next(iter(curve.points.values()))
            cells = [
                interval(curve.points.get(k)) + _spread(curve.files.get(k)) if k in curve.points else _NONE
                for k in ks
            ]
            least, most = curve.samples
            samples = str(least) if least == most else f"{least}-{most}"
            table.add_row(run.label, _temperature(curve.temperature), samples, str(some.tasks), *cells)
        if len(run.curves) > 1:
            cells = []
            for k in ks:
                best = run.best.get(k)
                cells.append(
                    f"{interval(best.estimate)} T={_temperature(best.temperature)}" if best else _NONE
                )
            samples = "-".join(str(n) for n in sorted({best.samples for best in run.best.values()}))
            tasks = next(iter(run.best.values())).estimate.tasks if run.best else 0
            table.add_row(run.label, "best", samples, str(tasks), *cells)
    return table


def _differences(found: Sequence[Difference]) -> Table:
    table = _table("differences in percentage points, paired by task", "run", "against", "T", "k", "pass@k")
    for each in found:
        temperature = "best" if each.at_best else _temperature(each.temperature)
        cells = (each.run, each.against, temperature, str(each.k))
        table.add_row(*cells, interval(each.estimate, signed=True))
    return table


def _rankings(runs: Sequence[RunReport]) -> Table:
    table = _table(
        "the chosen sample passes, in %", "run", "T", "chosen by", "k", "passes", "mean gain over random"
    )
    for run in runs:
        for curve in run.rankings:
            k = max(curve.points)
            unscored = f" ({curve.unscored} unscored)" if curve.unscored else ""
            gain = f"{interval(curve.gain, signed=True)} (k = 1 to {curve.gain_up_to})"
            cells = (run.label, _temperature(curve.temperature), curve.score + unscored, str(k))
            table.add_row(*cells, interval(curve.points[k]), gain)
    return table


def _filtered(runs: Sequence[RunReport], ks: Sequence[int]) -> Table:
    table = _table(
        "pass@k among samples that pass the examples, in % (and if time-outs were forgiven)",
        *(
            "run",
            "T",
            "k",
            "filtered",
            "raw",
            "tasks (of each file) with enough / fewer than k / no survivors",
        ),
    )
    for run in runs:
        for curve in run.filtered:
            for k in (k for k in ks if k in curve.points):
                kinds = curve.survivors[k]
                counts = " / ".join(str(kinds.get(kind, 0)) for kind in ("enough", "fewer", "none"))
                cells = (
                    interval(curve.points[k]) + _forgiven(curve.forgiven.get(k)),
                    interval(curve.raw[k]) + _forgiven(curve.raw_forgiven.get(k)),
                    counts,
                )
                table.add_row(run.label, _temperature(curve.temperature), str(k), *cells)
    return table


def _lengths(runs: Sequence[RunReport]) -> Table:
    lengths = sorted({length for run in runs for curve in run.lengths for length in curve.points})
    table = _table("pass@1 in % by chained building blocks", "run", "T", *map(str, lengths))
    for run in runs:
        for curve in run.lengths:
            cells = (interval(curve.points.get(length)) for length in lengths)
            table.add_row(run.label, _temperature(curve.temperature), *cells)
    return table


def _bleu(bleu: Mapping[str, BleuReport]) -> Table:
    definition = next(iter(bleu.values())).definition
    table = _table(
        f"BLEU ({definition})", "run", "passed, mean", "failed, mean", "passed is higher", "tasks with both"
    )
    for label, report in bleu.items():
        means = (f"{each.mean:.3f}" if each else _NONE for each in (report.passed, report.failed))
        chance = _NONE if report.chance_of_higher is None else f"{report.chance_of_higher:.1%} of pairs"
        table.add_row(label, *means, chance, str(report.mixed_tasks))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _forgiven(estimate: Estimate | None) -> str:
    return f" ({100 * estimate.value:.1f})" if estimate else ""


def _temperature(temperature: float | None) -> str:
    return "?" if temperature is None else f"{temperature:g}"


def _spread(files: Sequence[float] | None) -> str:
    """The least and the most of repetitions."""
    return f"\nseeds {100 * min(files):.1f} to {100 * max(files):.1f}" if files else ""
