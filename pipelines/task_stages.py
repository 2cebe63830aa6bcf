"""From a candidate task to a proven one or a rejection: the filters in the order of their cost."""

from __future__ import annotations

from dataclasses import replace

from filters.replay import NotProven, prove
from filters.well_formed import malformed_reason, passes_when_doing_nothing, without_answers_in_prompt
from sandbox.installation import InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.worker_pool import WorkerPool
from tasks.record import Rejection, Task
from tracing.candidates import Candidate


def verify_candidate(
    candidate: Candidate, pool: WorkerPool, installed: InstalledProject | None
) -> Task | Rejection:
    """The first of a candidate's tasks that can be proven, or why the last could not be."""
    outcomes: list[Task | Rejection] = []
    for task in candidate.tasks:
        outcomes.append(_verify_or_reject(task, pool, installed))
        if isinstance(outcomes[-1], Task):
            break
    rejections = [outcome for outcome in (*candidate.obstacles, *outcomes) if isinstance(outcome, Rejection)]
    last = outcomes[-1]
    if isinstance(last, Task):
        if last.environment is None:
            return last
        why = {"standalone": f"{rejections[0].stage}: {rejections[0].reason}"}
        return replace(last, evidence=replace(last.evidence, obstacles=why))
    alone = next((rejection for rejection in rejections if rejection is not last), None)
    return last if alone is None else replace(last, also=f"{alone.stage}: {alone.reason}")


def _verify_or_reject(task: Task, pool: WorkerPool, installed: InstalledProject | None) -> Task | Rejection:
    """What the project's texts and answers trip costs this one task, and not the run."""
    try:
        return verify_task(task, pool, installed)
    except SandboxUnavailable:
        raise
    except Exception as error:
        return reject(task, "testable", "not_analysable", type(error).__name__)


def verify_task(task: Task, pool: WorkerPool, installed: InstalledProject | None) -> Task | Rejection:
    """Check a candidate's text, prove its cases by replay, and see that they test something."""
    reason = malformed_reason(task)
    if reason:
        return reject(task, "testable", reason)
    hidden = without_answers_in_prompt(task)
    if not hidden.tests:
        return reject(task, "testable", "answer_in_prompt")
    if passes_when_doing_nothing(hidden):
        return reject(task, "testable", "passes_when_doing_nothing")
    proven = prove(hidden, pool, installed)
    if isinstance(proven, NotProven):
        stage = "encodable" if proven.reason == "result_not_encodable" else "replay"
        return reject(task, stage, proven.reason, proven.detail)
    # once more, for some outcomes are known by the replay only
    proven = without_answers_in_prompt(proven)
    if not proven.tests:
        return reject(task, "testable", "answer_in_prompt")
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
