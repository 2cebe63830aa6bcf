"""What sibling processes have recorded, so that a program that is started often is not recorded as often.

Part of the tracer: it enters foreign environments with it, under the same rules.

A process appends at its end, to a file named by its parent, how far the recording of each function has come;
those that the same parent starts afterwards go on from there. Siblings that run at once do not see each
other. The file can be forged by the traced program, so it lets recording be left out and nothing else.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # the module `typing` would cost each process a millisecond
if TYPE_CHECKING:
    from types import CodeType

    Known = tuple[int, frozenset[int]]

_MAX_BYTES = 2**20
_MAX_DIGITS = 10
_ENOUGH = "enough"


class Progress:
    """What earlier processes knew of functions when they ended. Reading and writing raise nothing."""

    def __init__(self, folder: str) -> None:
        self._file = os.path.join(folder, f"progress-{os.getppid()}")
        self._lines = self._read()

    def has_enough(self, code: CodeType) -> bool:
        """Whether nothing more needs to be recorded of a function."""
        return self._lines.get(location(code)) == _ENOUGH

    def known(self, code: CodeType) -> Known:
        """How many calls brought nothing new at last, and the checksums of the inputs that are recorded."""
        idle, *inputs = self._lines.get(location(code), "").split() or ["0"]
        if not all(number.isdecimal() and len(number) <= _MAX_DIGITS for number in (idle, *inputs)):
            return 0, frozenset()
        return int(idle), frozenset(map(int, inputs))

    def leave_to_parent(self) -> None:
        """In a forked child: what it knows at its end is mostly the parent's."""
        self._file = ""

    def write(self, functions: dict[str, Known | None]) -> None:
        """Tell later siblings of functions by their `location`; None stands for one known well enough."""
        lines = []
        for where, known in functions.items():
            text = _ENOUGH if known is None else " ".join(map(str, (known[0], *sorted(known[1]))))
            if where.isprintable() and self._lines.get(where) != text:
                lines.append(f"{where}\t{text}\n")
        if not self._file:
            return
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._file, flags, 0o644)
            try:
                os.write(descriptor, "".join(lines).encode("utf-8", "backslashreplace"))
            finally:
                os.close(descriptor)
        except OSError:
            pass  # then they begin anew

    def _read(self) -> dict[str, str]:
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._file, flags)
            try:
                data = os.read(descriptor, _MAX_BYTES)
            finally:
                os.close(descriptor)
        except OSError:
            return {}
        parts = (line.partition("\t") for line in data.decode("utf-8", "replace").splitlines())
        return {where: known for where, tab, known in parts if tab}


def location(code: CodeType) -> str:
    """Names a function in all processes of a run."""
    return f"{code.co_filename}:{code.co_firstlineno}:{code.co_name}"
