"""Rewards against the verdicts of `codex-sft evaluate`, on samples of real tasks.

The samples are made as in `benchmarks.sequential_sampling`: references, mutants and trivial solutions of the
tasks, each text once. They are judged by `evaluate` from the tasks, then graded by `evaluation.reward` from
the rows that `codex-sft export --format rl` writes of them: as texts that go on where the prompt ends, and as
messages with the whole program in a block.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.sequential_sampling import made_samples
from evaluation.evaluate import EvaluationOptions, Journal, evaluate
from evaluation.evaluation_files import Result, Sample, read_tasks
from evaluation.reward import SandboxReward
from pipelines.benchmark_files import HUMANEVAL
from pipelines.export import export_tasks
from pipelines.exports.options import ExportOptions, Shares
from pipelines.exports.training_rows import fenced
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import read_json_lines
from tasks.record import Task

_AT_A_TIME = 64


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=Path, action="append", default=[], help="tasks.jsonl of a run")
    parser.add_argument("--samples", type=int, default=6, help="different samples of each task, at most")
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    files = [HUMANEVAL[1], *options.tasks]
    tasks: dict[str, Task] = {}
    for file in files:
        for name, task in read_tasks(file).items():
            tasks.setdefault(name, task)
    tasks = {name: task for name, task in tasks.items() if task.environment is None}
    samples: list[Sample] = []
    for task in tasks.values():
        texts = dict.fromkeys(str(row["completion"]) for row in made_samples(task, options.seed))
        for text in islice(texts, options.samples):
            samples.append(Sample(len(samples), task.task_id, task.prompt + text, {"completion": text}))
    print(f"{len(samples)} samples of {len(tasks)} tasks", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        verdicts = _verdicts(tasks, samples, options, Path(folder))
        print(f"evaluate: {dict(Counter(each.verdict for each in verdicts).most_common())}", flush=True)
        rows = _exported(files, Path(folder) / "rl")
        print(f"exported: {len(rows)} rows", flush=True)
        for kind in ("texts", "messages"):
            _compare(kind, samples, verdicts, rows, options)


def _verdicts(
    tasks: dict[str, Task], samples: list[Sample], options: argparse.Namespace, folder: Path
) -> list[Result]:
    with WorkerPool(select_sandbox("samples", options.backend), find_interpreter()) as pool:
        judging = EvaluationOptions(workers=options.workers)
        results = evaluate(tasks, samples, pool, judging, Journal(folder / "journal")).results
    return [results[sample.index] for sample in samples]


def _exported(files: list[Path], output: Path) -> dict[str, str]:
    """The tests of each task, out of the rows."""
    everything = ExportOptions(documented_only=False, allow_contaminated=True, shares=Shares(0, 0))
    export_tasks("rl", files, output, everything)
    return {row["task_id"]: row["tests"] for row in read_json_lines(output / "train.jsonl", dict[str, Any])}


def _compare(
    kind: str,
    samples: list[Sample],
    verdicts: list[Result],
    rows: dict[str, str],
    options: argparse.Namespace,
) -> None:
    agree, differ = Counter[str](), []
    backend = select_sandbox("samples", options.backend)
    with SandboxReward(backend, workers=options.workers) as reward:
        for start in range(0, len(samples), _AT_A_TIME):
            some = samples[start : start + _AT_A_TIME]
            rewards = reward([_said(kind, each) for each in some], [rows[each.task_id] for each in some])
            for sample, given in zip(some, rewards, strict=True):
                passed = verdicts[sample.index].passed
                if given == (None if passed is None else float(passed)):
                    agree["passed" if passed else "not judged" if passed is None else "not passed"] += 1
                else:
                    differ.append((sample.task_id, verdicts[sample.index].verdict, given))
    print(f"{kind}: {agree.total()} rewards agree ({dict(agree)}), {len(differ)} differ", flush=True)
    for each in differ:
        print("  ", *each)


def _said(kind: str, sample: Sample) -> str | list[dict[str, str]]:
    if kind == "texts":
        return str(sample.row["completion"])
    return [{"role": "assistant", "content": f"My answer:\n\n{fenced(sample.program)}"}]


if __name__ == "__main__":
    main()
