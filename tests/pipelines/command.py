"""Runs the installed ``codex-sft`` command as users do."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMAND = Path(sys.executable).with_name("codex-sft")


_HAS_BUBBLEWRAP = shutil.which("bwrap") is not None


def codex_sft(
    *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; its streams are text. What is traced is replayed in the sandbox of the
    projects, for gVisor would take most of the suite's time (`tests/sandbox` is about that one)."""
    quick = ("--sandbox", "bubblewrap") if arguments[:1] == ("trace",) and _HAS_BUBBLEWRAP else ()
    return subprocess.run(
        [str(COMMAND), *map(str, arguments), *(quick if environment is None else ())],
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
