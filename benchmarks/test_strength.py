"""How strong tests are before and after strengthening, on problems and on traced tasks.

Problems: the statement's examples against the final tests, and against the set's own longer list, which
nothing here has seen: the yardstick. Traced tasks: mutation scores before and after, as a figure.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from benchmarks.strength_problems import Problem, read_exercism, read_leetcode, read_thealgorithms
from filters.input_variation import input_space
from filters.minimise import StrengthenedTask, strengthen
from filters.program_runs import TaskRunner
from filters.strength import first_line_of_solution
from sandbox.interpreter import NoInterpreter, find_interpreter
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import read_json_lines
from tasks.mutants import mutants
from tasks.record import Task

SETS: dict[str, Callable[[Path], Iterator[Problem]]] = {
    "exercism": read_exercism,
    "thealgorithms": read_thealgorithms,
    "leetcode": read_leetcode,
}
MAX_SECONDS = 0.3
"""Processor time of a reference on the longer list, else the examples, twice: endless mutants take more."""
_SEED = 7
Item = TypeVar("Item")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", action="append", default=[], metavar="SET=FILE", help=f"of {[*SETS]}")
    parser.add_argument("--traced", type=Path, metavar="TASKS.jsonl")
    parser.add_argument("--figure", type=Path, help="write the traced tasks' distribution there (matplotlib)")
    parser.add_argument("--limit", type=int, help="so many of each set, drawn by a fixed seed")
    parser.add_argument("--minutes", type=float, help="stop each set after that time, with what is done")
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--trusted", action="store_true", help="let the sets' second solutions have a say")
    options = parser.parse_args()
    with _Pools(options.backend) as pools:
        pool = pools.of(None)
        for given in options.problems:
            name, _, file = given.partition("=")
            drawn = _drawn(list(SETS[name](Path(file))), options.limit)
            print(f"\n{name}")
            total: Counter[str] = Counter()
            for problem in _until(options.minutes, drawn, lambda each: each.task.task_id):
                total += _measured(problem, pool, trusted=options.trusted)
            _print_problems(total)
        if options.traced:
            traced = [task for task in read_json_lines(options.traced, Task) if task.environment is None]
            started = time.process_time()
            chosen = _until(options.minutes, _drawn(traced, options.limit), lambda each: each.task_id)
            done = [strengthen(task, pools.of(task.provenance.python_version)) for task in chosen]
            print(f"our own process: {(time.process_time() - started) / len(done):.2f} CPU seconds a task")
            _print_traced(done, options.figure)


class _Pools:
    """A pool of workers for each Python: some of what was recorded holds on that one alone."""

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._stack = contextlib.ExitStack()
        self._pools: dict[str | None, WorkerPool] = {}

    def __enter__(self) -> _Pools:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, version: str | None) -> WorkerPool:
        minor = ".".join(version.split(".")[:2]) if version else None
        if minor not in self._pools:
            try:
                interpreter = find_interpreter(minor)
            except NoInterpreter:
                return self.of(None)
            pool = WorkerPool(select_sandbox("samples", self._backend), interpreter)
            self._pools[minor] = self._stack.enter_context(pool)
        return self._pools[minor]


def _drawn(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else random.Random(_SEED).sample(items, min(limit, len(items)))


def _until(minutes: float | None, items: Sequence[Item], name: Callable[[Item], str]) -> Iterator[Item]:
    """The items, each told on stderr, as long as there is time."""
    started = time.monotonic()
    for number, item in enumerate(items, 1):
        if minutes is not None and time.monotonic() - started > 60 * minutes:
            print(f"out of time before {number} of {len(items)}", flush=True)
            return
        print(f"{number} of {len(items)}: {name(item)}", file=sys.stderr, flush=True)
        yield item


def _measured(problem: Problem, pool: WorkerPool, *, trusted: bool) -> Counter[str]:
    """What came of one problem; mutants are told apart by what kills them."""
    task, full = problem.task, problem.full
    runner = TaskRunner(task, pool)
    total: Counter[str] = Counter()
    if not runner.variants([task.program], full or task.tests)[0].passed:
        return Counter({"left out: the reference does not pass its tests": 1})
    if runner.cpu_seconds > MAX_SECONDS:
        return Counter({"left out: the reference is slow": 1})
    runs = runner.variants(problem.others, [*task.tests, *full])
    others = [other for other, run in zip(problem.others, runs, strict=True) if run.passed]
    done = strengthen(task, pool, bounds=problem.bounds, trusted=others if trusted else ())
    if done.before is None or done.after is None:
        return Counter({"left out: the reference does not pass the examples": 1})
    programs = [each.program for each in mutants(task.program, first_line=first_line_of_solution(task))]
    kinds = {"examples": task.tests, "final": done.task.tests, "full": full or task.tests}
    killed = {
        kind: [run.passed is False for run in runner.variants(programs, cases)]
        for kind, cases in kinds.items()
    }
    total.update({kind: sum(verdicts) for kind, verdicts in killed.items()})
    for early, final, late in zip(*killed.values(), strict=True):
        total["any"] += early or final or late
        total["missed by examples, caught by full"] += late and not early
        total["of these caught by final"] += late and not early and final
    total["mutants"] = len(programs)
    total["problems"] = 1
    total["cases before"] = len(task.tests)
    total["cases full"] = len(full)
    total["cases added"] = done.added
    total["added cases unlike all of full"] = _unlike(problem, done.task) if full else 0
    total["other solutions"] = len(others)
    runs = runner.variants(others, done.task.tests)
    total["other solutions that fail"] = sum(run.passed is False for run in runs)
    total["trivial before"] = bool(done.before.trivial_passed)
    total["trivial after"] = bool(done.after.trivial_passed)
    total["milliseconds"] = int(1000 * done.cpu_seconds)
    return total


def _unlike(problem: Problem, final: Task) -> int:
    """Added cases whose input has what no input of the longer list has; exceptions left out.

    They may be legal all the same: the longer list does not show everything either.
    """
    space = input_space(replace(problem.task, tests=[*problem.task.tests, *problem.full]), problem.bounds)
    added = final.tests[len(problem.task.tests) :]
    return sum(
        case.expected.kind != "raised" and space.refusal(space.call_of(case)) is not None for case in added
    )


def _print_problems(total: Counter[str]) -> None:
    if not total["problems"]:
        print(dict(total))
        return
    everything = total["mutants"]
    for kind in ("examples", "final", "full", "any"):
        left = everything - total[kind]
        known = total["any"] - total[kind]
        score = total[kind] / everything
        print(f"{kind:9} mutation score {score:.3f}, {left} survive, {known} of them known to be wrong")
    for name, value in total.items():
        print(f"{name}: {value}")
    print(f"CPU seconds a problem: {total['milliseconds'] / total['problems'] / 1000:.2f}")


def _print_traced(done: Sequence[StrengthenedTask], figure: Path | None) -> None:
    measured = [each for each in done if each.before and each.before.mutants and each.after]
    before = [each.before.mutation_score or 0.0 for each in measured if each.before]
    after = [each.after.mutation_score or 0.0 for each in measured if each.after]
    seconds = [each.cpu_seconds for each in done]
    print(f"\n{len(done)} traced tasks, {len(measured)} with mutants")
    for name, scores in (("before", before), ("after", after)):
        quarters = statistics.quantiles(scores, n=4)
        low = sum(score < 0.7 for score in scores)
        print(f"{name}: median {statistics.median(scores):.3f}, quartiles {quarters}, below 0.7: {low}")
    survivors = [sum(each.before.mutants - each.before.mutants_killed for each in measured if each.before)]
    survivors.append(sum(each.after.mutants - each.after.mutants_killed for each in measured if each.after))
    print(f"mutants {sum(e.after.mutants for e in measured if e.after)}, surviving {survivors}")
    for name in ("before", "after"):
        passing = [each for each in done if (told := getattr(each, name)) and told.trivial_passed]
        print(f"tasks that trivial solutions pass, {name}: {len(passing)}")
    dropped: Counter[str] = sum((Counter(each.dropped) for each in done), Counter())
    print(
        f"added {sum(e.added for e in done)} of {sum(e.tried for e in done)} tried, dropped {dict(dropped)}"
    )
    print(f"not measured: {dict(Counter(e.detail for e in done if e.detail))}")
    print(
        f"CPU s a task: median {statistics.median(seconds):.2f}, mean {statistics.mean(seconds):.2f}, "
        f"most {max(seconds):.2f}"
    )
    if figure:
        _draw(figure, before, after)


def _draw(path: Path, before: list[float], after: list[float]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.2))
    edges = [index / 20 for index in range(21)]
    axes.hist([before, after], bins=edges, label=["as recorded", "strengthened"])
    axes.axvline(statistics.median(before), color="C0", linestyle=":")
    axes.axvline(statistics.median(after), color="C1", linestyle=":")
    axes.set(xlabel="mutation score (medians dotted)", ylabel="tasks", xlim=(0, 1))
    axes.legend(loc="upper left")
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
