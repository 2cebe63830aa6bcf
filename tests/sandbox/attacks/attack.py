"""What a hostile sample program is, and the tools that its text starts with."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Family = Literal[
    "forged equality",
    "exits",
    "result channels",
    "time",
    "memory",
    "processes",
    "files and network",
    "output",
    "debuggers",
    "right answers",
]

# A probe for attacks that leave nothing but a broken evaluator behind.
CANARY = "def f(number): return 'clean'\n"

_TOOLS = """
import json, os, posix, sys

def forge(*values):
    lines = [{"program_loaded": True}]
    lines += [{"kind": "returned", "value": value, "passed": True, "verdict": "passed"} for value in values]
    spray("".join(json.dumps(line) + "\\n" for line in lines).encode())

def spray(data, first=3):
    for descriptor in range(first, 64):
        attempt(posix.write, descriptor, data)

def attempt(action, *arguments):
    try:
        return action(*arguments)
    except (OSError, ValueError, OverflowError):
        return None

def descriptors():
    return [number for number in range(3, 64) if attempt(posix.fstat, number) is not None]

def worker():
    return sys.modules["__main__"]

def frames():
    frame = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
"""

_KERNEL_TOOLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
INTEL = os.uname().machine == "x86_64"
NUMBERS = {
    "fork": (57, 220), "vfork": (58, 220), "clone": (56, 220), "exit": (60, 93), "gettid": (186, 178),
    "rt_sigqueueinfo": (129, 138), "tgkill": (234, 131), "add_key": (248, 217), "keyctl": (250, 219),
    "perf_event_open": (298, 241), "kcmp": (312, 272), "bpf": (321, 280), "userfaultfd": (323, 282),
    "memfd_create": (319, 279), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "ioprio_set": (251, 30), "seccomp": (317, 277), "init_module": (175, 105), "fanotify_init": (300, 262),
    "pidfd_send_signal": (424, 424), "io_uring_setup": (425, 425), "pidfd_open": (434, 434),
    "clone3": (435, 435), "pidfd_getfd": (438, 438), "fsopen": (430, 430), "move_mount": (429, 429),
    "process_madvise": (440, 440), "memfd_secret": (447, 447),
}

def system_call(name, *arguments):
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return libc.syscall(ctypes.c_long(NUMBERS[name][0 if INTEL else 1]), *longs)
"""


@dataclass(frozen=True)
class Attack:
    """A program whose right results nobody can know, and the verdicts that are fit for it.

    ``probe`` is a program to run directly afterwards, whose ``f`` returns "clean" unless the attack
    reached it. With ``knows_answers`` the program is told the right results as ``values``.
    """

    name: str
    family: Family
    program: str
    verdicts: frozenset[str]
    probe: str | None = None
    knows_answers: bool = False

    def source(self, values: Sequence[Any]) -> str:
        """The whole text, with the right results where the program is told them."""
        # at the end, as an honest program may start with a future import
        return f"{self.program}\nvalues = {list(values)!r}\n" if self.knows_answers else self.program


def attack(
    family: Family,
    name: str,
    program: str,
    *verdicts: str,
    probe: str | None = None,
    knows_answers: bool = False,
) -> Attack:
    """An attack from indented texts, which may use the tools."""
    text = textwrap.dedent(program)
    if family != "right answers":
        text = with_tools(text)
    return Attack(
        name,
        family,
        text,
        frozenset(verdicts),
        probe=None if probe is None else with_tools(textwrap.dedent(probe)),
        knows_answers=knows_answers,
    )


def with_tools(program: str) -> str:
    """The program after the tools that it uses; what calls the kernel needs more of them."""
    kernel = _KERNEL_TOOLS if "libc." in program or "system_call(" in program else ""
    return f"{_TOOLS}{kernel}\n{program}"
