"""The recipe: which measurements of a task are wanted, as thresholds in one file.

Measuring is done once; a recipe only reads what was measured, so another one costs nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from filters.licences import licence_allowed
from filters.measures import MEASURES, STAGES, Stage, stage_of
from tasks.files import BadFile
from tasks.json_decoders import converted

_BASE = "defaults"


@dataclass(frozen=True)
class Threshold:
    """What is wanted of one measurement; a task that has it otherwise is rejected for the threshold's name.

    ``minimum`` and ``maximum`` are admitted themselves; ``one_of`` lists what is. Of a list, ``only`` has
    what may be in it, ``none_of`` what may not. ``licences`` are those with which alone an SPDX expression
    has to be met. What was not measured is rejected too, unless ``unknown`` says ``keep``.
    """

    measure: str
    minimum: float | None = None
    maximum: float | None = None
    one_of: list[str | bool | int | float] | None = None
    only: list[str] | None = None
    none_of: list[str] | None = None
    licences: list[str] | None = None
    unknown: Literal["reject", "keep"] = "reject"

    @property
    def stage(self) -> Stage:
        """The stage that measures it."""
        return stage_of(self.measure)

    def objection(self, measures: Mapping[str, Any]) -> str | None:
        """What is wrong with the measurements, in words, or None."""
        value = measures.get(self.measure)
        if value is None:
            return None if self.unknown == "keep" else f"{self.measure} is not known"
        if self.one_of is not None and value not in self.one_of:
            return f"{self.measure} is {value}"
        if self.minimum is not None and value < self.minimum:
            return f"{self.measure} is {value:.6g}, less than {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"{self.measure} is {value:.6g}, more than {self.maximum:g}"
        if self.licences is not None and not licence_allowed(value, self.licences):
            return f"{self.measure} is {value}"
        listed = value if isinstance(value, list) else [value]
        if self.only is not None and set(listed) - set(self.only):
            return f"{self.measure} has {', '.join(each for each in listed if each not in self.only)}"
        if self.none_of is not None and set(listed) & set(self.none_of):
            return f"{self.measure} has {', '.join(each for each in listed if each in self.none_of)}"
        return None


@dataclass(frozen=True)
class Recipe:
    """Thresholds by the reason for which they reject, in the order in which they are applied."""

    thresholds: dict[str, Threshold]

    def objections(self, measures: Mapping[str, Any], stages: Collection[Stage] = STAGES) -> dict[str, str]:
        """Every reason of some stages to reject a task, with what is wrong; none if it is kept."""
        found = (
            (name, each.objection(measures)) for name, each in self.thresholds.items() if each.stage in stages
        )
        return {name: objection for name, objection in found if objection is not None}

    def in_order(self) -> Recipe:
        """The same with its thresholds in the order of the stages, as given within each."""
        by_stage = sorted(self.thresholds.items(), key=lambda entry: STAGES.index(entry[1].stage))
        return Recipe(dict(by_stage))


def read_recipe(path: Path, defaults: Recipe) -> Recipe:
    """Read a TOML file with a table for each threshold, named by its reason; raises `BadFile`.

    A table with the name of a default changes the keys it has, and with ``apply = false`` takes it away.
    ``defaults = false`` before all tables takes all of them away.

    .. code-block:: toml

        [weak_tests]
        minimum = 0.8

        [too_easy]
        measure = "samples.pass_rate"
        maximum = 0.95
        unknown = "keep"
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadFile(f"{path}: {error}") from error
    return recipe_of(found, path, text, defaults)


def recipe_of(found: dict[str, Any], path: Path, text: str, defaults: Recipe, inside: str = "") -> Recipe:
    """The same of tables that are read already, which in the text are ``inside`` one; raises `BadFile`."""
    file = _RecipeText(path, text, f"{inside}." if inside else "")
    found = dict(found)
    wanted = found.pop(_BASE, True)
    if not isinstance(wanted, bool):
        raise file.wrong(None, _BASE, f"{_BASE} is true or false")
    thresholds = dict(defaults.thresholds) if wanted else {}
    for name, body in found.items():
        if not isinstance(body, dict):
            raise file.wrong(None, name, f"{name}: no table; a threshold is one, such as [{name}]")
        if not name.replace("_", "").isalnum() or name != name.lower():
            raise file.wrong(name, None, f"[{name}]: a reason is named in small letters and underscores")
        threshold = file.threshold(name, body, thresholds.get(name))
        if threshold is None:
            del thresholds[name]
        else:
            thresholds[name] = threshold
    return Recipe(thresholds).in_order()


class _WrittenThreshold(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A threshold as it is written: names that mean nothing are mistakes."""

    measure: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    one_of: list[str | bool | int | float] | None = None
    only: list[str] | None = None
    none_of: list[str] | None = None
    licences: list[str] | None = None
    unknown: Literal["reject", "keep"] | None = None
    apply: bool = True


@dataclass(frozen=True)
class _RecipeText:
    path: Path
    text: str
    inside: str = ""

    def threshold(self, name: str, body: dict[str, Any], default: Threshold | None) -> Threshold | None:
        """What a table says, None if its default is not applied; raises `BadFile`."""
        try:
            written = converted(body, _WrittenThreshold)
        except msgspec.ValidationError as error:
            named = re.search(r"field `(\w+)`|\$\.(\w+)", str(error))
            raise self.wrong(name, named and (named[1] or named[2]), f"[{name}] {error}") from error
        if not written.apply:
            if default is None:
                raise self.wrong(name, "apply", f"[{name}] apply = false: no default has that name")
            return None
        changes = {key: value for key, value in msgspec.to_builtins(written).items() if key != "apply"}
        if default is None and written.measure is None:
            raise self.wrong(name, None, f"[{name}] names no measure, and no default has that name")
        threshold = replace(default, **changes) if default else Threshold(**changes)
        if threshold.measure not in MEASURES:
            known = ", ".join(MEASURES)
            raise self.wrong(name, "measure", f"[{name}] measure {threshold.measure!r} is none of {known}")
        wants = [key for key in _APPLICABLE if getattr(threshold, key) is not None]
        if not wants:
            raise self.wrong(name, None, f"[{name}] wants nothing; give {', '.join(_APPLICABLE)}")
        kind = MEASURES[threshold.measure]
        for key in wants:
            if kind not in _APPLICABLE[key]:
                raise self.wrong(name, key, f"[{name}] {key} cannot be said of {threshold.measure}, a {kind}")
        return threshold

    def wrong(self, table: str | None, key: str | None, message: str) -> BadFile:
        """An error with the line of a key of a table, or of the table."""
        return BadFile(f"{self.path}:{self._line(table, key)}: {message}")

    def _line(self, table: str | None, key: str | None) -> int:
        wanted = self.inside.rstrip(".") if table is None else self.inside + table
        inside = not wanted
        found = 1
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.match(r"\s*\[\s*[\"']?([^\"'\]]*?)[\"']?\s*\]", line)
            if header:
                inside = header[1] == wanted
                found = number if inside else found
            elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return found


_APPLICABLE: dict[str, tuple[str, ...]] = {
    "minimum": ("number",),
    "maximum": ("number",),
    "one_of": ("number", "text", "truth value"),
    "only": ("list",),
    "none_of": ("list",),
    "licences": ("licence",),
}
"""Of which kinds of measures a key can be said."""
