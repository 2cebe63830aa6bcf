"""How strong tests are before and after strengthening, on problems and on traced tasks.

Problems: the statement's examples against the final tests, and against the set's own longer list, which
nothing here has seen: the yardstick. Traced tasks: mutation scores before and after, as a figure.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.strength_problems import Problem, read_exercism, read_leetcode, read_thealgorithms
from filters.minimise import StrengthenedTask, strengthen
from filters.program_runs import TaskRunner
from filters.strength import first_line_of_solution
from sandbox.interpreter import find_interpreter
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
_SEED = 7
Item = TypeVar("Item")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", action="append", default=[], metavar="SET=FILE", help=f"of {[*SETS]}")
    parser.add_argument("--traced", type=Path, metavar="TASKS.jsonl")
    parser.add_argument("--figure", type=Path, help="write the traced tasks' distribution there (matplotlib)")
    parser.add_argument("--limit", type=int, help="so many of each set, drawn by a fixed seed")
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--trusted", action="store_true", help="let the sets' second solutions have a say")
    options = parser.parse_args()
    with WorkerPool(select_sandbox("samples", options.backend), find_interpreter()) as pool:
        for given in options.problems:
            name, _, file = given.partition("=")
            drawn = _drawn(list(SETS[name](Path(file))), options.limit)
            print(f"\n{name}")
            _print_problems(_measure_problems(drawn, pool, trusted=options.trusted))
        if options.traced:
            traced = [task for task in read_json_lines(options.traced, Task) if task.environment is None]
            _print_traced(_drawn(traced, options.limit), pool, options.figure)


def _drawn(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else random.Random(_SEED).sample(items, min(limit, len(items)))


def _measure_problems(problems: Sequence[Problem], pool: WorkerPool, *, trusted: bool) -> Counter[str]:
    """Sums over all problems; mutants are told apart by what kills them."""
    total: Counter[str] = Counter()
    started = time.process_time()
    for problem in problems:
        task, full = problem.task, problem.full
        runner = TaskRunner(task, pool)
        if full and not runner.variants([task.program], full)[0].passed:
            total["left out: the reference does not pass the longer list"] += 1
            continue
        others = [
            other
            for other, run in zip(
                problem.others, runner.variants(problem.others, [*task.tests, *full]), strict=True
            )
            if run.passed
        ]
        done = strengthen(task, pool, bounds=problem.bounds, trusted=others if trusted else ())
        if done.before is None or done.after is None:
            total["left out: the reference does not pass the examples"] += 1
            continue
        programs = [each.program for each in mutants(task.program, first_line=first_line_of_solution(task))]
        kinds = {"examples": task.tests, "final": done.task.tests, "full": full}
        killed = {
            kind: [run.passed is False for run in runner.variants(programs, cases or task.tests)]
            for kind, cases in kinds.items()
        }
        total.update({kind: sum(verdicts) for kind, verdicts in killed.items()})
        total["any"] += sum(map(any, zip(*killed.values(), strict=True)))
        for early, final, late in zip(*killed.values(), strict=True):
            total["missed by examples, caught by full"] += late and not early
            total["of these caught by final"] += late and not early and final
        total["mutants"] += len(programs)
        total["problems"] += 1
        total["cases before"] += len(task.tests)
        total["cases full"] += len(full)
        total["cases added"] += done.added
        total["other solutions"] += len(others)
        total["other solutions that fail"] += sum(
            run.passed is False for run in runner.variants(others, done.task.tests)
        )
        total["trivial before"] += bool(done.before.trivial_passed)
        total["trivial after"] += bool(done.after.trivial_passed)
        total["milliseconds"] += int(1000 * done.cpu_seconds)
    total["own milliseconds"] = int(1000 * (time.process_time() - started))
    return total


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


def _print_traced(tasks: Sequence[Task], pool: WorkerPool, figure: Path | None) -> None:
    started = time.process_time()
    done: list[StrengthenedTask] = [strengthen(task, pool) for task in tasks]
    measured = [each for each in done if each.before and each.before.mutants and each.after]
    before = [each.before.mutation_score or 0.0 for each in measured if each.before]
    after = [each.after.mutation_score or 0.0 for each in measured if each.after]
    seconds = [each.cpu_seconds for each in done]
    print(f"\n{len(tasks)} traced tasks, {len(measured)} with mutants")
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
    print(f"CPU s a task: median {statistics.median(seconds):.2f}, mean {statistics.mean(seconds):.2f}")
    print(f"most {max(seconds):.2f}; our own process {(time.process_time() - started) / len(tasks):.2f}")
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
