"""Restrict this process by Landlock and by a system call filter, then become another program.

Started on the host by the trusted side, with a JSON description on a descriptor; runs no untrusted code
itself. Raises where the kernel refuses a step, and then nothing is executed.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import stat
import struct
import sys
from typing import Any, Iterator

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ABI_VERSION = 1
_PATH_BENEATH = 1
_READ_FOLDER = 1 << 3
_READ = 1 << 0 | 1 << 2 | _READ_FOLDER  # execute, read file
_WRITE_DEVICE = 1 << 1 | 1 << 2
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_NEWEST_FILE_RIGHTS = (1 << 16) - 1
_NETWORK_RIGHTS = 1 << 0 | 1 << 1  # bind, connect (TCP)
_SCOPES = 1 << 0 | 1 << 1  # abstract sockets, signals
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_PARENT_DEATH_SIGNAL, _NO_NEW_PRIVILEGES, _DROP_BOUNDING = 1, 38, 24
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    with os.fdopen(int(sys.argv[1]), "rb") as stream:
        plan: dict[str, Any] = json.load(stream)
    os.chdir(plan["working_directory"])
    ruleset = _ruleset(plan)  # while everything is still in reach
    for name, value in plan["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    if os.geteuid() == 0:
        _give_up_root(plan["user"])
    _control(_PARENT_DEATH_SIGNAL, signal.SIGKILL)  # another user would forget it
    if os.getppid() != plan["parent"]:
        return  # it was killed before
    _control(_NO_NEW_PRIVILEGES, 1)
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    _filter_system_calls(plan["system_calls"].encode("latin-1"))
    arguments: list[str] = plan["arguments"]
    os.execve(arguments[0], arguments, plan["environment"])


def _ruleset(plan: dict[str, Any]) -> int:
    """The descriptor of a ruleset that allows what the plan names, and of all else it covers nothing."""
    version = _call(_CREATE_RULESET, None, 0, _ABI_VERSION)
    handled = struct.pack("=Q", _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS))
    if version >= 4:
        handled += struct.pack("=Q", _NETWORK_RIGHTS)
    if version >= 6:
        handled += struct.pack("=Q", _SCOPES)
    ruleset = _call(_CREATE_RULESET, handled, len(handled), 0)
    for path in plan["readable"]:
        for visible, rights in _without(path, plan["hidden"]):
            _allow(ruleset, visible, rights)
    for device in plan["devices"]:
        _allow(ruleset, device, _WRITE_DEVICE)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _OF_FILES
    _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    os.close(descriptor)


def _without(path: str, hidden: list[str]) -> Iterator[tuple[str, int]]:
    """A path with its rights, or what is in it but for the hidden folders: rules only add up.

    Of hidden folders the names of the entries can be read, for imports list the folder above.
    """
    if path in hidden:
        return
    if not any(folder.startswith(path.rstrip("/") + "/") for folder in hidden):
        yield path, _READ
        return
    yield path, _READ_FOLDER
    for entry in os.scandir(path):
        if not entry.is_symlink():
            yield from _without(entry.path, hidden)


def _give_up_root(user: int | None) -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_DROP_BOUNDING, capability, 0, 0, 0)
    os.setgroups([])
    if user is not None:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("=Ii", 0x20080522, 0)
    if _libc.capset(header, bytes(24)):
        raise OSError(ctypes.get_errno(), "capset")


def _filter_system_calls(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _call(_SECCOMP[os.uname().machine], 1, 0, filter_)


def _call(number: int, *arguments: Any) -> int:
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


def _control(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


if __name__ == "__main__":
    main()
