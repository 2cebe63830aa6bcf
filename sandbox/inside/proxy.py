"""Judging by a ``check`` text without letting it meet the sample: two processes, plain values between.

The judge executes the task's prompt and its ``check``; ``candidate`` there is a stub that sends the
arguments to the sample's process and gets an encoded outcome back. Only plain data is decoded, so no
method of the sample's making can run where the verdict falls.
"""

from __future__ import annotations

import builtins
import json
import os
from typing import Any

from sandbox.inside.calls import describe, load_program, run_call
from sandbox.inside.sample import report, write_line
from tasks.value_decoding import MalformedEncoding, decode
from tasks.value_encoding import MAX_DEPTH, Encoder, NotEncodable, class_name, to_text

MAX_NODES = 1_000_000
MAX_CHARACTERS = 4_000_000
_LINE_BYTES = 16 * 2**20


def judge(task: dict[str, Any], candidate: Candidate) -> None:
    """Run a task's check on a candidate, and report what came of it."""
    called = False
    try:
        namespace: dict[str, Any] = {"__name__": "check"}
        exec(_setting(task), namespace)  # noqa: S102
        exec(compile(task["check"], "check.py", "exec"), namespace)  # noqa: S102
        check = namespace["check"]
        namespace[task["entry_point"]] = candidate
        candidate.await_start()
        called = True
        check(candidate)
    except BaseException as error:
        kind = "check_failed" if called else "check_unusable"
        report(candidate.fault or {"kind": kind, **_failure(error)})
    else:
        report(candidate.fault or {"kind": "check_passed"})


def _setting(task: dict[str, Any]) -> Any:
    """What the check may refer to: the prompt, which need not be a module without its body."""
    try:
        return compile(task["prompt"], "prompt.py", "exec")
    except SyntaxError:
        return compile(task["prompt"] + task["canonical_solution"], "prompt.py", "exec")


class CannotGoOn(BaseException):
    """Not an ``Exception``, so that a check which expects one does not take it for that."""


class Candidate:
    """What a check calls. ``fault`` is set once the sample cannot be asked any more."""

    def __init__(self, requests: int, outcomes: int) -> None:
        self.fault: dict[str, Any] | None = None
        self._requests = requests
        self._outcomes = _Lines(outcomes)
        self._calls = 0
        self._given_more_than_scalars = False
        self._first_line = self._outcomes.next()

    def await_start(self) -> None:
        message = self._read(self._first_line)
        if "program_failed" in message:
            self._give_up({"program_failed": str(message["program_failed"])})

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.fault:
            raise CannotGoOn
        self._calls += 1
        try:
            crossing = CrossingEncoder()
            request = {
                "arguments": [crossing.encode(argument) for argument in arguments],
                "keyword_arguments": {name: crossing.encode(value) for name, value in keywords.items()},
                "iterate": False,
            }
        except NotEncodable as error:
            # what the sample itself gave, and the check hands back, is no fault of the check
            kind = "check_failed" if self._given_more_than_scalars else "not_crossable"
            self._give_up({"kind": kind, "detail": f"an argument of call {self._calls}: {error}"})
        try:
            write_line(self._requests, request)
        except BrokenPipeError:
            self._give_up({"kind": "candidate_ended", "detail": f"before call {self._calls}"})
        outcome = self._receive()
        try:
            for argument, after in zip(arguments, outcome.get("arguments_after") or ()):
                self._given_more_than_scalars = True
                _copy_back(argument, decode(after))
            if outcome["kind"] == "returned":
                value = decode(outcome["value"])
                if type(value) not in (type(None), bool, float) and len(to_text(outcome["value"])) > 100:
                    self._given_more_than_scalars = True
                return value
            if outcome["kind"] == "raised":
                name = str(outcome["exception"])
                detail = str(outcome.get("detail", ""))
            else:
                raise MalformedEncoding(str(outcome.get("detail", ""))[:500])
        except (MalformedEncoding, KeyError, TypeError) as error:
            self._give_up({"kind": "check_failed", "detail": f"call {self._calls}: no plain value: {error}"})
        raise _exception_of(name, detail)

    def _receive(self) -> dict[str, Any]:
        return self._read(self._outcomes.next())

    def _read(self, line: bytes | None) -> dict[str, Any]:
        if line is None:
            where = f"in call {self._calls}" if self._calls else "while it was loaded"
            self._give_up({"kind": "candidate_ended", "detail": where})
            raise CannotGoOn
        try:
            message = json.loads(line)
            if type(message) is dict:
                return message
        except (ValueError, RecursionError):
            pass
        self._give_up({"kind": "check_failed", "detail": f"call {self._calls}: not an outcome"})
        raise CannotGoOn

    def _give_up(self, fault: dict[str, Any]) -> None:
        self.fault = self.fault or fault
        raise CannotGoOn


def answer(job: dict[str, Any], requests: int, outcomes: int) -> None:
    """The sample's side: load the program, then answer calls until there are no more."""
    try:
        function = load_program(job["program"], job["entry_point"], "")
    except BaseException as error:
        write_line(outcomes, {"program_failed": describe(error)})
        return
    write_line(outcomes, {"program_loaded": True})
    lines = _Lines(requests)
    while True:
        line = lines.next()
        if line is None:
            return
        write_line(outcomes, run_call(function, json.loads(line), CrossingEncoder))


class CrossingEncoder(Encoder):
    """Wider limits than for recordings, and objects that appear twice are sent twice."""

    def __init__(self) -> None:
        super().__init__(MAX_DEPTH, MAX_NODES, MAX_CHARACTERS)

    def _enter(self, value: object) -> None:
        if id(value) not in self._open:
            self._seen.pop(id(value), None)
        super()._enter(value)


class _Lines:
    """The lines that come through a pipe; None at its end, or where a line is too long."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def next(self) -> bytes | None:
        parts = [self._rest]
        size = len(self._rest)
        while b"\n" not in parts[-1]:
            chunk = os.read(self._descriptor, 1 << 16)
            size += len(chunk)
            if not chunk or size > _LINE_BYTES:
                return None
            parts.append(chunk)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line


def _copy_back(argument: Any, after: Any) -> None:
    """Make a change that the sample made to its copy of an argument visible to the check."""
    if type(argument) is not type(after):
        return
    if type(argument) in (list, bytearray):
        argument[:] = after
    elif type(argument) in (dict, set):
        argument.clear()
        argument.update(after)


def _failure(error: BaseException) -> dict[str, Any]:
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "check.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return {"detail": describe(error), "exception": class_name(type(error)), "line": line}


def _exception_of(name: str, detail: str) -> BaseException:
    """A built-in exception of that name, else a plain one that bears it."""
    module, _, qualified = name.partition(":")
    known = getattr(builtins, qualified, None) if module == "builtins" else None
    message = detail.partition(": ")[2]
    if isinstance(known, type) and issubclass(known, Exception):
        try:
            built_in: BaseException = known(message)
            return built_in
        except TypeError:
            return Exception(f"{qualified}: {message}")
    named: type[Exception] = type(qualified[:100] or "Exception", (Exception,), {})
    return named(message)
