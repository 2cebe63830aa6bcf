"""Docstrings that are the code once more: not correct by the rules of Chen et al. 2021, §5."""

from __future__ import annotations

import ast
import re
import textwrap

from filters.normalised_tree import normalised_tree
from sft.row_texts import CutProgram
from tasks.syntax_trees import parse_module

_SHARE = 0.5
_FENCE = re.compile(r"^\s*```\w*\s*$")


def copies_code(docstring: str, cut: CutProgram, entry_point: str) -> bool:
    """Whether a docstring merely copies the code: at least half of it are lines of the solution.

    White space does not count, comments of the solution are no code, and a copy with other names is one too.
    """
    lines = [_bare(line) for line in docstring.splitlines() if not _FENCE.match(line)]
    of_code = [_bare(line.partition("  #")[0]) for line in cut.solution.splitlines()]
    of_code = [line for line in of_code if line and not line.startswith("#")]
    written = sum(map(len, lines))
    copied = sum(len(line) for line in lines if line in of_code)
    if written and copied >= _SHARE * written:
        return True
    joined, solution = "".join(lines), "".join(of_code)
    if solution and solution in joined and len(solution) >= _SHARE * len(joined):
        return True
    return _is_the_program(docstring, cut, entry_point)


def _bare(line: str) -> str:
    return re.sub(r"\s+", "", line.strip().strip("`"))


def _is_the_program(docstring: str, cut: CutProgram, entry_point: str) -> bool:
    """Whether the docstring is a program of its own with the tree of the task's, but for names."""
    code = "\n".join(line for line in docstring.splitlines() if not _FENCE.match(line))
    body = textwrap.indent(code, "    ") + "\n"
    if not _has_statements(code):
        return False
    wanted = normalised_tree(cut.head + cut.solution, entry_point)
    if wanted is None:
        return False
    whole = (cut.head + body, code, cut.head + "    pass\n\n\n" + code)
    return any(normalised_tree(program, entry_point) == wanted for program in whole)


def _has_statements(code: str) -> bool:
    """Whether a text is Python that does something; a few words may happen to be an expression."""
    try:
        statements = parse_module(textwrap.dedent(code)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(statement, ast.Expr) for statement in statements)
