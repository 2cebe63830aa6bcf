"""Calls as ``sys.monitoring`` tells of them, on Python 3.12 and later.

Part of the tracer: it enters foreign environments with it, under the same rules. Code that is
not recorded is switched off at its first call and costs nothing from then on.
"""

from __future__ import annotations

import gc
import sys

from codexsft_progress import Progress  # type: ignore[import-not-found]
from codexsft_scope import Scope  # type: ignore[import-not-found]

TYPE_CHECKING = False  # the module `typing` would cost each process a millisecond
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Callable

    from codexsft_functions import Function  # type: ignore[import-not-found]
    from codexsft_recorder import Call, Recorder  # type: ignore[import-not-found]

# 0 to 2 and 5 are meant for debuggers, coverage, profilers and optimizers; hypothesis takes 3
_TOOL_IDS = (4, 5, 3)


class MonitoringHook:
    """Tells a recorder of all calls in all threads of this process."""

    def __init__(self, scope: Scope, progress: Progress, load_recorder: Callable[[], Recorder]) -> None:
        self._scope = scope
        self._progress = progress
        self._load_recorder = load_recorder
        self._functions: dict[int, Function] = {}
        self._open_calls: dict[int, Call] = {}
        self._tool = -1

    def start(self) -> bool:
        """Begin; False where ``sys.monitoring`` is missing or other tools have taken it up."""
        monitoring: Any = getattr(sys, "monitoring", None)
        if monitoring is None:
            return False
        for tool in _TOOL_IDS:
            try:
                monitoring.use_tool_id(tool, "codex-sft")
            except ValueError:
                continue
            self._tool = tool
            self._register(monitoring)
            return True
        return False

    def after_fork(self) -> None:
        """In a forked child: calls that began in the parent end there."""
        for call in self._open_calls.values():
            call.function.open_calls -= 1
        self._open_calls.clear()

    def finish(self) -> None:
        """Write down what suspended generators have yielded."""
        while self._open_calls:
            self._load_recorder().abandon(self._open_calls.popitem()[1])

    def _register(self, monitoring: Any) -> None:
        tool = self._tool
        recorder: Any = None  # until code of the project is called
        origin, load_recorder = self._scope.origin, self._load_recorder
        is_function, has_enough = self._scope.is_function, self._progress.has_enough
        functions, open_calls = self._functions, self._open_calls
        disable, frame_of = monitoring.DISABLE, sys._getframe
        events = monitoring.events
        set_local_events = monitoring.set_local_events
        stale_locals = sys.version_info < (3, 13)

        def on_start(code: CodeType, offset: int) -> object:
            nonlocal recorder
            if origin(code.co_filename) is None:
                return disable
            try:
                function = functions.get(id(code))
                frame = frame_of(1)
                if function is None:
                    if not is_function(code) or has_enough(code):
                        return disable
                    if recorder is None:
                        recorder = load_recorder()
                    function = recorder.consider(code, frame)
                    if function is None:
                        return disable
                    functions[id(code)] = function
                    set_local_events(
                        tool, code, events.PY_RETURN | (events.PY_YIELD if function.yields else 0)
                    )
                stale = open_calls.pop(id(frame), None)
                if stale is not None:  # a generator that was dropped half-way
                    recorder.abandon(stale)
                if not function.active:
                    # a dropped generator's place may be taken by the next one: not before all have ended
                    return disable if not function.open_calls or not function.yields else None
                variables = frame.f_locals
                call = recorder.begin(function, variables)
                if stale_locals:
                    variables.clear()  # it would keep the arguments alive until the call ends
                if call is not None:
                    open_calls[id(frame)] = call
            except Exception as error:  # a fault here must not become the program's
                load_recorder().fault(error)
            return None

        def on_return(code: CodeType, offset: int, value: object) -> object:
            call = open_calls.pop(id(frame_of(1)), None)
            try:
                if call is not None:
                    if call.function.code is code:
                        recorder.returned(call, value)
                    else:
                        recorder.abandon(call)
                else:
                    function = functions.get(id(code))
                    if function is not None and not function.active and not function.open_calls:
                        return disable
            except Exception as error:
                recorder.fault(error)
            return None

        def on_yield(code: CodeType, offset: int, value: object) -> object:
            key = id(frame_of(1))
            call = open_calls.get(key)
            try:
                if call is not None and call.function.code is code:
                    if call.function.asynchronous:
                        if type(value).__name__ != "async_generator_wrapped_value":
                            return None  # it awaits something
                        (value,) = gc.get_referents(value)
                    if not recorder.yielded(call, value):
                        open_calls.pop(key, None)
                elif call is None:
                    function = functions.get(id(code))
                    if function is not None and not function.active and not function.open_calls:
                        return disable
            except Exception as error:
                recorder.fault(error)
            return None

        def on_unwind(code: CodeType, offset: int, exception: BaseException) -> None:
            if id(code) in functions:
                call = open_calls.pop(id(frame_of(1)), None)
                try:
                    if call is not None:
                        if call.function.code is code:
                            recorder.raised(call, exception)
                        else:
                            recorder.abandon(call)
                except Exception as error:
                    recorder.fault(error)

        def on_throw(code: CodeType, offset: int, exception: BaseException) -> None:
            # what a generator yields after an exception is thrown into it is no result of its arguments
            if id(code) in functions and functions[id(code)].yields:
                call = open_calls.pop(id(frame_of(1)), None)
                try:
                    if call is not None:
                        recorder.abandon(call)
                except Exception as error:
                    recorder.fault(error)

        monitoring.register_callback(tool, events.PY_START, on_start)
        monitoring.register_callback(tool, events.PY_RETURN, on_return)
        monitoring.register_callback(tool, events.PY_YIELD, on_yield)
        monitoring.register_callback(tool, events.PY_UNWIND, on_unwind)
        monitoring.register_callback(tool, events.PY_THROW, on_throw)
        monitoring.set_events(tool, events.PY_START | events.PY_UNWIND | events.PY_THROW)
