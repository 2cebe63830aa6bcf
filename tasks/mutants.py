"""First-order mutants of a Python program: variants that differ from it in one place.

They stand for the mistakes that tests should notice (DeMillo et al. 1978): a test list is as strong as
the share of them that fail on it. Everything here is text and syntax trees; nothing is run.
"""

from __future__ import annotations

import ast
import types
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.mutation_operators import Change, changes
from tasks.syntax_trees import parse_module

DEFAULT_LIMIT = 60


@dataclass(frozen=True)
class Mutant:
    """A program with one change: its ``operator``, the ``line`` (from 1) and the whole new text."""

    operator: str
    line: int
    program: str


def mutants(program: str, *, first_line: int = 1, limit: int = DEFAULT_LIMIT) -> list[Mutant]:
    """The mutants of a program, at most ``limit``, in the order of their places.

    Only what stands at ``first_line`` or below is changed. All compile, and no two of them, nor any and
    the original, are the same to the interpreter (equal bytecode, positions aside). Where there are
    more than the limit, operators take turns, and each one's places are spread over the program.
    Raises `SyntaxError` for what cannot be compiled, like `compile`.
    """
    tree, code = _parsed(program)
    text = _Text(program)
    seen = {_substance(code)}
    found: list[tuple[int, Mutant]] = []
    for place, change in _spread(list(changes(tree, first_line))):
        if len(found) == limit:
            break
        mutated = text.with_change(change)
        try:
            substance = _substance(_parsed(mutated)[1])
        except (SyntaxError, ValueError, RecursionError):  # of positions that are not exact, say
            continue
        if substance not in seen:
            seen.add(substance)
            found.append((place, Mutant(change.operator, change.node.lineno, mutated)))
    return [mutant for _, mutant in sorted(found, key=lambda pair: pair[0])]


def _parsed(program: str) -> tuple[ast.Module, types.CodeType]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = parse_module(program)
        return tree, compile(program, "mutant.py", "exec", dont_inherit=True)


def _spread(found: list[Change]) -> Iterator[tuple[int, Change]]:
    """All changes with their numbers: operators in turn, each one's places far from each other first."""
    by_operator: dict[str, list[tuple[int, Change]]] = defaultdict(list)
    for place, change in enumerate(found):
        by_operator[change.operator].append((place, change))
    waiting = [_far_apart(by_operator[operator]) for operator in sorted(by_operator)]
    while waiting:
        for changes_of_one in waiting:
            yield changes_of_one.pop(0)
        waiting = [rest for rest in waiting if rest]


def _far_apart(items: list[tuple[int, Change]]) -> list[tuple[int, Change]]:
    """In the order of van der Corput's sequence: any beginning of it is spread over the whole."""
    bits = max(1, (len(items) - 1).bit_length())
    order = sorted(range(len(items)), key=lambda index: int(f"{index:0{bits}b}"[::-1], 2))
    return [items[index] for index in order]


class _Text:
    """A program's text, in which single nodes can be replaced. Columns are bytes of UTF-8."""

    def __init__(self, program: str) -> None:
        # as Python counts them; str.splitlines knows more ends of lines
        self._lines = program.replace("\r\n", "\n").encode("utf-8", "surrogatepass").split(b"\n")

    def with_change(self, change: Change) -> str:
        node = change.node
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        if isinstance(change.replacement, str):
            new = change.replacement
        else:
            new = ast.unparse(change.replacement)
            if not isinstance(change.replacement, ast.Constant):
                new = f"({new})"
        first, last = self._lines[node.lineno - 1], self._lines[node.end_lineno - 1]
        changed = (
            first[: node.col_offset] + new.encode("utf-8", "surrogatepass") + last[node.end_col_offset :]
        )
        lines = [*self._lines[: node.lineno - 1], changed, *self._lines[node.end_lineno :]]
        return b"\n".join(lines).decode("utf-8", "surrogatepass")


def _substance(code: types.CodeType) -> tuple[object, ...]:
    """What of a code object decides over what it does: not its positions, not its first line."""
    constants = tuple(
        _substance(constant) if isinstance(constant, types.CodeType) else (type(constant), repr(constant))
        for constant in code.co_consts
    )
    arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, constants, arguments, names, code.co_exceptiontable)
