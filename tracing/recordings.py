"""What the tracer wrote, read as the untrusted data that it is, and merged over all processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from tasks.equality import EXACT, FLOAT_TOLERANCE, holds_float
from tasks.record import Expected, TestCase
from tasks.value_encoding import to_text
from tracing.secrets import machine_in, secret_in, text_in_pickle

MAX_CASES = 20
MAX_CASE_CHARACTERS = 4_000
MAX_PICKLED_CHARACTERS = 40_000
MAX_RECORD_BYTES = 256 * 2**20

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


class _Outcome(msgspec.Struct):
    kind: Literal["returned", "yielded", "raised"]
    value: Any = None
    exhausted: bool = True
    arguments_after: list[Any] | None = None
    pending: str | None = None
    exception: str | None = None


class _Line(msgspec.Struct):
    """Any line of a record file; which fields are set tells what it is."""

    function: int | None = None
    call: int | None = None
    lost: int | None = None
    file: str = ""
    name: str = ""
    line: int = 0
    kind: FunctionKind = "function"
    arguments: list[Any] = []
    keyword_arguments: dict[str, Any] = {}
    pickled: str | None = None
    outcome: _Outcome | None = None
    part: str = ""
    reason: str = ""
    detail: str = ""


def read_recordings(folder: Path) -> Recordings:
    """Merge the record files of all processes of a test run."""
    functions: dict[tuple[str, str, int], TracedFunction] = {}
    calls = faults = 0
    for file in sorted(folder.glob("*.jsonl")):
        if file.is_symlink() or not file.is_file():
            continue
        numbers: dict[int, TracedFunction] = {}
        for line in _lines(file):
            if line is None:
                faults += 1
            elif line.function is not None:
                key = (line.file, line.name, line.line)
                numbers[line.function] = functions.setdefault(key, TracedFunction(*key, line.kind))
            elif line.lost in numbers:
                detail = "" if secret_in(line.detail) else line.detail
                numbers[line.lost].losses.append(Loss(line.part, line.reason, detail))
            elif line.call in numbers and line.outcome is not None:
                calls += 1
                _add_case(numbers[line.call], line, line.outcome)
            else:
                faults += 1
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


def _add_case(function: TracedFunction, line: _Line, outcome: _Outcome) -> None:
    expected = Expected(
        outcome.kind,
        outcome.value,
        outcome.exhausted,
        outcome.exception,
        outcome.arguments_after,
        "pending" if outcome.pending else "recorded",
    )
    comparator = FLOAT_TOLERANCE if holds_float([outcome.value, outcome.arguments_after]) else EXACT
    case = TestCase(line.arguments, line.keyword_arguments, expected, comparator, pickled=line.pickled)
    text = to_text([line.arguments, line.keyword_arguments, line.pickled])
    outcome_text = to_text([outcome.value, outcome.arguments_after])
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
    else:
        function.cases[text] = case


def _lines(file: Path) -> Iterator[_Line | None]:
    decoder = msgspec.json.Decoder(_Line)
    left = MAX_RECORD_BYTES
    with file.open("rb") as stream:
        while left > 0 and (data := stream.readline(min(left, 2**22))):
            left -= len(data)
            try:
                yield decoder.decode(data)
            except (ValueError, RecursionError):
                yield None
