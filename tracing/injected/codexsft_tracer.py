"""The tracer: records inputs and outputs of a project's functions while its tests run.

It enters foreign environments, so it imports only the standard library and what lies beside it there
(the other ``codexsft_`` files, and the value encoding as ``codexsft_encoding``), keeps to Python 3.8, and
never lets a fault of its own reach the program.

Each process appends JSON lines to a file of its own, in whole-line writes that survive
``os._exit`` and kills::

    {"function": 3, "file": ..., "name": ..., "line": ..., "kind": "function"}
    {"call": 3, "arguments": [...], "keyword_arguments": {...}, "outcome": {...}, "shape": "int2 str3"}
    {"lost": 3, "reason": ..., "detail": ...}

Arguments are encoded when the call begins, before anything can change them. A function of a library
has ``"origin": "library"``. ``outcome`` has ``exception`` and ``message`` where the hook is told of them.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from typing import Any

from codexsft_recorder import Recorder  # type: ignore[import-not-found]

CONFIGURATION = "/opt/codex-sft/tracer/configuration.json"


class Tracer:
    """Traces this process by the hook that the configuration chooses.

    ``tracer`` is ``setprofile``, ``monitoring``, or ``auto``: monitoring where it exists and is free.
    """

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._wanted = configuration.get("tracer", "auto")
        self._recorder = Recorder(configuration)
        self._hook: Any = None

    def start(self) -> None:
        """Begin to trace all threads."""
        if self._wanted == "setprofile" or not self._start_monitoring():
            from codexsft_profile_hook import ProfileHook  # type: ignore[import-not-found]

            self._hook = ProfileHook(self._recorder)
            self._hook.start()
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self._hook.finish)

    def _start_monitoring(self) -> bool:
        if sys.version_info < (3, 12):
            return False
        from codexsft_monitoring_hook import MonitoringHook  # type: ignore[import-not-found]

        self._hook = MonitoringHook(self._recorder)
        started: bool = self._hook.start()
        return started

    def _after_fork(self) -> None:
        self._recorder.leave_to_parent()
        self._hook.after_fork()


def start() -> None:
    """Read the configuration and begin to trace this process; without one, do nothing."""
    try:
        with open(CONFIGURATION, encoding="utf-8") as stream:
            configuration = json.load(stream)
        Tracer(configuration).start()
    except Exception as error:
        print(f"codex-sft: this process is not traced: {error!r}", file=sys.stderr)
