"""Sequential against exhaustive filtering by recorded samples: decisions that differ, and samples drawn.

No model is asked. The hundred samples of each real task are real programs, drawn by a seed: its reference
with a made-up pass rate of its own (a third of the tasks have none), else one of its mutants or a trivial
solution, whose verdicts, equivalent mutants included, are whatever the sandbox finds. The decisions are
those of real tasks and verdicts; how many samples it takes depends on the made-up rates.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evaluation.evaluation_files import read_tasks
from filters.sample_filter import SampledTask, SampleFilterOptions, filter_by_samples
from filters.sample_verdicts import KnownVerdicts
from filters.strength import first_line_of_solution
from filters.trivial_solutions import trivial_solutions
from pipelines.benchmark_files import HUMANEVAL
from sampling.recorded import RecordedEngine
from sampling.sample_store import SampleStore
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import write_json_lines
from tasks.mutants import mutants
from tasks.record import Task

_SAMPLES = 100
_WRONG = 6
_UNSOLVED = 0.33


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=Path, action="append", default=[], help="tasks.jsonl of a run")
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tasks = [
        task
        for file in [HUMANEVAL[1], *options.tasks]
        for task in read_tasks(file).values()
        if task.environment is None and not task.stdio_tests
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        WorkerPool(select_sandbox("samples", options.backend), find_interpreter()) as pool,
    ):
        file = Path(folder) / "samples.jsonl"
        rows = (row for task in tasks for row in made_samples(task, options.seed))
        print(f"{write_json_lines(file, rows)} samples of {len(tasks)} tasks", flush=True)
        verdicts = KnownVerdicts()
        sequential = _decided(tasks, file, pool, SampleFilterOptions(_SAMPLES), verdicts)
        run = verdicts.cpu_seconds
        exhaustive = _decided(tasks, file, pool, SampleFilterOptions(_SAMPLES, exhaustive=True), verdicts)
    differ = [name for name, each in sequential.items() if each.decision != exhaustive[name].decision]
    for name in differ:
        print(f"{name}: {sequential[name].decision}, but {exhaustive[name].decision} by all samples")
    print(f"{len(tasks)} tasks: {len(differ)} disagreements")
    for words, decided in (("sequential", sequential), ("exhaustive", exhaustive)):
        kept = [each for each in decided.values() if each.decision == "kept"]
        drawn = sum(len(each.samples) for each in decided.values())
        of_kept = sum(len(each.samples) for each in kept) / len(kept)
        print(
            f"{words}: {len(kept)} kept, {drawn} samples, {drawn / len(kept):.1f} for each task kept, "
            f"{of_kept:.1f} of its own"
        )
    print(f"CPU seconds of programs: {run:.1f} sequential, {verdicts.cpu_seconds:.1f} for all")


def _decided(
    tasks: list[Task], file: Path, pool: WorkerPool, options: SampleFilterOptions, verdicts: KnownVerdicts
) -> dict[str, SampledTask]:
    engine = RecordedEngine(SampleStore(file, writable=False))
    try:
        found = filter_by_samples(tasks, engine, pool, options, verdicts=verdicts)
        return {each.task_id: each for each in found}
    finally:
        engine.close()


def made_samples(task: Task, seed: int) -> Iterator[dict[str, object]]:
    """A hundred lines of a sample file, as the module's docstring tells."""
    chance = random.Random(f"{seed} {task.task_id}")
    rate = 0.0 if chance.random() < _UNSOLVED else chance.betavariate(0.6, 1.4)
    wrong = _wrong(task, chance)
    for index in range(_SAMPLES):
        right = not wrong or chance.random() < rate
        text = task.canonical_solution if right else chance.choice(wrong)
        yield {"task_id": task.task_id, "completion": text, "index": index}


def _wrong(task: Task, chance: random.Random) -> list[str]:
    """Completions that define the entry point once more, otherwise."""
    try:
        changed = [
            mutant.program for mutant in mutants(task.program, first_line=first_line_of_solution(task))
        ]
    except (SyntaxError, ValueError, RecursionError):
        changed = []
    trivial = list(trivial_solutions(replace(task, check=None)).values())
    programs = chance.sample(changed, min(_WRONG, len(changed))) + chance.sample(
        trivial, min(2, len(trivial))
    )
    return [f"    pass\n\n\n{program}" for program in programs]


if __name__ == "__main__":
    main()
