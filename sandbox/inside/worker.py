"""The warm worker inside a sandbox: an interpreter that is loaded once and forks for every sample.

It executes no sample itself. Frames (a length of four bytes, then JSON) come on standard input: first
the settings, then jobs with programs. To every program comes one reply on standard output: a `REPLY`
header and what the sample wrote to its result file.
"""

from __future__ import annotations

import gc
import json
import os
import struct
import sys
import time
import traceback
from typing import Any, Callable

from sandbox.inside import confinement, proxy, sample

REPLY = struct.Struct("<IiIIB")
"""Length of the results, wait status, processor time and wall time in microseconds, flags."""
CUT, LEFTOVER, SKIPPED = 1, 2, 4
"""Flags: the results were longer than allowed; something outlived the sample, so that the worker is
not fit for another; this input was not tried after the one before ended badly."""

_IN, _OUT, _STDIN = 10, 11, 12
_MODES: dict[str, Callable[[dict[str, Any], str], None]] = {
    "values": sample.run_values,
    "in_process": sample.run_in_process,
    "stdio": sample.run_stdio,
}


def main() -> None:
    sys.path.pop(0)  # what runs here is for the worker to import, not for samples
    _move_channels()
    try:
        worker = Worker(json.loads(_read_frame()))
    except BaseException:
        _write(_OUT, traceback.format_exc().encode())
        return
    _write(_OUT, REPLY.pack(0, 0, 0, 0, 0))
    while True:
        frame = _read_frame()
        if not frame:
            return
        request = json.loads(frame)
        worker.run_batch(request["job"], request["programs"])


class Worker:
    """Settles in, gives up its rights, then runs batches of samples, one after the other."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._result_bytes: int = settings["result_bytes"]
        self._folder: str | None = settings["private_folder"]
        self._untouched = _state(self._folder) if self._folder else ()
        os.dup2(os.memfd_create("results"), sample.RESULT)
        os.dup2(os.memfd_create("input"), _STDIN)
        self._forking = confinement.Forking()
        self._time_limit = confinement.ProcessorTimeLimit()
        for name in settings["preload"]:
            __import__(name)
        if "random" in sys.modules:
            sys.modules["random"].seed(settings["random_seed"])
        for job in settings["warm_up"]:
            _MODES["values"](job, job["program"])
            del sys.modules["task"]
        self._take_results()
        confinement.give_up_rights()
        if settings["system_calls"]:
            self._forking.seal(settings["system_calls"].encode("latin-1"), settings["stand_ins"])
        gc.collect()
        gc.freeze()

    def run_batch(self, job: dict[str, Any], programs: list[str]) -> None:
        mode: str = job["mode"]
        if mode == "proxy":
            check = proxy.Check(job)
            for program in programs:
                self._run_proxy(job, check, program)
        elif mode == "stdio":
            for program in programs:
                self._run_inputs(job, program)
        else:
            for program in programs:
                self._run_one(job, _MODES[mode], program)

    def _run_one(self, job: dict[str, Any], run: Callable[[dict[str, Any], str], None], program: str) -> bool:
        started = time.monotonic()
        pid = self._forking.fork(wait=True)
        if pid == 0:
            try:
                self._settle_in_child(job)
                run(job, program)
            finally:
                os._exit(0)
        _, status, usage = os.wait4(pid, 0)
        self._reply(status, usage.ru_utime + usage.ru_stime, started)
        return status == 0

    def _run_inputs(self, job: dict[str, Any], program: str) -> None:
        fine = True
        for text in job["inputs"]:
            if not fine:
                _write(_OUT, REPLY.pack(0, 0, 0, 0, SKIPPED))
                continue
            os.ftruncate(_STDIN, 0)
            os.lseek(_STDIN, 0, os.SEEK_SET)
            _write(_STDIN, text.encode("utf-8", "surrogateescape"))
            os.lseek(_STDIN, 0, os.SEEK_SET)
            fine = self._run_one(job, sample.run_stdio, program)

    def _run_proxy(self, job: dict[str, Any], check: proxy.Check, program: str) -> None:
        started = time.monotonic()
        requests, send_request = os.pipe()
        outcomes, send_outcome = os.pipe()
        candidate = self._forking.fork()
        if candidate == 0:
            try:
                self._settle_in_child(job)
                for descriptor in (sample.RESULT, send_request, outcomes):
                    os.close(descriptor)
                proxy.answer(program, job["entry_point"], requests, send_outcome)
            finally:
                os._exit(0)
        os.close(requests)
        os.close(send_outcome)
        judge = self._forking.fork(wait=True)
        if judge == 0:
            try:
                self._settle_in_child(job)
                check.judge(send_request, outcomes)
            finally:
                os._exit(0)
        os.close(send_request)  # so that a candidate which waits for the next call ends
        os.close(outcomes)
        _, _, judging = os.wait4(judge, 0)
        _, status, usage = os.wait4(candidate, 0)
        seconds = usage.ru_utime + usage.ru_stime + judging.ru_utime + judging.ru_stime
        self._reply(status, seconds, started)

    def _settle_in_child(self, job: dict[str, Any]) -> None:
        os.close(_IN)
        os.close(_OUT)
        if job["mode"] == "stdio":
            os.dup2(_STDIN, 0)
        os.close(_STDIN)
        self._time_limit.set(job["cpu_seconds"])

    def _reply(self, status: int, seconds: float, started: float) -> None:
        results, cut = self._take_results()
        flags = cut | (0 if self._nothing_left() else LEFTOVER)
        wall = min(int((time.monotonic() - started) * 1e6), 2**32 - 1)
        _write(_OUT, REPLY.pack(len(results), status, int(seconds * 1e6), wall, flags) + results)

    def _take_results(self) -> tuple[bytes, int]:
        size = os.lseek(sample.RESULT, 0, os.SEEK_END)
        results = os.pread(sample.RESULT, min(size, self._result_bytes), 0)
        os.ftruncate(sample.RESULT, 0)
        os.lseek(sample.RESULT, 0, os.SEEK_SET)
        return results, CUT if size > self._result_bytes else 0

    def _nothing_left(self) -> bool:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return self._folder is None or _state(self._folder) == self._untouched
        return False  # a process that the sample left


def _state(folder: str) -> tuple[int, ...]:
    """What changes when anything in a folder, or of the folder itself, does."""
    space = os.statvfs(folder)
    itself = os.stat(folder)
    return space.f_ffree, space.f_bfree, itself.st_mode, itself.st_ctime_ns, itself.st_mtime_ns


def _move_channels() -> None:
    """Out of the way of programs, which find nothing behind the standard streams."""
    os.dup2(0, _IN)
    os.dup2(1, _OUT)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _read_frame() -> bytes:
    header = _read(4)
    return _read(int.from_bytes(header, "little")) if len(header) == 4 else b""


def _read(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(_IN, size)
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
