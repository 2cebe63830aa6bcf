"""What became of a candidate, on disk beside its project's checkpoint, so that it is not proven twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from pipelines.stored_lines import Place, read_place
from pipelines.task_stages import verify_candidate
from sandbox.installation import InstalledProject
from sandbox.worker_pool import WorkerPool
from tasks.files import atomic_writer
from tasks.json_decoders import json_decoder
from tasks.record import Rejection, Task
from tracing.candidates import Candidate

_TRIED_AGAIN = frozenset({"infrastructure", "environment_unusable", "environment_missing"})
"""Reasons that are not the candidate's."""


class Verified(msgspec.Struct, omit_defaults=True, frozen=True):
    """A proven task, or why there is none."""

    task: Task | None = None
    rejection: Rejection | None = None


def verify_once(
    candidate: Place,
    checkpoint: Path,
    pool: WorkerPool,
    sandbox: str,
    installed: Callable[[], InstalledProject],
) -> tuple[Place, bool]:
    """Where the outcome of a stored candidate is stored, as `Verified`, and whether it is a task.

    ``installed`` is asked only where it is not known; outcomes of another ``sandbox`` are not taken.
    """
    file = _folder(checkpoint) / sandbox / f"{candidate.start}.json"
    try:
        known = json_decoder(Verified).decode(file.read_bytes())
        if known.rejection is None or known.rejection.reason not in _TRIED_AGAIN:
            return Place(str(file), 0, file.stat().st_size), known.task is not None
    except (OSError, msgspec.DecodeError):
        pass
    outcome = verify_candidate(read_place(candidate, Candidate), pool, installed())
    is_task = isinstance(outcome, Task)
    found = Verified(task=outcome) if isinstance(outcome, Task) else Verified(rejection=outcome)
    encoded = msgspec.json.encode(found)
    with atomic_writer(file) as stream:
        stream.write(encoded)
    return Place(str(file), 0, len(encoded)), is_task


def forget_verified(checkpoint: Path) -> None:
    """What is known of a project's candidates holds no longer: it is traced anew."""
    shutil.rmtree(_folder(checkpoint), ignore_errors=True)


def _folder(checkpoint: Path) -> Path:
    return checkpoint.with_name("verified")
