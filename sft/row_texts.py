"""The two texts of a training row, prompt and completion, from one task: for code and for docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

from filters.docstring_quality import docstring_faults
from tasks.record import Task
from tasks.syntax_trees import parse_module

CODE_TEMPLATE = "codex-s/1"
"""Prompt; then canonical solution, at whose end the tokens get one end token (Chen et al. 2021, §4.4)."""

DOCSTRING_TEMPLATE = "codex-d/1"
"""Program without its docstring, an empty line, quotes, a line break; then docstring, line break, quotes.

The docstring has no indentation. It begins on a line of its own since quotes and what follows them are
often one token, of which no half can be a prompt.
"""

DOCSTRING_QUOTES = '"""'
"""What ends a docstring in that template."""

_TELLING_WORDS = 4
_NOISE = frozenset(
    {"missing", "too_short", "only_the_name", "unfinished", "about_the_code", "leaks_solution"}
)


@dataclass(frozen=True)
class RowTexts:
    """What a row is made of; only the completion is learnt."""

    task_id: str
    template: str
    prompt: str
    completion: str


@dataclass(frozen=True)
class RefusedRow:
    """A task that gives no row, with the reason's stable name."""

    task_id: str
    reason: str
    detail: str = ""


TextsOfTask = Callable[[Task], RowTexts | RefusedRow]


def code_texts(task: Task) -> RowTexts | RefusedRow:
    """The row of Codex-S: from the prompt to the reference solution."""
    if task.provenance.training == "no":
        return RefusedRow(task.task_id, "training_not_permitted", task.provenance.license or "")
    if not task.prompt.strip():
        return RefusedRow(task.task_id, "empty_prompt")
    if not task.canonical_solution.strip():
        return RefusedRow(task.task_id, "no_solution")
    return RowTexts(task.task_id, CODE_TEMPLATE, task.prompt, task.canonical_solution)


def docstring_texts(task: Task) -> RowTexts | RefusedRow:
    """The row of Codex-D: from signature and reference solution to the docstring (Chen et al. 2021, §5).

    A docstring that is noise, that a model wrote, that ends its own quotes, or that the code repeats word for
    word, is refused.
    """
    refused = code_texts(task)
    if isinstance(refused, RefusedRow):
        return refused
    cut = cut_docstring(task)
    if isinstance(cut, RefusedRow):
        return cut
    if not cut.docstring:
        return RefusedRow(task.task_id, "no_docstring")
    if task.provenance.generated_docstring is not None:
        return RefusedRow(task.task_id, "docstring_generated", task.provenance.generated_docstring.model)
    known = task.evidence.docstring_faults
    faults = sorted(_NOISE.intersection(docstring_faults(task) if known is None else known))
    if faults:
        return RefusedRow(task.task_id, "docstring_noise", ", ".join(faults))
    return description_texts(task.task_id, cut.docstring, cut.head + cut.solution)


def description_texts(task_id: str, docstring: str, code: str) -> RowTexts | RefusedRow:
    """A docstring after code that may be a sample. What the code repeats of it would be no prediction."""
    if DOCSTRING_QUOTES in docstring:
        return RefusedRow(task_id, "docstring_ends_its_quotes")
    if repeats_docstring(code, docstring):
        return RefusedRow(task_id, "docstring_in_code")
    return RowTexts(task_id, DOCSTRING_TEMPLATE, description_prompt(code), f"{docstring}\n{DOCSTRING_QUOTES}")


def description_prompt(code: str) -> str:
    """What Codex-D goes on from with a docstring."""
    return f"{code.rstrip()}\n\n{DOCSTRING_QUOTES}\n"


@dataclass(frozen=True)
class CutProgram:
    """A task's program without its function's docstring: what stands before the solution, and the solution.

    ``docstring`` is what was cut, without indentation; empty where there was none.
    """

    head: str
    solution: str
    docstring: str


def cut_docstring(task: Task) -> CutProgram | RefusedRow:
    """Cut the docstring out of a task's program; refused where it has no function, or cannot be cut.

    A text that stands after nothing but imports is one as well: HumanEval has such a task.
    """
    if task.stdio_tests:
        return RefusedRow(task.task_id, "whole_program")
    try:
        module = parse_module(task.program)
    except (SyntaxError, ValueError, RecursionError) as error:
        return RefusedRow(task.task_id, "not_parsed", str(error))
    definition = _definition(module, task.entry_point)
    if definition is None:
        return RefusedRow(task.task_id, "no_function", task.entry_point)
    found = _docstring(definition)
    if found is None:
        return CutProgram(task.prompt, task.canonical_solution, "")
    statement, text = found
    place = None if statement is definition.body[-1] else _lines_of(task.program, statement)
    if place is None:
        return RefusedRow(task.task_id, "docstring_shares_its_line")
    start, end = place
    border = len(task.prompt)
    docstring = inspect.cleandoc(text).strip()
    if start < border < end:
        return RefusedRow(task.task_id, "docstring_goes_on_in_solution")
    if end <= border:
        return CutProgram(task.prompt[:start] + task.prompt[end:], task.canonical_solution, docstring)
    solution = task.program[border:start] + task.program[end:]
    return CutProgram(task.prompt, solution, docstring)


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _definition(module: ast.Module, name: str) -> _Function | None:
    """The module's last function of this name: the one that is called."""
    found = [node for node in module.body if isinstance(node, _Function) and node.name == name]
    return found[-1] if found else None


def _docstring(definition: _Function) -> tuple[ast.stmt, str] | None:
    for statement in definition.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            text = statement.value.value
            return (statement, text) if isinstance(text, str) else None
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            break
    return None


def _lines_of(program: str, statement: ast.stmt) -> tuple[int, int] | None:
    """Where a statement's lines begin and end; None where they hold something else too."""
    start, end = statement.lineno, statement.end_lineno or statement.lineno
    # the parser counts lines by \n, \r\n and \r alone
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", program)
    before = lines[start - 1].encode()[: statement.col_offset]
    after = lines[end - 1].encode()[statement.end_col_offset :].strip()
    if before.strip() or (after and not after.startswith(b"#")):
        return None
    return len("".join(lines[: start - 1])), len("".join(lines[:end]))


def repeats_docstring(code: str, docstring: str) -> bool:
    """Whether a docstring, or a paragraph of it, stands in the code word for word, if it is more than a few.

    Comments and the docstrings of helpers are code as well.
    """
    said = " ".join(code.replace("#", " ").split())
    parts = (part.split() for part in (docstring, *re.split(r"\n\s*\n", docstring)))
    return any(len(words) >= _TELLING_WORDS and " ".join(words) in said for words in parts)
