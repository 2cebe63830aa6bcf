"""Runs inside the sandbox: executes one program, calls its entry point, reports encoded outcomes.

It is given arguments only, never an expected result, so nothing that the program does to this
process can make a wrong outcome look right. Imports the standard library and the value encoding
alone, and keeps to Python 3.8.

One JSON request comes on standard input; one JSON line a call goes to the standard output that the
process started with, which is moved out of the program's way first.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import sys
import time
import types
from typing import Any

from tasks.value_decoding import MalformedEncoding, decode
from tasks.value_encoding import (
    Encoder,
    NotEncodable,
    class_name,
    encode,
    resolve_import,
    to_text,
)

MAX_YIELDS = 50
CLOCK_NAMES = frozenset(
    {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime", "now", "utcnow", "today"}
)


def main() -> None:
    request = json.load(sys.stdin)
    channel = os.dup(1)
    report(channel, {"worker_started": True})
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    try:
        function = load_program(request["program"], request["entry_point"], request["test_helpers"])
    except BaseException as error:
        report(channel, {"program_failed": describe(error)})
        return
    report(channel, {"program_loaded": True})
    if "check" in request:
        report(channel, run_check(request["program"], request["check"], request["entry_point"]))
    for call in request["calls"]:
        if request["watch_clock"]:
            watch = ClockWatch()
            outcome = watch.run(lambda call=call: run_call(function, call))
            report(channel, {**outcome, "reads_clock": watch.seen})
        else:
            report(channel, run_call(function, call))


class ClockWatch:
    """Notices calls of the clock, whose results no replay within the same minute would betray."""

    def __init__(self) -> None:
        self.seen = False

    def run(self, action: Any) -> Any:
        sys.setprofile(self._profile)
        try:
            return action()
        finally:
            sys.setprofile(None)

    def _profile(self, frame: types.FrameType, event: str, function: Any) -> None:
        if event == "c_call" and getattr(function, "__name__", "") in CLOCK_NAMES:
            owner = getattr(function, "__self__", None)
            if owner is time or (type(owner) is type and issubclass(owner, datetime.date)):
                self.seen = True


def report(channel: int, message: dict[str, Any]) -> None:
    data = (to_text(message) + "\n").encode()
    while data:
        data = data[os.write(channel, data) :]


def load_program(program: str, entry_point: str, test_helpers: str) -> Any:
    """Execute the program as the module ``task``, the name under which values refer to it."""
    module = types.ModuleType("task")
    sys.modules["task"] = module
    exec(compile(program, "task.py", "exec"), module.__dict__)  # noqa: S102
    function = getattr(module, entry_point)
    exec(compile(test_helpers, "test_helpers.py", "exec"), module.__dict__)  # noqa: S102
    return function


def run_call(function: Any, call: dict[str, Any]) -> dict[str, Any]:
    try:
        arguments = [decode(tree, resolve_import_anywhere) for tree in call["arguments"]]
        keywords = {
            name: decode(tree, resolve_import_anywhere) for name, tree in call["keyword_arguments"].items()
        }
    except MalformedEncoding as error:
        return {"kind": "not_decodable", "detail": str(error)[:500]}
    try:
        value = function(*arguments, **keywords)
        if call["iterate"]:
            # always the same number: how many values are expected is not for the program to know
            taken, whole = iterate(value)
            outcome = {"kind": "yielded", "value": encode(taken), "exhausted": whole}
        else:
            outcome = {"kind": "returned", "value": encode(value)}
    except NotEncodable as error:
        return {"kind": "not_encodable", "detail": str(error)[:500]}
    except BaseException as error:
        outcome = {"kind": "raised", "exception": class_name(type(error)), "detail": describe(error)}
    after = arguments_after(arguments)
    if after is not None and to_text(after) != to_text(call["arguments"]):
        outcome["arguments_after"] = after
    return outcome


def iterate(value: Any) -> tuple[list[Any], bool]:
    """The first values of an iterator, and whether these are all and it ended without an error."""
    taken: list[Any] = []
    iterator = iter(value)
    try:
        taken.extend(itertools.islice(iterator, MAX_YIELDS + 1))
    except BaseException:
        if not taken:
            raise
        return taken[:MAX_YIELDS], False
    return taken[:MAX_YIELDS], len(taken) <= MAX_YIELDS


def arguments_after(arguments: list[Any]) -> list[Any] | None:
    try:
        encoder = Encoder()
        return [encoder.encode(argument) for argument in arguments]
    except NotEncodable:
        return None


def run_check(program: str, check: str, entry_point: str) -> dict[str, Any]:
    """Run a rendered ``check`` on the program as HumanEval's harness does: all in one namespace."""
    text = f"{program}\n{check}\ncheck({entry_point})"
    try:
        exec(compile(text, "check.py", "exec"), {})  # noqa: S102
    except BaseException as error:
        return {"kind": "check_failed", "detail": describe(error)}
    return {"kind": "check_passed"}


def resolve_import_anywhere(name: str) -> Any:
    """Resolve ``module:qualified.name``, importing its module when it is not imported yet."""
    module = name.partition(":")[0]
    if module not in sys.modules:
        __import__(module)
    return resolve_import(name)


def describe(error: BaseException) -> str:
    try:
        text = f"{type(error).__name__}: {error}"[:500]
        return text.encode("utf-8", "backslashreplace").decode()
    except BaseException:
        return type(error).__name__


if __name__ == "__main__":
    main()
