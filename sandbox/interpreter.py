"""Python interpreters of this machine, and what of them a sandbox has to see."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sandbox.interface import Mount
from tasks.json_decoders import json_decoder

_DESCRIBE = """
import json, os, site, sys, sysconfig
base = getattr(sys, "_base_executable", sys.executable)
print(json.dumps({
    "executable": os.path.realpath(base),
    "prefix": os.path.realpath(sys.base_prefix),
    "version": list(sys.version_info[:3]),
    "packages": sorted(
        path for path in {
            os.path.realpath(path) for path in
            site.getsitepackages([sys.base_prefix, sys.base_exec_prefix]) + [sysconfig.get_path("purelib")]
        } | {os.path.join(sys.base_prefix, "lib", "python3", "dist-packages")}
        if os.path.isdir(path) and path.startswith((os.path.realpath(sys.base_prefix), "/usr/"))
    ),
}))
"""


class NoInterpreter(ValueError):
    """The Python that was asked for is not there; the message says what was looked for."""


@dataclass(frozen=True)
class Interpreter:
    """A base interpreter (not a virtual environment's): its program, prefix, version, and the folders
    of packages installed for it."""

    executable: Path
    prefix: Path
    version: tuple[int, int, int]
    packages: tuple[str, ...] = ()

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def short_version(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """What a sandbox needs beside ``/usr`` to run it."""
        if self.prefix.is_relative_to("/usr"):
            return ()
        return (Mount(self.prefix, str(self.prefix)),)


@functools.lru_cache(maxsize=32)
def find_interpreter(wanted: str | None = None) -> Interpreter:
    """The interpreter behind a path or a version such as ``3.12``; by default the running one.

    Raises `NoInterpreter`. The program is started once to ask it, so it must be trusted.
    """
    if wanted is None:
        program: str | None = sys.executable
    elif "/" in wanted:
        program = wanted if Path(wanted).is_file() else None
    else:
        program = shutil.which(f"python{wanted}")
    if program is None:
        raise NoInterpreter(f"no Python {wanted!r}: give a version such as 3.12 that is on PATH, or a path")
    try:
        done = subprocess.run(
            [program, "-I", "-c", _DESCRIBE],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoInterpreter(f"{program} does not answer as a Python interpreter: {error}") from error
    try:
        facts = json_decoder(_Facts).decode(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NoInterpreter(f"{program} does not answer as a Python interpreter: {said}") from None
    if facts.version < (3, 8):
        found = f"{facts.version[0]}.{facts.version[1]}"
        raise NoInterpreter(f"{program} is Python {found}; 3.8 is the oldest that can be traced")
    return Interpreter(Path(facts.executable), Path(facts.prefix), facts.version, facts.packages)


class _Facts(msgspec.Struct):
    executable: str
    prefix: str
    version: tuple[int, int, int]
    packages: tuple[str, ...]
