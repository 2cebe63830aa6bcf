"""Recorded samples with their verdicts, found by task: in files that are read by place, never as a whole."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from pipelines.exports.options import LeftOut
from pipelines.exports.training_rows import Rows, provenance_columns
from sandbox.task_judging import completed_program
from tasks.files import BadFile
from tasks.json_decoders import json_decoder
from tasks.record import Task


@dataclass(frozen=True)
class RecordedSample:
    """One line of a result file of `codex-sft evaluate`, or of the samples of `codex-sft filter`."""

    task_id: str
    completion: str | None = None
    solution: str | None = None
    passed: bool | None = None
    verdict: str | None = None
    detail: str = ""
    model: str | None = None
    logprob_mean: float | None = None
    integrity: str = "high"


class RecordedSamples:
    """The samples of some files. Places in the files are kept in memory, texts are not.

    ``left_out`` counts samples that can be used for nothing, by reason: ``not_judged``, ``could_be_forged``
    (verdicts of low integrity), ``no_completion``, ``repeated`` (equal texts of a task). Raises `BadFile`.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.left_out: Counter[str] = Counter()
        self._decoder = json_decoder(RecordedSample)
        self._places: dict[str, array[int]] = {}
        self._stack = ExitStack()
        self._streams: list[BinaryIO] = []
        for number, path in enumerate(paths):
            self._index(number, path)

    def __enter__(self) -> RecordedSamples:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def count(self, task_id: str) -> int:
        """How many samples a task has."""
        return len(self._places.get(task_id, ())) // 2

    def of(self, task: Task) -> Iterator[RecordedSample]:
        """The samples of a task, in the order of the files, each text once."""
        places = self._places.get(task.task_id, array("q"))
        known = set()
        for number, place in zip(places[::2], places[1::2], strict=True):
            self._streams[number].seek(place)
            sample = self._decoder.decode(self._streams[number].readline())
            digest = hashlib.sha256(sample_program(task, sample).encode("utf-8", "surrogatepass")).digest()
            if digest not in known:
                known.add(digest)
                yield sample

    def _index(self, number: int, path: Path) -> None:
        if path.suffix == ".gz":
            raise BadFile(f"{path}: samples are read by place: unpack the file first")
        try:
            stream = self._stack.enter_context(path.open("rb"))
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror or error}") from error
        self._streams.append(stream)
        place = 0
        for line_number, line in enumerate(stream, start=1):
            start, place = place, place + len(line)
            if not line.strip():
                continue
            try:
                sample = self._decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadFile(f"{path}:{line_number}: {error}") from error
            reason = _unusable(sample)
            if reason:
                self.left_out[reason] += 1
            else:
                self._places.setdefault(sample.task_id, array("q")).extend((number, start))


def sample_program(task: Task, sample: RecordedSample) -> str:
    """The program that a sample stands for."""
    if sample.solution is not None:
        return sample.solution
    return completed_program(task, sample.completion or "")


def sample_rows(task: Task, samples: RecordedSamples) -> Rows:
    """All samples of a task with their verdicts."""
    rows = [
        {
            "task_id": task.task_id,
            "completion": sample.completion,
            "solution": sample.solution,
            "passed": sample.passed,
            "verdict": sample.verdict,
            "detail": sample.detail,
            "model": sample.model,
            "logprob_mean": sample.logprob_mean,
            **provenance_columns(task),
        }
        for sample in samples.of(task)
    ]
    return rows or LeftOut("no_samples")


def preference_rows(task: Task, samples: RecordedSamples, most: int) -> Rows:
    """Pairs of a sample that passes and one that does not, each of them in one pair at most."""
    found = [each for each in samples.of(task) if _completion(task, each) is not None]
    passing = [each for each in found if each.passed]
    failing = [each for each in found if not each.passed]
    if not found:
        return LeftOut("no_samples")
    if not passing:
        return LeftOut("no_sample_passes")
    if not failing:
        return LeftOut("no_sample_fails")
    return [
        {
            "task_id": task.task_id,
            "prompt": task.prompt,
            "chosen": _completion(task, better),
            "rejected": _completion(task, worse),
            "rejected_verdict": worse.verdict,
            **provenance_columns(task),
        }
        for better, worse in list(zip(passing, failing, strict=False))[:most]
    ]


def _completion(task: Task, sample: RecordedSample) -> str | None:
    """What follows the prompt; None for a whole program that does not begin with it."""
    if sample.completion is not None:
        return sample.completion
    program = sample.solution or ""
    if task.stdio_tests:
        return program
    return program[len(task.prompt) :] if program.startswith(task.prompt) else None


def _unusable(sample: RecordedSample) -> str | None:
    if sample.completion is None and sample.solution is None:
        return "no_completion"
    if sample.passed is None:
        return "not_judged"
    return "could_be_forged" if sample.integrity != "high" else None
