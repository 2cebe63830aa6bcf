"""The task of a problem: docstring and signature as its prompt, the wrapped reference as its solution."""

from __future__ import annotations

import hashlib
import platform
import re
from collections import Counter

from scraping.input_formats.function_problem import FunctionProblem
from scraping.problem import Problem
from scraping.statements.docstring import docstring_literal, problem_docstring
from tasks.record import Evidence, Provenance, Task, TestCase
from tasks.value_encoding import to_text

MAX_CASE_CHARACTERS = 20_000
MAX_TEST_CHARACTERS = 200_000
"""Of the arguments and results of one case, and of all of a task."""


def problem_task(problem: Problem, function: FunctionProblem, tool_version: str) -> Task:
    """The candidate task of a problem that has been made one of a function.

    The statement's examples stand in the docstring and are tests as well (Chen et al. 2021, §4.1). Tests that
    are too long for a task are left out and counted.
    """
    kept, dropped = _of_bearable_length(function.tests)
    examples = [case for case in kept if case.origin == "example"]
    text = problem_docstring(problem, function.signature, examples)
    prompt = function.prelude + function.header + docstring_literal(text)
    return Task(
        task_id=task_id(problem.problem_id),
        prompt=prompt,
        entry_point=function.signature.name,
        canonical_solution=function.canonical_solution,
        tests=kept,
        provenance=_provenance(problem, tool_version),
        checker=function.checker,
        evidence=Evidence(
            documented=True,
            cases_recorded=len(function.tests),
            cases_dropped={**function.dropped_tests, **dropped},
        ),
    )


def task_id(problem_id: str) -> str:
    """The problem's identifier in the form of a task's: letters, digits and a few marks, with ``/``.

    What had to be changed in it is told apart by a few digits of its hash.
    """
    plain = problem_id.replace(":", "/", 1)
    safe = re.sub(r"[^A-Za-z0-9_./+-]+", "-", plain)
    if safe == plain:
        return safe
    return f"{safe}-{hashlib.sha256(plain.encode()).hexdigest()[:6]}"


def _of_bearable_length(cases: list[TestCase]) -> tuple[list[TestCase], dict[str, int]]:
    kept: list[TestCase] = []
    dropped: Counter[str] = Counter()
    total = 0
    for case in cases:
        length = len(to_text([case.arguments, case.keyword_arguments, case.expected.value]))
        if length > MAX_CASE_CHARACTERS or total + length > MAX_TEST_CHARACTERS:
            dropped["too_long"] += 1
            continue
        total += length
        kept.append(case)
    return kept, dict(dropped)


def _provenance(problem: Problem, tool_version: str) -> Provenance:
    source, rights = problem.source, problem.rights
    return Provenance(
        source_kind="problem",
        source=problem.problem_id,
        version=source.revision,
        url=source.url,
        file=source.file,
        license=rights.license,
        copyright=rights.owner,
        python_version=platform.python_version(),
        tool_version=tool_version,
        retrieved_at=source.retrieved_at,
        redistribution=rights.redistribution,
        training=rights.training,
    )
