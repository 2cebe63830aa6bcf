"""The state of a build in one small file, written while it runs, read from any other terminal."""

from __future__ import annotations

import datetime
import os
import platform
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from pipelines.build_folder import BuildFolder, Loss, StageName
from pipelines.counted_progress import counted
from pipelines.progress import read_stages
from pipelines.run_folder import RunFolder
from tasks.files import write_json

_INTERVAL = 1.0
_PUBLISHED_EVERY = 15.0

StageState = Literal["waiting", "running", "unchanged", "done", "failed"]


@dataclass(frozen=True)
class StageStatus:
    """How far a stage is. ``read`` and ``kept`` are items that came in and were kept, once it is done."""

    stage: StageName
    state: StageState = "waiting"
    progress: dict[str, int] = field(default_factory=dict)
    read: int = 0
    kept: int = 0
    losses: list[Loss] = field(default_factory=list)


@dataclass(frozen=True)
class BuildStatus:
    """How far a build is. Of one that runs no longer ``state`` tells how it ended."""

    state: Literal["running", "done", "failed"]
    stages: list[StageStatus]
    process: int
    host: str
    runner: str
    started_at: str
    updated_at: str
    message: str = ""


def now() -> str:
    """This moment, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class StatusFile:
    """Keeps a build's status file, with what the running stage leaves for progress. For one build."""

    def __init__(
        self, folder: BuildFolder, stages: list[StageName], runner: str, publish: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._publish = publish
        self._lock = threading.Lock()
        started = now()
        self._status = BuildStatus(
            "running",
            [StageStatus(name) for name in stages],
            os.getpid(),
            platform.node(),
            runner,
            started,
            started,
        )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Write the file again and again until the block ends; what ends it otherwise is told."""
        stop = threading.Event()
        self._write()
        thread = threading.Thread(target=self._keep, args=(stop,), daemon=True)
        thread.start()
        message = ""
        try:
            yield
        except BaseException as error:
            message = str(error) or type(error).__name__
            raise
        finally:
            stop.set()
            thread.join()
            with self._lock:
                self._status = replace(self._status, state="failed" if message else "done", message=message)
            self._write()

    def set(self, stage: StageStatus) -> None:
        """Tell of a stage."""
        with self._lock:
            stages = [stage if each.stage == stage.stage else each for each in self._status.stages]
            self._status = replace(self._status, stages=stages)
        self._write()

    def _keep(self, stop: threading.Event) -> None:
        published = time.monotonic()
        while not stop.wait(_INTERVAL):
            with self._lock:
                stages = [
                    replace(each, progress=progress_of(self._folder, each.stage))
                    if each.state == "running"
                    else each
                    for each in self._status.stages
                ]
                changed = stages != self._status.stages
                self._status = replace(self._status, stages=stages)
            if changed:
                due = time.monotonic() >= published + _PUBLISHED_EVERY
                published = time.monotonic() if due else published
                self._write(publish=due)

    def _write(self, publish: bool = True) -> None:
        with self._lock:
            self._status = replace(self._status, updated_at=now())
            write_json(self._folder.status, self._status)
            if publish:
                self._publish()


def progress_of(folder: BuildFolder, stage: StageName) -> dict[str, int]:
    """What the running stage has counted so far, by words."""
    run: RunFolder = folder.stage(stage)
    if stage == "trace":
        found = Counter(
            f"projects {at if at in ('traced', 'failed') else 'at ' + at}" for at in read_stages(run).values()
        )
        verified = counted(run, "verified")
        return dict(found) | ({"candidates verified": verified} if verified else {})
    counts = {"read": counted(run, "read"), "done": counted(run, "done")}
    return counts if any(counts.values()) else {}
