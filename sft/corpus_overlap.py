"""Whether a corpus holds what a model that was trained on it is tested with."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from evaluation.block_chains import chain_length
from filters.contamination import WORDS
from filters.normalised_tree import normalised_tree
from sft.corpus import CorpusFile
from tasks.record import Task
from tasks.syntax_trees import parse_module

_WORD = re.compile(r"[a-z0-9]+")
_Words = tuple[str, ...]


@dataclass(frozen=True)
class Overlap:
    """A task and a file of the corpus that are alike.

    By ``tree``: a function of the file is the task's but for names, annotations and docstrings. By
    ``docstring``: the file has 13 words in a row of the task's docstring; of chained building blocks, whose
    docstrings share many, a function's is the whole of it.
    """

    task_id: str
    project: str
    path: str
    layer: Literal["tree", "docstring"]


def corpus_overlaps(files: Iterable[CorpusFile], tasks: Iterable[Task]) -> list[Overlap]:
    """All overlaps, each once, in the order of the files. What is no Python is compared by its words."""
    wanted = _Wanted(tasks)
    found: dict[Overlap, None] = {}
    for file in files:
        for task_id, layer in wanted.in_text(file.text):
            found[Overlap(task_id, file.project, file.path, layer)] = None
    return list(found)


class _Wanted:
    def __init__(self, tasks: Iterable[Task]) -> None:
        self._trees: defaultdict[str, set[str]] = defaultdict(set)
        self._runs: defaultdict[_Words, set[str]] = defaultdict(set)
        self._whole: defaultdict[_Words, set[str]] = defaultdict(set)
        self._shapes: set[tuple[str, ...]] = set()
        for task in tasks:
            for function in _functions(task.program):
                if function.name == task.entry_point:
                    self._trees[_tree(function)].add(task.task_id)
                    self._shapes.add(_shape(function))
                    docstring = ast.get_docstring(function, clean=False) or ""
            if chain_length(task.task_id):
                self._whole[_steps(docstring)].add(task.task_id)
            else:
                for run in _runs(task.original_docstring or docstring):
                    self._runs[run].add(task.task_id)

    def in_text(self, text: str) -> Iterator[tuple[str, Literal["tree", "docstring"]]]:
        if self._runs:
            for run in self._runs.keys() & set(_runs(text)):
                yield from ((task_id, "docstring") for task_id in sorted(self._runs[run]))
        for function in _functions(text):
            if _shape(function) in self._shapes:
                yield from ((task_id, "tree") for task_id in sorted(self._trees.get(_tree(function), ())))
            docstring = ast.get_docstring(function, clean=False)
            if docstring and self._whole:
                steps = self._whole.get(_steps(docstring), ())
                yield from ((task_id, "docstring") for task_id in sorted(steps))


def _functions(text: str) -> Iterator[ast.FunctionDef]:
    try:
        module = parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from (node for node in module.body if isinstance(node, ast.FunctionDef))


def _tree(function: ast.FunctionDef) -> str:
    return normalised_tree(ast.unparse(function), function.name) or ""


def _shape(function: ast.FunctionDef) -> tuple[str, ...]:
    """The kinds of statements: those of equal trees are equal, and cheap to tell."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return tuple("Assign" if isinstance(each, ast.AnnAssign) else type(each).__name__ for each in body)


def _runs(text: str) -> Iterator[_Words]:
    words = _WORD.findall(text.lower())
    return zip(*(words[start:] for start in range(WORDS)), strict=False)


def _steps(docstring: str) -> _Words:
    """The words of a chain's steps, whether they are a list after a line or a sentence."""
    steps = docstring.partition(":\n")[2] or docstring
    return tuple(word for word in _WORD.findall(steps.lower()) if word != "then")
