"""Public benchmarks that a training set must not hold: their tasks, and calls that tell how they behave."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from filters.input_variation import input_space, vary
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import CallOutcome, run_samples
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.files import BadFile, read_json_lines
from tasks.humaneval import HumanEvalRow
from tasks.record import EncodedValue, Expected, Provenance, Task, TestCase
from tasks.syntax_trees import parse_module
from tasks.value_encoding import NotEncodable, encode

_MAX_CALLS = 12
_MORE_CALLS = 12
_SEED = 0


@dataclass(frozen=True)
class BenchmarkCall:
    """Arguments of a benchmark's test, and what its own reference answers to them."""

    arguments: list[EncodedValue]
    result: EncodedValue


@dataclass(frozen=True)
class BenchmarkTask:
    """A task of a benchmark. ``text`` is what it says, ``check`` its own test.

    ``calls`` are those of its tests whose arguments are literals, ``more_calls`` have arguments like theirs;
    both with the answers of its reference.
    """

    benchmark: str
    task_id: str
    text: str
    program: str
    entry_point: str
    check: str
    calls: list[BenchmarkCall]
    more_calls: list[BenchmarkCall] = field(default_factory=list)


class _MbppRow(msgspec.Struct):
    task_id: int
    text: str
    code: str
    test_list: list[str]
    test_setup_code: str = ""


def read_benchmark(name: str, path: Path, pool: WorkerPool) -> list[BenchmarkTask]:
    """The tasks of a file in the form of HumanEval or of MBPP; raises `tasks.files.BadFile`.

    Their references run in the sandbox, for the answers to their tests' calls.
    """
    return [_with_calls(task, arguments, pool) for task, arguments in _read(name, path)]


def read_benchmark_texts(name: str, path: Path) -> list[BenchmarkTask]:
    """The same without any answers: nothing is run, and the tasks tell nothing of behaviour."""
    return [task for task, _ in _read(name, path)]


_Found = tuple[BenchmarkTask, list[list[EncodedValue]]]


def _read(name: str, path: Path) -> Iterator[_Found]:
    first = next(read_json_lines(path, dict), None)
    if first is None:
        raise BadFile(f"{path}:1: the file is empty")
    if "test_list" in first:
        for row in read_json_lines(path, _MbppRow):
            found = _from_mbpp(name, row)
            if found:
                yield found
        return
    if "test" not in first:
        raise BadFile(f"{path}:1: neither HumanEval's columns (prompt, test) nor MBPP's (text, test_list)")
    for line in read_json_lines(path, HumanEvalRow):
        program = line.prompt + line.canonical_solution
        task = BenchmarkTask(name, line.task_id, line.prompt, program, line.entry_point, line.test, [])
        yield task, list(_literal_calls(line.test, {"candidate", line.entry_point}))


def _from_mbpp(name: str, row: _MbppRow) -> _Found | None:
    code = row.code.replace("\r\n", "\n")
    tests = "\n".join([row.test_setup_code, *row.test_list]).replace("\r\n", "\n")
    entry_point = _tested_function(code, tests)
    if entry_point is None:
        return None
    lines = "".join(f"    {line}\n" for line in tests.splitlines() if line.strip())
    check = f"def check(candidate):\n    {entry_point} = candidate\n{lines}"
    task = BenchmarkTask(name, f"{name}/{row.task_id}", row.text, code, entry_point, check, [])
    return task, list(_literal_calls(tests, {entry_point}))


def _tested_function(code: str, tests: str) -> str | None:
    try:
        defined = {node.name for node in parse_module(code).body if isinstance(node, ast.FunctionDef)}
        called = [
            node.func.id
            for node in ast.walk(parse_module(tests))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
    except SyntaxError:
        return None
    return next((name for name in called if name in defined), None)


def _literal_calls(text: str, names: set[str]) -> Iterator[list[EncodedValue]]:
    """Arguments of the calls of a function that stand in a text as literals, without repetition."""
    seen = set()
    try:
        tree = parse_module(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names):
            continue
        if node.keywords:
            continue
        try:
            arguments = [encode(ast.literal_eval(argument)) for argument in node.args]
        except (ValueError, TypeError, NotEncodable, SyntaxError, MemoryError, RecursionError):
            continue
        key = msgspec.json.encode(arguments)
        if key not in seen:
            seen.add(key)
            yield arguments
        if len(seen) == _MAX_CALLS:
            return


def _with_calls(task: BenchmarkTask, arguments: list[list[EncodedValue]], pool: WorkerPool) -> BenchmarkTask:
    if not arguments:
        return task
    calls = _answered(task, arguments, pool)
    pending = Expected("returned", source="pending")
    cases = [TestCase(call.arguments, {}, pending) for call in calls]
    known = Task("benchmark", "", task.entry_point, task.program, cases, Provenance("task_file", "benchmark"))
    varied = [list(call.inputs.values()) for call in vary(input_space(known), _SEED, _MORE_CALLS)]
    return replace(task, calls=calls, more_calls=_answered(task, varied, pool))


def _answered(
    task: BenchmarkTask, arguments: list[list[EncodedValue]], pool: WorkerPool
) -> list[BenchmarkCall]:
    outcomes = call_program(task.program, task.entry_point, arguments, pool)
    return [
        BenchmarkCall(given, outcome.value)
        for given, outcome in zip(arguments, outcomes, strict=False)
        if outcome.kind == "returned"
    ]


def call_program(
    program: str,
    entry_point: str,
    arguments: list[list[EncodedValue]],
    pool: WorkerPool,
    settings: WorkerSettings | None = None,
) -> list[CallOutcome]:
    """What a program's function does with each of some arguments; fewer outcomes where it ended before."""
    limits = SampleLimits(cpu_seconds=2, wall_seconds=20.0)
    pending = Expected("returned", source="pending")
    cases = [TestCase(given, {}, pending) for given in arguments]
    task = Task("benchmark", "", entry_point, program, cases, Provenance("task_file", "benchmark"))
    (run,) = run_samples(pool, values_job(task, limits), [program], settings or WorkerSettings(0))
    return run.outcomes
