"""The figures of Chen et al. 2021, drawn from one's own runs; it imports matplotlib, so import it late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from evaluation.bleu_report import TaskBleu
from evaluation.comparison import RunReport, curve_ks
from evaluation.intervals import Estimate
from evaluation.ranking_curves import MEAN, ORACLE, RANDOM, SUM
from tasks.files import atomic_writer

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
_MARKERS = "osD^vPX"
_DASHES = ("-", "--", ":", "-.")
_RANKING_PLACES = {ORACLE: 0, MEAN: 1, SUM: 2, RANDOM: 6}
_SHOWN_TASKS = 4
_WIDTH = 7.2
_PANEL_WIDTH = 3.2
_LEGEND_WIDTH = 1.6
_HEIGHT = 3.6


def draw_figures(
    folder: Path, runs: Sequence[RunReport], bleu: Mapping[str, Sequence[TaskBleu]]
) -> list[Path]:
    """Draw all that the runs have something for, as PNG; ``bleu`` is by the runs' labels."""
    figures = {
        "pass_at_k.png": _pass_at_k(runs),
        "temperature.png": _temperature(runs),
        "ranking.png": _ranking(runs),
        "bleu.png": _bleu(bleu),
        "filtered_pass_at_k.png": _filtered(runs),
        "chain_length.png": _chain_length(runs),
    }
    drawn = []
    for name, figure in figures.items():
        if figure is not None:
            with atomic_writer(folder / name) as stream:
                figure.savefig(stream, format="png", dpi=150)
            drawn.append(folder / name)
    return drawn


def _pass_at_k(runs: Sequence[RunReport]) -> Figure | None:
    """pass@k against k: each run at the best temperature for each k, and thin lines for each temperature."""
    figure, grid = _panels([""])
    axes = grid[0]
    temperatures = _temperatures(curve.temperature for run in runs for curve in run.curves)
    for place, run in enumerate(runs):
        several = len(run.curves) > 1
        if several:
            for curve in run.curves:
                values = [estimate.value for estimate in curve.points.values()]
                dash = _DASHES[temperatures.index(curve.temperature) % len(_DASHES)]
                axes.plot(list(curve.points), values, dash, color=_colour(place), linewidth=0.9, alpha=0.6)
        label = f"{run.label}, best T for each k" if several else run.label + _at(run.curves[0].temperature)
        _line(axes, {k: point.estimate for k, point in run.best.items()}, label, place)
    if any(len(run.curves) > 1 for run in runs):
        for temperature, dash in zip(temperatures, _DASHES * len(temperatures), strict=False):
            axes.plot([], [], dash, color="grey", linewidth=0.9, label=_at(temperature).lstrip(", "))
    _dress(axes, "pass@k", "samples k")
    _logarithmic(axes)
    return _finished(figure, axes)


def _temperature(runs: Sequence[RunReport]) -> Figure | None:
    """pass@k against the temperature, for the first, a middle and the last k of all curves."""
    shown = [run for run in runs if sum(curve.temperature is not None for curve in run.curves) > 1]
    if not shown:
        return None
    figure, grid = _panels([""])
    for place, run in enumerate(shown):
        curves = [curve for curve in run.curves if curve.temperature is not None]
        ks = sorted(set.intersection(*(set(curve.points) for curve in curves)))
        for which, k in enumerate(sorted({ks[0], ks[len(ks) // 2], ks[-1]})):
            points = {curve.temperature or 0.0: curve.points[k] for curve in curves}
            _line(grid[0], points, f"{run.label}, k = {k}", place, _DASHES[which])
    _dress(grid[0], "pass@k", "temperature")
    return _finished(figure, grid[0])


def _ranking(runs: Sequence[RunReport]) -> Figure | None:
    """The chance that the sample chosen of k passes, by score: a panel for each run and temperature."""
    panels = [
        (run.label + _at(temperature), [each for each in run.rankings if each.temperature == temperature])
        for run in runs
        for temperature in _temperatures(each.temperature for each in run.rankings)
    ]
    panels = [(title, curves) for title, curves in panels if len(curves[0].points) > 1]
    if not panels:
        return None
    figure, grid = _panels([title for title, _ in panels])
    others = sorted({curve.score for _, curves in panels for curve in curves} - _RANKING_PLACES.keys())
    places = _RANKING_PLACES | {score: 3 + number % 3 for number, score in enumerate(others)}
    for axes, (_, curves) in zip(grid, panels, strict=True):
        for curve in curves:
            _line(axes, curve.points, curve.score.replace("_", "-"), places[curve.score])
        _dress(axes, "chosen sample passes", "samples k to choose from")
        _logarithmic(axes)
    return _finished(figure, *grid)


def _bleu(bleu: Mapping[str, Sequence[TaskBleu]]) -> Figure | None:
    """Densities of BLEU for passed and failed samples: all tasks, then those with most of both."""
    shown = {
        label: tasks for label, tasks in bleu.items() if any(each.passed or each.failed for each in tasks)
    }
    if not shown:
        return None
    columns = 1 + _SHOWN_TASKS
    figure = Figure(figsize=(2.5 * columns, 2.6 * len(shown) + 0.3), layout="constrained")
    grid = figure.subplots(len(shown), columns, squeeze=False)
    for row, (label, tasks) in zip(grid, shown.items(), strict=True):
        mixed = sorted(tasks, key=lambda each: -min(len(each.passed), len(each.failed)))
        panels = [TaskBleu(f"{label}: all tasks", *_pooled(tasks))]
        panels += [each for each in mixed[:_SHOWN_TASKS] if min(len(each.passed), len(each.failed)) > 1]
        for axes, panel in zip(row, panels, strict=False):
            _dress(axes, "density" if axes is row[0] else "", "BLEU against the reference")
            for name, values, place in (("passed", panel.passed, 0), ("failed", panel.failed, 1)):
                if values:
                    _density(axes, values, f"{name} ({len(values)})", place)
            axes.set_xlim(0, 1)
            axes.set_yticks([])
            axes.set_title(panel.task_id, fontsize=8)
            axes.legend(fontsize=6, frameon=False)
        for axes in row[len(panels) :]:
            axes.remove()
    return figure


def _filtered(runs: Sequence[RunReport]) -> Figure | None:
    """pass@k among all samples and among those that pass the examples: a panel for each temperature."""
    temperatures = _temperatures(curve.temperature for run in runs for curve in run.filtered)
    if not temperatures:
        return None
    figure, grid = _panels([_at(temperature).lstrip(", ") for temperature in temperatures])
    for axes, temperature in zip(grid, temperatures, strict=True):
        for place, run in enumerate(runs):
            for curve in (each for each in run.filtered if each.temperature == temperature):
                _line(axes, curve.points, f"{run.label}, filtered", place)
                _line(axes, curve.raw, f"{run.label}, raw", place, "--")
        _dress(axes, "pass@k", "samples k")
        _logarithmic(axes)
    return _finished(figure, *grid)


def _chain_length(runs: Sequence[RunReport]) -> Figure | None:
    """pass@1 against the number of chained blocks: a panel for each temperature."""
    temperatures = _temperatures(curve.temperature for run in runs for curve in run.lengths)
    if not temperatures:
        return None
    figure, grid = _panels([_at(temperature).lstrip(", ") for temperature in temperatures])
    for axes, temperature in zip(grid, temperatures, strict=True):
        for place, run in enumerate(runs):
            for curve in (each for each in run.lengths if each.temperature == temperature):
                _line(axes, curve.points, run.label, place)
        _dress(axes, "pass@1", "chained building blocks")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _finished(figure, *grid)


def _panels(titles: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """A figure of as many panels, three in a row, with one scale."""
    columns = min(3, len(titles))
    rows = -(-len(titles) // columns)
    width = _WIDTH if columns == 1 else _PANEL_WIDTH * columns + _LEGEND_WIDTH
    figure = Figure(figsize=(width, _HEIGHT * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(title, fontsize=9)
    for axes in grid[len(titles) :]:
        axes.remove()
    return figure, grid[: len(titles)]


def _dress(axes: Axes, what: str, against: str) -> None:
    place = axes.get_subplotspec()
    axes.set_xlabel(against, fontsize=8)
    axes.set_ylabel(what if place is None or place.is_first_col() else "", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _line(axes: Axes, points: Mapping[Any, Estimate], label: str, place: int, dash: str = "-") -> None:
    at, estimates = list(points), list(points.values())
    axes.plot(
        at,
        [estimate.value for estimate in estimates],
        dash,
        color=_colour(place),
        marker=_MARKERS[place % len(_MARKERS)],
        markersize=3.5,
        linewidth=1.5,
        label=label,
    )
    lows, highs = [each.low for each in estimates], [each.high for each in estimates]
    axes.fill_between(at, lows, highs, color=_colour(place), alpha=0.12, linewidth=0)


def _density(axes: Axes, values: Sequence[float], label: str, place: int) -> None:
    """A Gaussian kernel density with Silverman's width, kept within 0 and 1 by reflection."""
    sample = np.asarray(values)
    quartiles = np.quantile(sample, [0.25, 0.75])
    spread = min(float(sample.std()), float(quartiles[1] - quartiles[0]) / 1.34)
    width = max(0.9 * spread * len(sample) ** -0.2, 0.02)
    grid = np.linspace(0, 1, 201)
    mirrored = np.concatenate([sample, -sample, 2 - sample])
    heights = np.zeros_like(grid)
    for part in np.array_split(mirrored, -(-len(mirrored) // 2000)):
        heights += np.exp(-0.5 * ((grid[:, None] - part) / width) ** 2).sum(axis=1)
    heights /= len(sample) * width * np.sqrt(2 * np.pi)
    axes.plot(grid, heights, color=_colour(place), linewidth=1.3, label=label)
    axes.fill_between(grid, heights, color=_colour(place), alpha=0.2, linewidth=0)


def _pooled(tasks: Sequence[TaskBleu]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    passed = tuple(value for each in tasks for value in each.passed)
    return passed, tuple(value for each in tasks for value in each.failed)


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    largest = round(max(float(np.max(line.get_xdata())) for line in axes.lines if np.size(line.get_xdata())))
    ticks = curve_ks(largest)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _finished(figure: Figure, *panels: Axes) -> Figure:
    """With a legend of all that is in the panels, once each, beside them."""
    found: dict[str, Any] = {}
    for axes in panels:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        handles, labels = axes.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    figure.legend(
        list(found.values()),
        list(found),
        loc="outside right upper",
        title="bands: 95 % bootstrap\nintervals over tasks",
        fontsize=7,
        title_fontsize=6.5,
        frameon=False,
        handlelength=3.2,
    )
    return figure


def _temperatures(found: Iterable[float | None]) -> list[float | None]:
    """Each once, in their order, unknown ones first."""
    return sorted(set(found), key=lambda each: -1.0 if each is None else each)


def _at(temperature: float | None) -> str:
    return "" if temperature is None else f", T = {temperature:g}"


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]
