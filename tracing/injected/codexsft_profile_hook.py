"""Calls as ``sys.setprofile`` tells of them, in every thread (Chen et al. 2021, §4.2).

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

import gc
import opcode
import sys
import threading

from codexsft_profile_thread import ProfiledThread, watch_fuses  # type: ignore[import-not-found]
from codexsft_progress import Progress  # type: ignore[import-not-found]
from codexsft_scope import Scope  # type: ignore[import-not-found]

TYPE_CHECKING = False  # the module `typing` would cost each process a millisecond
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any, Callable

    from codexsft_functions import Function  # type: ignore[import-not-found]
    from codexsft_profile_thread import Profile
    from codexsft_recorder import Call, Recorder  # type: ignore[import-not-found]

_YIELDS = frozenset(
    opcode.opmap[name]
    for name in ("YIELD_VALUE", "YIELD_FROM", *(("RESUME",) if sys.version_info >= (3, 13) else ()))
    if name in opcode.opmap
)
_YIELDS_FROM = frozenset(bytes([opcode.opmap[name]]) for name in ("YIELD_FROM",) if name in opcode.opmap)
_REWRITING = "/_pytest/assertion/rewrite.py"
_RETURNS = {opcode.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in opcode.opmap}


class ProfileHook:
    """Tells a recorder of all calls in this thread and in those that start after it."""

    def __init__(self, scope: Scope, progress: Progress, load_recorder: Callable[[], Recorder]) -> None:
        self._scope = scope
        self._progress = progress
        self._load_recorder = load_recorder
        self._functions: dict[int, Function] = {}
        self._ignored_files: set[str] = set()
        self._ignored: set[int] = set()
        self._codes: list[CodeType] = []  # kept alive, so that no id is used twice
        self._thread = threading.local()
        self._events = _event_names()

    def start(self) -> bool:
        """Begin, in this thread and in all that start from now on."""
        if sys.version_info >= (3, 9):
            # on 3.8 an exception that a callback meets at the limit of recursion ends the process later
            gc.callbacks.append(self._rearm)
        watch_fuses(self._rearm)
        threading.setprofile(self._begin_thread)
        self._begin_thread(None, "", None)
        return True

    def after_fork(self) -> None:
        """In a forked child: calls that began in the parent end there, and other threads do not exist."""
        for function in self._functions.values():
            function.open_calls = 0
        if hasattr(self._thread, "own"):
            self._thread.own.open_calls.clear()

    def finish(self) -> None:
        """Write down what suspended generators have yielded."""
        open_calls = self._thread.own.open_calls
        while open_calls:
            self._load_recorder().abandon(open_calls.popitem()[1])

    def _begin_thread(self, frame: FrameType | None, event: str, argument: object) -> None:
        thread = ProfiledThread(self._make_profiles)
        self._thread.own = thread
        thread.arm()

    def _rearm(self, phase: str = "", info: object = None) -> None:
        if sys.getprofile() is None and hasattr(self._thread, "own") and not self._thread.own.is_paused():
            self._drop_lost_calls(self._thread.own.open_calls)
            self._thread.own.arm()

    def _drop_lost_calls(self, open_calls: dict[int, Call]) -> None:
        """Forget the calls whose end has been missed: those that are not running any more."""
        running = set()
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            running.add(id(frame))
            frame = frame.f_back
        for key in list(open_calls):
            call = open_calls[key]
            if key not in running or call.function.suspends:
                call.function.open_calls -= 1
                del open_calls[key]

    def _make_profiles(self, thread: ProfiledThread) -> tuple[Profile, Profile]:
        """What runs for every call and return of a thread, C functions included.

        It only tells apart what is recorded from what is not. The first is enough while no call is
        open, and costs a third less; strings are compared by identity, file names before code, for that
        needs no call of ``id``.
        """
        files, ignored, open_calls = self._ignored_files, self._ignored, thread.open_calls
        call, return_ = self._events
        on_call, on_return = self._on_call, self._on_return

        def profile_idle(frame: FrameType, event: str, argument: Any) -> None:
            if argument is None and event is call:  # C functions have an argument, half of all events
                code = frame.f_code
                if code.co_filename not in files and id(code) not in ignored:
                    on_call(frame, code, thread)

        def profile_busy(frame: FrameType, event: str, argument: Any) -> None:
            if event is call:
                code = frame.f_code
                if code.co_filename not in files and id(code) not in ignored:
                    on_call(frame, code, thread)
            elif event is return_ and id(frame) in open_calls:
                on_return(frame, argument, thread)

        return profile_idle, profile_busy

    def _on_call(self, frame: FrameType, code: CodeType, thread: ProfiledThread) -> None:
        try:
            open_calls = thread.open_calls
            function = self._functions.get(id(code))
            if function is None:
                if self._scope.origin(code.co_filename) is None:
                    self._ignore(frame, code, thread)
                    return
                self._codes.append(code)
                if self._scope.is_function(code) and not self._progress.has_enough(code):
                    function = self._load_recorder().consider(code, frame)
                if function is None:
                    self._ignored.add(id(code))
                    return
                self._functions[id(code)] = function
            key = id(frame)
            call = open_calls.get(key)
            if function.suspends and frame.f_lasti > function.start:
                if call is not None:
                    call.resumed_at = frame.f_lasti
                else:
                    self._load_recorder().resumed_unrecorded(function)
                    if not function.active and not function.open_calls:
                        self._ignored.add(id(code))
                return
            if call is not None:  # a generator that was dropped half-way
                del open_calls[key]
                self._load_recorder().abandon(call)
            if not function.active:
                # a dropped generator's place may be taken by the next one: not before all have ended
                if not function.open_calls or not function.suspends:
                    self._ignored.add(id(code))
                return
            begun = self._load_recorder().begin(function, frame.f_locals)
            if begun is not None:
                open_calls[key] = begun
                thread.choose()
        except Exception as error:  # a fault here must not become the program's
            self._load_recorder().fault(error)

    def _ignore(self, frame: FrameType, code: CodeType, thread: ProfiledThread) -> None:
        """Have no more calls told of a file, or of nothing while pytest rewrites a module of tests.

        That takes it as many calls as a short suite, and none of them are the project's.
        """
        if not code.co_filename.endswith(_REWRITING):
            self._ignored_files.add(code.co_filename)
        elif code.co_name == "run" and code.co_varnames[:1] == ("self",):
            thread.pause(frame)
        else:
            self._codes.append(code)
            self._ignored.add(id(code))

    def _on_return(self, frame: FrameType, value: Any, thread: ProfiledThread) -> None:
        try:
            open_calls = thread.open_calls
            key = id(frame)
            call = open_calls[key]
            if call.function.code is not frame.f_code:
                del open_calls[key]
                self._load_recorder().abandon(call)
            elif not call.function.suspends:
                del open_calls[key]
                if value is None and not _returned(frame):
                    self._load_recorder().raised(call, None)
                else:
                    self._load_recorder().returned(call, value)
            elif _returned(frame):
                del open_calls[key]
                self._load_recorder().returned(call, value)
            elif value is None and not _suspended(frame):
                del open_calls[key]
                self._load_recorder().raised(call, None)
            elif value is None and frame.f_lasti == call.resumed_at and not call.function.asynchronous:
                # it may have been closed where it stood, or have yielded None there once more
                del open_calls[key]
                self._load_recorder().abandon(call)
            elif call.function.yields:
                if call.function.asynchronous:
                    if type(value).__name__ != "async_generator_wrapped_value":
                        return  # it awaits something
                    (value,) = gc.get_referents(value)
                if not self._load_recorder().yielded(call, value):
                    del open_calls[key]
            thread.choose()
        except Exception as error:
            self._load_recorder().fault(error)


def _event_names() -> tuple[str, str]:
    """The very objects by which the interpreter names calls and returns.

    It passes the same ones each time, and comparing by identity makes the hook a seventh cheaper.
    """
    names: dict[str, str] = {}
    sys.setprofile(lambda frame, event, argument: names.setdefault(event, event) and None)
    (lambda: None)()
    sys.setprofile(None)
    return names["call"], names["return"]


def _returned(frame: FrameType) -> bool:
    """Whether a frame that ends does so by ``return``, and not by an exception or a yield."""
    return frame.f_code.co_code[frame.f_lasti] in _RETURNS


def _suspended(frame: FrameType) -> bool:
    """Whether a frame that ends stands at a yield or an ``await``; an exception may have met it there."""
    instructions = frame.f_code.co_code
    here = frame.f_lasti
    # before Python 3.11, `yield from` stands ahead of its instruction
    return instructions[here] in _YIELDS or instructions[here + 2 : here + 3] in _YIELDS_FROM
