"""Tasks as rows to train on: prompt and completion as texts or messages, code and docstrings, rewards."""

from __future__ import annotations

import ast
import re
from typing import Any

from evaluation.graded_rows import graded_text
from pipelines.exports.options import LeftOut
from sft.row_texts import RefusedRow, RowTexts, code_texts, docstring_texts
from tasks.record import Task
from tasks.syntax_trees import parse_module

Rows = list[dict[str, Any]] | LeftOut

_REQUEST = "Complete this Python function. Answer with the whole function in one code block."
_PROGRAM_REQUEST = "Solve this problem with a Python program. Answer with it in one code block."


def provenance_columns(task: Task) -> dict[str, str | None]:
    """Where a row is from and by what terms; on every row."""
    provenance = task.provenance
    return {
        "source": provenance.source,
        "version": provenance.version or provenance.commit,
        "url": provenance.url,
        "license": provenance.license,
        "copyright": provenance.copyright,
    }


def completion_rows(task: Task) -> Rows:
    """Prompt and completion as texts, as Codex-S is trained."""
    return _texts(task, code_texts(task))


def docstring_rows(task: Task) -> Rows:
    """From code to docstring, as Codex-D is trained."""
    return _texts(task, docstring_texts(task))


def conversation_rows(task: Task) -> Rows:
    """Prompt and completion as messages: a request with the prompt, and the whole function as the answer."""
    texts = code_texts(task)
    if isinstance(texts, RefusedRow):
        return LeftOut(texts.reason, texts.detail)
    answer = fenced(own_definition(task))
    row = {
        "task_id": task.task_id,
        "prompt": request_messages(task),
        "completion": [{"role": "assistant", "content": answer}],
        **provenance_columns(task),
    }
    return [row]


def reward_rows(task: Task) -> Rows:
    """Prompt, tests to grade completions by (`evaluation.reward`), and what may be selected by."""
    if task.environment is not None:
        return LeftOut("needs_its_project")
    strength, samples = task.evidence.strength, task.evidence.samples
    metadata = {
        "tests": len(task.tests) or len(task.stdio_tests) or int(task.check is not None),
        "mutation_score": strength.mutation_score if strength else None,
        "pass_rate": samples.pass_rate if samples else None,
        "reference_seconds": task.evidence.reference_seconds,
    }
    row = {
        "task_id": task.task_id,
        "prompt": task.prompt,
        "entry_point": task.entry_point,
        "tests": graded_text(task),
        "metadata": metadata,
        **provenance_columns(task),
    }
    return [row]


def conversation_reward_rows(task: Task) -> Rows:
    """The same with the prompt as messages."""
    rows = reward_rows(task)
    return rows if isinstance(rows, LeftOut) else [{**row, "prompt": request_messages(task)} for row in rows]


def harness_rows(task: Task) -> Rows:
    """Prompt and tests for a harness that stops where a function ends."""
    return LeftOut("is_a_whole_program") if task.stdio_tests else reward_rows(task)


def environment_rows(task: Task) -> Rows:
    """A request, tests to grade the answer by, and the answer that the reference is."""
    if task.environment is not None:
        return LeftOut("needs_its_project")
    row = {
        "task_id": task.task_id,
        "prompt": request_messages(task)[0]["content"],
        "tests": graded_text(task),
        "reference": fenced(own_definition(task)),
    }
    return [row]


def request_messages(task: Task) -> list[dict[str, str]]:
    """What a model that converses is asked."""
    content = task.prompt if task.stdio_tests else fenced(task.prompt)
    request = _PROGRAM_REQUEST if task.stdio_tests else _REQUEST
    return [{"role": "user", "content": f"{request}\n\n{content}"}]


def own_definition(task: Task) -> str:
    """The entry point's definition, from its decorators to the end of the reference; or the whole program."""
    program = task.program
    if task.stdio_tests:
        return task.canonical_solution
    try:
        module = parse_module(program)
    except (SyntaxError, ValueError, RecursionError):
        return program
    found = [
        node
        for node in module.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == task.entry_point
    ]
    if not found:
        return program
    first = min([found[-1].lineno, *(each.lineno for each in found[-1].decorator_list)])
    # the parser counts lines by \n, \r\n and \r alone
    return "".join(re.split(r"(?<=\n)|(?<=\r)(?!\n)", program)[first - 1 :])


def fenced(code: str) -> str:
    """Code as a block of a message, between fences that are longer than any in it."""
    longest = max(map(len, re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}python\n{code.rstrip()}\n{fence}"


def _texts(task: Task, texts: RowTexts | RefusedRow) -> Rows:
    if isinstance(texts, RefusedRow):
        return LeftOut(texts.reason, texts.detail)
    row = {"task_id": task.task_id, "prompt": texts.prompt, "completion": texts.completion}
    return [{**row, **provenance_columns(task)}]
