"""Runs the installed ``codex-sft`` command as users do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMAND = Path(sys.executable).with_name("codex-sft")


def codex_sft(
    *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; its streams are text."""
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def sandboxed_processes() -> list[bytes]:
    """Command lines of the processes of this machine that run in a traced project's environment."""
    running = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                running.append((process / "cmdline").read_bytes())
    return [line for line in running if b"/environment/bin/python" in line]
