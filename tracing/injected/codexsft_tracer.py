"""The tracer: records inputs and outputs of a project's functions while its tests run.

It enters foreign environments, so it imports only the standard library and what lies beside it there
(the other ``codexsft_`` files, and the value encoding as ``codexsft_encoding``), keeps to Python 3.8,
and never lets a fault of its own reach the program.

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
import os
import sys

from codexsft_progress import Progress  # type: ignore[import-not-found]
from codexsft_randomness import seed_when_imported  # type: ignore[import-not-found]
from codexsft_scope import Scope  # type: ignore[import-not-found]

TYPE_CHECKING = False  # the module `typing` would cost each process a millisecond
if TYPE_CHECKING:
    from typing import Any


class Tracer:
    """Traces this process by the hook that the configuration chooses.

    ``tracer`` is ``setprofile``, ``monitoring``, or ``auto``: monitoring where it exists and is free.
    What encodes and writes is loaded when code of the project is first called: most processes of a test
    run are short, and many never do.
    """

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._configuration = configuration
        self._scope = Scope(configuration)
        self._progress = Progress(configuration["records"])
        self._recorder: Any = None
        self._hook: Any = None

    def start(self) -> None:
        """Begin to trace all threads."""
        seed_when_imported()
        wanted = self._configuration.get("tracer", "auto")
        if wanted == "setprofile" or not self._start_monitoring():
            from codexsft_profile_hook import ProfileHook  # type: ignore[import-not-found]

            self._hook = ProfileHook(self._scope, self._progress, self._load_recorder)
            self._hook.start()
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self._finish)

    def _start_monitoring(self) -> bool:
        if sys.version_info < (3, 12):
            return False
        from codexsft_monitoring_hook import MonitoringHook  # type: ignore[import-not-found]

        self._hook = MonitoringHook(self._scope, self._progress, self._load_recorder)
        started: bool = self._hook.start()
        return started

    def _load_recorder(self) -> Any:
        if self._recorder is None:
            folder = os.path.dirname(__file__)
            sys.path.insert(0, folder)
            try:
                from codexsft_recorder import Recorder  # type: ignore[import-not-found]
            finally:
                sys.path.remove(folder)
            self._recorder = Recorder(self._configuration, self._scope, self._progress)
        return self._recorder

    def _finish(self) -> None:
        self._hook.finish()
        if self._recorder is not None:
            self._recorder.finish()

    def _after_fork(self) -> None:
        if self._recorder is not None:
            self._recorder.leave_to_parent()
        self._hook.after_fork()


def start() -> None:
    """Trace this process as the configuration beside this file says; without one, do nothing."""
    try:
        from codexsft_configuration import CONFIGURATION  # type: ignore[import-not-found]

        Tracer(CONFIGURATION).start()
    except Exception as error:
        sys.stderr.write(f"codex-sft: this process is not traced: {error!r}\n")
