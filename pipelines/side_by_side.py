"""A transform's elements, worked at by threads: the next goes to the first thread that is free.

Beam's local runners deal elements out before they start, one list for each worker, and begin a stage when
the one before it has ended: one long project would keep those behind it waiting, and everybody else idle.
Here all elements of a process wait in one line, those of the next transform too if it is fused to this one,
and what is finished goes on at once.
"""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

import copy
import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, as_completed
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindows
from apache_beam.typehints.decorators import IOTypeHints
from apache_beam.utils.shared import Shared


class Crew:
    """So many threads for each process that runs a transform; one crew may serve several transforms."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._shared = Shared()

    def line(self) -> "_Line":
        """Where this process's elements wait."""
        found: _Line = self._shared.acquire(lambda: _Line(self.threads))
        return found


class _Line:
    """Calls that wait for a thread. The threads end with the process, and with the line."""

    def __init__(self, threads: int) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        for _ in range(threads):
            # daemons: an interrupted command does not wait for what they are at
            threading.Thread(target=_work, args=(self._calls,), daemon=True).start()
        weakref.finalize(self, _end, self._calls, threads)

    def submit(self, call: Callable[[], list[Any]]) -> Future[list[Any]]:
        future: Future[list[Any]] = Future()
        self._calls.put(lambda: _settle(future, call))
        return future


def _work(calls: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
    while (call := calls.get()) is not None:
        call()


def _end(calls: "queue.SimpleQueue[Callable[[], None] | None]", threads: int) -> None:
    for _ in range(threads):
        calls.put(None)


def _settle(future: Future[list[Any]], call: Callable[[], list[Any]]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:
        future.set_exception(error)


class SideBySide(beam.DoFn):
    """The work of a transform, by the threads of a crew.

    Each thread has a copy of the work for itself, made and set up when it is first needed. Results leave in
    the order in which they come. The first exception ends the bundle: what waits is not begun.
    """

    def __init__(self, work: beam.DoFn, crew: Crew) -> None:
        self._work = work
        self._crew = crew
        self._line: _Line | None = None
        self._idle: queue.SimpleQueue[beam.DoFn] = queue.SimpleQueue()
        self._copies: list[beam.DoFn] = []
        self._results: list[Future[list[Any]]] = []
        self._failed = False

    def __reduce__(self) -> tuple[Any, ...]:
        return SideBySide, (self._work, self._crew)

    def default_type_hints(self) -> IOTypeHints | None:
        """Those of the work, so that Beam checks what goes in and out."""
        hints: IOTypeHints | None = self._work.default_type_hints()
        return hints

    def setup(self) -> None:
        self._line = self._crew.line()

    def start_bundle(self) -> None:
        self._results = []
        self._failed = False

    def process(self, element: Any) -> None:
        assert self._line is not None
        self._results.append(self._line.submit(lambda: self._worked(element)))

    def finish_bundle(self) -> Iterator[Any]:
        results, self._results = self._results, []
        for result in as_completed(results):
            for output in result.result():
                yield _windowed(output)

    def _worked(self, element: Any) -> list[Any]:
        if self._failed:
            return []
        try:
            work = self._take()
            try:
                return list(work.process(element) or ())
            finally:
                self._idle.put(work)
        except BaseException:
            self._failed = True
            raise

    def _take(self) -> beam.DoFn:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            work = copy.deepcopy(self._work)
            work.setup()
            self._copies.append(work)
            return work

    def teardown(self) -> None:
        for work in self._copies:
            work.teardown()
        self._copies = []
        self._line = None


def _windowed(output: Any) -> Any:
    if isinstance(output, TaggedOutput):
        return TaggedOutput(output.tag, GlobalWindows.windowed_value(output.value))
    return GlobalWindows.windowed_value(output)
