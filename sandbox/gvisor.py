"""The gVisor backend: a kernel of its own for the command, in user space, and no host kernel in reach.

``runsc`` runs a bundle, which is a folder with a description of the container and an empty root on
which everything else is mounted. Its processes (the kernel, the file server, the stubs that hold the
address spaces) die with it, and it dies with us.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.bubblewrap import NOBODY
from sandbox.interface import (
    CommandResult,
    Limits,
    SandboxedCommand,
    SandboxedProcess,
    SandboxUnavailable,
    base_environment,
)
from sandbox.process import LaunchedProcess, run_to_end
from sandbox.system_files import NETWORK_FILES, OWN_ETC, SYSTEM_DIRECTORIES, SYSTEM_FILES

_HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COMPACT_MEMORY = {
    "PYTHONMALLOC": "malloc",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TOP_PAD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(10**9),
    "MALLOC_MMAP_THRESHOLD_": str(10**9),
}
"""Keeps the memory of a worker together: after a fork, gVisor copies in units of up to 2 MiB."""
_PLATFORMS = ("systrap", "ptrace")  # not kvm: on nested virtual machines it opens, then spins for ever
_TRIAL = SandboxedCommand(
    arguments=("/usr/bin/true",), limits=Limits(wall_seconds=30.0, cpu_seconds=10, memory_bytes=2**30)
)


@dataclass(frozen=True)
class GVisor:
    """Runs commands under ``runsc``; raises `SandboxUnavailable` where that does not work.

    A command that asks for one processor of the host gets it for all processes of its sandbox: its
    kernel hands every page fault to another process and back, which is dearer across processors.
    """

    executable: str
    platform: str

    name = "gvisor"
    private_folder = True
    own_root = True
    host_processors = False

    @classmethod
    def find(cls, platform: str | None = None) -> GVisor:
        """The backend with this machine's ``runsc``, on the first platform that works or the given one."""
        executable = shutil.which("runsc", path=f"{_HOST_PATH}:{os.environ.get('PATH', '')}")
        if executable is None:
            raise SandboxUnavailable("`runsc` is not installed (Debian: apt-get install runsc)")
        for launcher in ("setpriv", "taskset", "unshare"):
            if shutil.which(launcher, path=_HOST_PATH) is None:
                raise SandboxUnavailable(
                    f"`{launcher}` is not installed (Debian: apt-get install util-linux)"
                )
        flags = _flags(executable)
        tried = []
        for candidate in (platform,) if platform else _PLATFORMS:
            if candidate not in flags:
                continue
            result = cls(executable, candidate).run(_TRIAL)
            if result.ok:
                return cls(executable, candidate)
            said = result.output.decode(errors="replace").strip()[-300:]
            tried.append(f"platform {candidate}: {result.describe()}: {said}")
        raise SandboxUnavailable("; ".join(tried) or f"{executable} has no platform that is known to work")

    @property
    def owner(self) -> tuple[int, int] | None:
        return (NOBODY, NOBODY) if os.geteuid() == 0 else None

    def run(self, command: SandboxedCommand) -> CommandResult:
        return run_to_end(self.start(command), command)

    def start(self, command: SandboxedCommand) -> SandboxedProcess:
        container = _container(command)
        folder = Path(tempfile.mkdtemp(prefix="codex-sft-gvisor-"))
        try:
            _make_root(folder / "root")
            (folder / "config.json").write_text(json.dumps(container))
            return _Process(
                [
                    *("setpriv", "--pdeathsig=KILL", "--"),
                    *(("taskset", "-c", str(command.processor)) if command.processor is not None else ()),
                    *_process_namespace(),
                    *(self.executable, "--root", str(folder / "state"), f"--platform={self.platform}"),
                    *("--network=host" if command.network else "--network=none", "--ignore-cgroups"),
                    *_host_sockets(self.executable, command),
                    *(() if os.geteuid() == 0 else ("--rootless",)),
                    *("run", "--bundle", str(folder), folder.name),
                ],
                environment={"PATH": _HOST_PATH},
                limits=command.limits,
                clean_up=lambda: shutil.rmtree(folder, ignore_errors=True),
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


class _Process(LaunchedProcess):
    """A launcher whose only child is the first process of a process namespace.

    The kernel lets that one end when all others of its namespace are gone: the kernel, the file
    server and all stubs. So only that one is killed, and the launcher is left to wait for its end.
    """

    def kill(self) -> None:
        launcher = self._popen.pid
        try:
            children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text()
            first = os.pidfd_open(int(children.split()[0]))
        except (OSError, IndexError):
            super().kill()  # it has no child yet, or is gone
            return
        try:
            signal.pidfd_send_signal(first, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended meanwhile
        finally:
            os.close(first)


def _process_namespace() -> tuple[str, ...]:
    own = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *own, "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--")


def _flags(executable: str) -> str:
    try:
        done = subprocess.run([executable, "flags"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxUnavailable(f"{executable} does not answer: {error}") from error
    return done.stdout + done.stderr


def _host_sockets(executable: str, command: SandboxedCommand) -> tuple[str, ...]:
    """Lets a command connect to the sockets among its mounts, which is off by default."""
    if not any(mount.source.is_socket() for mount in command.mounts):
        return ()
    return ("--host-uds=open",) if re.search(r"^\s*-host-uds\b", _flags(executable), re.MULTILINE) else ()


def _make_root(root: Path) -> None:
    root.mkdir()
    for directory in map(Path, SYSTEM_DIRECTORIES):
        if directory.is_symlink():
            (root / directory.name).symlink_to(directory.readlink())


def _container(command: SandboxedCommand) -> dict[str, Any]:
    """The description of a container as of the OCI runtime specification."""
    namespaces = ["pid", "ipc", "uts", "mount", *(() if command.network else ("network",))]
    # The file server of an ordinary user shows that user's files as those of root, and cannot make
    # files of anybody else. Without capabilities, root inside is the ordinary user it is outside.
    user = NOBODY if os.geteuid() == 0 else 0
    environment = base_environment(command)
    if command.samples_only:
        environment |= _COMPACT_MEMORY
    return {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": user, "gid": user},
            "args": [*_processor_time(command.limits), *command.arguments],
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": command.working_directory,
            "capabilities": {},
            "noNewPrivileges": True,
            "rlimits": _resource_limits(command.limits),
        },
        "root": {"path": "root", "readonly": True},
        "hostname": "sandbox",
        "mounts": _mounts(command),
        "linux": {"namespaces": [{"type": name} for name in namespaces]},
    }


def _mounts(command: SandboxedCommand) -> list[dict[str, Any]]:
    # Without a /proc of ours gVisor mounts one, through which a process can write to the pipes of any
    # other of its user, even of one that is not dumpable.
    processes = {"destination": "/proc", "type": "proc", "source": "proc"}
    mounts = [
        _empty("/proc") if command.samples_only else processes,
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
    ]
    visible = [
        *(path for path in SYSTEM_DIRECTORIES if not Path(path).is_symlink()),
        *SYSTEM_FILES,
        *(NETWORK_FILES if command.network else ()),
    ]
    mounts += [_bind(Path(path), path) for path in visible if Path(path).exists()]
    mounts += [_bind(own, f"/etc/{own.name}") for own in sorted(OWN_ETC.iterdir())]
    size = f"size={command.limits.temporary_bytes}"
    mounts.append(_temporary("/tmp", "mode=1777", size))
    for path in ("/home", "/dev/shm"):
        mounts.append(_empty(path) if command.samples_only else _temporary(path, "mode=1777", size))
    mounts += [_bind(mount.source, mount.target, mount.writable) for mount in command.mounts]
    mounts += [_empty(path) for path in command.hidden]
    return mounts


def _temporary(target: str, *options: str) -> dict[str, Any]:
    return {"destination": target, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def _empty(target: str) -> dict[str, Any]:
    return _temporary(target, "ro", "mode=0555")


def _bind(source: Path, target: str, writable: bool = False) -> dict[str, Any]:
    return {
        "destination": target,
        "type": "bind",
        "source": str(source),
        "options": ["rbind", "rw" if writable else "ro"],
    }


def _resource_limits(limits: Limits) -> list[dict[str, Any]]:
    values = {
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
    }
    return [{"type": name, "soft": value, "hard": value} for name, value in values.items()]


def _processor_time(limits: Limits) -> tuple[str, ...]:
    """Sets the limit from inside: gVisor lists one given from outside but does not act on it."""
    # first a signal that tells, then SIGKILL
    return ("/usr/bin/prlimit", f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 1}", "--")
