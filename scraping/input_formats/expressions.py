"""Integer expressions of input formats: the bounds of ranges, such as ``N-1``, ``2N``, ``2^N``, ``K_i``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MAX_EXPONENT = 40
_TOKEN = re.compile(r"\s*(\d+|[^\W\d_]'*|\*\*|[-+*/^_(){}|])")


class BadExpression(ValueError):
    """A text is no expression, or an expression has no value."""


@dataclass(frozen=True)
class Variable:
    """A value that was read, or with indices one item of an array."""

    name: str
    indices: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Length:
    """``|S|``: the length of a text."""

    name: str


@dataclass(frozen=True)
class LoopIndex:
    """The round of an enclosing repetition, counted from 0. Numbers are unique within a format."""

    number: int


@dataclass(frozen=True)
class Power:
    """``base ^ exponent``."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Quotient:
    """``dividend / divisor``, without a remainder."""

    dividend: Expression
    divisor: Expression


Atom = Variable | Length | LoopIndex | Power | Quotient
Lookup = Callable[[Variable | Length], int]


@dataclass(frozen=True)
class Expression:
    """A polynomial: products of atoms with their integer factors, in a canonical order."""

    terms: tuple[tuple[tuple[Atom, ...], int], ...] = ()

    @staticmethod
    def of(terms: Mapping[tuple[Atom, ...], int]) -> Expression:
        kept = [(atoms, factor) for atoms, factor in terms.items() if factor]
        return Expression(tuple(sorted(kept, key=lambda term: (-len(term[0]), repr(term[0])))))

    @staticmethod
    def number(value: int) -> Expression:
        return Expression.of({(): value})

    @staticmethod
    def atom(atom: Atom) -> Expression:
        return Expression.of({(atom,): 1})

    def __add__(self, other: Expression) -> Expression:
        sums = Counter(dict(self.terms))
        for atoms, factor in other.terms:
            sums[atoms] += factor
        return Expression.of(sums)

    def __sub__(self, other: Expression) -> Expression:
        return self + other * Expression.number(-1)

    def __mul__(self, other: Expression) -> Expression:
        products: Counter[tuple[Atom, ...]] = Counter()
        for atoms, factor in self.terms:
            for others, times in other.terms:
                products[tuple(sorted((*atoms, *others), key=repr))] += factor * times
        return Expression.of(products)

    @property
    def constant(self) -> int | None:
        """Its value, if it is a number."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and self.terms[0][0] == ():
            return self.terms[0][1]
        return None

    @property
    def single_atom(self) -> Atom | None:
        """The atom that it is, if it is nothing else."""
        if len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1:
            return self.terms[0][0][0]
        return None

    def atoms(self) -> list[Atom]:
        """All atoms, those inside of others too."""
        found: list[Atom] = []
        for atoms, _ in self.terms:
            for atom in atoms:
                found.append(atom)
                for inner in _inner(atom):
                    found += inner.atoms()
        return found

    def mapped(self, change: Callable[[Atom], Expression | None]) -> Expression:
        """With atoms exchanged for expressions; where there is none for an atom, inside of it."""
        total = Expression()
        for atoms, factor in self.terms:
            product = Expression.number(factor)
            for atom in atoms:
                changed = change(atom)
                product = product * (Expression.atom(_rebuilt(atom, change)) if changed is None else changed)
            total = total + product
        return total

    def value(self, lookup: Lookup, rounds: Mapping[int, int]) -> int:
        """Its value; raises `BadExpression` where it has none, or one beyond all bounds."""
        total = 0
        for atoms, factor in self.terms:
            product = factor
            for atom in atoms:
                product *= _atom_value(atom, lookup, rounds)
            total += product
        return total

    def text(self, show: Callable[[Atom], str]) -> str:
        """As Python source; ``show`` writes variables, lengths and rounds."""
        if not self.terms:
            return "0"
        parts = []
        for number, (atoms, factor) in enumerate(self.terms):
            shown = " * ".join(
                ([str(abs(factor))] if abs(factor) != 1 or not atoms else [])
                + [_atom_text(atom, show) for atom in atoms]
            )
            sign = "-" if factor < 0 else "+"
            parts.append(f" {sign} {shown}" if number else ("-" + shown if factor < 0 else shown))
        return "".join(parts)


def _inner(atom: Atom) -> tuple[Expression, ...]:
    if isinstance(atom, Variable):
        return atom.indices
    if isinstance(atom, Power):
        return atom.base, atom.exponent
    if isinstance(atom, Quotient):
        return atom.dividend, atom.divisor
    return ()


def _rebuilt(atom: Atom, change: Callable[[Atom], Expression | None]) -> Atom:
    inner = tuple(expression.mapped(change) for expression in _inner(atom))
    if isinstance(atom, Variable):
        return Variable(atom.name, inner)
    if isinstance(atom, Power):
        return Power(*inner)
    if isinstance(atom, Quotient):
        return Quotient(*inner)
    return atom


def _atom_value(atom: Atom, lookup: Lookup, rounds: Mapping[int, int]) -> int:
    if isinstance(atom, LoopIndex):
        return rounds[atom.number]
    if isinstance(atom, Power):
        base, exponent = atom.base.value(lookup, rounds), atom.exponent.value(lookup, rounds)
        if not 0 <= exponent <= _MAX_EXPONENT:
            raise BadExpression(f"the exponent {exponent} is out of bounds")
        return int(base**exponent)
    if isinstance(atom, Quotient):
        dividend, divisor = atom.dividend.value(lookup, rounds), atom.divisor.value(lookup, rounds)
        if not divisor or dividend % divisor:
            raise BadExpression(f"{dividend} cannot be divided by {divisor}")
        return dividend // divisor
    return lookup(atom)


def _atom_text(atom: Atom, show: Callable[[Atom], str]) -> str:
    if isinstance(atom, Power):
        return f"({atom.base.text(show)}) ** ({atom.exponent.text(show)})"
    if isinstance(atom, Quotient):
        return f"(({atom.dividend.text(show)}) // ({atom.divisor.text(show)}))"
    return show(atom)


def parse_expression(text: str, names: frozenset[str] = frozenset()) -> Expression:
    """Read an index such as ``2N-1`` or ``K_{1}``; raises `BadExpression`.

    Factors may stand side by side. A letter is a variable, unless a run of letters is one of ``names``.
    """
    parser = _Parser(text, names)
    found = parser.sum()
    if parser.tokens:
        raise BadExpression(f"{text!r}: {parser.tokens[0]!r} is unexpected")
    return found


class _Parser:
    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.tokens: list[str] = []
        position = 0
        by_length = sorted(names, key=len, reverse=True)
        while position < len(text.rstrip()):
            name = next((each for each in by_length if len(each) > 1 and text.startswith(each, position)), "")
            if name:
                self.tokens.append(name)
                position += len(name)
                continue
            match = _TOKEN.match(text, position)
            if not match:
                raise BadExpression(f"{text!r} is no expression")
            self.tokens.append(match[1])
            position = match.end()

    def sum(self) -> Expression:
        total = self.product()
        while self.tokens and self.tokens[0] in "+-":
            sign = self.tokens.pop(0)
            term = self.product()
            total = total + term if sign == "+" else total - term
        return total

    def product(self) -> Expression:
        product = self.power()
        while self.tokens and (self.tokens[0] in "*/({|" or self.tokens[0][0].isalnum()):
            if self.tokens[0] == "|" and self.tokens.count("|") % 2:
                break
            operator = self.tokens.pop(0) if self.tokens[0] in "*/" else "*"
            factor = self.power()
            quotient = Expression.atom(Quotient(product, factor))
            product = quotient if operator == "/" else product * factor
        return product

    def power(self) -> Expression:
        base = self.factor()
        if self.tokens and self.tokens[0] in ("^", "**"):
            self.tokens.pop(0)
            exponent = self.factor()
            value, times = base.constant, exponent.constant
            if value is not None and times is not None and 0 <= times <= _MAX_EXPONENT:
                return Expression.number(value**times)
            return Expression.atom(Power(base, exponent))
        return base

    def factor(self) -> Expression:
        token = self._next()
        if token.isdecimal():
            return Expression.number(int(token))
        if token in "({":
            inner = self.sum()
            if self._next() != {"(": ")", "{": "}"}[token]:
                raise BadExpression("a bracket is not closed")
            return inner
        if token == "|":
            name = self._next()
            while self.tokens and self.tokens[0] != "|":
                name += self._next()
            self._next()
            return Expression.atom(Length(re.sub(r"[{}]", "", name)))
        if not token[0].isalpha():
            raise BadExpression(f"{token!r} is unexpected")
        indices: list[Expression] = []
        while self.tokens and self.tokens[0] == "_":
            self.tokens.pop(0)
            indices.append(self.factor())
        return Expression.atom(Variable(token, tuple(indices)))

    def _next(self) -> str:
        if not self.tokens:
            raise BadExpression("the expression ends too early")
        return self.tokens.pop(0)
