"""The bubblewrap backend: user, process, network, ipc and host-name namespaces of their own.

Run by root, it sets the file system up as root and then becomes the user *nobody* for good, so
that interpreters in root's home work while the code cannot act as root even outside the
namespaces. Run by an ordinary user, it makes a user namespace and forbids further ones.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import (
    CommandResult,
    Limits,
    SandboxedCommand,
    SandboxedProcess,
    SandboxUnavailable,
    base_environment,
)
from sandbox.landlock import transient_user
from sandbox.process import LaunchedProcess, run_to_end
from sandbox.system_calls import command_filter
from sandbox.system_files import NETWORK_FILES, OWN_ETC, SYSTEM_DIRECTORIES, SYSTEM_FILES

NOBODY = 65534

_LAUNCHERS = ("bwrap", "prlimit", "setpriv", "unshare")
_LAUNCHER_FOLDERS = "/usr/bin:/bin"


@dataclass(frozen=True)
class Bubblewrap:
    """Runs commands under ``bwrap``; raises `SandboxUnavailable` where its programs are missing."""

    executable: str

    name = "bubblewrap"
    private_folder = True
    own_root = True
    host_processors = True

    @classmethod
    def find(cls) -> Bubblewrap:
        """The backend with the programs of this machine."""
        for program in _LAUNCHERS:
            if shutil.which(program) is None:
                package = "bubblewrap" if program == "bwrap" else "util-linux"
                raise SandboxUnavailable(f"`{program}` is not installed (Debian: apt-get install {package})")
        return cls(executable=str(shutil.which("bwrap")))

    @property
    def owner(self) -> tuple[int, int] | None:
        return (NOBODY, NOBODY) if _is_root() else None

    def run(self, command: SandboxedCommand) -> CommandResult:
        return run_to_end(self.start(command), command)

    def start(self, command: SandboxedCommand) -> SandboxedProcess:
        options = [
            *_namespaces(command.network),
            *_file_system(command),
            *_environment(command),
            *("--chdir", command.working_directory),
        ]
        with contextlib.ExitStack() as passed:
            # through a descriptor: the arguments of a process are public, and the environment may
            # hold the password of a package index
            arguments = passed.enter_context(_unlinked(b"".join(o.encode() + b"\0" for o in options)))
            filter_ = passed.enter_context(_unlinked(command_filter(may_make_user_namespace=_is_root())))
            info, told = os.pipe()
            passed.callback(os.close, told)
            return LaunchedProcess(
                [
                    *(self.executable, "--args", str(arguments)),
                    *("--seccomp", str(filter_), "--info-fd", str(told), "--"),
                    *(_give_up_root(command) if _is_root() else []),
                    *_resource_limits(command.limits),
                    *command.arguments,
                ],
                passed=(arguments, filter_, told),
                info=info,
                limits=command.limits,
            )


def _is_root() -> bool:
    return os.geteuid() == 0


@contextlib.contextmanager
def _unlinked(content: bytes) -> Iterator[int]:
    """A descriptor from which the content can be read."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        yield file.fileno()


def _launcher(program: str) -> str:
    """A launcher's absolute path: the command's own PATH may lead into folders that it can write."""
    found = shutil.which(program, path=_LAUNCHER_FOLDERS)
    if found is None:
        raise SandboxUnavailable(f"`{program}` is not in {_LAUNCHER_FOLDERS}")
    return found


def _namespaces(network: bool) -> list[str]:
    options = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--hostname", "sandbox", "--die-with-parent"]
    if not network:
        options.append("--unshare-net")
    if not _is_root():
        options += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--disable-userns"]
    return options


def _file_system(command: SandboxedCommand) -> list[str]:
    options: list[str] = []
    for directory in SYSTEM_DIRECTORIES:
        path = Path(directory)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), directory]
        elif path.is_dir():
            options += ["--ro-bind", directory, directory]
    options += ["--dir", "/etc"]
    for file in SYSTEM_FILES + (NETWORK_FILES if command.network else ()):
        options += ["--ro-bind-try", file, file]
    for own in sorted(OWN_ETC.iterdir()):
        options += ["--ro-bind", str(own), f"/etc/{own.name}"]
    options += ["--dev", "/dev"]
    size = str(command.limits.temporary_bytes)
    if not command.samples_only:
        options += ["--proc", "/proc"]
    for directory in ("/tmp",) if command.samples_only else ("/tmp", "/home", "/dev/shm"):
        options += ["--perms", "1777", "--size", size, "--tmpfs", directory]
    for mount in command.mounts:
        # bubblewrap makes missing parents of a mounted file for their owner alone
        for parent in reversed(Path(mount.target).parents[:-1]):
            options += ["--dir", str(parent)]
        options += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]
    for hidden in command.hidden:
        options += ["--tmpfs", hidden, "--remount-ro", hidden]
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return options


def _environment(command: SandboxedCommand) -> list[str]:
    options = ["--clearenv"]
    for name, value in base_environment(command).items():
        options += ["--setenv", name, value]
    return options


def _give_up_root(command: SandboxedCommand) -> list[str]:
    """Drop root for good, and be counted alone.

    The kernel counts processes by user and user namespace: otherwise all sandboxes of the machine
    would share one limit, and one fork bomb would starve the others. Samples get a user number that
    nobody else has. Commands become *nobody*, who owns their folders, in a user namespace in which no
    further one can be made.
    """
    if command.samples_only:
        return _as_user(transient_user())
    unshare = _launcher("unshare")
    no_further = 'echo 1 > /proc/sys/user/max_user_namespaces && exec "$@"'
    return [
        *_as_user(NOBODY),
        *(unshare, "--user", "--map-root-user", "--", _launcher("sh"), "-c", no_further, "sh"),
        *(unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"),
    ]


def _as_user(user: int) -> list[str]:
    return [
        *(_launcher("setpriv"), f"--reuid={user}", f"--regid={user}", "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"),
    ]


def _resource_limits(limits: Limits) -> list[str]:
    return [
        _launcher("prlimit"),
        f"--as={limits.memory_bytes}",
        f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 1}",  # first a signal that tells, then SIGKILL
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_bytes}",
        f"--nofile={limits.open_files}",
        "--core=0",
        "--",
    ]
