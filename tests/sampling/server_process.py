"""Starts, kills and questions `completions_server` in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_SERVER = Path(__file__).with_name("completions_server.py")


class CompletionsServer:
    """One server process, which may be killed and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(
        self, *, faults: list[Any] | None = None, texts: dict[str, list[str]] | None = None
    ) -> CompletionsServer:
        """Start and wait for the port; what is not given stays as it was, but for the faults."""
        (self.folder / "faults.json").write_text(json.dumps(faults or []))
        if texts is not None:
            (self.folder / "texts.json").write_text(json.dumps(texts))
        port = self.folder / "port"
        port.unlink(missing_ok=True)
        self._process = subprocess.Popen([sys.executable, str(_SERVER), str(self.folder), str(self.port)])
        deadline = time.monotonic() + 30
        while not port.exists():
            assert self._process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.port = int(port.read_text())
        return self

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def requests(self) -> list[dict[str, Any]]:
        """What was asked so far, with the fault that each request met."""
        log = self.folder / "requests.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
