"""What is wrong with a docstring as the statement of a task: stable names of faults, for thresholds."""

from __future__ import annotations

import ast
import inspect
import re

from tasks.record import Task
from tasks.syntax_trees import parse_module

_WORD = re.compile(r"[a-z]+")
_UNFINISHED = re.compile(
    r"\b(?:todo|fixme|xxx|tbd|not (?:yet )?implemented|placeholder|docstring goes here|"
    r"write me|add docs?|undocumented|see (?:above|below|super(?:class)?))\b",
    re.IGNORECASE,
)
_ABOUT_THE_CODE = re.compile(
    r"(?:found|copied|taken|stolen|borrowed|lifted|adapted|ripped)\s+(?:this\s+|it\s+|straight\s+|from\s+|"
    r"function\s+|somewhere\s+|code\s+)*(?:online|on the (?:web|internet|net)|stack\s?overflow|https?:|"
    r"the (?:web|internet))|i (?:just )?found this|no idea (?:how|why)|don'?t (?:ask|use this)|"
    r"\bhack(?:y|ish)\b|for internal use only|legacy (?:code|cruft)",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:returns?|returning|yields?|gives?|results?|outputs?|computes?|calculates?|counts?|finds?|gets?|"
    r"makes?|creates?|builds?|converts?|checks?|tests?|determines?|whether|true|false|raises?|prints?|"
    r"generates?|transforms?|parses?|formats?|produces?|the \w+ of|is \w+|are \w+)\b",
    re.IGNORECASE,
)
_STOP_WORDS = frozenset({"a", "an", "and", "the", "of", "to", "for", "in", "is", "this", "that", "function"})
_MIN_WORDS = 4
_MIN_LEAKED = 24


def docstring_faults(task: Task) -> list[str]:
    """Names of what is wrong, in a fixed order; empty for a docstring that states the task.

    ``missing``; ``too_short``: fewer than four words; ``only_the_name``: says nothing beyond the function's
    name; ``unfinished``: a note to do; ``about_the_code``: where the code came from rather than what it
    does; ``no_result``: nothing about what comes out; ``no_arguments``: none of its parameters is
    mentioned; ``leaks_solution``: a line of the solution stands in it.
    """
    definition = _definition(task)
    text = ast.get_docstring(definition) if definition else None
    if definition is None or not text or not text.strip():
        return ["missing"]
    faults = []
    words = _WORD.findall(text.lower())
    telling = [word for word in words if word not in _STOP_WORDS]
    if len(words) < _MIN_WORDS:
        faults.append("too_short")
    if telling and all(_stem(word) in _name_stems(task.entry_point) for word in telling):
        faults.append("only_the_name")
    if _UNFINISHED.search(text):
        faults.append("unfinished")
    if _ABOUT_THE_CODE.search(text):
        faults.append("about_the_code")
    if not _RESULT.search(text):
        faults.append("no_result")
    if not _mentions_parameter(definition, text):
        faults.append("no_arguments")
    if _leaks(task.canonical_solution, text):
        faults.append("leaks_solution")
    return faults


def _definition(task: Task) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    try:
        found = [
            node
            for node in parse_module(task.program).body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == task.entry_point
        ]
    except (SyntaxError, ValueError, RecursionError):
        return None
    return found[-1] if found else None


def _name_stems(name: str) -> set[str]:
    split = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return {_stem(word) for word in _WORD.findall(split)}


def _stem(word: str) -> str:
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)]
    return word


def _mentions_parameter(definition: ast.FunctionDef | ast.AsyncFunctionDef, text: str) -> bool:
    """Whether any parameter is named, or a thing that a parameter's name is a word of."""
    parameters = definition.args
    names = [argument.arg for argument in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)]
    names += [argument.arg for argument in (parameters.vararg, parameters.kwarg) if argument]
    if not names:
        return True
    words = {_stem(word) for word in _WORD.findall(text.lower())}
    if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names):
        return True
    if any(_name_stems(name) & words for name in names):
        return True
    return bool(words & _THINGS)


_THINGS = frozenset(
    map(
        _stem,
        re.findall(
            r"\w+",
            """
            argument arguments array character characters collection date dict dictionary element elements
            file float given graph input int integer integers item items iterable iterables key keys line
            lines list lists mapping matrix name names node number numbers object path sequence set string
            strings text time tree tuple value values word words
            """,
        ),
    )
)
"""Words for what a function is given, where it does not say the parameter's name."""


def _leaks(solution: str, text: str) -> bool:
    prose = re.sub(r"\s+", "", text)
    lines = (
        re.sub(r"\s+", "", line.strip().removeprefix("return "))
        for line in inspect.cleandoc(solution).splitlines()
    )
    return any(len(line) >= _MIN_LEAKED and line in prose for line in lines)
