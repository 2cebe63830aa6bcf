"""Small tasks of several projects and kinds, with tests that their references pass, for tests of exports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from tasks.files import write_json_lines
from tasks.record import Evidence, Expected, Provenance, StdioTest, Task, TestCase
from tasks.value_encoding import encode

LICENCES = {"alpha": "MIT", "beta": "Apache-2.0", "gamma": "GPL-3.0-only", "delta": None}


def function_task(
    project: str,
    name: str,
    parameters: str,
    docstring: str | None,
    body: str,
    calls: list[tuple[Any, ...]],
    *,
    origins: tuple[Literal["traced", "generated"], ...] = ("traced",),
) -> Task:
    """A task whose expected results are those of its own program."""
    prompt = f"def {name}({parameters}):\n" + (f'    """{docstring}"""\n' if docstring else "")
    namespace: dict[str, Any] = {}
    exec(prompt + body, namespace)  # noqa: S102 - it is this file's own text
    cases = [
        TestCase(
            [encode(argument) for argument in call],
            {},
            Expected("returned", encode(namespace[name](*call))),
            origin=origins[place % len(origins)],
        )
        for place, call in enumerate(calls)
    ]
    return Task(
        task_id=f"{project}-1.0/{project}.{name}",
        prompt=prompt,
        entry_point=name,
        canonical_solution=body,
        tests=cases,
        provenance=Provenance(
            "project",
            project,
            version="1.0",
            url=f"https://pypi.org/project/{project}/",
            file=f"{project}/__init__.py",
            license=LICENCES[project],
            copyright=f"Copyright (c) 2020 The {project} authors" if LICENCES[project] else None,
        ),
        evidence=Evidence(documented=docstring is not None),
    )


CLAMPED = function_task(
    "alpha",
    "clamped",
    "value, low, high",
    "Return the value, or the bound that it lies beyond, whichever of the two is nearer.",
    "    if value < low:\n        return low\n    return min(value, high)\n",
    [(5, 1, 9), (-3, 1, 9), (12, 1, 9), (1, 1, 1)],
    origins=("traced", "generated"),
)
WORDS = function_task(
    "alpha",
    "longest_word",
    "text",
    "Return the first of the longest words of the text, an empty one where there are none.",
    "    return max(text.split(), key=len, default='')\n",
    [("a few plain words",), ("",), ("one two six",)],
)
HALVES = function_task(
    "beta",
    "halves",
    "items",
    "Return the first half of the items and the second, which is the longer one of an odd number.",
    "    middle = len(items) // 2\n    return items[:middle], items[middle:]\n",
    [([1, 2, 3, 4],), ([1, 2, 3],), ([],)],
)
SPREAD = function_task(
    "beta",
    "spread",
    "pair",
    "Return how far the two numbers of a pair are apart, as a number that is not negative.",
    "    first, second = pair\n    return abs(first - second)\n",
    [((1, 5),), ((5, 1),), ((2, 2),)],
)
SILENT = function_task("beta", "doubled", "value", None, "    return value * 2\n", [(2,), ("ab",), ([1],)])
COPYLEFT = function_task(
    "gamma",
    "initials",
    "name",
    "Return the first letters of a name's parts, in capitals and each with a full stop.",
    "    return ''.join(part[0].upper() + '.' for part in name.split())\n",
    [("ada lovelace",), ("grace brewster hopper",), ("",)],
)
UNLICENSED = function_task(
    "delta",
    "is_sorted",
    "values",
    "Tell whether no value is followed by one that is smaller than it.",
    "    return all(a <= b for a, b in zip(values, values[1:]))\n",
    [([1, 2, 2],), ([2, 1],), ([],)],
)
NEEDS_PROJECT = replace(
    CLAMPED,
    task_id="alpha-1.0/alpha.Box.clamped",
    environment="alpha-1.0",
    replaces="alpha:clamped",
    requirements=["alpha==1.0"],
)
OPAQUE = Task(
    task_id="made/0",
    prompt='def tripled(x):\n    """Return three times the number that is given to it."""\n',
    entry_point="tripled",
    canonical_solution="    return 3 * x\n",
    tests=[],
    check="def check(candidate):\n    assert candidate(2) == 6\n    assert candidate(0) == 0\n",
    provenance=Provenance("task_file", "made.jsonl"),
)
PROGRAM = Task(
    task_id="site/1",
    prompt="Read two whole numbers and write their sum.",
    entry_point="",
    canonical_solution="a, b = map(int, input().split())\nprint(a + b)\n",
    tests=[],
    stdio_tests=[StdioTest("1 2\n", "3\n"), StdioTest("5 -7\n", "-2\n")],
    provenance=Provenance(
        "problem", "site", url="https://site.example/contest/7/problem/A", license="CC-BY-4.0"
    ),
)
CLOSED = replace(
    PROGRAM,
    task_id="closed/1",
    prompt="Read two whole numbers and write their product.",
    canonical_solution="a, b = map(int, input().split())\nprint(a * b)\n",
    stdio_tests=[StdioTest("2 3\n", "6\n")],
    provenance=replace(
        PROGRAM.provenance, url="https://site.example/contest/8/problem/A", redistribution="no", training="no"
    ),
)
TASKS = [
    CLAMPED,
    WORDS,
    HALVES,
    SPREAD,
    SILENT,
    COPYLEFT,
    UNLICENSED,
    NEEDS_PROJECT,
    OPAQUE,
    PROGRAM,
    CLOSED,
]


def run_folder(folder: Path, tasks: list[Task] | None = None) -> Path:
    """A folder as a run leaves it, of all these tasks unless others are given."""
    write_json_lines(folder / "tasks.jsonl", tasks or TASKS)
    return folder
