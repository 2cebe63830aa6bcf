"""What is told of runs side by side: pass@k with intervals, best temperatures, differences, choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from evaluation.block_chains import chain_length
from evaluation.filtered_pass_at_k import FilteredCounts, filtered_pass_at_k
from evaluation.intervals import Estimate, Resamples
from evaluation.judged_samples import JudgedSample, Run, SampleSet
from evaluation.pass_at_k import pass_at_k
from evaluation.ranking_curves import RankingCurve, ranking_curves

Measure = Callable[[Sequence[JudgedSample]], float]


@dataclass(frozen=True)
class PassCurve:
    """pass@k at one temperature. ``samples`` is the least and the most that a task has; ``files`` has the
    mean of each repetition by itself, where there are several."""

    temperature: float | None
    samples: tuple[int, int]
    points: dict[int, Estimate]
    files: dict[int, list[float]]


@dataclass(frozen=True)
class BestPoint:
    """pass@k at the temperature that is best for this k, chosen on the same tasks; with the samples of each.

    ``temperatures`` is how many were to choose from.
    """

    temperature: float | None
    samples: int
    estimate: Estimate
    temperatures: int


@dataclass(frozen=True)
class Difference:
    """How much higher a run's pass@k is than that of one before it, on the tasks that both have.

    With ``at_best`` it is at the best temperature of each run, chosen anew in each resample.
    """

    run: str
    against: str
    k: int
    temperature: float | None
    estimate: Estimate
    at_best: bool = False


@dataclass(frozen=True)
class FilteredCurve:
    """pass@k among the samples that pass the examples, and ``raw`` among all samples of the same tasks.

    ``survivors`` tells for each k of how many tasks none, fewer than k, or enough samples passed them,
    where those of each file count. Tasks without examples are left out. ``forgiven`` and
    ``raw_forgiven`` take samples that were only too slow for passed, as the paper's brackets do; they are
    empty where none was.
    """

    temperature: float | None
    points: dict[int, Estimate]
    raw: dict[int, Estimate]
    survivors: dict[int, dict[str, int]]
    forgiven: dict[int, Estimate]
    raw_forgiven: dict[int, Estimate]


@dataclass(frozen=True)
class LengthCurve:
    """pass@1 by the number of chained building blocks."""

    temperature: float | None
    points: dict[int, Estimate]


@dataclass(frozen=True)
class RunReport:
    """All that is told of one run."""

    label: str
    files: list[str]
    models: list[str]
    tasks: int
    unjudged: int
    tasks_left_out: int
    curves: list[PassCurve]
    best: dict[int, BestPoint]
    rankings: list[RankingCurve]
    filtered: list[FilteredCurve]
    lengths: list[LengthCurve]


def curve_ks(largest: int, asked: Sequence[int] = ()) -> list[int]:
    """The k of a curve up to ``largest``: 1, 2, 5, 10 and so on, those asked for, and the last."""
    steps = (lead * 10**power for power in range(len(str(largest))) for lead in (1, 2, 5))
    return sorted({k for k in (*steps, *asked, largest) if 1 <= k <= largest})


def report_run(run: Run, ks: Sequence[int], seed: int = 0) -> RunReport:
    """Measure one run; ``ks`` are told in any case, as far as there are samples."""
    return RunReport(
        run.label,
        [str(path) for path in run.files],
        list(run.models),
        len(set().union(*(each.tasks for each in run.sets))),
        run.unjudged,
        run.tasks_left_out,
        [_pass_curve(each, ks, seed) for each in run.sets],
        _best(run, ks, seed),
        [c for each in run.sets for c in ranking_curves(each, curve_ks(each.smallest, ks), seed)],
        [_filtered(part, ks, seed) for each in run.sets if (part := _with_examples(each))],
        [_lengths(each, seed) for each in run.sets if any(map(chain_length, each.tasks))],
    )


def differences(runs: Sequence[Run], ks: Sequence[int], seed: int = 0) -> list[Difference]:
    """What each run has over those before it: paired by task, at each temperature of both, then the best.

    Pairs of runs that have no task in common are left out.
    """
    found = []
    for first, run in combinations(runs, 2):
        for k in ks:
            ours, theirs = _tables(run, k), _tables(first, k)
            for temperature in ours.keys() & theirs.keys():
                if estimate := _paired([ours[temperature]], [theirs[temperature]], seed):
                    found.append(Difference(run.label, first.label, k, temperature, estimate))
            if ours and theirs and not (ours.keys() == theirs.keys() and len(ours) == 1):
                estimate = _paired(list(ours.values()), list(theirs.values()), seed)
                if estimate:
                    found.append(Difference(run.label, first.label, k, None, estimate, at_best=True))
    return sorted(
        found, key=lambda each: (each.run, each.against, each.k, each.at_best, each.temperature or 0.0)
    )


def _passes(k: int) -> Measure:
    return lambda samples: pass_at_k(len(samples), sum(bool(each.passed) for each in samples), k)


def _tables(run: Run, k: int) -> dict[float | None, dict[str, float]]:
    """By temperature, each task's pass@k, for those of which every task has as many samples."""
    return {each.temperature: each.by_task(_passes(k)) for each in run.sets if each.smallest >= k}


def _estimated(values: Mapping[str, float], seed: int) -> Estimate:
    return Resamples(len(values), seed=seed).mean(list(values.values()))


def _pass_curve(drawn: SampleSet, ks: Sequence[int], seed: int) -> PassCurve:
    resamples = Resamples(len(drawn.tasks), seed=seed)
    told = curve_ks(drawn.smallest, ks)
    points = {k: resamples.mean(list(drawn.by_task(_passes(k)).values())) for k in told}
    files: dict[int, list[float]] = {}
    if len(drawn.files) > 1:
        for k in told:
            files[k] = [
                sum(_passes(k)(samples[task]) for task in drawn.tasks) / len(drawn.tasks)
                for samples in drawn.files
            ]
    return PassCurve(drawn.temperature, (drawn.smallest, drawn.largest), points, files)


def _best(run: Run, ks: Sequence[int], seed: int) -> dict[int, BestPoint]:
    found = {}
    for k in curve_ks(max(each.smallest for each in run.sets), ks):
        tables = _tables(run, k)
        shared = sorted(set.intersection(*(set(table) for table in tables.values())))
        if not shared:
            continue
        columns = [[table[task] for task in shared] for table in tables.values()]
        best = Resamples(len(shared), seed=seed).best(columns)
        temperature = list(tables)[best.setting]
        samples = next(each.smallest for each in run.sets if each.temperature == temperature)
        found[k] = BestPoint(temperature, samples, best.estimate, len(tables))
    return found


def _paired(
    ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]], seed: int
) -> Estimate | None:
    shared = sorted(set.intersection(*(set(table) for table in (*ours, *theirs))))
    if not shared:
        return None
    return Resamples(len(shared), seed=seed).difference_of_bests(
        [[table[task] for task in shared] for table in ours],
        [[table[task] for task in shared] for table in theirs],
    )


def _with_examples(drawn: SampleSet) -> SampleSet | None:
    """The tasks of which it is known of every sample whether it passes the examples."""
    known = tuple(
        task
        for task in drawn.tasks
        if all(each.passed_examples is not None for samples in drawn.files for each in samples[task])
    )
    return replace(drawn, tasks=known) if known else None


def _forgiving(measure: Measure) -> Measure:
    """The measure if samples that were only too slow had passed."""
    return lambda samples: measure(
        [replace(each, passed=True) if each.only_slow else each for each in samples]
    )


def _counts(samples: Sequence[JudgedSample]) -> FilteredCounts:
    return FilteredCounts.of((bool(each.passed_examples), bool(each.passed)) for each in samples)


def _filtered(drawn: SampleSet, ks: Sequence[int], seed: int) -> FilteredCurve:
    curve = FilteredCurve(drawn.temperature, {}, {}, {}, {}, {})
    slow = any(each.only_slow for file in drawn.files for task in drawn.tasks for each in file[task])
    for k in curve_ks(drawn.smallest, ks):
        curve.points[k] = _estimated(drawn.by_task(_filtered_passes(k)), seed)
        curve.raw[k] = _estimated(drawn.by_task(_passes(k)), seed)
        kinds = (_counts(samples[task]).kind(k) for samples in drawn.files for task in drawn.tasks)
        curve.survivors[k] = dict(Counter(kinds))
        if slow:
            curve.forgiven[k] = _estimated(drawn.by_task(_forgiving(_filtered_passes(k))), seed)
            curve.raw_forgiven[k] = _estimated(drawn.by_task(_forgiving(_passes(k))), seed)
    return curve


def _filtered_passes(k: int) -> Measure:
    return lambda samples: filtered_pass_at_k(_counts(samples), k)


def _lengths(drawn: SampleSet, seed: int) -> LengthCurve:
    by_length: dict[int, dict[str, float]] = {}
    for task, value in drawn.by_task(_passes(1)).items():
        if length := chain_length(task):
            by_length.setdefault(length, {})[task] = value
    return LengthCurve(
        drawn.temperature, {length: _estimated(by_length[length], seed) for length in sorted(by_length)}
    )
