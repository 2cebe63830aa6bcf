"""What a data set's row carries of a task so that a completion can be graded by it, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from sandbox.task_judging import completed_program
from tasks.files import BadFile
from tasks.json_decoders import json_decoder
from tasks.record import Evidence, Provenance, Task

Message = Mapping[str, Any]
"""A message of a conversation, with ``role`` and ``content``."""

_FENCED = re.compile(r"^[ \t]*(`{3,})[^\n`]*\n(.*?)^[ \t]*\1", re.MULTILINE | re.DOTALL)
_OPENED = re.compile(r"^[ \t]*`{3,}[^\n`]*\n(.*)", re.MULTILINE | re.DOTALL)
_INDENTATION = re.compile(r"[ \t]+(?=\S)")
_DECODER = json_decoder(Task)
_ALWAYS = ("task_id", "prompt", "entry_point", "canonical_solution", "tests", "schema_version")
_IF_ANY = ("check", "stdio_tests", "test_helpers", "checker")


def graded_text(task: Task) -> str:
    """A task as one JSON text, with all that judging needs: verdicts by it are those by the task itself.

    Tasks that need their project installed have none: raises `ValueError`.
    """
    if task.environment is not None:
        raise ValueError(f"{task.task_id} needs {task.environment} to be installed")
    provenance = Provenance(task.provenance.source_kind, task.provenance.source)
    fields = msgspec.to_builtins(replace(task, provenance=provenance, evidence=Evidence()))
    kept = {name: fields[name] for name in _ALWAYS} | {name: fields[name] for name in _IF_ANY if fields[name]}
    kept["provenance"] = {"source_kind": provenance.source_kind, "source": provenance.source}
    return msgspec.json.encode(kept).decode()


def read_graded_text(text: str) -> Task:
    """The task of such a text; raises `tasks.files.BadFile`."""
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise BadFile(f"the column `tests` of a row holds no task to grade by: {error}") from error


def program_of(task: Task, completion: str | Sequence[Message]) -> str:
    """The program that a completion stands for.

    A text goes on where the prompt ends, as `codex-sft evaluate` has it. Of a conversation, a fenced block of
    its last message counts: the last that defines the entry point, else the last, else the whole message.
    Such a definition takes the place of the prompt's; anything else goes on where the prompt ends.
    """
    if isinstance(completion, str):
        return completed_program(task, completion)
    blocks = fenced_blocks(_text(completion[-1].get("content")) if completion else "")
    if task.stdio_tests:
        return blocks[-1]
    definition = re.compile(rf"^(?:async[ \t]+)?def[ \t]+{re.escape(task.entry_point)}\b", re.MULTILINE)
    defining = [block for block in blocks if definition.search(block)]
    if defining:
        return f"{task.prompt}{_indentation(task)}pass\n\n\n{defining[-1]}"
    return task.prompt + blocks[-1]


def fenced_blocks(message: str) -> list[str]:
    """What stands between fences, a block that is cut off included; the whole message if it has none."""
    blocks = list(_FENCED.finditer(message))
    opened = _OPENED.search(message, blocks[-1].end() if blocks else 0)
    return [*(block[2] for block in blocks), *([opened[1]] if opened else [])] or [message]


def _text(content: Any) -> str:
    """The text of a message's content, which may come in parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, Mapping))


def _indentation(task: Task) -> str:
    """That of the function's body."""
    found = _INDENTATION.match(task.canonical_solution.lstrip("\r\n"))
    return found[0] if found else "    "
