"""The recipe: which measurements of a task are wanted, as thresholds in one file.

Measuring is done once; a recipe only reads what was measured, so another one costs nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from tasks.files import BadFile


@dataclass(frozen=True)
class Threshold:
    """What is wanted of one measurement; a task that has it otherwise is rejected for the threshold's name.

    ``minimum`` and ``maximum`` are admitted themselves; ``one_of`` lists what is. What was not measured is
    rejected too, unless ``unknown`` says ``keep``.
    """

    measure: str
    minimum: float | None = None
    maximum: float | None = None
    one_of: list[str | bool | int | float] | None = None
    unknown: Literal["reject", "keep"] = "reject"

    def objection(self, measures: Mapping[str, Any]) -> str | None:
        """What is wrong with the measurements, in words, or None."""
        value = measures.get(self.measure)
        if value is None:
            return None if self.unknown == "keep" else f"{self.measure} is not known"
        if self.one_of is not None and value not in self.one_of:
            return f"{self.measure} is {value}"
        if self.minimum is not None and value < self.minimum:
            return f"{self.measure} is {value}, less than {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"{self.measure} is {value}, more than {self.maximum:g}"
        return None


@dataclass(frozen=True)
class Recipe:
    """Thresholds by the reason for which they reject, in the order in which they are applied."""

    thresholds: dict[str, Threshold]

    def objections(self, measures: Mapping[str, Any]) -> dict[str, str]:
        """Every reason to reject a task, with what is wrong; none if it is kept."""
        found = ((name, each.objection(measures)) for name, each in self.thresholds.items())
        return {name: objection for name, objection in found if objection is not None}


PAPER = Recipe(
    {
        "undecided": Threshold("samples.decision", one_of=["kept", "dropped"]),
        "reference_fails": Threshold("samples.reason", one_of=["sample_passes", "no_sample_passes"]),
        "no_sample_passes": Threshold("samples.passed", minimum=1),
    }
)
"""The filter of Chen et al. 2021, §4.3; and what could not be decided is not kept."""


def read_recipe(path: Path) -> Recipe:
    """Read a TOML file with a table for each threshold, named by its reason; raises `BadFile`.

    .. code-block:: toml

        [too_easy]
        measure = "samples.pass_rate"
        maximum = 0.95
        unknown = "keep"
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        for name in found:
            if not name.replace("_", "").isalnum() or name != name.lower():
                raise ValueError(f"{name!r}: a reason is named in small letters and underscores")
        thresholds = msgspec.convert(found, dict[str, _StrictThreshold])
    except (OSError, ValueError) as error:
        raise BadFile(f"{path}: {error}") from error
    return Recipe({name: each.checked(path, name) for name, each in thresholds.items()})


class _StrictThreshold(msgspec.Struct, forbid_unknown_fields=True):
    """A threshold as it is written: names that mean nothing are mistakes."""

    measure: str
    minimum: float | None = None
    maximum: float | None = None
    one_of: list[str | bool | int | float] | None = None
    unknown: Literal["reject", "keep"] = "reject"

    def checked(self, path: Path, name: str) -> Threshold:
        if self.minimum is None and self.maximum is None and self.one_of is None:
            raise BadFile(f"{path}: [{name}] wants nothing; give minimum, maximum or one_of")
        return Threshold(self.measure, self.minimum, self.maximum, self.one_of, self.unknown)
