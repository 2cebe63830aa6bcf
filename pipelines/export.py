"""Which tasks go into an exported set, and why the others do not."""

from __future__ import annotations

from pipelines.task_stages import reject
from tasks.humaneval import HumanEvalRow, to_row
from tasks.python_source import NotRenderable
from tasks.record import Rejection, Task


def humaneval_row(task: Task, *, include_undocumented: bool = False) -> HumanEvalRow | Rejection:
    """A task's line in a HumanEval file, or why it has none."""
    if not task.evidence.documented and not include_undocumented:
        return reject(task, "documented", "no_docstring")
    if task.environment is not None:
        return reject(task, "exported", "needs_its_project")
    if task.checker is not None:
        return reject(task, "exported", "needs_its_checker")
    try:
        return to_row(task)
    except NotRenderable as error:
        return reject(task, "exported", "value_has_no_expression", str(error))
