"""The bubblewrap backend: user, process, network, ipc and host-name namespaces of their own.

Run by root, it sets the file system up as root and then becomes the user *nobody* for good, so
that interpreters in root's home work while the code cannot act as root even outside the
namespaces. Run by an ordinary user, it makes a user namespace and forbids further ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import CommandResult, Limits, SandboxedCommand, SandboxUnavailable
from sandbox.process import run_process

NOBODY = 65534

_ETC = Path(__file__).with_name("etc")
_SYSTEM_DIRECTORIES = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
_NETWORK_FILES = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
)
_BASE_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/home",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TMPDIR": "/tmp",
}


_LAUNCHERS = ("bwrap", "prlimit", "setpriv", "unshare")
_LAUNCHER_FOLDERS = "/usr/bin:/bin"
_LOADER_VARIABLES = ("LD_", "GLIBC_", "MALLOC_", "GCONV_PATH", "LOCPATH", "NLSPATH")


@dataclass(frozen=True)
class Bubblewrap:
    """Runs commands under ``bwrap``; raises `SandboxUnavailable` where its programs are missing."""

    executable: str

    name = "bubblewrap"

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
        return (NOBODY, NOBODY) if os.geteuid() == 0 else None

    def run(self, command: SandboxedCommand) -> CommandResult:
        options = [
            *_namespaces(command.network),
            *_file_system(command),
            *_environment(command),
            *("--chdir", command.working_directory),
        ]
        # through a descriptor: the arguments of a process are public, and the environment may hold
        # the password of a package index
        with tempfile.TemporaryFile() as passed:
            passed.write(b"".join(option.encode() + b"\0" for option in options))
            passed.seek(0)
            return run_process(
                [self.executable, "--args", str(passed.fileno())],
                [
                    *(_become_nobody() if os.geteuid() == 0 else []),
                    *_resource_limits(command.limits),
                    *command.arguments,
                ],
                passed=passed.fileno(),
                stdin=command.stdin,
                wall_seconds=command.limits.wall_seconds,
                output_bytes=command.limits.output_bytes,
                log=command.log,
            )


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
    if os.geteuid() != 0:
        options += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--disable-userns"]
    return options


def _file_system(command: SandboxedCommand) -> list[str]:
    options: list[str] = []
    for directory in _SYSTEM_DIRECTORIES:
        path = Path(directory)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), directory]
        elif path.is_dir():
            options += ["--ro-bind", directory, directory]
    options += ["--dir", "/etc"]
    for file in _SYSTEM_FILES + (_NETWORK_FILES if command.network else ()):
        options += ["--ro-bind-try", file, file]
    for own in sorted(_ETC.iterdir()):
        options += ["--ro-bind", str(own), f"/etc/{own.name}"]
    options += ["--proc", "/proc", "--dev", "/dev"]
    size = str(command.limits.temporary_bytes)
    for directory in ("/tmp", "/home", "/dev/shm"):
        options += ["--perms", "1777", "--size", size, "--tmpfs", directory]
    for mount in command.mounts:
        # bubblewrap makes missing parents of a mounted file for their owner alone
        for parent in reversed(Path(mount.target).parents[:-1]):
            options += ["--dir", str(parent)]
        options += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return options


def _environment(command: SandboxedCommand) -> list[str]:
    options = ["--clearenv"]
    for name, value in {**_BASE_ENVIRONMENT, **command.environment}.items():
        if name.startswith(_LOADER_VARIABLES):
            raise ValueError(f"{name} would act on the sandbox's own programs")
        options += ["--setenv", name, value]
    return options


def _become_nobody() -> list[str]:
    """Drop root for good, then enter a user namespace in which no further one can be made.

    The kernel counts processes by user namespace: without one, all sandboxes of the machine would
    share nobody's limit, and one fork bomb would starve the others.
    """
    unshare = _launcher("unshare")
    no_further = 'echo 1 > /proc/sys/user/max_user_namespaces && exec "$@"'
    return [
        *(_launcher("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"),
        *(unshare, "--user", "--map-root-user", "--", _launcher("sh"), "-c", no_further, "sh"),
        *(unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"),
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
