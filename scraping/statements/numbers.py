"""Numbers as statements write them: ``2 * 10^5``, ``2^31 - 1``, ``10 000``, ``1e-6``."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)|(?P<mark>[-+*/^(){}]))")
_MAX_POWER = 4_000  # bits: no statement's bound is larger


class _NoNumber(Exception):
    pass


def number(text: str) -> int | float | None:
    """The value of an expression of numbers, an int where it is one; None for anything else."""
    position, tokens = 0, []
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append(match["number"] or match["mark"])
        position = match.end()
    try:
        parser = _Parser(tokens)
        value = parser.sum()
        return value if parser.done and abs(value) < 2**_MAX_POWER else None
    except (_NoNumber, OverflowError, ZeroDivisionError):
        return None


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens[::-1]

    @property
    def done(self) -> bool:
        return not self._tokens

    def sum(self) -> int | float:
        value = self._product()
        while self._next() in ("+", "-"):
            value = value + self._product() if self._tokens.pop() == "+" else value - self._product()
        return value

    def _product(self) -> int | float:
        value = self._signed()
        while self._next() in ("*", "/"):
            if self._tokens.pop() == "*":
                value *= self._signed()
            else:
                divisor = self._signed()
                value = value // divisor if value % divisor == 0 else value / divisor
        return value

    def _signed(self) -> int | float:
        if self._next() in ("-", "+"):
            return -self._signed() if self._tokens.pop() == "-" else self._signed()
        return self._power()

    def _power(self) -> int | float:
        base = self._atom()
        if self._next() != "^":
            return base
        self._tokens.pop()
        exponent = self._signed()
        if abs(exponent) * max(1, int(abs(base)).bit_length()) > _MAX_POWER:
            raise _NoNumber
        value = base**exponent
        if isinstance(value, complex):
            raise _NoNumber
        return value

    def _atom(self) -> int | float:
        if not self._tokens:
            raise _NoNumber
        token = self._tokens.pop()
        if token in "({":
            value = self.sum()
            if not self._tokens or self._tokens.pop() != {"(": ")", "{": "}"}[token]:
                raise _NoNumber
            return value
        if not token[0].isdigit() and token[0] != ".":
            raise _NoNumber
        return int(token) if token.isdigit() else float(token)

    def _next(self) -> str:
        return self._tokens[-1] if self._tokens else ""
