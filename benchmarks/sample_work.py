"""The work of the throughput benchmark: HumanEval's problems, ten samples each, and their recorded calls.

HumanEval's own reference solutions and tests are executed here, outside any sandbox, to record the calls.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from sandbox.inside.proxy import CrossingEncoder
from tasks.humaneval import read_humaneval
from tasks.record import Task

_MUTATIONS = (
    *((" < ", " <= "), (" > ", " >= "), (" == ", " != "), (" + ", " - "), (" % ", " // ")),
    *((" 1", " 2"), (" 0", " 1"), ("True", "False"), (" and ", " or "), ("not ", ""), ("[i]", "[i - 1]")),
)
_ENDLESS = "    while True:\n        pass\n"


def make_work(task_file: Path, *, endless_share: float = 0.0) -> dict[str, Any]:
    """Problems, recorded calls and shuffled samples, as plain data for every contestant.

    Of ten samples six are the reference (told apart by a comment, lest equal texts be run once), two
    return something wrong, one raises and one is no Python. A share of all can be endless loops.
    """
    draw = random.Random(1)
    tasks = list(read_humaneval(task_file))
    samples = []
    for task in tasks:
        completions = [("right", f"{task.canonical_solution}\n# sample {n}\n") for n in range(6)]
        completions += [("wrong", "    return None\n"), ("wrong", "    return 12345\n")]
        completions += [("wrong", "    raise ValueError('wrong')\n"), ("wrong", "    return ((\n")]
        samples += [[task.task_id, kind, completion] for kind, completion in completions]
    draw.shuffle(samples)
    for place in draw.sample(range(len(samples)), round(endless_share * len(samples))):
        samples[place][1:] = ["wrong", _ENDLESS]
    return {
        "problems": {
            task.task_id: {
                "task_id": task.task_id,
                "prompt": task.prompt,
                "entry_point": task.entry_point,
                "canonical_solution": task.canonical_solution,
                "test": task.check,
            }
            for task in tasks
        },
        "calls": {task.task_id: _recorded_calls(task) for task in tasks},
        "samples": samples,
    }


def with_mutants(work: dict[str, Any]) -> dict[str, Any]:
    """The work with references in which one token is another: wrong in ways that nobody chose."""
    mutants = []
    for problem in work["problems"].values():
        solution = problem["canonical_solution"]
        for old, new in _MUTATIONS:
            if old in solution:
                mutants.append([problem["task_id"], "mutant", solution.replace(old, new, 1)])
    return {**work, "samples": work["samples"] + mutants}


def write_work(work: dict[str, Any], path: Path) -> None:
    """Write the work where contestants of other environments can read it."""
    path.write_text(json.dumps(work))


def _recorded_calls(task: Task) -> list[dict[str, Any]]:
    """Each call that the check makes of the reference: encoded arguments, and what it returned."""
    namespace: dict[str, Any] = {}
    exec(f"{task.program}\n{task.check}", namespace)  # noqa: S102
    reference = namespace[task.entry_point]
    calls: list[dict[str, Any]] = []

    def candidate(*arguments: Any) -> Any:
        before = [CrossingEncoder().encode(argument) for argument in arguments]
        value = reference(*arguments)
        after = [CrossingEncoder().encode(argument) for argument in arguments]
        call = {"arguments": before, "value": CrossingEncoder().encode(value)}
        calls.append(call if after == before else {**call, "arguments_after": after})
        return value

    namespace["check"](candidate)
    return calls
