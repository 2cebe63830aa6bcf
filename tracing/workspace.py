"""The folders of one project's run, and how each of its steps is run in the sandbox."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import uv

from sandbox.interface import CommandResult, Limits, Mount, Sandbox, SandboxedCommand
from sandbox.interpreter import Interpreter
from tracing.fetch import index_url
from tracing.project_modules import SOURCE_ROOT

ENVIRONMENT = "/environment"
RECORDS = "/records"
TOOLS = "/opt/codex-sft"
UV = f"{TOOLS}/bin/uv"
PYTHON = f"{ENVIRONMENT}/bin/python"

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

_PASSED_ON = (
    *(
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "PIP_CERT",
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
    ),
    *("PIP_TRUSTED_HOST", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INSECURE_HOST", "UV_SYSTEM_CERTS"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)


@dataclass(frozen=True)
class Workspace:
    """One project's run: its folders on the host, the sandbox and the interpreter.

    ``source`` is ``/project`` inside, ``environment`` ``/environment``, ``records`` ``/records``;
    all three belong to the sandboxed code, whatever of them is read afterwards is untrusted.
    """

    root: Path
    sandbox: Sandbox
    interpreter: Interpreter
    logs: Path

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
    def site_packages(self) -> Path:
        """Where the environment's packages lie on the host."""
        return self.environment / "lib" / f"python{self.interpreter.short_version}" / "site-packages"

    def prepare(self) -> None:
        """Make the folders anew, owned by the sandboxed user."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for folder in (self.source, self.environment, self.records, self.root / "cache"):
            self.clear(folder)

    def clear(self, folder: Path) -> None:
        """Empty a folder of the workspace."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._give_away(folder)

    def take_in(self, folder: Path) -> None:
        """Make a fetched folder the project's source."""
        shutil.rmtree(self.source)
        folder.rename(self.source)
        if self.sandbox.owner is not None:
            for path, folders, files in os.walk(self.source):
                for name in (*folders, *files):
                    self._give_away(Path(path, name))
        self._give_away(self.source)

    def run(
        self,
        stage: str,
        *arguments: str,
        network: bool = False,
        limits: Limits = PROJECT_LIMITS,
        mounts: tuple[Mount, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> CommandResult:
        """Run one step; its output is appended to the stage's log."""
        log = self.log(stage)
        with log.open("a") as stream:
            stream.write(f"$ {' '.join(arguments)}\n")
        variables = {
            "PATH": f"{ENVIRONMENT}/bin:{self.interpreter.executable.parent}:/usr/local/bin:/usr/bin:/bin"
        }
        variables |= {"UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy", "UV_CACHE_DIR": "/cache"}
        variables |= {
            "PIP_CACHE_DIR": "/cache/pip",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
        }
        if network:
            variables |= {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            variables["UV_DEFAULT_INDEX"] = index_url()
        result = self.sandbox.run(
            SandboxedCommand(
                arguments=arguments,
                limits=limits,
                mounts=(
                    *self.interpreter.mounts,
                    Mount(Path(uv.find_uv_bin()), UV),
                    Mount(self.source, SOURCE_ROOT, writable=True),
                    Mount(self.environment, ENVIRONMENT, writable=True),
                    Mount(self.records, RECORDS, writable=True),
                    Mount(self.root / "cache", "/cache", writable=True),
                    *(_certificates() if network else ()),
                    *mounts,
                ),
                environment={**variables, **(environment or {})},
                working_directory=SOURCE_ROOT,
                network=network,
                log=log,
            )
        )
        with log.open("a") as stream:
            stream.write(f"[{result.describe()}, {result.wall_seconds:.1f} s]\n")
        return result

    def log(self, stage: str) -> Path:
        """The log of a stage."""
        return self.logs / f"{stage}.log"

    def keep_packages(self, folder: Path) -> None:
        """Move the environment's packages out, for the replays of tasks that need them."""
        shutil.rmtree(folder, ignore_errors=True)
        self.site_packages.rename(folder)

    def remove(self) -> None:
        """Delete everything but the logs."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _give_away(self, path: Path) -> None:
        if self.sandbox.owner is not None:
            os.chown(path, *self.sandbox.owner, follow_symlinks=False)


def with_wall_seconds(seconds: float) -> Limits:
    """The limits of a project's step with another time limit."""
    return replace(PROJECT_LIMITS, wall_seconds=seconds, cpu_seconds=max(60, int(2 * seconds)))


def _certificates() -> tuple[Mount, ...]:
    """Certificate bundles that the environment names outside of ``/etc/ssl``."""
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
    files = {os.environ[name] for name in names if os.environ.get(name)}
    return tuple(
        Mount(Path(file), file)
        for file in sorted(files)
        if Path(file).is_file() and not file.startswith(("/etc/ssl/", "/usr/"))
    )
