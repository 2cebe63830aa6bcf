"""Probes: programs that answer the cases they know and fail on purpose on the first that they do not.

They hold no way of solving anything, only digests of known inputs and the answers to them; unless they stand
in front of another program, which then meets what is unknown.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import keyword
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scraping.problem import Problem, ProblemTest, Signature

UNKNOWN = "codexsft: unknown case"
"""What a probe answers to an input that it does not know: no right answer to anything."""

_DIGEST = 16


@dataclass(frozen=True)
class KnownCases:
    """What a probe knows: answers by the digest of their input, and the beginnings of inputs of which only
    those were shown. The latter it leaves to a trusted program."""

    answers: Mapping[str, str] = field(default_factory=dict)
    beginnings: tuple[str, ...] = ()


class ProbeShape(Protocol):
    """How programs for a problem look, and how its inputs are written."""

    def normal_form(self, text: str) -> str:
        """An input as the probe sees it, whatever a judge does to white space."""

    def program(self, known: KnownCases, otherwise: str | None, trusted: str | None) -> str:
        """A probe. ``otherwise`` is the program that meets the first unknown input, by default none, which
        fails. ``trusted`` gets the inputs of which only the beginning is known."""

    def refuses(self, answer: str) -> bool:
        """Whether no program of this shape could give that answer."""


def digest(normal: str) -> str:
    """What stands for an input, in its normal form, in a probe."""
    return hashlib.sha256(normal.encode(errors="surrogateescape")).hexdigest()[:_DIGEST]


def shape_of(problem: Problem) -> ProbeShape:
    """The shape for a problem: whole programs, or a function where it has a signature."""
    if problem.mode == "function" and problem.signature is not None:
        return FunctionShape(problem.signature)
    return StdioShape()


def known_text(test: ProblemTest) -> tuple[str, str] | None:
    """Input and answer of a test that is known whole; those of a call as JSON, as sites show them."""
    if test.truncated:
        return None
    if test.case is not None:
        expected = test.case.expected
        if expected.kind != "returned" or test.case.keyword_arguments:
            return None
        return "\n".join(map(json.dumps, test.case.arguments)), json.dumps(expected.value)
    return None if test.output is None else (test.input, test.output)


@dataclass(frozen=True)
class StdioShape:
    """Whole programs that read and write the streams."""

    def normal_form(self, text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    def refuses(self, answer: str) -> bool:
        return False

    def program(self, known: KnownCases, otherwise: str | None, trusted: str | None) -> str:
        return _HEAD.format(**_held(known, otherwise, trusted)) + _STDIO


@dataclass(frozen=True)
class FunctionShape:
    """A function whose arguments and result have a form in JSON, shown one argument to a line."""

    signature: Signature

    def normal_form(self, text: str) -> str:
        lines = []
        for line in text.strip().splitlines():
            with contextlib.suppress(ValueError):  # cut, or no JSON: as it is
                line = json.dumps(json.loads(line))
            lines.append("".join(line.split()))
        return "\n".join(lines)

    def refuses(self, answer: str) -> bool:
        try:
            json.loads(answer)
        except ValueError:
            return True
        return False

    def program(self, known: KnownCases, otherwise: str | None, trusted: str | None) -> str:
        """Defines the function, in a class ``Solution`` where the site's stub has one."""
        names = [each.name for each in self.signature.parameters]
        method = "class Solution" in self.signature.starter_code
        for name in (self.signature.name, *names):
            if not name.isidentifier() or keyword.iskeyword(name):
                raise ValueError(f"{name!r} is no name of a function or a parameter")
        head = _HEAD.format(**_held(known, otherwise, trusted))
        definition = f"def {self.signature.name}({', '.join(['self'] * method + names)}):"
        body = f"return probe({self.signature.name!r}, [{', '.join(names)}])"
        if method:
            return f"{head}{_FUNCTION}\n\nclass Solution:\n    {definition}\n        {body}\n"
        return f"{head}{_FUNCTION}\n\n{definition}\n    {body}\n"


def _held(known: KnownCases, otherwise: str | None, trusted: str | None) -> dict[str, object]:
    packed = base64.b85encode(zlib.compress(json.dumps(dict(known.answers)).encode(), 9)).decode()
    return {
        "packed": repr(packed),
        "beginnings": repr(list(known.beginnings)),
        "otherwise": repr(otherwise),
        "trusted": repr(trusted if known.beginnings else None),
        "digest": _DIGEST,
        "unknown": repr(UNKNOWN),
    }


_HEAD = """\
import base64, hashlib, json, os, sys, threading, zlib

answers = json.loads(zlib.decompress(base64.b85decode({packed})))
beginnings = {beginnings}
otherwise = {otherwise}
trusted = {trusted}
unknown = {unknown}


def key_of(normal):
    return hashlib.sha256(normal.encode(errors="surrogateescape")).hexdigest()[:{digest}]


def program_for(normal):
    if trusted and any(normal.startswith(beginning) for beginning in beginnings):
        return trusted
    return otherwise
"""

_STDIO = """

def run(program):
    reader, writer = os.pipe()

    def feed():
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(given)

    threading.Thread(target=feed, daemon=True).start()
    os.dup2(reader, 0)
    os.close(reader)
    sys.stdin = open(0, closefd=False)
    exec(compile(program, "program", "exec"), {"__name__": "__main__"})


given = sys.stdin.buffer.read()
text = given.decode(errors="surrogateescape")
normal = "\\n".join(line.rstrip() for line in text.strip().splitlines())
if key_of(normal) in answers:
    sys.stdout.write(answers[key_of(normal)])
elif program_for(normal):
    run(program_for(normal))
else:
    print(unknown)
"""

_FUNCTION = """

def probe(name, arguments):
    normal = "\\n".join("".join(json.dumps(argument).split()) for argument in arguments)
    if key_of(normal) in answers:
        return json.loads(answers[key_of(normal)])
    program = program_for(normal)
    if not program:
        return unknown
    names = {"__name__": "program"}
    exec(compile(program, "program", "exec"), names)
    function = getattr(names["Solution"](), name) if "Solution" in names else names[name]
    return function(*arguments)
"""
