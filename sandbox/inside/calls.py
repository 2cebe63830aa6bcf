"""Executing a program and calling its entry point: arguments in, encoded outcomes out.

It is given arguments only, never an expected result, so nothing that the program does to its process
can make a wrong outcome look right.
"""

from __future__ import annotations

import base64
import datetime
import itertools
import pickle
import sys
import time
import types
from typing import Any, Callable

from tasks.rebuilt_values import MAX_ITERATED, ResultEncoder, is_iterator
from tasks.value_decoding import MalformedEncoding, decode
from tasks.value_encoding import (
    Encoder,
    NotEncodable,
    class_name,
    resolve_import,
    to_text,
)

CLOCK_NAMES = frozenset(
    {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime", "now", "utcnow", "today"}
)
_UNCHANGEABLE = frozenset({type(None), bool, int, float, str})


def load_program(program: str, entry_point: str, test_helpers: str) -> Any:
    """Execute the program as the module ``task``, the name under which values refer to it."""
    module = types.ModuleType("task")
    sys.modules["task"] = module
    exec(compile(program, "task.py", "exec"), module.__dict__)  # noqa: S102
    function = getattr(module, entry_point)
    if test_helpers:
        exec(compile(test_helpers, "test_helpers.py", "exec"), module.__dict__)  # noqa: S102
    return function


def run_call(
    function: Any, call: dict[str, Any], encoder: Callable[[], Encoder] = ResultEncoder
) -> dict[str, Any]:
    """The outcome of one call, as a JSON object.

    ``iterate`` asks for the values that it yields: ``if_iterator`` where that has yet to be found out.
    """
    try:
        arguments, keywords = _arguments_of(call)
        before = arguments_text(arguments, encoder()) if call.get("pickled") else None
    except MalformedEncoding as error:
        return {"kind": "not_decodable", "detail": str(error)[:500]}
    try:
        value = function(*arguments, **keywords)
        if call["iterate"] == "always" or (call["iterate"] and is_iterator(value)):
            # always the same number: how many values are expected is not for the program to know
            taken, whole = iterate(value)
            outcome = {"kind": "yielded", "value": encoder().encode(taken), "exhausted": whole}
        else:
            outcome = {"kind": "returned", "value": encoder().encode(value)}
    except NotEncodable as error:
        return {"kind": "not_encodable", "detail": str(error)[:500]}
    except BaseException as error:
        outcome = {"kind": "raised", "exception": class_name(type(error)), "detail": describe(error)}
    after = arguments_after(arguments, encoder())
    if after is not None and to_text(after) != (before or to_text(call["arguments"])):
        outcome["arguments_after"] = after
    return outcome


def _arguments_of(call: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    if call.get("pickled"):
        try:
            arguments, keywords = pickle.loads(base64.b64decode(call["pickled"]))  # noqa: S301
            return list(arguments), dict(keywords)
        except BaseException as error:
            raise MalformedEncoding(describe(error)) from error
    arguments = [decode_anywhere(tree) for tree in call["arguments"]]
    return arguments, {name: decode_anywhere(tree) for name, tree in call["keyword_arguments"].items()}


def iterate(value: Any) -> tuple[list[Any], bool]:
    """The first values of an iterator, and whether these are all and it ended without an error."""
    taken: list[Any] = []
    iterator = iter(value)
    try:
        taken.extend(itertools.islice(iterator, MAX_ITERATED + 1))
    except BaseException:
        if not taken:
            raise
        return taken[:MAX_ITERATED], False
    return taken[:MAX_ITERATED], len(taken) <= MAX_ITERATED


def arguments_text(arguments: list[Any], encoder: Encoder) -> str | None:
    """The text of the arguments' encoding, or None where they have none."""
    try:
        return to_text([encoder.encode(argument) for argument in arguments])
    except NotEncodable:
        return None


def arguments_after(arguments: list[Any], encoder: Encoder) -> list[Any] | None:
    """The arguments as the call left them, or None where they cannot be changed or told."""
    if all(type(argument) in _UNCHANGEABLE for argument in arguments):
        return None
    try:
        return [encoder.encode(argument) for argument in arguments]
    except NotEncodable:
        return None


def decode_anywhere(tree: object) -> Any:
    """Decode a value, importing what it refers to."""
    return decode(tree, _resolve_import_anywhere)


def _resolve_import_anywhere(name: str) -> Any:
    module = name.partition(":")[0]
    if module not in sys.modules:
        __import__(module)
    return resolve_import(name)


class ClockWatch:
    """Notices calls of the clock, whose results no replay within the same minute would betray."""

    def __init__(self) -> None:
        self.seen = False

    def run(self, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The outcome that an action gives, marked where the clock was read meanwhile."""
        sys.setprofile(self._profile)
        try:
            outcome = action()
        finally:
            sys.setprofile(None)
        return {**outcome, "reads_clock": self.seen}

    def _profile(self, frame: types.FrameType, event: str, function: Any) -> None:
        if event == "c_call" and getattr(function, "__name__", "") in CLOCK_NAMES:
            owner = getattr(function, "__self__", None)
            if owner is time or (type(owner) is type and issubclass(owner, datetime.date)):
                self.seen = True


def describe(error: BaseException) -> str:
    """An exception's type and message, cut, whatever its class does when asked."""
    try:
        text = f"{type(error).__name__}: {error}"[:500]
        return text.encode("utf-8", "backslashreplace").decode()
    except BaseException:
        return type(error).__name__
