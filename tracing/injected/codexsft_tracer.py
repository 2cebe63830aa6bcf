"""The tracer: records inputs and outputs of a project's functions while its tests run.

It enters foreign environments, so it imports only the standard library and what lies beside it there
(``codexsft_functions`` and the value encoding as ``codexsft_value_encoding``), keeps to Python 3.8,
and never lets a fault of its own reach the program. It hooks ``sys.setprofile`` in every
thread (Chen et al. 2021, §4.2).

Each process appends JSON lines to a file of its own, in whole-line writes that survive
``os._exit`` and kills::

    {"function": 3, "file": ..., "name": ..., "line": ..., "kind": "function"}
    {"call": 3, "arguments": [...], "keyword_arguments": {...}, "outcome": {...}}
    {"lost": 3, "reason": ..., "detail": ...}

Arguments are encoded when the call begins, before anything can change them.
"""

from __future__ import annotations

import atexit
import gc
import inspect
import json
import opcode
import os
import sys
import threading
import time
from types import CodeType, FrameType
from typing import Any, Callable

from codexsft_capture import (  # type: ignore[import-not-found]
    Inputs,
    NotRecordable,
    arguments_after,
    capture_inputs,
    capture_outcome,
    capture_value,
    message_text,
    pickle_by_value_unless,
)
from codexsft_functions import (  # type: ignore[import-not-found]
    Function,
    bind_arguments,
    function_kind,
    parameter_defaults,
)

CONFIGURATION = "/opt/codex-sft/tracer/configuration.json"

_MAX_YIELDS = 50
_MAX_RAISED = 5
_MAX_LOSSES = 3
_MAX_FILE_BYTES = 64 * 2**20
_RETURNS = {opcode.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in opcode.opmap}


class Call:
    """A call that has begun and not ended."""

    def __init__(self, function: Function, inputs: Inputs) -> None:
        self.function = function
        self.inputs = inputs
        self.yielded: list[Any] = []
        self.undecided = False


class Tracer:
    """Decides which code to record, encodes calls and writes them down."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._root = configuration["project_root"] + "/"
        self._packages = frozenset(configuration["packages"])
        tests = configuration["test_paths"]
        self._test_names = frozenset(tests["names"])
        self._test_prefixes = tuple(tests["prefixes"])
        self._test_suffixes = tuple(tests["suffixes"])
        self._test_folders = frozenset(tests["folders"])
        self._folder = configuration["records"]
        self._max_inputs = configuration["max_inputs"]
        self._max_calls = configuration["max_calls"]
        self._recorded: dict[int, Function] = {}
        self._ignored: set[int] = set()
        self._codes: list[CodeType] = []  # kept alive, so that no id is used twice
        self._top_level: dict[str, set[tuple[str, int]]] = {}
        self._open_calls: dict[int, Call] = {}
        self._descriptor = -1
        self._written = 0
        self._thread = threading.local()
        self._events = _event_names()

    def start(self) -> None:
        pickle_by_value_unless(self._is_importable)
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self._flush)
        gc.callbacks.append(self._rearm)
        threading.setprofile(self._begin_thread)
        self._begin_thread(None, "", None)

    def _begin_thread(self, frame: FrameType | None, event: str, argument: object) -> None:
        self._thread.profile = self._make_profile()
        sys.setprofile(self._thread.profile)

    def _rearm(self, phase: str, info: dict[str, int]) -> None:
        # after a RecursionError the interpreter has dropped the profile function without a word
        if sys.getprofile() is None and hasattr(self._thread, "profile"):
            sys.setprofile(self._thread.profile)

    def _after_fork(self) -> None:
        self._descriptor = -1
        self._written = 0
        self._recorded.clear()
        self._ignored.clear()
        self._open_calls.clear()

    def _make_profile(self) -> Callable[[FrameType, str, Any], None]:
        # Runs for every call and return of the program, C functions included: it only tells apart
        # what is recorded from what is not.
        ignored = self._ignored
        call, return_ = self._events
        open_calls = self._open_calls
        on_call, on_return = self._on_call, self._on_return

        def profile(frame: FrameType, event: str, argument: Any) -> None:
            if event is call:
                if id(frame.f_code) not in ignored:
                    on_call(frame)
            elif event is return_ and open_calls and id(frame) in open_calls:
                on_return(frame, argument)

        return profile

    def _on_call(self, frame: FrameType) -> None:
        try:
            function = self._recorded.get(id(frame.f_code)) or self._decide(frame)
            if function is None:
                return
            key = id(frame)
            if function.generator and key in self._open_calls:
                if frame.f_lasti > function.start:
                    self._resumed(self._open_calls[key])
                    return
                # a new generator in the place of one that was dropped half-way
                self._write_partial(self._open_calls.pop(key))
            call = self._begin(function, frame)
            if call is not None:
                self._open_calls[key] = call
        except Exception as error:  # a fault here must not become the program's
            self._fault(error)

    def _on_return(self, frame: FrameType, argument: object) -> None:
        try:
            call = self._open_calls[id(frame)]
            if call.function.generator:
                self._paused(id(frame), frame, argument)
                return
            del self._open_calls[id(frame)]
            if call.function.code is frame.f_code:
                self._end(call, frame, argument)
        except Exception as error:
            self._fault(error)

    def _decide(self, frame: FrameType) -> Function | None:
        code = frame.f_code
        self._codes.append(code)
        self._ignored.add(id(code))
        name = code.co_name
        if (
            name[:1] == "<"
            or not code.co_flags & inspect.CO_NEWLOCALS
            or not code.co_flags & inspect.CO_OPTIMIZED
        ):
            return None
        if not self._in_project(code.co_filename):
            return None
        kind = function_kind(code, self._top_level)
        number = len(self._codes)
        qualified = getattr(code, "co_qualname", name)
        self._write(
            {
                "function": number,
                "file": code.co_filename,
                "name": qualified,
                "line": code.co_firstlineno,
                "kind": kind,
            }
        )
        if kind != "function":
            return None
        function = Function(number, code, parameter_defaults(frame))
        self._ignored.discard(id(code))
        self._recorded[id(code)] = function
        return function

    def _in_project(self, filename: str) -> bool:
        inside, found, path = filename.rpartition("/site-packages/")
        if found:
            top = path.partition("/")[0]
            if top.partition(".")[0] not in self._packages or not inside.startswith("/"):
                return False
        elif filename.startswith(self._root):
            path = filename[len(self._root) :]
        else:
            return False
        *folders, base = path.split("/")
        if (
            base in self._test_names
            or base.startswith(self._test_prefixes)
            or base.endswith(self._test_suffixes)
        ):
            return False
        return self._test_folders.isdisjoint(folder.lower() for folder in folders)

    def _is_importable(self, filename: str) -> bool:
        """Whether a replay can import a file's module by its name."""
        if filename.startswith(self._root):
            return self._in_project(filename)
        return not filename.startswith(("/tmp/", "/var/"))

    def _begin(self, function: Function, frame: FrameType) -> Call | None:
        function.calls += 1
        if function.calls > self._max_calls or len(function.inputs) >= self._max_inputs:
            self._ignored.add(id(function.code))
            return None
        values, keywords = bind_arguments(function, frame.f_locals)
        try:
            inputs = capture_inputs(values, keywords, function.pickles)
        except NotRecordable as error:
            self._lose(function, error)
            return None
        if inputs.text in function.inputs:
            return None
        function.inputs.add(inputs.text)
        return Call(function, inputs)

    def _end(self, call: Call, frame: FrameType, result: object) -> None:
        function = call.function
        if result is None and not _returned(frame):
            function.raised += 1
            if function.raised <= _MAX_RAISED:
                self._write_call(call, {"kind": "raised"})
            return
        self._write_call(call, capture_outcome(call.inputs, result))

    def _paused(self, key: int, frame: FrameType, value: object) -> None:
        call = self._open_calls[key]
        if _returned(frame):
            del self._open_calls[key]
            self._write_call(call, {"kind": "yielded", "value": call.yielded, "exhausted": True})
        elif value is None:
            call.undecided = True  # yielded None, or ended by an exception: the next event tells
        else:
            try:
                call.yielded.append(capture_value(call.inputs, value))
            except NotRecordable as error:
                del self._open_calls[key]
                self._lose(call.function, error)
                return
            if len(call.yielded) >= _MAX_YIELDS:
                del self._open_calls[key]
                self._write_partial(call)

    def _resumed(self, call: Call) -> None:
        if call.undecided:
            call.undecided = False
            call.yielded.append(None)

    def _flush(self) -> None:
        while self._open_calls:
            self._write_partial(self._open_calls.popitem()[1])

    def _write_partial(self, call: Call) -> None:
        if call.function.generator and call.yielded:
            self._write_call(call, {"kind": "yielded", "value": call.yielded, "exhausted": False})

    def _write_call(self, call: Call, outcome: dict[str, Any]) -> None:
        try:
            after = arguments_after(call.inputs)
        except NotRecordable as error:
            self._lose(call.function, error)
            return
        if after is not None:
            outcome["arguments_after"] = after
        self._write({"call": call.function.number, **call.inputs.message(), "outcome": outcome})

    def _lose(self, function: Function, error: NotRecordable) -> None:
        text = error.reason + error.detail
        if len(function.losses) < _MAX_LOSSES and text not in function.losses:
            function.losses.add(text)
            self._write({"lost": function.number, **error.message()})

    def _fault(self, error: Exception) -> None:
        self._write({"fault": f"{type(error).__name__}: {error}"[:500]})

    def _write(self, message: dict[str, Any]) -> None:
        if self._descriptor < 0:
            name = f"{os.getpid()}-{time.time_ns()}.jsonl"
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(os.path.join(self._folder, name), flags, 0o644)
        data = message_text(message)
        if self._written + len(data) <= _MAX_FILE_BYTES:
            self._written += os.write(self._descriptor, data)


def start() -> None:
    """Read the configuration and begin to trace this process; without one, do nothing."""
    try:
        with open(CONFIGURATION, encoding="utf-8") as stream:
            configuration = json.load(stream)
        Tracer(configuration).start()
    except Exception as error:
        print(f"codex-sft: this process is not traced: {error!r}", file=sys.stderr)


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
