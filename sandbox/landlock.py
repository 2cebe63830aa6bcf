"""The Landlock backend: for samples where namespaces are refused, without any privilege.

The kernel takes files, network and signals away by Landlock, and all but harmless system calls by a
filter. There is no file system of its own: samples see the host's paths that they need, and can write
nowhere. Whole projects need bubblewrap or gVisor.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import (
    CommandResult,
    SandboxedCommand,
    SandboxedProcess,
    SandboxUnavailable,
    base_environment,
)
from sandbox.process import LaunchedProcess, run_to_end
from sandbox.system_calls import command_filter

TRANSIENT_USERS = range(61_184, 65_520)
"""Set aside by systemd for users that come and go. Each sandbox of samples that root starts takes one,
for the kernel counts processes by user."""

_LAUNCHER = Path(__file__).with_name("inside") / "landlock_launch.py"
_READABLE = ("/usr", "/bin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/localtime")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_CREATE_RULESET = 444


@dataclass(frozen=True)
class Landlock:
    """Runs samples under Landlock; raises `SandboxUnavailable` where the kernel has it not."""

    name = "landlock"
    owner = None
    private_folder = False
    own_root = False
    host_processors = True

    @classmethod
    def find(cls) -> Landlock:
        """The backend, if this kernel offers it."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_long(0), ctypes.c_long(1)) < 1:
            reason = os.strerror(ctypes.get_errno())
            raise SandboxUnavailable(f"the kernel offers no Landlock ({reason})")
        return cls()

    def run(self, command: SandboxedCommand) -> CommandResult:
        return run_to_end(self.start(command), command)

    def start(self, command: SandboxedCommand) -> SandboxedProcess:
        if not command.samples_only:
            raise SandboxUnavailable("Landlock confines samples; projects need bubblewrap or gVisor")
        if any(mount.writable or str(mount.source) != mount.target for mount in command.mounts):
            raise ValueError("a sandbox without a root of its own can neither move paths nor write")
        limits = command.limits
        plan = {
            "parent": os.getpid(),
            "arguments": command.arguments,
            "environment": base_environment(command),
            "working_directory": "/",
            "readable": [*_READABLE, *(str(mount.source) for mount in command.mounts)],
            "devices": _DEVICES,
            "hidden": command.hidden,
            "user": _user_for(command) if os.geteuid() == 0 else None,
            "system_calls": command_filter(may_make_user_namespace=False).decode("latin-1"),
            "limits": {
                "RLIMIT_AS": limits.memory_bytes,
                "RLIMIT_FSIZE": limits.file_bytes,
                "RLIMIT_NOFILE": limits.open_files,
                "RLIMIT_CORE": 0,
            },
        }
        with tempfile.TemporaryFile() as described:
            described.write(json.dumps(plan).encode())
            described.seek(0)
            return LaunchedProcess(
                [sys.executable, "-I", "-S", str(_LAUNCHER), str(described.fileno())],
                passed=(described.fileno(),),
                limits=limits,
            )


def transient_user() -> int:
    """A user number that nobody else has, in all likelihood."""
    return TRANSIENT_USERS.start + secrets.randbelow(len(TRANSIENT_USERS))


def _user_for(command: SandboxedCommand) -> int | None:
    """Another user than root, unless the interpreter lies where only root can go."""
    needed = [Path(command.arguments[0]), *(mount.source for mount in command.mounts)]
    open_to_all = all(folder.stat().st_mode & 0o001 for path in needed for folder in path.resolve().parents)
    return transient_user() if open_to_all else None
