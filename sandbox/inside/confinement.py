"""What a worker gives up for good before the first sample, and how it alone can still make processes.

The system call filter is installed once, in the worker, because installing one in every sample costs
half as much as the fork itself. A sample inherits it. It lets the worker make processes and files in
memory only by calls that carry random words, which lie in a page that the kernel empties in every child.
"""

from __future__ import annotations

import ctypes
import os
import platform
from typing import Any, Callable

_libc = ctypes.PyDLL(None, use_errno=True)  # holds the interpreter's lock, which a fork must not lose
_Long = ctypes.c_long
_Word = ctypes.c_ulong

_NUMBERS = {
    # clone, seccomp, getrandom, prlimit64, memfd_create
    "x86_64": (56, 317, 318, 302, 319),
    "aarch64": (220, 277, 278, 261, 279),
}
_CLONE, _SECCOMP, _GETRANDOM, _PRLIMIT, _MEMFD_CREATE = _NUMBERS.get(platform.machine(), _NUMBERS["x86_64"])

_INSTRUCTIONS = {
    # mov rax,rdi; mov rdi,rsi; mov rsi,rdx; mov r10,rcx; mov rdx,[r8]; mov r8,[r8+8]; xor r9d,r9d;
    # syscall; xor edx,edx; xor r8d,r8d; ret
    "x86_64": bytes.fromhex("4889f8 4889f7 4889d6 4989ca 498b10 4d8b4008 4531c9 0f05 31d2 4531c0 c3"),
    # mov x8,x0; mov x0,x1; mov x1,x2; ldr x2,[x4]; ldr x4,[x4,#8]; svc #0; mov x2,xzr; mov x4,xzr; ret
    "aarch64": bytes.fromhex(
        "e80300aa e00301aa e10302aa 820040f9 840440f9 010000d4 e2031faa e4031faa c0035fd6"
    ),
}

_PAGE = 4096
_READ_WRITE, _READ_EXECUTE = 3, 5
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
    """The rights to make processes and files in memory, which samples do not inherit.

    The random words are never a value of this interpreter, whose freed objects children inherit: the
    kernel writes them into the page, and a few instructions of our own load them from there.
    """

    def __init__(self) -> None:
        self._page = _emptied_in_children(_PAGE)
        if _system_call(_Long(_GETRANDOM), _Word(self._page), _Word(16), _Word(0)) != 16:
            raise ConfinementFailed("getrandom")
        self._call = _loading_call()
        self._name = ctypes.c_char_p(b"codex-sft")
        self._name_address = ctypes.cast(self._name, ctypes.c_void_p).value or 0

    def fork(self, *, wait: bool = False) -> int:
        """A child, in which 0 is returned. With ``wait``, return in the parent once it has ended.

        A parent that waits does not touch its memory, so that none of it is copied. Python's own
        hooks for forks are left out: there are no threads here, and they cost more than the sample.
        """
        flags = _SIGNAL_CHILD | _CLONE_VFORK if wait else _SIGNAL_CHILD
        pid = self._call(_CLONE, flags, 0, 0, self._page)
        if pid == 0:
            # once more by hand, for kernels that do not empty the page (gVisor's)
            ctypes.memset(self._page, 0, 16)
        elif pid < 0:
            raise OSError(-pid, "clone")
        return pid

    def new_file(self, descriptor: int) -> None:
        """A new file in memory behind a descriptor. Nothing that was done to the one before is left."""
        made = self._call(_MEMFD_CREATE, self._name_address, 0, 0, self._page)
        if made < 0:
            raise OSError(-made, "memfd_create")
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


def _loading_call() -> Callable[[int, int, int, int, int], int]:
    """A function that makes a system call: number, first, second and fourth argument as given; the third
    and the fifth loaded from the page that its last argument points to, and gone from the registers
    when it returns. The result is the kernel's: a negative error number, or what was asked for."""
    code = _INSTRUCTIONS.get(platform.machine())
    if code is None:
        raise ConfinementFailed(f"no sandbox for samples on {platform.machine()} yet")
    address = _mmap(None, _PAGE, _READ_WRITE, _PRIVATE_ANONYMOUS, -1, 0)
    ctypes.memmove(address, code, len(code))
    if _libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(_PAGE), _READ_EXECUTE):
        raise ConfinementFailed(f"mprotect: {os.strerror(ctypes.get_errno())}")
    prototype = ctypes.PYFUNCTYPE(_Long, *(_Word,) * 5)
    function: Callable[[int, int, int, int, int], int] = prototype(address)
    return function


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
