"""What became of a problem, on disk: found again, a problem is not worked on twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from pipelines import __version__
from pipelines.problem_stages import ProblemOptions, make_task
from pipelines.run_folder import RunFolder
from sandbox.interface import SandboxUnavailable
from sandbox.worker_pool import WorkerPool
from scraping.problem import Problem, ProblemRejection
from tasks.files import BadFile, read_json, write_json
from tasks.record import Task


def make_task_once(
    problem: Problem, run: RunFolder, pool: WorkerPool, options: ProblemOptions
) -> Task | ProblemRejection:
    """The task of a problem or why there is none, from its checkpoint where it has one.

    What a problem's texts trip costs this one problem, and not the run; it is not kept.
    """
    checkpoint = _checkpoint(problem, run, options)
    if checkpoint.exists():
        try:
            return read_json(checkpoint, _Made).outcome
        except BadFile:
            checkpoint.unlink()  # written by something else; work on it again
    try:
        outcome = make_task(problem, pool, options)
    except SandboxUnavailable:
        raise
    except Exception as error:  # one problem that nobody foresaw must not end a run of thousands
        where = problem.source.file or problem.source.url or ""
        return ProblemRejection(problem.problem_id, where, "tests", "unexpected", type(error).__name__)
    if isinstance(outcome, Task) or outcome.reason != "infrastructure":
        write_json(
            checkpoint,
            _Made(task=outcome) if isinstance(outcome, Task) else _Made(rejection=outcome),
        )
    return outcome


class _Made(msgspec.Struct, omit_defaults=True):
    task: Task | None = None
    rejection: ProblemRejection | None = None

    @property
    def outcome(self) -> Task | ProblemRejection:
        outcome = self.task or self.rejection
        assert outcome is not None
        return outcome


def _checkpoint(problem: Problem, run: RunFolder, options: ProblemOptions) -> Path:
    digest = hashlib.sha256()
    for part in (__version__.encode(), msgspec.json.encode(options), msgspec.json.encode(problem)):
        digest.update(part + b"\0")
    name = digest.hexdigest()
    return run.path / "problems" / name[:2] / f"{name[2:18]}.json"
