"""The warm worker inside a sandbox: an interpreter that is loaded once and forks for every sample.

It executes no sample and holds nothing of a task, a test or a program, so that its children find
nothing of one another in their memory. Its own `ORDER` tells only the mode and the time limit; the frame
that follows (a length of four bytes, then JSON) is read by the child that it is for, which then closes
the channel. To every order comes one `REPLY` with what the sample wrote to its result file.
"""

from __future__ import annotations

import _sitebuiltins
import builtins
import gc
import json
import os
import struct
import sys
import time
import traceback
from typing import Any, Callable

from sandbox.inside import confinement, installed_project, proxy, sample, shifted_clock

ORDER = struct.Struct("<BI")
"""Mode (its place in `MODES`) and limit of processor time in seconds. Then follow one frame, or two in
the mode ``proxy``: the sample's, then the judge's."""
REPLY = struct.Struct("<IiIIB")
"""Length of the results, wait status, processor time and wall time in microseconds, flags."""
CUT, LEFTOVER = 1, 2
"""Flags: the results were longer than allowed; something outlived the sample, so that the worker is
not fit for another."""
MARK_BYTES = 8
"""Behind the frames of an order stand that many bytes, which come back behind the reply's header."""
MODES = ("values", "in_process", "stdio", "proxy")

_IN, _OUT, _STDIN = 10, 11, 12
_RUN: dict[str, Callable[[dict[str, Any]], None]] = {
    "values": sample.run_values,
    "in_process": sample.run_in_process,
    "stdio": sample.run_stdio,
}


def main() -> None:
    home = sys.path.pop(0)  # what runs here is for the worker to import, not for samples
    os.environ.pop("LD_ORIGIN_PATH", None)  # this program has been found
    _move_channels()
    try:
        worker = Worker(_read_frame(), home)
    except BaseException:
        sample.write_all(_OUT, traceback.format_exc().encode())
        return
    sample.write_all(_OUT, REPLY.pack(0, 0, 0, 0, 0))
    while True:
        order = _read(ORDER.size)
        if not order:
            return
        mode, cpu_seconds = ORDER.unpack(order)
        if MODES[mode] == "proxy":
            worker.run_proxy(cpu_seconds)
        else:
            worker.run(MODES[mode], cpu_seconds)


class Worker:
    """Settles in, gives up its rights, then runs samples, one after the other."""

    def __init__(self, settings: dict[str, Any], home: str) -> None:
        self._result_bytes: int = settings["result_bytes"]
        self._folder: str | None = settings["private_folder"]
        self._untouched = _state(self._folder) if self._folder else ()
        if settings["processor"] is not None:
            os.sched_setaffinity(0, {settings["processor"]})
        self._rights = confinement.Rights()
        self._rights.new_file(sample.RESULT)
        self._rights.new_file(_STDIN)
        self._time_limit = confinement.ProcessorTimeLimit()
        for name in settings["preload"]:
            __import__(name)
        if "random" in sys.modules:
            sys.modules["random"].seed(settings["random_seed"])
        for name in ("exit", "quit"):  # which the interpreter has only with its site-packages
            setattr(builtins, name, _sitebuiltins.Quitter(name, ""))
        for request in settings["warm_up"]:
            sample.run_values(request)
            del sys.modules["task"]
        self._rights.new_file(sample.RESULT)
        if settings["clock_shift"]:
            shifted_clock.shift_clock(settings["clock_shift"])
        confinement.give_up_rights()
        if settings["system_calls"]:
            self._rights.seal(settings["system_calls"].encode("latin-1"), settings["stand_ins"])
        if settings["packages"]:
            installed_project.enter(home, settings["packages"], settings["modules"])
        os.umask(settings["umask"])
        os.chdir(settings["folder"])
        gc.collect()
        gc.freeze()

    def run(self, mode: str, cpu_seconds: int) -> None:
        """Run one sample in a process of its own."""
        started = time.monotonic()
        pid = self._rights.fork(wait=True)
        if pid == 0:
            try:
                request = self._settle_in_child(cpu_seconds)
                if mode == "stdio":
                    sample.write_all(_STDIN, request["stdin"].encode("utf-8", "surrogateescape"))
                    os.lseek(_STDIN, 0, os.SEEK_SET)
                    os.dup2(_STDIN, 0)
                os.close(_STDIN)
                _RUN[mode](request)
            finally:
                os._exit(0)
        _, status, usage = os.wait4(pid, 0)
        self._reply(status, usage.ru_utime + usage.ru_stime, started)
        if mode == "stdio":
            self._rights.new_file(_STDIN)

    def run_proxy(self, cpu_seconds: int) -> None:
        """Run one sample in a process, and the judge that calls it in another."""
        started = time.monotonic()
        requests, send_request = os.pipe()
        outcomes, send_outcome = os.pipe()
        candidate = self._rights.fork()
        if candidate == 0:
            try:
                request = self._settle_in_child(cpu_seconds)
                for descriptor in (_STDIN, sample.RESULT, send_request, outcomes):
                    os.close(descriptor)
                proxy.answer(request, requests, send_outcome)
            finally:
                os._exit(0)
        os.close(requests)
        os.close(send_outcome)
        judge = self._rights.fork(wait=True)
        if judge == 0:
            try:
                os.close(_STDIN)
                # the candidate says that it has started, or is gone, once it has read its frame
                stub = proxy.Candidate(send_request, outcomes)
                proxy.judge(self._settle_in_child(cpu_seconds), stub)
            finally:
                os._exit(0)
        os.close(send_request)  # so that a candidate which waits for the next call ends
        os.close(outcomes)
        _, _, judging = os.wait4(judge, 0)
        _, status, usage = os.wait4(candidate, 0)
        seconds = usage.ru_utime + usage.ru_stime + judging.ru_utime + judging.ru_stime
        self._reply(status, seconds, started)

    def _settle_in_child(self, cpu_seconds: int) -> dict[str, Any]:
        """What this child is to do. Afterwards no channel of the worker is open in it."""
        self._time_limit.set(cpu_seconds)
        request = _read_frame()
        os.close(_IN)
        os.close(_OUT)
        _point_streams_nowhere()  # anew: flags and locks of what is shared would outlive the sample
        return request

    def _reply(self, status: int, seconds: float, started: float) -> None:
        # what stands behind the frames is sent back, to show that they were read, and nothing else
        mark = _read(MARK_BYTES)
        size = os.lseek(sample.RESULT, 0, os.SEEK_END)
        sent = min(size, self._result_bytes)
        flags = (CUT if size > sent else 0) | (0 if self._nothing_left() else LEFTOVER)
        wall = min(int((time.monotonic() - started) * 1e6), 2**32 - 1)
        sample.write_all(_OUT, REPLY.pack(sent, status, int(seconds * 1e6), wall, flags) + mark)
        # by the kernel: what passed through our memory, later samples could find there
        offset = 0
        while offset < sent:
            offset += os.sendfile(_OUT, sample.RESULT, offset, sent - offset)
        self._rights.new_file(sample.RESULT)

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
    _point_streams_nowhere()


def _point_streams_nowhere() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _read_frame() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_read(int.from_bytes(_read(4), "little")))
    return content


def _read(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(_IN, size)
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
