"""Planted functions that depend on more than their arguments, and known-good tasks under load.

Of each kind (clock, hash order, counters, files, locale, time zone, set order, threads) ten are planted; each
must be caught, and by a name that fits. Of a run's tasks none may be called unstable, however often it is
asked and whatever else the machine does meanwhile.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.planted_instability import PLANTED
from filters.replay import Round
from filters.stability import instabilities
from pipelines.environments import environments_of, is_traced, read_environments
from sandbox.interpreter import find_interpreter
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import run_samples
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import read_json_lines
from tasks.record import Expected, Provenance, Task, TestCase


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=Path, help="tasks.jsonl of a run whose tasks are known to be good")
    parser.add_argument("--limit", type=int, default=200, help="tasks of it")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--load", type=int, default=2 * multiprocessing.cpu_count(), help="busy processes")
    parser.add_argument("--no-planted", action="store_true", help="known-good tasks only")
    options = parser.parse_args()
    console = Console()
    with WorkerPool(select_sandbox("samples", "auto"), find_interpreter()) as pool:
        table = Table("planted", "caught", "by a fitting name", "names given", title="Planted functions")
        for kind, (fitting, programs) in ({} if options.no_planted else PLANTED).items():
            names: Counter[str] = Counter()
            caught = fits = 0
            for program in programs:
                task = _recorded(program, pool)
                axes = {entry.axis for entry in instabilities(task, task.program, pool) or ()}
                caught += bool(axes)
                fits += bool(axes & fitting)
                names.update(axes)
            given = ", ".join(f"{name} {number}" for name, number in names.most_common())
            table.add_row(f"{kind} ({len(programs)})", str(caught), str(fits), given)
        if not options.no_planted:
            console.print(table)
        if options.tasks:
            alone = (task for task in read_json_lines(options.tasks, Task) if task.environment is None)
            tasks = list(itertools.islice(alone, options.limit))
            run = options.tasks.parent
            places = environments_of(tasks, read_environments(run) if is_traced(run) else {})
            called = 0
            with _load(options.load):
                for repetition in range(options.repetitions):
                    for task in track(tasks, f"repetition {repetition + 1}", console=console):
                        for entry in instabilities(task, task.program, pool, places.get(task.task_id)) or ():
                            called += 1
                            console.print(f"{task.task_id}: {entry.axis}, cases {entry.cases}", markup=False)
            console.print(f"{len(tasks)} known-good tasks, {options.repetitions} times: {called} alarms")


def _recorded(program: str, pool: WorkerPool) -> Task:
    """A task whose cases are what the program did once."""
    pending = [TestCase([number], {}, Expected("returned", source="pending")) for number in (1, 2, 3)]
    task = Task("planted/f", "", "f", program + "\n", pending, Provenance("task_file", "planted"))
    (run,) = run_samples(pool, values_job(task, SampleLimits()), [task.program], Round(1).settings(None))
    cases = []
    for case, outcome in zip(pending, run.outcomes, strict=True):
        assert outcome.kind in ("returned", "yielded", "raised"), outcome
        cases.append(
            replace(case, expected=Expected(outcome.kind, outcome.value, exception=outcome.exception))
        )
    return replace(task, tests=cases)


@contextmanager
def _load(count: int) -> Iterator[None]:
    """So many busy processes until the block ends."""
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.kill()


def _spin() -> None:
    while True:
        sum(range(10_000))


if __name__ == "__main__":
    main()
