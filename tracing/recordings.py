"""What the tracer wrote, read as the untrusted data that it is, and merged over all processes."""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from tasks.equality import EXACT, FLOAT_TOLERANCE, holds_float
from tasks.json_decoders import json_decoder
from tasks.record import Expected, TestCase
from tasks.value_encoding import to_text
from tasks.value_shapes import is_encoding
from tracing.secrets import machine_in, secret_in, text_in_pickle

MAX_CASES = 20
MAX_CASE_CHARACTERS = 4_000
MAX_PICKLED_CHARACTERS = 40_000
MAX_RECORD_BYTES = 512 * 2**20
MAX_FILES = 20_000
MAX_FUNCTIONS = 100_000
_MAX_FAULTS = 100_000
_MAX_KEPT_CHARACTERS = 64 * 2**20  # of encoded arguments, which take up to 25 times as many bytes
_MAX_KNOWN_CASES = 400  # of a function, from all processes together
_MAX_LOSSES = 100
_MAX_DETAIL = 200
_MAX_LINE_BYTES = 2**22

_FUNCTION_FILE = re.compile(r'"\$function":\{"file":"[^"]*"')

FunctionKind = Literal["function", "method", "classmethod", "staticmethod", "nested", "coroutine"]


@dataclass(frozen=True)
class Loss:
    """A call that could not be recorded: which part of it, why, and what the value was."""

    part: str
    reason: str
    detail: str = ""


@dataclass
class TracedFunction:
    """A function that the tests called, with its distinct calls."""

    file: str
    name: str
    line: int
    kind: FunctionKind
    cases: dict[str, TestCase] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str) -> None:
        """Count a recorded case that is not used."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


@dataclass(frozen=True)
class Recordings:
    """All functions of a test run in the order of their places; ``faults`` counts bad lines."""

    functions: list[TracedFunction]
    calls: int
    faults: int


_Number = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
_Word = Annotated[str, msgspec.Meta(pattern="^[A-Za-z_][A-Za-z0-9_]{0,80}$")]


class _Outcome(msgspec.Struct):
    kind: Literal["returned", "yielded", "raised"]
    value: Any = None
    exhausted: bool = True
    arguments_after: list[Any] | None = None
    pending: str | None = None
    exception: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class _Line(msgspec.Struct):
    """Any line of a record file; which fields are set tells what it is."""

    function: _Number | None = None
    call: _Number | None = None
    lost: _Number | None = None
    file: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    name: Annotated[str, msgspec.Meta(max_length=500)] = ""
    line: _Number = 0
    kind: FunctionKind = "function"
    arguments: list[Any] = []
    keyword_arguments: dict[str, Any] = {}
    pickled: str | None = None
    outcome: _Outcome | None = None
    part: _Word = ""
    reason: _Word = ""
    detail: str = ""


def read_recordings(folder: Path) -> Recordings:
    """Merge the record files of all processes of a test run.

    What is beyond the limits of this module is not read, lines that are none of the tracer's are faults.
    """
    functions: dict[tuple[str, str, int], TracedFunction] = {}
    calls = faults = 0
    left, kept = MAX_RECORD_BYTES, 0
    for file in _record_files(folder):
        numbers: dict[int, TracedFunction] = {}
        for size, line in _lines(file, left):
            left -= size
            if line is None:
                faults += 1
            elif line.function is not None:
                key = (line.file, line.name, line.line)
                if key not in functions and len(functions) >= MAX_FUNCTIONS:
                    faults += 1
                else:
                    numbers[line.function] = functions.setdefault(key, TracedFunction(*key, line.kind))
            elif line.lost in numbers:
                losses = numbers[line.lost].losses
                if len(losses) < _MAX_LOSSES:
                    detail = "" if secret_in(line.detail) else line.detail[:_MAX_DETAIL]
                    losses.append(Loss(line.part, line.reason, detail))
            elif line.call in numbers and line.outcome is not None:
                calls += 1
                kept += _add_case(numbers[line.call], line, line.outcome, _MAX_KEPT_CHARACTERS - kept)
            else:
                faults += 1
            if faults >= _MAX_FAULTS:  # nothing that the tracer wrote
                left = 0
                break
    ordered = sorted(functions.values(), key=lambda function: (function.file, function.line, function.name))
    return Recordings(ordered, calls, faults)


def choose_cases(cases: dict[str, TestCase], limit: int = MAX_CASES) -> list[TestCase]:
    """At most ``limit`` cases: different outcomes before more of the same, short before long."""
    by_outcome: dict[str, list[tuple[int, str, TestCase]]] = {}
    for text, case in cases.items():
        outcome = msgspec.json.encode(case.expected).decode()
        by_outcome.setdefault(outcome, []).append((len(text) + len(outcome), text, case))
    groups = sorted(sorted(group, key=lambda entry: entry[:2]) for group in by_outcome.values())
    chosen: list[TestCase] = []
    while groups and len(chosen) < limit:
        chosen += [group.pop(0)[2] for group in groups][: limit - len(chosen)]
        groups = [group for group in groups if group]
    return chosen


def _add_case(function: TracedFunction, line: _Line, outcome: _Outcome, room: int) -> int:
    """Take in a call; returns the characters that are kept of it, at most ``room``."""
    expected = Expected(
        outcome.kind,
        outcome.value,
        outcome.exhausted,
        outcome.exception,
        outcome.arguments_after,
        "pending" if outcome.pending else "recorded",
    )
    if not is_encoding([line.arguments, line.keyword_arguments, outcome.value, outcome.arguments_after]):
        function.drop("malformed")
        return 0
    comparator = FLOAT_TOLERANCE if holds_float([outcome.value, outcome.arguments_after]) else EXACT
    case = TestCase(line.arguments, line.keyword_arguments, expected, comparator, pickled=line.pickled)
    text = to_text([line.arguments, line.keyword_arguments, line.pickled])
    outcome_text = to_text([outcome.value, outcome.arguments_after])
    size = len(text) + len(outcome_text) - len(line.pickled or "")
    known = function.cases.get(text)
    if known is not None:
        if known.expected != expected:
            function.drop("same_call_different_outcome")
            del function.cases[text]
    elif len(outcome_text) + len(text) > (MAX_PICKLED_CHARACTERS if line.pickled else MAX_CASE_CHARACTERS):
        function.drop("too_large")
    elif secret := machine_in(_FUNCTION_FILE.sub("", text), outcome_text) or secret_in(
        text_in_pickle(line.pickled or ""), text, outcome_text
    ):
        function.drop(secret)
    elif len(function.cases) >= _MAX_KNOWN_CASES or size > room:
        function.drop("beyond_the_cap")
    else:
        function.cases[text] = case
        return size
    return 0


def _record_files(folder: Path) -> list[Path]:
    """The files of the tracer's processes, in a stable order: nothing that a link or a pipe stands for."""
    with os.scandir(folder) as entries:
        shards = (entry.name for entry in entries if entry.name.endswith(".jsonl") and _is_file(entry))
        return [folder / name for name in heapq.nsmallest(MAX_FILES, shards)]


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _lines(file: Path, left: int) -> Iterator[tuple[int, _Line | None]]:
    """The lines of a file, each with its size, as long as they are not more than ``left`` bytes."""
    decoder = json_decoder(_Line)
    try:
        stream = file.open("rb")
    except OSError:  # without rights, say
        yield 0, None
        return
    with stream:
        while left > 0 and (data := stream.readline(min(left, _MAX_LINE_BYTES))):
            left -= len(data)
            try:
                yield len(data), decoder.decode(data)
            except (ValueError, RecursionError):
                yield len(data), None
