"""``problem.yaml`` of a problem package, in its three versions: legacy, 2023-07-draft and 2025-09."""

from __future__ import annotations

import datetime
import shlex
from dataclasses import dataclass, field
from typing import Any

from scraping.archives.licences import package_license, rights_of_license
from scraping.archives.reading import UnusableProblem
from scraping.problem import AnswerChecker, InputOutputMode, ProblemLimits, Rights

_VERSIONS = ("legacy", "legacy-icpc", "2023-07", "2023-07-draft", "2025-09", "draft")
_DEFAULT_VALIDATOR_ARGUMENTS = (
    "case_sensitive",
    "space_change_sensitive",
    "float_tolerance",
    "float_relative_tolerance",
    "float_absolute_tolerance",
)


@dataclass(frozen=True)
class PackageSettings:
    """What ``problem.yaml`` says. ``names`` maps languages to names, ``""`` to the one for all."""

    version: str
    types: frozenset[str]
    names: dict[str, str]
    rights: Rights
    limits: ProblemLimits
    custom_validator: bool
    interactive: bool
    validator_arguments: list[str] = field(default_factory=list)
    source: str | None = None
    keywords: list[str] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    uuid: str | None = None

    @property
    def mode(self) -> InputOutputMode:
        """How a solution is run."""
        if self.interactive:
            return "interactive"
        return "answer_only" if "submit-answer" in self.types else "stdio"


def read_settings(content: dict[str, Any], today: datetime.date | None = None) -> PackageSettings:
    """Understand a ``problem.yaml``; raises `UnusableProblem` for kinds that have no place in the record."""
    version = str(content.get("problem_format_version") or "legacy")
    if version not in _VERSIONS:
        raise UnusableProblem("unknown_format_version", version)
    types = frozenset(" ".join(map(str, _listed(content.get("type") or "pass-fail"))).split())
    validation = str(content.get("validation") or "default").split()
    if "multi-pass" in types or "multipass" in validation:
        raise UnusableProblem("multi_pass")
    if "score" in validation:
        raise UnusableProblem("scored_by_validator")
    embargo = content.get("embargo_until")
    if isinstance(embargo, datetime.datetime):
        embargo = embargo.date()
    if isinstance(embargo, datetime.date) and embargo > (today or datetime.date.today()):
        raise UnusableProblem("under_embargo", f"until {embargo}")
    names = content.get("name") or {}
    keywords = content.get("keywords") or []
    return PackageSettings(
        version=version,
        types=types,
        names=(
            {str(language): str(name) for language, name in names.items()}
            if isinstance(names, dict)
            else {"": str(names)}
        ),
        rights=_rights(content),
        limits=_limits(content.get("limits") or {}),
        custom_validator="custom" in validation,
        interactive="interactive" in types or "interactive" in validation,
        validator_arguments=arguments_of(
            content.get("validator_flags") or content.get("output_validator_flags")
        ),
        source=_people(content.get("source")) or None,
        keywords=keywords.split() if isinstance(keywords, str) else list(map(str, keywords)),
        constants=_constants(content.get("constants") or {}),
        uuid=str(content["uuid"]) if content.get("uuid") else None,
    )


def arguments_of(flags: object) -> list[str]:
    """Arguments of a validator, given as one text (legacy) or as a list."""
    if isinstance(flags, str):
        return shlex.split(flags)
    return [str(flag) for flag in flags] if isinstance(flags, list) else []


def default_checker(arguments: list[str], evidence: str) -> AnswerChecker:
    """What the default validator does under its arguments; raises `UnusableProblem` for unknown ones.

    Source: problem package format 2025-09, "Default output validator specification".
    """
    relative = absolute = None
    case_sensitive = exact = False
    rest = iter(arguments)
    for argument in rest:
        if argument not in _DEFAULT_VALIDATOR_ARGUMENTS:
            raise UnusableProblem("unknown_validator_argument", argument, stage="checker")
        if argument == "case_sensitive":
            case_sensitive = True
        elif argument == "space_change_sensitive":
            exact = True
        else:
            tolerance = float(next(rest, "missing"))
            if argument != "float_absolute_tolerance":
                relative = tolerance
            if argument != "float_relative_tolerance":
                absolute = tolerance
    return AnswerChecker(
        kind="exact" if exact else "tokens",
        relative_tolerance=relative,
        absolute_tolerance=absolute,
        case_sensitive=case_sensitive,
        evidence=[f"{evidence}: {' '.join(arguments) or 'none'}"],
    )


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _rights(content: dict[str, Any]) -> Rights:
    license = package_license(str(content.get("license") or "unknown"))
    owner = next(
        (
            name
            for key in ("rights_owner", "author", "credits", "source")
            if (name := _people(content.get(key)))
        ),
        None,
    )
    return rights_of_license(license, None if license == "CC-PDM-1.0" else owner)


def _people(value: object) -> str:
    """Names out of the several forms of ``credits``, ``author`` and ``source``."""
    if isinstance(value, dict):
        return _people(value.get("authors") or value.get("name"))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_people, value)))
    return str(value).partition(" <")[0].strip() if value else ""


def _limits(limits: object) -> ProblemLimits:
    if not isinstance(limits, dict):
        return ProblemLimits()
    time, memory = limits.get("time_limit"), limits.get("memory")
    return ProblemLimits(
        time_seconds=float(time) if time else None,
        memory_bytes=int(memory) * 2**20 if memory else None,
    )


def _constants(constants: dict[str, Any]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in constants.items():
        variants = value if isinstance(value, dict) else {"value": value}
        values[str(name)] = str(variants.get("value", ""))
        values |= {f"{name}.{variant}": str(text) for variant, text in variants.items()}
    return values
