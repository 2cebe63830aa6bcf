"""From a candidate task to a proven one or a rejection: the filters in the order of their cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from filters.replay import NotProven, prove
from filters.well_formed import malformed_reason, passes_when_doing_nothing, without_answers_in_prompt
from sandbox.installation import InstalledProject
from sandbox.interface import SandboxUnavailable
from sandbox.worker_pool import WorkerPool
from tasks.record import Rejection, Task
from tasks.value_encoding import to_text
from tracing.candidates import Candidate
from tracing.secrets import machine_in, secret_in


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
        if not rejections:  # it stands alone, or is a method, which never does
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
    harmless = _without_secrets(proven)
    if not harmless.tests:
        lost = Counter(harmless.evidence.cases_dropped) - Counter(proven.evidence.cases_dropped)
        return reject(task, "encodable", lost.most_common(1)[0][0])
    proven = without_answers_in_prompt(harmless)
    if not proven.tests:
        return reject(task, "testable", "answer_in_prompt")
    if passes_when_doing_nothing(proven):
        return reject(task, "testable", "passes_when_doing_nothing")
    return proven


def _without_secrets(task: Task) -> Task:
    """A task without the cases whose outcomes only the replay has told and that hold what may not be kept."""
    kept, dropped = [], Counter(task.evidence.cases_dropped)
    for case in task.tests:
        told = case.expected if case.expected.source == "replayed" else None
        text = to_text([told.value, told.arguments_after]) if told else ""
        reason = secret_in(text) or machine_in(text)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(case)
    if len(kept) == len(task.tests):
        return task
    return replace(task, tests=kept, evidence=replace(task.evidence, cases_dropped=dict(dropped)))


def reject(task: Task, stage: str, reason: str, detail: str = "") -> Rejection:
    """The rejection of a task at a stage."""
    return Rejection(
        project=task.task_id.partition("/")[0],
        function=task.task_id.partition("/")[2],
        file=task.provenance.file or "",
        line=task.provenance.line_start or 0,
        stage=stage,
        reason=reason,
        detail="" if secret_in(detail) else detail,
    )
