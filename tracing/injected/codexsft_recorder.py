"""The tracer's core: which code is recorded, when a call begins and ends, and what is written down.

Part of the tracer: it enters foreign environments with it, under the same rules. The hooks
(``codexsft_profile_hook``, ``codexsft_monitoring_hook``) tell it of calls; it knows nothing of them.
"""

from __future__ import annotations

import os
import sys
from binascii import crc32

from codexsft_capture import (  # type: ignore[import-not-found]
    Inputs,
    NotRecordable,
    arguments_after,
    call_text,
    capture_inputs,
    capture_outcome,
    capture_value,
    complete_inputs,
    message_text,
    pickle_by_value_unless,
)
from codexsft_encoding.value_encoding import NotEncodable, to_text  # type: ignore[import-not-found]
from codexsft_exceptions import describe_exception  # type: ignore[import-not-found]
from codexsft_functions import (  # type: ignore[import-not-found]
    Function,
    bind_arguments,
    describe,
)
from codexsft_progress import Progress, location  # type: ignore[import-not-found]
from codexsft_scope import Scope  # type: ignore[import-not-found]
from codexsft_shapes import is_larger, plain_key, shape  # type: ignore[import-not-found]
from codexsft_shard import Shard  # type: ignore[import-not-found]

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from types import CodeType, FrameType, TracebackType
    from typing import Any

_MAX_YIELDS = 50
_MAX_RAISED = 5
_MAX_LOSSES = 3
_MAX_IDLE = 100  # calls in a row that bring nothing new; one that cannot be encoded counts as
_LOST_IS_IDLE = 5  # so many, one more for so many nodes
_NODES_ARE_IDLE = 40  # that were encoded in vain, and one that is too large as
_LARGE_IS_IDLE = 34  # so many, for they cost more
_FULL_IS_IDLE = 2  # one more of a known shape, when there are enough inputs
_IDLE_PROCESSES = 2  # so many in a row that bring nothing new, and later ones leave a function alone
_ENOUGH_INPUTS = 6  # of which more are recorded only while they cost less than this:
_MAX_NODES = 1_500  # encoded of one function, and while no two outcomes differ,
_MAX_NODES_ALIKE = 4_500  # so many
_MAX_RESUMED = 500  # of generators whose calls are not recorded
_FRAGILE = sys.version_info < (3, 9)  # a process that goes on after a recursion error may end
_FRAMES_NEEDED = 250
_METHOD_SHARE = 7  # a method is given up this many times sooner: its instance is encoded each time
_RECORDED_KINDS = frozenset(["function", "method", "classmethod", "staticmethod", "coroutine"])


class Call:
    """A call that has begun and not ended. ``plain`` arguments cannot be changed by it."""

    __slots__ = ("function", "inputs", "plain", "resumed_at", "shape", "yielded")

    def __init__(self, function: Function, inputs: Inputs, plain: bool, looks: str) -> None:
        self.function = function
        self.inputs = inputs
        self.plain = plain
        self.shape = looks
        self.yielded: list[Any] = []
        self.resumed_at = -1


class Recorder:
    """Decides which code to record, encodes calls and writes them down.

    A function is recorded until it has ``max_inputs`` distinct inputs, and then by inputs of
    shapes not seen before, up to twice as many. It is switched off after ``max_calls`` calls,
    or sooner when many in a row bring nothing new, or when there are some and they are large. Arguments
    of more than ``max_characters`` in their encoding are not recorded. What siblings recorded counts as
    if this process had.
    """

    def __init__(self, configuration: dict[str, Any], scope: Scope, progress: Progress) -> None:
        self._scope = scope
        self._progress = progress
        self._functions: dict[str, Function | None] = {}  # by location; None is not recorded
        self._shard = Shard(configuration["records"])
        self._max_inputs = configuration["max_inputs"]
        self._max_calls = configuration["max_calls"]
        self._max_characters = configuration.get("max_characters", 4_000)
        self._methods = configuration.get("methods", True)
        self._definitions: dict[str, dict[tuple[str, int], str]] = {}
        self._opaque_classes: dict[int, int] = {}  # calls of methods lost, by the class of the instance
        self._count = 0
        pickle_by_value_unless(self._scope.is_importable)

    def leave_to_parent(self) -> None:
        """In a forked child: what the parent has written is the parent's."""
        self._shard.leave_to_parent()
        self._progress.leave_to_parent()

    def finish(self) -> None:
        """At the end of this process: tell its later siblings what is known."""
        self._progress.write({where: _known(function) for where, function in self._functions.items()})

    def consider(self, code: CodeType, frame: FrameType) -> Function | None:
        """What to remember of code that is called for the first time; None if it is not recorded."""
        origin = self._scope.origin(code.co_filename)
        if origin is None or not self._scope.is_function(code) or self._progress.has_enough(code):
            return None
        qualified, kind, found = describe(code, frame.f_globals, self._definitions)
        if origin == "library" and kind != "function":
            return None
        self._count += 1
        description = {
            "function": self._count,
            "file": code.co_filename,
            "name": qualified,
            "line": code.co_firstlineno,
            "kind": kind,
        }
        if origin != "project":
            description["origin"] = origin
        share = _METHOD_SHARE if kind == "method" else 1
        function = Function(self._count, code, description, found)
        function.max_inputs = max(self._max_inputs // share, 1)
        function.max_idle = _MAX_IDLE // share
        self._describe(function)
        where = location(code)
        special = kind != "function" and qualified.endswith("__")  # Python says what it has to do
        if special or kind not in _RECORDED_KINDS or (kind != "function" and not self._methods):
            self._functions[where] = None
            return None
        self._functions[where] = function
        function.idle, inputs = self._progress.known(code)
        function.inputs.update(inputs)
        function.recorded = len(inputs)
        return function

    def begin(self, function: Function, variables: Any) -> Call | None:
        """The arguments of a call that begins, by its local variables; None if it is not recorded."""
        function.calls += 1
        if function.calls > self._max_calls:
            function.active = False
            return None
        if _FRAGILE and _is_deep():
            return None
        values, keywords = bind_arguments(function, variables)
        instance = id(type(values[0])) if values and function.description["kind"] == "method" else 0
        if instance in self._opaque_classes and self._opaque_classes[instance] >= _MAX_LOSSES:
            function.active = False
            return None
        key = plain_key(values, keywords)
        if key is not None and key in function.seen:
            self._idle(function, 1)
            return None
        looks = shape(values, keywords)
        if function.recorded >= function.max_inputs and looks in function.shapes:
            self._idle(function, _FULL_IS_IDLE)
            return None
        try:
            if is_larger(values, self._max_characters):
                raise _too_large()
            inputs = capture_inputs(values, keywords, function.pickles, self._max_characters)
        except NotRecordable as error:
            if instance:
                self._opaque_classes[instance] = self._opaque_classes.get(instance, 0) + 1
            self._lose(function, error)
            return None
        if key is not None:
            function.seen.add(key)
        whole = crc32(inputs.text.encode("utf-8", "backslashreplace"))  # the same in all processes
        if whole in function.inputs:
            self._idle(function, 1)
            return None
        complete_inputs(inputs, function.pickles)
        function.inputs.add(whole)
        function.nodes += inputs.nodes
        function.shapes.add(looks)
        function.recorded += 1
        function.brings_new = True
        function.idle = 0
        if function.recorded >= 2 * function.max_inputs:
            function.active = False
        function.open_calls += 1
        return Call(function, inputs, key is not None, looks)

    def returned(self, call: Call, value: object) -> None:
        """A call has ended by returning a value; of a generator, it is exhausted."""
        function = call.function
        function.open_calls -= 1
        if function.yields:
            self._write_call(call, {"kind": "yielded", "value": call.yielded, "exhausted": True})
            return
        self._write_call(call, capture_outcome(call.inputs, value))

    def raised(self, call: Call, exception: BaseException | None) -> None:
        """A call has ended by an exception, which not every hook is told."""
        function = call.function
        function.open_calls -= 1
        if function.yields:
            self._write_partial(call)
            return
        function.raised += 1
        if function.raised > _MAX_RAISED:
            function.recorded -= 1
            self._idle(function, 1)
            return
        outcome: dict[str, Any] = {"kind": "raised"}
        if exception is not None:
            outcome.update(describe_exception(exception))
        self._write_call(call, outcome)

    def yielded(self, call: Call, value: object) -> bool:
        """A generator has yielded; tells whether its call is recorded further."""
        try:
            call.yielded.append(capture_value(call.inputs, value))
        except NotRecordable as error:
            call.function.open_calls -= 1
            self._lose_call(call.function, error)
            return False
        if len(call.yielded) >= _MAX_YIELDS:
            self.abandon(call)
            return False
        return True

    def resumed_unrecorded(self, function: Function) -> None:
        """A generator goes on whose call is not recorded; that often, and looking costs too much."""
        function.resumed += 1
        if function.resumed > _MAX_RESUMED:
            function.active = False

    def abandon(self, call: Call) -> None:
        """No more will be known of a call: what a generator has yielded until now still counts."""
        call.function.open_calls -= 1
        self._write_partial(call)

    def fault(self, error: Exception) -> None:
        """Write an error of the tracer's own down; one that came to the program meanwhile is raised.

        Such a one is thrown by a signal handler, as time limits of tests are, and must arrive.
        """
        if not isinstance(error, RecursionError) and _is_foreign(error.__traceback__):
            raise error
        if not isinstance(error, RecursionError):
            self._shard.current()
            self._shard.append(message_text({"fault": f"{type(error).__name__}: {error}"[:500]}))

    def _write_partial(self, call: Call) -> None:
        if call.function.yields and call.yielded:
            self._write_call(call, {"kind": "yielded", "value": call.yielded, "exhausted": False})

    def _write_call(self, call: Call, outcome: dict[str, Any]) -> None:
        function = call.function
        if not call.plain:
            after = arguments_after(call.inputs)
            if after is not None:
                outcome["arguments_after"] = after
        text = to_text(outcome)
        self._describe(function)
        self._shard.append(call_text(function.number, call.inputs, text, call.shape))
        function.outcomes.add(hash(text))
        if function.recorded >= _ENOUGH_INPUTS and function.nodes >= (
            _MAX_NODES if len(function.outcomes) > 1 else _MAX_NODES_ALIKE
        ):
            function.active = False

    def _lose_call(self, function: Function, error: NotRecordable) -> None:
        function.recorded -= 1
        self._lose(function, error)

    def _lose(self, function: Function, error: NotRecordable) -> None:
        function.nodes += error.nodes
        amount = min(_LOST_IS_IDLE + error.nodes // _NODES_ARE_IDLE, _LARGE_IS_IDLE)
        hopeless = error.reason == "too_large" or function.pickles.is_used_up()
        self._idle(function, _LARGE_IS_IDLE if hopeless else amount)
        text = error.reason + error.detail
        if len(function.losses) < _MAX_LOSSES and text not in function.losses:
            function.losses.add(text)
            self._describe(function)
            self._shard.append(message_text({"lost": function.number, **error.message()}))

    def _idle(self, function: Function, amount: int) -> None:
        function.idle += amount
        if function.idle >= function.max_idle:
            function.active = False

    def _describe(self, function: Function) -> None:
        """Say in the file that is written to what a function's number means."""
        file = self._shard.current()
        if function.described_in != file:
            function.described_in = file
            self._shard.append(message_text(function.description))


def _known(function: Function | None) -> tuple[int, set[int]] | None:
    """What a later process has to know of a function; None if that it needs nothing more."""
    if function is None or not function.active:
        return None
    idle = function.idle if function.brings_new else function.idle + function.max_idle // _IDLE_PROCESSES + 1
    return None if idle >= function.max_idle else (idle, function.inputs)


def _is_deep() -> bool:
    """Whether encoding could meet the limit of recursion."""
    try:
        sys._getframe(max(sys.getrecursionlimit() - _FRAMES_NEEDED, 0))
    except ValueError:
        return False
    return True


def _too_large() -> NotRecordable:
    return NotRecordable("argument", NotEncodable("too_large", "longer than a case may be"))


def _is_foreign(traceback: TracebackType | None) -> bool:
    """Whether code that is neither the tracer's nor the standard library's is on the way."""
    own = (os.path.dirname(__file__), os.path.dirname(os.__file__))
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if not filename.startswith(("<frozen ", *own)) or "/site-packages/" in filename:
            return True
        traceback = traceback.tb_next
    return False
