"""Warm workers for many samples: lent out, replaced when they are lost or used up, closed together."""

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.interpreter import Interpreter
from sandbox.output_checks import OutputChecks
from sandbox.sample_jobs import SampleJob
from sandbox.warm_worker import Reply, WarmWorker, WorkerLost
from sandbox.worker_start import WorkerSettings

SAMPLES_PER_WORKER = 5_000
IDLE_WORKERS = 40
"""Workers that may wait: those of many projects, each under many conditions, would fill the memory."""

_ATTEMPTS = 3


@dataclass(frozen=True)
class Answer:
    """What came of one program: its replies (one, but for ``stdio`` jobs), and the `fault` that kept
    it from answering, if any: ``timeout`` (it waited beyond the wall limit) or ``infrastructure``."""

    replies: list[Reply]
    fault: str | None = None
    detail: str = ""


class WorkerPool:
    """Runs jobs from several threads at a time, each on a worker of its own.

    Workers are kept by their settings, and replaced after `SAMPLES_PER_WORKER` samples or when
    something outlived a sample; of more than `IDLE_WORKERS` those unused for longest are closed. A worker
    that is lost without a visible cause is replaced, and the sample tried again; only then is it an
    infrastructure fault. Raises `SandboxUnavailable` when workers do not start any more. ``checks`` is what
    judges the samples of tasks that have a checker, and is closed with the pool. ``cpu_seconds`` is the
    processor time of all samples so far.
    """

    def __init__(
        self, backend: Sandbox, interpreter: Interpreter, checks: OutputChecks | None = None
    ) -> None:
        self.backend = backend
        self.interpreter = interpreter
        self.checks = checks
        self.cpu_seconds = 0.0
        self._idle: dict[WorkerSettings, list[_Lent]] = defaultdict(list)
        self._unusable: dict[tuple[Path, ...], SandboxUnavailable] = {}
        self._lock = threading.Lock()
        self._on_processor: Counter[int] = Counter()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the workers that nobody uses, and remove the checkers that were built."""
        if self.checks:
            self.checks.close()
        with self._lock:
            idle = [lent for workers in self._idle.values() for lent in workers]
            self._idle.clear()
        for lent in idle:
            self._close(lent)

    def run(self, job: SampleJob, programs: list[str], settings: WorkerSettings) -> Iterator[Answer]:
        """The answer to each program, in order, as they come."""
        done = 0
        attempts = 0
        while done < len(programs):
            # after a loss one by one, so that it is clear whose fault it is
            batch = programs[done:] if attempts == 0 else programs[done : done + 1]
            try:
                for answer in self._run_batch(job, batch, settings):
                    done += 1
                    attempts = 0
                    yield answer
            except _Unanswered as error:
                attempts += 1
                lost = error.lost
                if lost.stuck or attempts == _ATTEMPTS:
                    done += 1
                    attempts = 0
                    yield Answer(error.replies, "timeout" if lost.stuck else "infrastructure", str(lost))

    def _run_batch(self, job: SampleJob, programs: list[str], settings: WorkerSettings) -> Iterator[Answer]:
        """Answers until the programs or the worker's fitness end; raises `_Unanswered`."""
        lent = self._lend(settings)
        replies: list[Reply] = []
        usable = False
        try:
            answered = 0
            for reply in lent.worker.run(job, programs):
                replies.append(reply)
                with self._lock:
                    self.cpu_seconds += reply.cpu_seconds
                lent.fit = lent.fit and reply.fit
                if len(replies) < len(job.inputs or ("",)):
                    continue
                answered += 1
                lent.samples += 1
                answer, replies = Answer(replies), []
                usable = answered == len(programs)
                if usable:  # before the last answer is handed on, for nobody may ask for more
                    self._give_back(lent, settings)
                yield answer
                if not lent.fit or lent.samples > SAMPLES_PER_WORKER:
                    return
        except WorkerLost as error:
            raise _Unanswered(error, replies) from error
        finally:
            if not usable:
                self._close(lent)

    def _lend(self, settings: WorkerSettings) -> _Lent:
        """An idle worker or a new one; raises `SandboxUnavailable` when none starts, several times.

        Packages with which none has started are not tried again: their import may take all the time it gets.
        """
        with self._lock:
            if settings.packages in self._unusable:
                raise self._unusable[settings.packages]
            idle = self._idle[settings]
            while idle:
                lent = idle.pop()
                if lent.worker.alive:
                    return lent
                self._close(lent)
            processor = min(os.sched_getaffinity(0), key=lambda each: self._on_processor[each])
            self._on_processor[processor] += 1
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                interpreter = settings.interpreter or self.interpreter
                return _Lent(WarmWorker(self.backend, interpreter, settings, processor))
            except SandboxUnavailable as error:
                if attempt == _ATTEMPTS:
                    self._on_processor[processor] -= 1
                    if settings.packages:
                        self._unusable[settings.packages] = error
                    raise
        raise AssertionError

    def _close(self, lent: _Lent) -> None:
        lent.worker.close()
        assert lent.worker.processor is not None
        self._on_processor[lent.worker.processor] -= 1

    def _give_back(self, lent: _Lent, settings: WorkerSettings) -> None:
        if not lent.fit or lent.samples >= SAMPLES_PER_WORKER:
            self._close(lent)
            return
        with self._lock:
            # those used last stand last
            self._idle[settings] = [*self._idle.pop(settings, []), lent]
            surplus = self._oldest() if sum(map(len, self._idle.values())) > IDLE_WORKERS else None
        if surplus:
            self._close(surplus)

    def _oldest(self) -> _Lent:
        settings = next(each for each, workers in self._idle.items() if workers)
        return self._idle[settings].pop(0)


class _Unanswered(Exception):
    """The worker was lost, with what it had told of the program that it was at."""

    def __init__(self, lost: WorkerLost, replies: list[Reply]) -> None:
        super().__init__(str(lost))
        self.lost = lost
        self.replies = replies


@dataclass
class _Lent:
    worker: WarmWorker
    samples: int = 0
    fit: bool = True
