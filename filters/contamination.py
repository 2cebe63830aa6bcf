"""Whether a task is one of a public benchmark's: by its text, its tree, or by what it does.

Words in common are poor evidence, and a rewritten copy shares none; a copy must, however, do what the
original does. So the reference is also asked what the benchmark's own tests ask.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from filters.benchmark_tasks import BenchmarkCall, BenchmarkTask
from filters.normalised_tree import normalised_tree
from sandbox.interpreter import Interpreter
from sandbox.sample_jobs import SampleLimits, proxy_job, values_job
from sandbox.samples import CallOutcome, run_samples
from sandbox.verdicts import Verdict, judge_check
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Contamination, EncodedValue, Expected, Provenance, Task, TestCase
from tasks.syntax_trees import parse_module
from tasks.value_encoding import to_text

WORDS = 13
"""Words in a row that two statements may not share; eight are shared by chance far too often."""

_WORD = re.compile(r"[a-z0-9]+")
_LIMITS = SampleLimits(cpu_seconds=2, wall_seconds=20.0)
_SETTINGS = WorkerSettings(5)
_PERMUTED = 3
"""Functions of up to so many parameters are also tried with these in another order."""

_RESTARTS = 25
_ALIKE = 0.75
_PENDING = Expected("returned", source="pending")


@dataclass(frozen=True)
class _Probe:
    """The first call of a benchmark's task, with its arguments in some order."""

    task: BenchmarkTask
    order: tuple[int, ...]

    def arguments(self, call: BenchmarkCall) -> list[EncodedValue]:
        return [call.arguments[place] for place in self.order]


@dataclass(frozen=True)
class _Asked:
    """A task whose reference is called, and where."""

    task: Task
    pool: WorkerPool
    settings: WorkerSettings


class ContaminationFinder:
    """Compares tasks with those of benchmarks. It may be used by several threads at a time."""

    def __init__(self, benchmarks: Sequence[BenchmarkTask]) -> None:
        self._by_words: dict[tuple[str, ...], list[BenchmarkTask]] = defaultdict(list)
        self._by_tree: dict[str, list[BenchmarkTask]] = defaultdict(list)
        self._by_count: dict[int, list[_Probe]] = defaultdict(list)
        self._uncalled: list[BenchmarkTask] = []
        for task in benchmarks:
            for run in set(_runs_of_words(task.text)):
                self._by_words[run].append(task)
            tree = normalised_tree(task.program, task.entry_point)
            if tree:
                self._by_tree[tree].append(task)
            if len(task.calls) > 1:
                count = len(task.calls[0].arguments)
                orders = itertools.permutations(range(count)) if count <= _PERMUTED else [tuple(range(count))]
                self._by_count[count] += [_Probe(task, order) for order in orders]
            else:
                self._uncalled.append(task)

    def find(
        self, task: Task, pool: WorkerPool, interpreter: Interpreter | None = None
    ) -> list[Contamination]:
        """The benchmark tasks that a task is like, by each layer that shows it, in a stable order.

        The task's reference runs with the interpreter, by default with the pool's.
        """
        found = self.find_by_reading(task)
        if task.environment is None and task.checker is None:
            found += self._same_behaviour(_Asked(task, pool, replace(_SETTINGS, interpreter=interpreter)))
        return _unique(found)

    def find_by_reading(self, task: Task) -> list[Contamination]:
        """The same by the layers for which nothing is run: text and tree."""
        return _unique([*self._by_text(task), *self._same_tree(task)])

    def _by_text(self, task: Task) -> Iterator[Contamination]:
        for run in _runs_of_words(task.original_docstring or task.prompt):
            for other in self._by_words.get(run, ()):
                yield Contamination(other.benchmark, other.task_id, "text", " ".join(run))

    def _same_tree(self, task: Task) -> Iterator[Contamination]:
        tree = normalised_tree(task.program, task.entry_point)
        for other in self._by_tree.get(tree or "", ()):
            yield Contamination(other.benchmark, other.task_id, "tree")

    def _same_behaviour(self, asked: _Asked) -> Iterator[Contamination]:
        task = asked.task
        counts = _usual_counts(task)
        probes = [probe for count in counts for probe in self._by_count.get(count, ())]
        first = [probe.arguments(probe.task.calls[0]) for probe in probes]
        outcomes = _call_all(asked, first)
        for probe, outcome in zip(probes, outcomes, strict=True):
            if not _answers(probe.task.calls[0], outcome):
                continue
            rest = probe.task.calls[1:]
            told = _call_all(asked, [probe.arguments(call) for call in rest])
            if all(map(_answers, rest, told)) and _agrees_elsewhere(asked, probe):
                swapped = probe.order != tuple(sorted(probe.order))
                detail = f"arguments in the order {probe.order}" if swapped else ""
                yield Contamination(probe.task.benchmark, probe.task.task_id, "behaviour", detail)
        for other in self._uncalled:
            if _passes_check(asked, other):
                yield Contamination(other.benchmark, other.task_id, "behaviour", "its check")


def _unique(found: list[Contamination]) -> list[Contamination]:
    unique = {(entry.benchmark, entry.task_id, entry.layer): entry for entry in found}
    return [unique[key] for key in sorted(unique)]


def _agrees_elsewhere(asked: _Asked, probe: _Probe) -> bool:
    """Whether a reference answers as the benchmark's does where that one's tests do not look.

    Few tests, of which all results are alike, would take much for a copy; and a true copy may treat odd
    inputs in its own way.
    """
    more = probe.task.more_calls
    told = _call_all(asked, [probe.arguments(call) for call in more])
    return sum(map(_answers, more, told)) >= _ALIKE * len(more)


def _runs_of_words(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return zip(*(words[start:] for start in range(WORDS)), strict=False)


def _usual_counts(task: Task) -> list[int]:
    """With how many arguments the entry point is called by its tests, else with how many it can be.

    Optional parameters would make a copy of much that is none: with one argument, a pipe is the identity.
    """
    possible = _parameter_counts(task)
    usual = {len(case.arguments) + len(case.keyword_arguments) for case in task.tests}
    return [count for count in possible if count in usual or not usual]


def _parameter_counts(task: Task) -> range:
    """With how many arguments the entry point can be called."""
    try:
        definition = next(
            node
            for node in parse_module(task.program).body
            if isinstance(node, ast.FunctionDef) and node.name == task.entry_point
        )
    except (SyntaxError, ValueError, RecursionError, StopIteration):
        return range(0)
    parameters = definition.args
    if any(default is None for default in parameters.kw_defaults):
        return range(0)
    most = len(parameters.posonlyargs) + len(parameters.args)
    least = most - len(parameters.defaults)
    return range(least, (12 if parameters.vararg else most) + 1)


def _call_all(asked: _Asked, arguments: list[list[EncodedValue]]) -> list[CallOutcome | None]:
    """What the reference does with each of some arguments, None where its process did not survive it.

    Foreign arguments may make it run for ever: then the rest is asked of another process.
    """
    told: list[CallOutcome | None] = []
    for _ in range(_RESTARTS):
        rest = arguments[len(told) :]
        if not rest:
            break
        task = replace(asked.task, tests=[TestCase(given, {}, _PENDING) for given in rest])
        job = values_job(task, _LIMITS)
        (run,) = run_samples(asked.pool, job, [task.program], asked.settings)
        told += run.outcomes
        if len(run.outcomes) < len(rest):
            told.append(None)
    return told + [None] * (len(arguments) - len(told))


def _answers(call: BenchmarkCall, outcome: CallOutcome | None) -> bool:
    if outcome is None or outcome.kind not in ("returned", "yielded"):
        return False
    try:
        return _loose(call.result) == _loose(outcome.value)
    except (TypeError, ValueError, IndexError, RecursionError):  # no well-formed value
        return False


def _loose(tree: EncodedValue) -> object:
    """A value as ``==`` of a benchmark's test sees it: truth values and floats as numbers, kinds of mappings
    and of sets alike. Tests often round, so nine digits of a float count."""
    if isinstance(tree, list):
        return [_loose(item) for item in tree]
    if isinstance(tree, dict):
        tag, body = next(iter(tree.items())) if len(tree) == 1 else ("", [])
        if tag == "$float":
            return _number(body)
        if tag == "$defaultdict":
            tag, body = "$dict", body[1]
        if tag in ("$dict", "$counter", "$ordereddict"):
            return sorted(([_loose(key), _loose(value)] for key, value in body), key=to_text)
        if tag in ("$set", "$frozenset"):
            return {"$set": sorted(map(_loose, body), key=to_text)}
        if tag.startswith("$"):
            return {tag: _loose(body)}
        return sorted(([name, _loose(value)] for name, value in tree.items()), key=to_text)
    if isinstance(tree, (bool, int, float)):
        return _number(tree)
    return tree


def _number(value: object) -> object:
    try:
        return float(f"{float(value):.9g}")  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return value


def _passes_check(asked: _Asked, other: BenchmarkTask) -> bool:
    benchmark = Task(
        task_id=other.task_id,
        prompt=other.program,
        entry_point=other.entry_point,
        canonical_solution="",
        tests=[],
        provenance=Provenance("task_file", other.benchmark),
        check=other.check,
    )
    job = proxy_job(benchmark, _LIMITS)
    program = f"{asked.task.program}\n{other.entry_point} = {asked.task.entry_point}\n"
    (run,) = run_samples(asked.pool, job, [program], asked.settings)
    return judge_check(run).verdict is Verdict.PASSED
