"""From a candidate task to a proven one or a rejection: the filters in the order of their cost."""

from __future__ import annotations

from filters.replay import NotProven, prove
from filters.well_formed import malformed_reason, passes_when_doing_nothing, without_answers_in_prompt
from sandbox.worker_pool import WorkerPool
from tasks.record import Rejection, Task


def verify_task(task: Task, pool: WorkerPool) -> Task | Rejection:
    """Check a candidate's text, prove its cases by replay, and see that they test something."""
    reason = malformed_reason(task)
    if reason:
        return reject(task, "testable", reason)
    hidden = without_answers_in_prompt(task)
    if not hidden.tests:
        return reject(task, "testable", "answer_in_prompt")
    if passes_when_doing_nothing(hidden):
        return reject(task, "testable", "passes_when_doing_nothing")
    proven = prove(hidden, pool)
    if isinstance(proven, NotProven):
        return reject(task, "replay", proven.reason, proven.detail)
    if passes_when_doing_nothing(proven):
        return reject(task, "testable", "passes_when_doing_nothing")
    return proven


def reject(task: Task, stage: str, reason: str, detail: str = "") -> Rejection:
    """The rejection of a task at a stage."""
    return Rejection(
        project=task.task_id.partition("/")[0],
        function=task.task_id.partition("/")[2],
        file=task.provenance.file or "",
        line=task.provenance.line_start or 0,
        stage=stage,
        reason=reason,
        detail=detail,
    )
