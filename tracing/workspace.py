"""The folders of one project's run, and how each of its steps is run in the sandbox."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import uv

from sandbox.interface import (
    CommandResult,
    Limits,
    Mount,
    Sandbox,
    SandboxedCommand,
    SandboxedProcess,
    acts_on_launchers,
)
from sandbox.interpreter import Interpreter, find_interpreter
from sandbox.process import run_to_end
from tracing.disk_watch import DiskLimits, DiskWatch
from tracing.failures import ProjectFailure
from tracing.fetch import index_addresses
from tracing.index_gateway import PORT, IndexGateway, PackageIndex, default_downloads
from tracing.project_modules import SOURCE_ROOT

ENVIRONMENT = "/environment"
RECORDS = "/records"
TOOLS = "/opt/codex-sft"
UV = f"{TOOLS}/bin/uv"
PYTHON = f"{ENVIRONMENT}/bin/python"
RUNNERS = "/runners"
RUNNER_PYTHON = f"{RUNNERS}/bin/python"

_RELAY = Path(__file__).with_name("inside") / "index_relay.py"
_RELAY_INSIDE = f"{TOOLS}/index_relay.py"
_SOCKET_INSIDE = f"{TOOLS}/index.socket"
_INDEX = f"http://127.0.0.1:{PORT}/simple/"

PROJECT_LIMITS = Limits(
    wall_seconds=900.0,
    cpu_seconds=1800,
    memory_bytes=8 * 2**30,
    processes=512,
    file_bytes=2**30,
    open_files=4096,
    output_bytes=32 * 2**20,
    temporary_bytes=2**30,
)


@dataclass(frozen=True)
class Workspace:
    """One project's run: its folders on the host, the sandbox and the interpreter.

    ``source`` is ``/project`` inside, ``environment`` ``/environment``, ``records`` ``/records``, and
    ``runners``, where tox and nox are installed, ``/runners``; all of them belong to the sandboxed code,
    whatever of them is read afterwards is untrusted. ``downloads`` is of no sandbox: packages of the index,
    kept between runs.
    """

    root: Path
    sandbox: Sandbox
    interpreter: Interpreter
    logs: Path
    downloads: Path = field(default_factory=default_downloads)
    disk: DiskLimits = field(default_factory=DiskLimits)

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def environment(self) -> Path:
        return self.root / "environment"

    @property
    def records(self) -> Path:
        return self.root / "records"

    @property
    def runners(self) -> Path:
        return self.root / "runners"

    @property
    def site_packages(self) -> Path:
        """Where the environment's packages lie on the host."""
        return self.environment / "lib" / f"python{self.interpreter.short_version}" / "site-packages"

    def prepare(self) -> None:
        """Make the folders anew, owned by the sandboxed user."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for folder in (self.source, self.environment, self.records, self.runners, self.root / "cache"):
            self.clear(folder)

    def clear(self, folder: Path) -> None:
        """Empty a folder of the workspace."""
        self.discard(folder)
        folder.mkdir(parents=True)
        self._give_away(folder)

    def take_in(self, folder: Path) -> None:
        """Make a fetched folder the project's source."""
        self.discard(self.source)
        folder.rename(self.source)
        if self.sandbox.owner is not None:
            owner = ":".join(map(str, self.sandbox.owner))
            # it may be deeper than Python's own recursion goes
            subprocess.run(["chown", "-R", "-h", "-P", owner, "--", str(self.source)], check=True)

    def run(
        self,
        stage: str,
        *arguments: str,
        index: bool = False,
        limits: Limits = PROJECT_LIMITS,
        mounts: tuple[Mount, ...] = (),
        environment: Mapping[str, str] | None = None,
        folder: str = SOURCE_ROOT,
    ) -> CommandResult:
        """Run one step without network; its output is appended to the stage's log.

        With ``index``, the package index can be had at a loopback port, and nothing else. A step that fills
        the disk ends with ``disk_limit``. Variables that act on the sandbox's own programs are left out.
        """
        arguments = tuple(map(_passable, arguments))
        wanted = {name: _passable(value) for name, value in (environment or {}).items()}
        environment = {name: value for name, value in wanted.items() if not acts_on_launchers(name)}
        log = self.log(stage)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ {' '.join(arguments)}\n")
        with self._index(enabled=index) as gateway:
            variables = self._variables() | environment
            if gateway:
                arguments = (*self._relay(), *arguments)
                mounts = (*mounts, Mount(_RELAY, _RELAY_INSIDE), Mount(gateway.socket, _SOCKET_INSIDE))
                variables |= {"UV_DEFAULT_INDEX": _INDEX, "PIP_INDEX_URL": _INDEX}
            command = SandboxedCommand(
                arguments=arguments,
                limits=limits,
                mounts=(*self._mounts(), *mounts),
                environment=variables,
                working_directory=_passable(folder),
                log=log,
            )
            process = self.sandbox.start(command)
            with DiskWatch(self.root, self.disk, functools.partial(_kill, process)) as watch:
                result = run_to_end(process, command)
        if watch.excess:
            result = replace(result, ending="disk_limit", exit_code=None)
        with log.open("a", encoding="utf-8") as stream:
            said = f": {watch.excess}" if watch.excess else ""
            stream.write(f"[{result.describe()}{said}, {result.wall_seconds:.1f} s]\n")
        return result

    @functools.cached_property
    def _packages(self) -> PackageIndex:
        return PackageIndex(index_addresses(), self.downloads)

    @contextlib.contextmanager
    def _index(self, *, enabled: bool) -> Iterator[IndexGateway | None]:
        if not enabled:
            yield None
            return
        with IndexGateway(self._packages, self.sandbox.owner) as gateway:
            yield gateway

    def _relay(self) -> tuple[str, ...]:
        return (
            str(find_interpreter().executable),
            *("-I", "-S", _RELAY_INSIDE, _SOCKET_INSIDE, str(PORT)),
        )

    def _mounts(self) -> tuple[Mount, ...]:
        interpreters = dict.fromkeys((*self.interpreter.mounts, *find_interpreter().mounts))
        return (
            *interpreters,
            Mount(Path(uv.find_uv_bin()), UV),
            Mount(self.source, SOURCE_ROOT, writable=True),
            Mount(self.environment, ENVIRONMENT, writable=True),
            Mount(self.records, RECORDS, writable=True),
            Mount(self.runners, RUNNERS, writable=True),
            Mount(self.root / "cache", "/cache", writable=True),
        )

    def _variables(self) -> dict[str, str]:
        return {
            "PATH": f"{ENVIRONMENT}/bin:{self.interpreter.executable.parent}:{TOOLS}/bin"
            ":/usr/local/bin:/usr/bin:/bin",
            "VIRTUAL_ENV": ENVIRONMENT,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",  # the project may name other indexes, or dates, for its own development
            "UV_LINK_MODE": "copy",
            # `uv run` in a project's own scripts: in the environment that is there, as it is
            "UV_PROJECT_ENVIRONMENT": ENVIRONMENT,
            "UV_NO_SYNC": "1",
            "UV_CACHE_DIR": "/cache",
            "PIP_CACHE_DIR": "/cache/pip",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
        }

    def log(self, stage: str) -> Path:
        """The log of a stage."""
        return self.logs / f"{stage}.log"

    def check_environment(self) -> None:
        """Raise `ProjectFailure` where a link is in the place of the environment's packages.

        Only untrusted code can have put it there, and it may lead anywhere.
        """
        real = Path(os.path.realpath(self.environment)) / self.site_packages.relative_to(self.environment)
        if os.path.realpath(self.site_packages) != str(real) or not real.is_dir():
            raise ProjectFailure(
                "extract",
                "environment_replaced",
                "it has put something else in its environment's place",
            )

    def keep_packages(self, folder: Path) -> None:
        """Move the environment's packages out, for the replays of tasks that need them.

        Raises `ProjectFailure` as `check_environment` does.
        """
        self.check_environment()
        self.discard(folder)
        self.site_packages.rename(folder)

    def remove(self) -> None:
        """Delete everything but the logs."""
        self.discard(self.root)

    def discard(self, path: Path) -> None:
        """Delete a file or folder with all that is in it, whatever rights it has."""
        # untrusted code may have made it deeper than Python's own recursion goes
        delete = ["rm", "-rf", "--", str(path)]
        if subprocess.run(delete, stderr=subprocess.DEVNULL, check=False).returncode:
            subprocess.run(["chmod", "-R", "u+rwX", "--", str(path)], stderr=subprocess.DEVNULL, check=False)
            subprocess.run(delete, stderr=subprocess.DEVNULL, check=False)

    def _give_away(self, path: Path) -> None:
        if self.sandbox.owner is not None:
            os.chown(path, *self.sandbox.owner, follow_symlinks=False)


def with_wall_seconds(seconds: float) -> Limits:
    """The limits of a project's step with another time limit."""
    return replace(PROJECT_LIMITS, wall_seconds=seconds, cpu_seconds=max(60, int(2 * seconds)))


def _kill(process: SandboxedProcess) -> None:
    if process.wait(0) is None:  # else its number may be another's by now
        process.kill()


def _passable(text: str) -> str:
    """A text of a project's as an argument: without what none can hold, NULs and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
