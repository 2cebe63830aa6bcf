"""Another date for everything in this process, to tell apart what depends on the clock.

Python reads the date through the C library's ``clock_gettime``, also where no Python code can be put in
between. The first instructions of that function are replaced, in this process alone, by a jump to a
few of ours, which ask the kernel and add the shift to the time of day; other clocks stay as they are.

What asks the kernel's own page is not moved: the C library's ``time``, by which ``time.localtime`` and
``time.gmtime`` without an argument go. `sandbox.inside.calls.ClockWatch` sees those where Python calls them.
"""

from __future__ import annotations

import ctypes
import platform
import struct

_PAGE = 4096
_READ_WRITE, _READ_EXECUTE, _ALL = 3, 5, 7
_PRIVATE_ANONYMOUS = 0x22

_BODY = {
    # mov eax,228; syscall; test eax,eax; jnz end; test edi,edi; jnz end; mov rcx,[rip+4];
    # add [rsi],rcx; end: ret; then the shift
    "x86_64": bytes.fromhex("b8e4000000 0f05 85c0 750e 85ff 750a 488b0d04000000 48010e c3"),
    # mov x9,x0; mov x8,#113; svc #0; cbnz x0,end; cbnz x9,end; ldr x10,[x1]; ldr x11,shift;
    # add x10,x10,x11; str x10,[x1]; end: ret; then the shift
    "aarch64": bytes.fromhex(
        "e90300aa 280e80d2 010000d4 c00000b5 a90000b5 2a0040f9 8b000058 4a010b8b 2a0000f9 c0035fd6"
    ),
}
_JUMP = {
    "x86_64": (bytes.fromhex("48b8"), bytes.fromhex("ffe0")),  # mov rax,address; jmp rax
    "aarch64": (bytes.fromhex("50000058 00021fd6"), b""),  # ldr x16,address; br x16; the address
}


def shift_clock(seconds: int) -> None:
    """Move the time of day by so many seconds, for good; raises `OSError` where that is not possible."""
    machine = platform.machine()
    if machine not in _BODY:
        raise OSError(f"no shifted clock on {machine} yet")
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long)
    body = library.mmap(None, _PAGE, _READ_WRITE, _PRIVATE_ANONYMOUS, -1, 0)
    code = _BODY[machine] + struct.pack("<q", seconds)
    ctypes.memmove(body, code, len(code))
    _protect(library, body, _READ_EXECUTE)
    entry = ctypes.cast(library.clock_gettime, ctypes.c_void_p).value or 0
    before, after = _JUMP[machine]
    jump = before + struct.pack("<Q", body) + after
    _protect(library, entry, _ALL, len(jump))
    ctypes.memmove(entry, jump, len(jump))
    _protect(library, entry, _READ_EXECUTE, len(jump))


def _protect(library: ctypes.CDLL, address: int, rights: int, size: int = 1) -> None:
    first = address & -_PAGE
    length = (address + size - first + _PAGE - 1) & -_PAGE
    if library.mprotect(ctypes.c_void_p(first), ctypes.c_size_t(length), rights):
        raise OSError(ctypes.get_errno(), "mprotect")
