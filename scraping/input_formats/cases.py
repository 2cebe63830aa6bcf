"""Inputs of several cases, each of the same format, after their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scraping.input_formats.expressions import Atom, Expression, LoopIndex, Variable
from scraping.input_formats.naming import variable_name
from scraping.input_formats.structure import Line, Node, Repeat, Value

_NUMBER = -1
"""Of the repetition of cases, which is around all others."""


def repeated_for_cases(count: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The format of a whole input, by that of a case and the name of their number."""
    cases = Expression.atom(LoopIndex(_NUMBER))

    def of_the_case(atom: Atom) -> Expression | None:
        if isinstance(atom, Variable):
            inner = tuple(index.mapped(of_the_case) for index in atom.indices)
            return Expression.atom(Variable(atom.name, (cases, *inner)))
        return None

    name = variable_name(count)
    body = tuple(with_expressions(node, of_the_case) for node in nodes)
    number = Expression.atom(Variable(name))
    return Line((Value(name),)), Repeat(_NUMBER, number, body, "lines", Expression.number(1))


def one_of_cases(repeat: Repeat) -> tuple[Node, ...]:
    """The format of one case, by that of all of them."""
    cases = Expression.atom(LoopIndex(repeat.number))

    def of_one(atom: Atom) -> Expression | None:
        if isinstance(atom, Variable) and atom.indices[:1] == (cases,):
            return Expression.atom(
                Variable(atom.name, tuple(each.mapped(of_one) for each in atom.indices[1:]))
            )
        return None

    return tuple(with_expressions(node, of_one) for node in repeat.body)


def cases_of(nodes: tuple[Node, ...]) -> Repeat | None:
    """What is repeated for each case: all that follows the first line, which has nothing but their number."""
    match nodes:
        case (Line((Value(number),)), Repeat(count=count) as repeat) if (
            count == Expression.atom(Variable(number)) and repeat.joined == "lines"
        ):
            return repeat
    return None


def with_expressions(node: Node, change: Callable[[Atom], Expression | None]) -> Node:
    """A node with the atoms of its counts changed."""
    if isinstance(node, Line):
        return Line(tuple(with_expressions(item, change) for item in node.items))
    if isinstance(node, Repeat):
        count = None if node.count is None else node.count.mapped(change)
        body = tuple(with_expressions(each, change) for each in node.body)
        return replace(node, count=count, body=body)
    return node
