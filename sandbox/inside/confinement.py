"""What a worker gives up for good before the first sample, and how it alone can still make processes.

The system call filter is installed once, in the worker, because installing one in every sample costs
half as much as the fork itself. A sample inherits it. It lets the worker make processes and files in
memory only by calls that carry random words, which lie in a page that the kernel empties in every child.
"""

from __future__ import annotations

import ctypes
import os
import platform
from typing import Any

_libc = ctypes.PyDLL(None, use_errno=True)  # holds the interpreter's lock, which a fork must not lose
_Long = ctypes.c_long
_Word = ctypes.c_ulong

_NUMBERS = {
    # clone, getppid, seccomp, getrandom, prlimit64, memfd_create
    "x86_64": (56, 110, 317, 318, 302, 319),
    "aarch64": (220, 173, 277, 278, 261, 279),
}
_CLONE, _GETPPID, _SECCOMP, _GETRANDOM, _PRLIMIT, _MEMFD_CREATE = _NUMBERS.get(
    platform.machine(), _NUMBERS["x86_64"]
)

_PAGE = 4096
_READ_WRITE = 3
_PRIVATE_ANONYMOUS = 0x22
_WIPE_ON_FORK = 18
_SIGNAL_CHILD = 17
_CLONE_VFORK = 0x4000

_SET_DUMPABLE, _SET_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 4, 36, 38
_RLIMIT_CPU = 0

_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long)
_madvise = _libc.madvise
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_system_call = _libc.syscall
_system_call.restype = _Long


class ConfinementFailed(RuntimeError):
    """The kernel refused a step; nothing untrusted may run then."""


class Rights:
    """The rights to make processes and files in memory, which samples do not inherit."""

    def __init__(self) -> None:
        self._page = _emptied_in_children(_PAGE)
        if _system_call(_Long(_GETRANDOM), _Word(self._page), _Word(16), _Word(0)) != 16:
            raise ConfinementFailed("getrandom")
        self._words = [_Word.from_address(self._page), _Word.from_address(self._page + 8)]
        self._zeros = (_Word(0), _Word(0), _Word(0), _Word(0))
        self._flags = _Word(_SIGNAL_CHILD)
        self._waiting_flags = _Word(_SIGNAL_CHILD | _CLONE_VFORK)
        self._clone = _Long(_CLONE)
        self._getppid = _Long(_GETPPID)
        self._memfd_create = _Long(_MEMFD_CREATE)
        self._name = ctypes.c_char_p(b"codex-sft")

    def fork(self, *, wait: bool = False) -> int:
        """A child, in which 0 is returned. With ``wait``, return in the parent once it has ended.

        A parent that waits does not touch its memory, so that none of it is copied. Python's own
        hooks for forks are left out: there are no threads here, and they cost more than the sample.
        """
        flags = self._waiting_flags if wait else self._flags
        zero = self._zeros
        pid: int = _system_call(self._clone, flags, zero[0], self._words[0], zero[1], self._words[1], zero[2])
        if pid == 0:
            # once more by hand, for kernels that do not empty the page (gVisor's)
            self._words[0].value = self._words[1].value = 0
            # the same call again, to overwrite what it left of the words on the stack
            _system_call(self._getppid, flags, zero[0], zero[1], zero[1], zero[2], zero[2])
        elif pid < 0:
            raise OSError(ctypes.get_errno(), "clone")
        return pid

    def new_file(self, descriptor: int) -> None:
        """A new file in memory behind a descriptor. Nothing that was done to the one before is left."""
        zero = self._zeros
        made: int = _system_call(
            self._memfd_create, self._name, zero[0], self._words[0], zero[1], self._words[1], zero[2]
        )
        if made < 0:
            raise OSError(ctypes.get_errno(), "memfd_create")
        if made != descriptor:
            os.dup2(made, descriptor)
            os.close(made)

    def seal(self, program: bytes, stand_ins: list[int]) -> None:
        """Install the system call filter, with our words in the place of their stand-ins."""
        size = -(-len(program) // _PAGE) * _PAGE
        place = _emptied_in_children(size)
        ctypes.memmove(place, program, len(program))
        where = [self._word_address(index) for index in range(4)]
        for offset in range(4, len(program), 8):
            constant = int.from_bytes(program[offset : offset + 4], "little")
            if constant in stand_ins:
                ctypes.memmove(place + offset, where[stand_ins.index(constant)], 4)
        descriptor = _FilterProgram(len(program) // 8, place)
        _control(_SET_NO_NEW_PRIVILEGES, 1)
        if _system_call(_Long(_SECCOMP), _Word(1), _Word(0), ctypes.byref(descriptor)):
            raise ConfinementFailed(f"seccomp: {os.strerror(ctypes.get_errno())}")
        ctypes.memset(place, 0, size)

    def _word_address(self, index: int) -> int:
        """Where the upper and lower halves of both words lie, in the order of the stand-ins."""
        return self._page + (4, 0, 12, 8)[index]


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def give_up_rights() -> None:
    """No new privileges, nothing for debuggers to see, and every orphan is ours to notice."""
    _control(_SET_NO_NEW_PRIVILEGES, 1)
    _control(_SET_DUMPABLE, 0)
    _control(_SET_SUBREAPER, 1)


class ProcessorTimeLimit:
    """A limit on processor time, in whole seconds, that a child sets for itself before the sample runs."""

    def __init__(self) -> None:
        self._limits = (ctypes.c_uint64 * 2)()
        self._arguments = (
            _Long(_PRLIMIT),
            _Word(0),
            _Word(_RLIMIT_CPU),
            ctypes.byref(self._limits),
            _Word(0),
        )

    def set(self, seconds: int) -> None:
        self._limits[0] = seconds  # ends by SIGXCPU, which tells; a second later by SIGKILL
        self._limits[1] = seconds + 1
        if _system_call(*self._arguments):
            raise ConfinementFailed("prlimit")


def _emptied_in_children(size: int) -> int:
    address: Any = _mmap(None, size, _READ_WRITE, _PRIVATE_ANONYMOUS, -1, 0)
    _madvise(address, size, _WIPE_ON_FORK)  # where the kernel knows it not, the words are harder to hide
    return int(address)


def _control(option: int, value: int) -> None:
    if _libc.prctl(option, _Word(value), _Word(0), _Word(0), _Word(0)):
        raise ConfinementFailed(f"prctl {option}: {os.strerror(ctypes.get_errno())}")
