"""Judging a file of samples: every sample in a process of its own, resumable, in several workers."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import msgspec

from evaluation.evaluation_files import Result, Sample
from evaluation.intervals import Estimate, Resamples
from evaluation.pass_at_k import mean_pass_at_k, pass_at_k
from sandbox.installation import InstalledProject
from sandbox.task_judging import JudgingOptions, PreparedTask, judge_programs, prepare_task
from sandbox.verdicts import Judgement, Verdict
from sandbox.worker_pool import WorkerPool
from tasks.json_decoders import json_decoder
from tasks.record import Task

_CHUNK = 64


@dataclass(frozen=True)
class EvaluationOptions:
    """``cpu_seconds`` is what every sample may use at least; where ten times the processor time of the
    task's own reference solution is more, it gets that. ``in_process`` runs check texts beside the
    samples, which can then forge their verdicts. ``wall_seconds`` is as in
    `sandbox.task_judging.JudgingOptions`."""

    cpu_seconds: float = 3.0
    in_process: bool = False
    repeat_equal: bool = False
    hash_seed: int = 0
    workers: int = 1
    wall_seconds: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """The results by the samples' places in the file, and what is wrong with tasks themselves."""

    results: dict[int, Result]
    bad_references: dict[str, Judgement]

    def counts(self, *, forgiving: bool = False) -> dict[str, tuple[int, int]]:
        """Samples and passed samples of each task, without those that the sandbox failed to judge.

        With ``forgiving``, those that were only too slow have passed as well.
        """
        judged: Counter[str] = Counter()
        passed: Counter[str] = Counter()
        for result in self.results.values():
            if result.passed is not None:
                judged[result.task_id] += 1
                passed[result.task_id] += result.passed or (forgiving and result.only_slow)
        return {task_id: (count, passed[task_id]) for task_id, count in judged.items()}

    def pass_at(self, ks: list[int]) -> dict[int, float]:
        """pass@k for those k of which every task has as many samples."""
        return self._pass_at(ks, self.counts())

    def forgiven_pass_at(self, ks: list[int]) -> dict[int, float]:
        """The same if time-outs were forgiven; empty where there are none to forgive."""
        slow = any(result.only_slow for result in self.results.values())
        return self._pass_at(ks, self.counts(forgiving=True)) if slow else {}

    def _pass_at(self, ks: list[int], counts: dict[str, tuple[int, int]]) -> dict[int, float]:
        found = {k: mean_pass_at_k(counts, k) for k in ks}
        return {k: value for k, value in found.items() if value is not None}

    def intervals(self, ks: list[int]) -> dict[int, Estimate]:
        """The same with intervals, by bootstrap over the tasks."""
        counts = self.counts()
        if not counts:
            return {}
        resamples = Resamples(len(counts))
        return {
            k: resamples.mean([pass_at_k(samples, passed, k) for samples, passed in counts.values()])
            for k in self.pass_at(ks)
        }


class Journal:
    """Results as they come, in a file that lets an interrupted evaluation go on.

    A line is found again by what it depends on: task, program and options.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Result] = {}
        self._stream: BinaryIO | None = None
        self._lock = threading.Lock()
        decoder = json_decoder(tuple[str, Result])
        self._cut_off = False
        if path.exists():
            content = path.read_bytes()
            self._cut_off = bool(content) and not content.endswith(b"\n")
            for line in content.splitlines():
                try:
                    key, result = decoder.decode(line)
                except msgspec.DecodeError:
                    continue  # cut off when the run was interrupted
                self._known[key] = result

    def find(self, key: str) -> Result | None:
        return self._known.get(key)

    def add(self, key: str, result: Result) -> None:
        with self._lock:
            if self._stream is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self.path.open("ab")
                if self._cut_off:
                    self._stream.write(b"\n")
                    self._cut_off = False
            self._stream.write(msgspec.json.encode((key, result)) + b"\n")
            self._stream.flush()

    def close(self) -> None:
        """What is added afterwards opens it again."""
        if self._stream:
            self._stream.close()
            self._stream = None

    def remove(self) -> None:
        """The evaluation is complete and its results are written elsewhere."""
        self.close()
        self.path.unlink(missing_ok=True)


def evaluate(
    tasks: dict[str, Task],
    samples: list[Sample],
    pool: WorkerPool,
    options: EvaluationOptions,
    journal: Journal,
    on_result: Callable[[Result], None] = lambda result: None,
    environments: Mapping[str, InstalledProject] = MappingProxyType({}),
) -> Evaluation:
    """Judge samples, task by task; what the journal knows already is taken from there.

    Samples of a task that are the same text are run once, unless ``options.repeat_equal``.
    ``environments`` has what the tasks name as their environment.
    """
    results: dict[int, Result] = {}
    bad_references: dict[str, Judgement] = {}
    to_do: dict[str, dict[str, list[Sample]]] = defaultdict(dict)
    for sample in samples:
        key = _key(tasks[sample.task_id], sample, options)
        known = journal.find(key)
        if known is None:
            to_do[sample.task_id].setdefault(key, []).append(sample)
        else:
            results[sample.index] = replace(known, index=sample.index)
            on_result(results[sample.index])

    judging = JudgingOptions(options.cpu_seconds, options.in_process, options.hash_seed, options.wall_seconds)

    def judge_chunk(prepared: PreparedTask, chunk: list[tuple[str, list[Sample]]]) -> None:
        found = judge_programs(prepared, pool, [equal[0].program for _, equal in chunk])
        for (key, equal), (judgement, run) in zip(chunk, found, strict=True):
            result = _result(equal[0], judgement, run.ending.cpu_seconds)
            if result.passed is not None:
                journal.add(key, result)
            for sample in equal:
                results[sample.index] = replace(result, index=sample.index)
                on_result(results[sample.index])

    def begin_task(task: Task) -> PreparedTask:
        installed = environments[task.environment] if task.environment else None
        prepared = prepare_task(task, pool, judging, installed)
        if prepared.reference and prepared.reference.verdict is not Verdict.PASSED:
            bad_references[task.task_id] = prepared.reference
        return prepared

    with ThreadPoolExecutor(options.workers) as executor:
        try:
            _in_parallel(
                executor,
                ((tasks[task_id], list(chunk.items())) for task_id, chunk in to_do.items()),
                options.workers,
                begin_task,
                judge_chunk,
            )
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            journal.close()
    return Evaluation(results, bad_references)


def _in_parallel(
    executor: ThreadPoolExecutor,
    work: Iterator[tuple[Task, list[tuple[str, list[Sample]]]]],
    workers: int,
    begin: Callable[[Task], PreparedTask],
    judge: Callable[[PreparedTask, list[tuple[str, list[Sample]]]], None],
) -> None:
    """Run tasks side by side, large ones in chunks, with no more in flight than keep workers busy."""

    def one_task(task: Task, samples: list[tuple[str, list[Sample]]]) -> list[Future[None]]:
        prepared = begin(task)
        chunks = [samples[start : start + _CHUNK] for start in range(0, len(samples), _CHUNK)]
        rest = [executor.submit(judge, prepared, chunk) for chunk in chunks[1:]]
        judge(prepared, chunks[0])
        return rest

    running: set[Future[Any]] = set()
    exhausted = False
    while running or not exhausted:
        while not exhausted and len(running) < 2 * workers:
            following = next(work, None)
            if following is None:
                exhausted = True
            else:
                running.add(executor.submit(one_task, *following))
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            running |= set(future.result() or ())


def _result(sample: Sample, judgement: Judgement, cpu_seconds: float) -> Result:
    unjudged = judgement.verdict is Verdict.INFRASTRUCTURE
    return Result(
        sample.task_id,
        sample.index,
        str(judgement.verdict),
        None if unjudged else judgement.verdict is Verdict.PASSED,
        judgement.detail,
        round(cpu_seconds, 4),
        judgement.integrity,
        judgement.only_slow,
    )


def _key(task: Task, sample: Sample, options: EvaluationOptions) -> str:
    place = sample.index if options.repeat_equal else None
    limits = (options.cpu_seconds, options.wall_seconds)
    depends_on = (task, sample.program, place, limits, options.in_process, options.hash_seed)
    return hashlib.sha256(msgspec.json.encode(depends_on)).hexdigest()
