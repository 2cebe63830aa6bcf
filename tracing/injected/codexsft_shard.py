"""The file to which one process appends its records, line by line.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

import fcntl
import os
import time

MAX_FILE_BYTES = 64 * 2**20
_HIGH_DESCRIPTOR = 700  # out of the way of programs that count, close or duplicate theirs


class Shard:
    """Appends whole lines, which survive ``os._exit`` and kills; each process has files of its own."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._descriptor = -1
        self._identity = (0, 0)
        self._written = 0
        self._name = ""

    def append(self, line: bytes) -> None:
        """Write a line to the `current` file; beyond its limit nothing is written any more."""
        if self._written + len(line) <= MAX_FILE_BYTES:
            self._written += os.write(self._descriptor, line)

    def current(self) -> str:
        """The name of the file that the next line goes to: a new one where the last has been closed.

        Programs that become daemons close descriptors that they do not know, and open their own.
        """
        try:
            status = os.fstat(self._descriptor)
            if (status.st_dev, status.st_ino) == self._identity:
                return self._name
        except OSError:
            pass
        self._open()
        return self._name

    def _open(self) -> None:
        self._name = f"{os.getpid()}-{time.time_ns()}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        low = os.open(os.path.join(self._folder, self._name), flags, 0o644)
        try:
            self._descriptor = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
            os.close(low)
        except OSError:  # a low limit of open files
            self._descriptor = low
        status = os.fstat(self._descriptor)
        self._identity = (status.st_dev, status.st_ino)

    def leave_to_parent(self) -> None:
        """In a forked child: go on in a file of its own."""
        try:
            if self._descriptor >= 0:
                os.close(self._descriptor)
        except OSError:
            pass
        self._descriptor = -1
        self._identity = (0, 0)
        self._written = 0
