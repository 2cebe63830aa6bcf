"""No sandbox, for those who ask for it by name: limits of resources, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from sandbox.interface import (
    CommandResult,
    SandboxedCommand,
    SandboxedProcess,
    SandboxUnavailable,
    base_environment,
)
from sandbox.process import LaunchedProcess, run_to_end

WARNING = """\
no sandbox: samples run with your rights. They can read and change your files, use the network, stop
other processes and outlive this run. Only their time and memory are limited. Verdicts are still decided
in another process. Do this with code that you trust, or in a machine that you can throw away."""


@dataclass(frozen=True)
class Unsandboxed:
    """Runs samples as they are (``--unsafe-no-sandbox``). Never chosen by itself."""

    name = "none"
    owner = None
    private_folder = False
    own_root = False
    host_processors = True

    def run(self, command: SandboxedCommand) -> CommandResult:
        return run_to_end(self.start(command), command)

    def start(self, command: SandboxedCommand) -> SandboxedProcess:
        if not command.samples_only:
            raise SandboxUnavailable("whole projects are not run without a sandbox")
        limits = command.limits
        prlimit = shutil.which("prlimit")
        bounds = [
            f"--as={limits.memory_bytes}",
            f"--fsize={limits.file_bytes}",
            f"--nofile={limits.open_files}",
            "--core=0",
        ]
        return LaunchedProcess(
            [*((prlimit, *bounds, "--") if prlimit else ()), *command.arguments],
            environment=base_environment(command),
            limits=limits,
        )
