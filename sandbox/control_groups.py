"""Limits on all processes of a sandbox together, where the machine lets us set them (cgroup v1 or v2).

Without them each process is still limited by itself (`sandbox.interface.Limits`).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

_MOUNTS = Path("/sys/fs/cgroup")
_LEFT_SECONDS = 5.0
_NAME = re.compile(r"codex-sft-(?:trial-)?(\d+)-[0-9a-f]{8}")


def _host_processes(processes: int) -> int:
    """With the launchers, and gVisor's own kernel, which uses up to six threads for each process."""
    return 256 + 8 * processes


@dataclass(frozen=True)
class ControlGroup:
    """Folders of one group (one for each controller, in version 1) that hold a sandbox."""

    folders: tuple[Path, ...]

    @classmethod
    def create(cls, memory_bytes: int, processes: int) -> ControlGroup | None:
        """A new group with limits, or None where that is not to be had."""
        version = _version()
        if version is None:
            return None
        name = f"codex-sft-{os.getpid()}-{secrets.token_hex(4)}"
        if version == 2:
            limits = {_MOUNTS / name: {"memory.max": memory_bytes, "pids.max": _host_processes(processes)}}
        else:
            limits = {
                _own_group("memory") / name: {"memory.limit_in_bytes": memory_bytes},
                _own_group("pids") / name: {"pids.max": _host_processes(processes)},
            }
        group = cls(tuple(limits))
        try:
            for folder, values in limits.items():
                folder.mkdir()
                for file, value in values.items():
                    (folder / file).write_text(str(value))
        except OSError:
            group.remove()
            return None
        return group

    def joining(self, arguments: list[str]) -> list[str]:
        """A command that joins the group, then becomes the given one."""
        files = " ".join(str(folder / "cgroup.procs") for folder in self.folders)
        script = f'for file in {files}; do echo $$ > "$file" || exit 125; done; exec "$@"'
        return ["/bin/sh", "-c", script, "sh", *arguments]

    def remove(self) -> None:
        """Remove the group, once its processes are gone."""
        deadline = time.monotonic() + _LEFT_SECONDS
        for folder in self.folders:
            while folder.exists() and time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.002)


def remove_left_groups() -> None:
    """Remove the groups of processes that were killed, but for those that still hold a process."""
    for parent in (_MOUNTS, *map(_own_group, _VERSION_1)):
        for folder in parent.glob("codex-sft-*"):
            maker = _NAME.fullmatch(folder.name)
            if maker and not _is_there(int(maker[1])):
                with contextlib.suppress(OSError):
                    folder.rmdir()


def explain_control_groups() -> str:
    """What this machine offers, in words."""
    version = _version()
    if version is None:
        return "none (no writable cgroup here); every process is limited by itself"
    return f"memory and processes together (cgroup v{version})"


@functools.lru_cache(maxsize=1)
def _version() -> int | None:
    """The version that can be used here, found by making a group and removing it."""
    if _usable(_MOUNTS, "memory.max"):
        return 2
    if all(_usable(_own_group(name), file) for name, file in _VERSION_1.items()):
        return 1
    return None


_VERSION_1 = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}


def _usable(parent: Path, file: str) -> bool:
    trial = parent / f"codex-sft-trial-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        trial.mkdir()
    except OSError:
        return False
    try:
        if not (trial / file).exists():  # an ordinary folder, or a controller that is not passed on
            return False
        (trial / file).write_text(str(2**20))
        return True
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            trial.rmdir()


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _own_group(controller: str) -> Path:
    """Below the group that we are in, so that its limits go on to hold."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            own = _MOUNTS / controller / path.lstrip("/")
            return own if own.is_dir() else _MOUNTS / controller
    return _MOUNTS / controller
