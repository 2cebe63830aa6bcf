"""The files of an evaluation: tasks and samples in, results out, in the form of openai/human-eval.

A line of samples holds ``task_id`` and ``completion`` (what follows the prompt), or ``solution`` (a
whole program, as EvalPlus has it). A line of results is a line of samples with the verdict added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tasks.files import BadFile, read_json_lines
from tasks.humaneval import HumanEvalRow, from_row
from tasks.json_decoders import converted
from tasks.record import Task


@dataclass(frozen=True)
class Sample:
    """One line of a sample file: what was in it, and the whole program that it stands for."""

    index: int
    task_id: str
    program: str
    row: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What was found out about one sample. ``passed`` is None where the fault is not the sample's.

    ``only_slow`` says that it fails no test but did not come to the end of some in time, which the paper
    counts in brackets (Chen et al. 2021, table 2).
    """

    task_id: str
    index: int
    verdict: str
    passed: bool | None
    detail: str = ""
    cpu_seconds: float = 0.0
    integrity: str = "high"
    only_slow: bool = False

    @property
    def as_human_eval_says(self) -> str:
        """The text that openai/human-eval writes as ``result``."""
        if self.verdict == "timeout":
            return "timed out"
        if self.verdict == "passed":
            return "passed"
        return f"{'failed' if self.passed is False else self.verdict}: {self.detail}"


def read_tasks(path: Path) -> dict[str, Task]:
    """The tasks of a file by their ids: records of codex-sft, or rows of HumanEval's form.

    Raises `BadFile`.
    """
    return {task.task_id: task for task in stream_tasks(path)}


def stream_tasks(path: Path) -> Iterator[Task]:
    """The same one by one, of which only the ids are remembered."""
    known: set[str] = set()
    for number, row in enumerate(read_json_lines(path, dict[str, Any]), start=1):
        try:
            if "test" in row:
                task = from_row(converted(row, HumanEvalRow), str(path))
            else:
                task = converted(row, Task)
        except msgspec.ValidationError as error:
            raise BadFile(
                f"{path}: task {number}: neither HumanEval's form (task_id, prompt, entry_point, "
                f"canonical_solution, test) nor a task of codex-sft: {error}"
            ) from error
        if not (task.tests or task.check or task.stdio_tests):
            raise BadFile(f"{path}: task {number} ({task.task_id}) has no tests")
        if task.task_id in known:
            raise BadFile(f"{path}: task {number}: {task.task_id} is there twice")
        known.add(task.task_id)
        yield task
    if not known:
        raise BadFile(f"{path}: no tasks in it")


def read_samples(path: Path, tasks: dict[str, Task]) -> Iterator[Sample]:
    """The samples of a file, each with its program; raises `BadFile`."""
    for index, row in enumerate(read_json_lines(path, dict[str, Any])):
        where = f"{path}: sample {index + 1}"
        task = tasks.get(str(row.get("task_id")))
        if task is None:
            raise BadFile(f"{where}: task_id {row.get('task_id')!r} is not among the tasks")
        solution, completion = row.get("solution"), row.get("completion")
        if isinstance(solution, str):
            program = solution
        elif isinstance(completion, str):
            program = completion if task.stdio_tests else task.prompt + completion
        else:
            raise BadFile(f"{where} ({task.task_id}): neither a text `completion` nor a text `solution`")
        yield Sample(index, task.task_id, program, row)


def result_row(sample: Sample, result: Result, passed_examples: bool | None = None) -> dict[str, Any]:
    """A line of the result file; ``passed_examples`` is in it where it is known."""
    row = {
        **sample.row,
        "result": result.as_human_eval_says,
        "passed": result.passed,
        "verdict": result.verdict,
        "detail": result.detail,
        "cpu_seconds": result.cpu_seconds,
    }
    if passed_examples is not None:
        row["passed_examples"] = passed_examples
    if result.only_slow:
        row["only_slow"] = True
    return row if result.integrity == "high" else {**row, "integrity": result.integrity}
