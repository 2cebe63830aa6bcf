"""The two texts of a training row, prompt and completion, from one task: for code and for docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

from tasks.record import Task

CODE_TEMPLATE = "codex-s/1"
"""Prompt; then canonical solution, at whose end the tokens get one end token (Chen et al. 2021, §4.4)."""

DOCSTRING_TEMPLATE = "codex-d/1"
"""Program without its docstring, an empty line, quotes, a line break; then docstring, line break, quotes.

The docstring has no indentation. It begins on a line of its own since quotes and what follows them are
often one token, of which no half can be a prompt.
"""

_QUOTES = '"""'
_TELLING_WORDS = 4
_NOISE = frozenset({"missing", "too_short", "only_the_name", "unfinished", "about_the_code"})


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

    A docstring that is noise, that ends its own quotes, or that the code repeats word for word, is refused.
    """
    refused = code_texts(task)
    if isinstance(refused, RefusedRow):
        return refused
    faults = sorted(_NOISE.intersection(task.evidence.docstring_faults or ()))
    if faults:
        return RefusedRow(task.task_id, "docstring_noise", ", ".join(faults))
    try:
        module = ast.parse(task.program)
    except (SyntaxError, ValueError, RecursionError) as error:
        return RefusedRow(task.task_id, "not_parsed", str(error))
    definition = _definition(module, task.entry_point)
    if definition is None:
        return RefusedRow(task.task_id, "no_function", task.entry_point)
    text = ast.get_docstring(definition, clean=False)
    docstring = inspect.cleandoc(text).strip() if text else ""
    if not docstring:
        return RefusedRow(task.task_id, "no_docstring")
    if _QUOTES in docstring or docstring.endswith(("\\", '"')):
        return RefusedRow(task.task_id, "docstring_ends_its_quotes")
    code = _without_docstring(task.program, definition)
    if code is None:
        return RefusedRow(task.task_id, "docstring_shares_its_line")
    if _repeats(code, docstring):
        return RefusedRow(task.task_id, "docstring_in_code")
    return RowTexts(
        task.task_id,
        DOCSTRING_TEMPLATE,
        f"{code.rstrip()}\n\n{_QUOTES}\n",
        f"{docstring}\n{_QUOTES}",
    )


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _definition(module: ast.Module, name: str) -> _Function | None:
    """The module's last function of this name: the one that is called."""
    found = [node for node in module.body if isinstance(node, _Function) and node.name == name]
    return found[-1] if found else None


def _without_docstring(program: str, definition: _Function) -> str | None:
    """The program without the lines of the docstring; None where they hold something else too."""
    statement = definition.body[0]
    start, end = statement.lineno, statement.end_lineno or statement.lineno
    following = definition.body[1] if len(definition.body) > 1 else None
    # the parser counts lines by \n, \r\n and \r alone
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", program)
    before = lines[start - 1].encode()[: statement.col_offset]
    after = lines[end - 1].encode()[statement.end_col_offset :].strip()
    if following is None or before.strip() or (after and not after.startswith(b"#")):
        return None
    return "".join(lines[: start - 1] + lines[end:])


def _repeats(code: str, docstring: str) -> bool:
    """Whether the docstring, if it is more than a few words, stands in the code whatever its spaces."""
    words = docstring.split()
    return len(words) >= _TELLING_WORDS and " ".join(words) in " ".join(code.replace("#", " ").split())
