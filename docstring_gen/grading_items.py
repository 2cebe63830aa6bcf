"""What is graded: a generated docstring beside the code that it is of and what that code was seen to do.

A line of the file holds ``task_id``, ``sample_index`` and ``docstring``, as `codex-sft describe` writes it,
and ``model`` where there are several. Code and examples come from the task, or stand on the line as ``code``
and ``examples``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from sft.row_texts import RefusedRow, cut_docstring
from tasks.files import BadFile, read_json_lines
from tasks.python_source import NotRenderable, SourceRenderer
from tasks.record import Task, TestCase
from tasks.value_encoding import to_text

MAX_CODE = 400_000
MAX_DOCSTRING = 100_000
_MAX_VALUE = 1_000
_MAX_CHECK = 20_000

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@dataclass(frozen=True)
class DescribedLine:
    """One line of the file; what else stands on it is passed over. ``code`` has no docstring any more."""

    task_id: _Name
    docstring: Annotated[str, msgspec.Meta(max_length=MAX_DOCSTRING)]
    sample_index: Annotated[int, msgspec.Meta(ge=0)]
    model: Annotated[str, msgspec.Meta(max_length=500)] = ""
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE)] | None = None
    examples: list[str] | None = None
    original_docstring: str | None = None


@dataclass(frozen=True)
class ItemKey:
    """Which docstring of which model for which task."""

    model: str
    task_id: str
    sample_index: int


@dataclass(frozen=True)
class GradingItem:
    """One generated docstring with what a grader compares it to, and the original for afterwards."""

    key: ItemKey
    code: str
    examples: tuple[str, ...]
    docstring: str
    original_docstring: str | None = None

    @property
    def digest(self) -> str:
        """Changes with what a grader judges: code and docstring."""
        return hashlib.sha256(msgspec.json.encode((self.code, self.docstring))).hexdigest()


def read_grading_items(path: Path, tasks: Mapping[str, Task] | None = None) -> list[GradingItem]:
    """The items of a file, in its order; raises `BadFile`, which says where and what to do."""
    items: dict[ItemKey, GradingItem] = {}
    shown: dict[str, _Shown] = {}
    for number, line in enumerate(read_json_lines(path, DescribedLine), start=1):
        where = f"{path}: docstring {number} ({line.task_id})"
        if line.code is not None:
            found = _Shown(line.code, tuple(line.examples or ()), line.original_docstring)
        elif line.task_id in shown:
            found = shown[line.task_id]
        else:
            found = shown[line.task_id] = _of_task(tasks, line.task_id, where)
        key = ItemKey(line.model, line.task_id, line.sample_index)
        if key in items:
            raise BadFile(
                f"{where}: sample_index {line.sample_index} is there twice; number the samples of a task, "
                "and name the model on each line where there are several"
            )
        items[key] = GradingItem(key, found.code, found.examples, line.docstring, found.original)
    if not items:
        raise BadFile(f"{path}: no docstrings in it; a line holds task_id, sample_index and docstring")
    return list(items.values())


@dataclass(frozen=True)
class _Shown:
    """What of a task is beside its docstrings."""

    code: str
    examples: tuple[str, ...]
    original: str | None


def _of_task(tasks: Mapping[str, Task] | None, task_id: str, where: str) -> _Shown:
    if tasks is None:
        raise BadFile(f"{where}: no code on the line; give the tasks with --tasks")
    task = tasks.get(task_id)
    if task is None:
        raise BadFile(f"{where}: not among the tasks; give those that were described with --tasks")
    cut = cut_docstring(task)
    if isinstance(cut, RefusedRow):
        raise BadFile(
            f"{where}: its code cannot be shown without its docstring: {cut.reason} {cut.detail}".strip()
        )
    code = cut.head + cut.solution
    if len(code) > MAX_CODE:
        raise BadFile(f"{where}: its code has {len(code)} characters; nobody grades more than {MAX_CODE}")
    return _Shown(code, tuple(recorded_examples(task)), task.original_docstring or cut.docstring or None)


def recorded_examples(task: Task) -> list[str]:
    """What the task's tests show of its function: calls with their outcomes, or the ``check`` text."""
    if task.tests:
        # arguments that cannot be shown make calls alike
        return list(dict.fromkeys(_call(task.entry_point, case) for case in task.tests))
    return [_cut((task.check or "").strip(), _MAX_CHECK)] if task.check else []


def _call(function: str, case: TestCase) -> str:
    if case.pickled is not None:
        arguments = "..."
    else:
        named = (f"{name}={_value(value)}" for name, value in case.keyword_arguments.items())
        arguments = ", ".join([*map(_value, case.arguments), *named])
    expected = case.expected
    if expected.kind == "raised":
        outcome = f"raises {(expected.exception or 'builtins:Exception').removeprefix('builtins:')}"
    elif expected.kind == "yielded":
        more = "" if expected.exhausted else ", and more"
        outcome = f"yields {_value(expected.value)}{more}"
    else:
        outcome = _value(expected.value)
    text = f"{function}({arguments})\n→ {outcome}"
    if expected.arguments_after is not None:
        text += f"\n  and leaves its arguments as {_value(expected.arguments_after)}"
    return text


def _value(tree: Any) -> str:
    """A Python expression for an encoded value, or else its encoding."""
    try:
        return _cut(SourceRenderer().render(tree))
    except NotRenderable:
        return _cut(to_text(tree))


def _cut(text: str, length: int = _MAX_VALUE) -> str:
    return text if len(text) <= length else f"{text[:length]}… ({len(text) - length} characters more)"
