"""Result files of `codex-sft evaluate`, read back: the samples of runs, with verdicts and scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sampling.engine import Parameters
from tasks.files import BadFile, read_json_lines


@dataclass(frozen=True)
class JudgedSample:
    """One line of a result file, as far as comparing needs it.

    ``passed`` is None where the fault was not the sample's. ``passed_examples`` is there if the samples were
    judged by their statements' examples, too (`codex-sft evaluate --examples`). ``only_slow`` is of time-outs
    that failed no test. ``scores`` is for scores of
    any kind by which samples can be ranked, the higher the better.
    """

    task_id: str
    passed: bool | None
    completion: str | None = None
    solution: str | None = None
    verdict: str | None = None
    logprob_sum: float | None = None
    logprob_mean: float | None = None
    parameters: Parameters | None = None
    model: str | None = None
    passed_examples: bool | None = None
    only_slow: bool = False
    scores: dict[str, float | None] = field(default_factory=dict)

    @property
    def temperature(self) -> float | None:
        """The temperature it was drawn at, if the file tells it."""
        return self.parameters.temperature if self.parameters else None


TaskSamples = dict[str, list[JudgedSample]]


@dataclass(frozen=True)
class SampleSet:
    """The judged samples of a run at one temperature: of one file, or of several that repeat the experiment
    with other seeds. ``tasks`` are those of all its files, sorted.
    """

    temperature: float | None
    files: tuple[TaskSamples, ...]
    tasks: tuple[str, ...]

    @property
    def smallest(self) -> int:
        """How many samples every task has at least, in each file."""
        return min(len(samples[task]) for samples in self.files for task in self.tasks)

    @property
    def largest(self) -> int:
        """How many samples a task has at most."""
        return max(len(samples[task]) for samples in self.files for task in self.tasks)

    def by_task(self, measure: Callable[[Sequence[JudgedSample]], float]) -> dict[str, float]:
        """What a measure says of each task, as the mean over the files."""
        return {
            task: sum(measure(samples[task]) for samples in self.files) / len(self.files)
            for task in self.tasks
        }


@dataclass(frozen=True)
class Run:
    """What is compared: all the samples under one label, by temperature.

    ``unjudged`` samples were left out, since the sandbox failed to judge them; ``tasks_left_out`` are
    not in all files of one temperature.
    """

    label: str
    files: tuple[Path, ...]
    models: tuple[str, ...]
    sets: tuple[SampleSet, ...]
    unjudged: int
    tasks_left_out: int


def read_runs(named: Sequence[tuple[str, Path]]) -> list[Run]:
    """The runs of labelled result files, in the order of the labels; raises `BadFile`.

    Files of one label and temperature are repetitions with other seeds.
    """
    by_label: dict[str, list[Path]] = {}
    for label, path in named:
        if path in by_label.setdefault(label, []):
            raise BadFile(f"{path} is there twice as {label}")
        by_label[label].append(path)
    return [_read_run(label, paths) for label, paths in by_label.items()]


def _read_run(label: str, paths: list[Path]) -> Run:
    found: dict[float | None, list[TaskSamples]] = {}
    models: dict[str, None] = {}
    unjudged = left_out = 0
    for path in paths:
        of_file: dict[float | None, TaskSamples] = {}
        for sample in _read(path):
            models |= {sample.model: None} if sample.model else {}
            if sample.passed is None:
                unjudged += 1
            else:
                of_file.setdefault(sample.temperature, {}).setdefault(sample.task_id, []).append(sample)
        if not of_file:
            raise BadFile(f"{path}: no judged sample in it")
        for temperature, samples in of_file.items():
            found.setdefault(temperature, []).append(samples)
    sets = []
    for temperature in sorted(found, key=lambda each: -1 if each is None else each):
        files = found[temperature]
        shared = set.intersection(*(set(samples) for samples in files))
        left_out += len(set.union(*(set(samples) for samples in files)) - shared)
        if not shared:
            raise BadFile(f"{label}: its files at temperature {temperature} have no task in common")
        sets.append(SampleSet(temperature, tuple(files), tuple(sorted(shared))))
    return Run(label, tuple(paths), tuple(models), tuple(sets), unjudged, left_out)


def _read(path: Path) -> list[JudgedSample]:
    try:
        return list(read_json_lines(path, JudgedSample))
    except BadFile as error:
        if "`passed`" in str(error) and "missing" in str(error):
            raise BadFile(f"{error}: judge the samples with `codex-sft evaluate` first") from error
        raise
