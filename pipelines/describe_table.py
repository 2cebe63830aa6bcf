"""The terminal's view of descriptions: how many, and what was told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from docstring_gen.descriptions import Description, counts

_ROWS = {
    "descriptions": ("docstrings", ""),
    "cut_off": ("cut off at --max-tokens", "descriptions"),
    "marked_wrong": ("marked wrong", "descriptions"),
    "with_tests": ("with tests, which were taken out", "descriptions"),
    "with_wrong_doctests": ("with a test that the reference contradicts", "descriptions"),
    "with_contradictions": ("with a statement that recorded calls contradict", "descriptions"),
    "with_unmentioned_arguments": ("with an argument unmentioned", "descriptions"),
    "round_trips": ("tried on the round trip", "descriptions"),
    "round_trips_passed": ("of those, solved by a sample", "round_trips"),
}


def show_descriptions(
    descriptions: Sequence[Description], refused: Mapping[str, int], console: Console
) -> None:
    """Print counts and shares, then the same by the names of reasons; and why tasks were not described."""
    found = counts(descriptions)
    table = Table("", "number", "share")
    for name, (words, whole) in _ROWS.items():
        if name in found or name in ("descriptions", "marked_wrong"):
            number = found.get(name, 0)
            of = found.get(whole, 0)
            table.add_row(words, str(number), f"{number / of:.1%}" if of else "")
    console.print(table)
    for name, number in found.items():
        if ": " in name:
            console.print(f"{name}: {number}", highlight=False)
    tests = {name: found.get(f"doctests_{name}", 0) for name in ("held", "contradicted", "not_run")}
    if any(tests.values()):
        told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in tests.items())
        console.print(f"tests in docstrings: {told}", highlight=False)
    for reason, number in refused.items():
        console.print(f"not described, or not fully: {number} tasks, {reason}", highlight=False)
