"""Small recipes for builds, and what to look for when one was stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.files import write_json_lines
from tasks.record import Expected, Provenance, Task, TestCase

ALPHA = {
    "alpha.py": '''
    def clamp(value, low, high):
        """Return the value, or the bound of the given range that it lies beyond."""
        if value < low:
            return low
        if value > high:
            return high
        return value


    def initials(words):
        """Return the first letters of all the words in the given text, in capitals."""
        return "".join(word[0].upper() for word in words.split())


    def shout(text):
        return text.upper() + "!"
    ''',
    "tests/test_alpha.py": """
    import alpha


    def test_it():
        for value in (-3, 0, 2, 5, 9, 100):
            alpha.clamp(value, 0, 5)
        for text in ("a bc d", "hello big world", "x"):
            alpha.initials(text)
        for text in ("a", "bc"):
            alpha.shout(text)
    """,
}
"""A project of two functions that are kept and one that has no docstring."""

FUNCTIONS = '''\
# SPDX-License-Identifier: MIT
"""Some functions."""


def shorten(text: str, size: int) -> str:
    """Return the text, cut to the given size, with an ellipsis in place of what is missing.

    >>> shorten("abcdef", 3)
    'abc...'
    >>> shorten("ab", 3)
    'ab'
    >>> shorten("abc", 3)
    'abc'
    >>> shorten("abcd", 1)
    'a...'
    >>> shorten("", 0)
    ''
    """
    if len(text) > size:
        return text[:size] + "..."
    return text
'''

THRESHOLDS = """
[filter]
test_seconds = 3

[filter.thresholds.weak_tests]
minimum = 0.3

[filter.thresholds.licence_not_allowed]
apply = false
"""


def task(name: str, solution: str, results: list[Any]) -> Task:
    """A documented task of the numbers -5, 3, 8 and 12."""
    prompt = f'def {name}(n):\n    """Return what {name} makes of the given number n, for its callers."""\n'
    cases = [
        TestCase([number], {}, Expected("returned", result))
        for number, result in zip((-5, 3, 8, 12), results, strict=True)
    ]
    return Task(f"made/{name}", prompt, name, solution, cases, Provenance("project", "made", license="MIT"))


def write_tasks(file: Path) -> Path:
    """Three tasks: one is kept, one has a wrong solution, one is the first once more."""
    solution, results = "    return n * n - 3 * n\n", [40, 0, 40, 108]
    wrong = task("wrong", "    return n + 1\n", [0, 0, 0, 0])
    write_json_lines(file, [task("bend", solution, results), wrong, task("again", solution, results)])
    return file


def leftovers(folder: Path) -> list[str]:
    """Files and folders of a build that should be there only while it runs."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.name.endswith(".tmp") or path.name in (".partial", ".progress", ".verified", "workspace")
    ]


def processes_of(folder: Path) -> Iterator[str]:
    """Processes of this machine that have a file below a folder open, or it in their environment."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in told:
                yield told.decode(errors="replace")
