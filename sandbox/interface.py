"""What a sandbox backend is: a command with mounts and limits in, how it ended out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol


class SandboxUnavailable(RuntimeError):
    """No backend works on this machine; the message lists what was tried and what to do."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one run. Memory, processes and file size are enforced by the kernel (rlimits).

    ``wall_seconds`` bounds the whole process tree; ``cpu_seconds`` and ``memory_bytes`` (address
    space) each process of it; ``output_bytes`` what it writes to its standard streams together.
    ``total_memory_bytes`` bounds the tree, where the machine offers control groups.
    """

    wall_seconds: float
    cpu_seconds: int
    memory_bytes: int
    processes: int = 64
    file_bytes: int = 64 * 2**20
    open_files: int = 256
    output_bytes: int = 8 * 2**20
    temporary_bytes: int = 64 * 2**20
    total_memory_bytes: int = 8 * 2**30


@dataclass(frozen=True)
class Mount:
    """A host path made visible inside, read-only unless ``writable``."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class SandboxedCommand:
    """A command to run in a sandbox. Nothing of the host is visible but the system's read-only
    ``/usr`` and the mounts; the environment holds only what is given; there is no network unless
    ``network`` is set; ``/tmp`` and ``/home`` are private and vanish afterwards. Folders in ``hidden``
    look empty. ``samples_only`` commands get no ``/proc``, no ``/home`` and no ``/dev/shm`` to write to.
    ``processor`` is the one to stay on, where the backend has to see to that.

    With ``log``, output goes to that file as it comes; else it is returned in the result.
    Raises ``ValueError`` for texts with a NUL, which would begin an option of the launcher's own.
    """

    arguments: tuple[str, ...]
    limits: Limits
    mounts: tuple[Mount, ...] = ()
    hidden: tuple[str, ...] = ()
    samples_only: bool = False
    processor: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/tmp"
    network: bool = False
    stdin: bytes = b""
    log: Path | None = None

    def __post_init__(self) -> None:
        variables = (part for item in self.environment.items() for part in item)
        if any("\0" in text for text in (*self.arguments, *variables, self.working_directory)):
            raise ValueError("a command, its variables and its folder cannot hold a NUL")


_BASE_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/home",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TMPDIR": "/tmp",
}
_LOADER_VARIABLES = ("LD_", "GLIBC_", "MALLOC_", "GCONV_PATH", "LOCPATH", "NLSPATH")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def acts_on_launchers(name: str) -> bool:
    """Whether a variable would act on the programs that set the sandbox up, or is none at all."""
    return name.startswith(_LOADER_VARIABLES) or not _VARIABLE.fullmatch(name)


def base_environment(command: SandboxedCommand) -> dict[str, str]:
    """The whole environment of a command; raises ``ValueError`` for what acts on launchers."""
    for name in command.environment:
        if acts_on_launchers(name):
            raise ValueError(f"{name} would act on the sandbox's own programs")
    # where a program lies, whose libraries lie beside it, the dynamic linker has from /proc, else from this
    origin = {"LD_ORIGIN_PATH": str(Path(command.arguments[0]).parent)} if command.samples_only else {}
    return {**_BASE_ENVIRONMENT, **origin, **command.environment}


@dataclass(frozen=True)
class CommandResult:
    """How a sandboxed command ended.

    ``exited``: by itself, with ``exit_code``. ``signalled``: killed from inside, by ``signal``.
    ``timeout``, ``output_limit``, ``disk_limit``: the whole tree was killed from outside. ``output`` is
    what it wrote to both standard streams, cut at the limit, empty where it went to a log.
    """

    ending: Literal["exited", "signalled", "timeout", "output_limit", "disk_limit"]
    exit_code: int | None
    signal: int | None
    output: bytes
    wall_seconds: float

    @property
    def ok(self) -> bool:
        """Whether the command ran to its end and reported success."""
        return self.ending == "exited" and self.exit_code == 0

    def describe(self) -> str:
        """How it ended, in words for a message."""
        if self.ending == "exited":
            return f"exit status {self.exit_code}"
        if self.ending == "signalled":
            return f"killed by signal {self.signal}"
        if self.ending == "timeout":
            return f"stopped at its time limit after {self.wall_seconds:.0f} s"
        if self.ending == "disk_limit":
            return "stopped because it filled the disk"
        return "stopped because it wrote more output than allowed"


class SandboxedProcess(Protocol):
    """A running sandboxed command. ``stdin`` and ``stdout`` are descriptors of its pipes."""

    @property
    def stdin(self) -> int: ...

    @property
    def stdout(self) -> int: ...

    def close_stdin(self) -> None: ...

    def kill(self) -> None:
        """Kill the whole tree, without waiting for its end."""

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code as of `subprocess.Popen`, or None when it still runs after ``seconds``."""

    def close(self) -> None:
        """Kill the whole tree, wait until nothing of it is left, and release what it needed."""


class Sandbox(Protocol):
    """A backend. ``name`` is what manifests and ``codex-sft doctor`` print."""

    @property
    def name(self) -> str: ...

    @property
    def owner(self) -> tuple[int, int] | None:
        """User and group that sandboxed processes run as and that must own writable mounts;
        None when that is the caller itself."""

    @property
    def private_folder(self) -> bool:
        """Whether ``/tmp`` inside is the command's own."""

    @property
    def host_processors(self) -> bool:
        """Whether the processors that a command sees are those of the host."""

    @property
    def own_root(self) -> bool:
        """Whether paths inside are its own; if not, a mount's target must be its source."""

    def start(self, command: SandboxedCommand) -> SandboxedProcess:
        """Start a command that the caller talks to. ``stdin``, ``log``, the limits on wall time and
        output are the caller's to see to."""

    def run(self, command: SandboxedCommand) -> CommandResult:
        """Run a command to its end or to a limit. When this returns, no process of it is left."""
