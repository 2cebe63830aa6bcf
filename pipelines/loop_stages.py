"""Stages of a loop: commands of codex-sft in worker processes, each done once and put on record.

A chain of stages is a generator that yields them one by one and may read, in between, what they left. Chains
run side by side. The workers stay, so that libraries are loaded once.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import click

from pipelines.user_error import UserError
from tasks.files import read_json, write_json

_PR_SET_PDEATHSIG = 1
_TOLD_LINES = 5


@dataclass(frozen=True)
class Stage:
    """A command of codex-sft with its arguments. ``may_lack``: status 1, where some of it could not be done,
    is no failure of the loop.
    """

    name: str
    arguments: tuple[str, ...]
    may_lack: bool = False


@dataclass(frozen=True)
class StageRecord:
    """A stage that was done: what was run, and what it cost in seconds, of processors and of real time.

    Of a stage that was killed and went on, it is the cost of the last process alone.
    """

    name: str
    arguments: tuple[str, ...]
    exit_status: int
    seconds: float
    cpu_seconds: float


Chain = Iterator[Stage]


class StageRunner:
    """Runs chains of stages in ``folder``, where ``stages/NAME.json`` is a stage's record, written when it is
    done, and ``stages/NAME.log`` what it told. A stage on record with the same arguments is not run again.
    """

    def __init__(self, folder: Path, workers: int, tell: Callable[[StageRecord, bool], None]) -> None:
        self._folder = folder / "stages"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tell = tell
        os.environ["OMP_NUM_THREADS"] = "1"  # a worker for each core; two threads of one are slower than one
        self._pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), _end_with_parent, (os.getpid(),)
        )
        self.records: list[StageRecord] = []

    def __enter__(self) -> StageRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def run(self, *chains: Chain) -> None:
        """Run chains to their ends; raises `UserError` when a stage fails, with the end of its log."""
        running: dict[Future[StageRecord], Chain] = {}
        for chain in chains:
            self._go_on(chain, running)
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                chain = running.pop(future)
                self._take(future.result(), known=False)
                self._go_on(chain, running)

    def _go_on(self, chain: Chain, running: dict[Future[StageRecord], Chain]) -> None:
        """Pass over what is done, and hand the first stage that is not to a worker."""
        for stage in chain:
            file = self._file(stage.name)
            if file.exists() and (known := read_json(file, StageRecord)).arguments == stage.arguments:
                self._take(known, known=True)
                continue
            running[self._pool.submit(_run_stage, stage, file, self._folder / f"{stage.name}.log")] = chain
            return

    def _take(self, record: StageRecord, known: bool) -> None:
        self.records.append(record)
        self._tell(record, known)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _end_with_parent(parent: int) -> None:
    """A killed loop leaves no worker that goes on writing to its folder."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run_stage(stage: Stage, file: Path, log: Path) -> StageRecord:
    started, used = time.monotonic(), _cpu_seconds()
    status = _run_command(stage.arguments, log)
    if status > (1 if stage.may_lack else 0):
        told = "\n".join(log.read_text(errors="replace").strip().splitlines()[-_TOLD_LINES:])
        raise UserError(f"{stage.name} failed: codex-sft {' '.join(stage.arguments)}\n{told}\nlog: {log}")
    record = StageRecord(
        stage.name,
        stage.arguments,
        status,
        round(time.monotonic() - started, 2),
        round(_cpu_seconds() - used, 2),
    )
    write_json(file, record)
    return record


def _run_command(arguments: Sequence[str], log: Path) -> int:
    """Run a command in this process, with what it tells in a file; its exit status."""
    from pipelines.commands import main  # it knows this module

    kept = os.dup(1), os.dup(2)
    try:
        with log.open("wb") as stream:
            sys.stdout.flush()
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        main.main(list(arguments), prog_name="codex-sft", standalone_mode=False)
        return 0
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 2
    except click.ClickException as error:
        error.show()
        return error.exit_code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, place in zip(kept, (1, 2), strict=True):
            os.dup2(descriptor, place)
            os.close(descriptor)


def _cpu_seconds() -> float:
    """Of this process and of the children that it waited for."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)
