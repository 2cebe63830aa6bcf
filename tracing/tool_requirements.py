"""Test requirements in the tables that Hatch, PDM, Poetry and uv keep in pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

_GROUPS = ("test", "tests", "testing", "unit", "dev", "develop", "development")
_HATCH = ("hatch-test", "test", "tests", "default", "dev")
_NOT_FOR_TESTS = frozenset(("black", "mypy", "ruff", "flake8", "pre-commit", "isort", "pylint", "tox", "nox"))
_DOCUMENTATION = ("sphinx", "mkdocs", "furo", "twine", "pyright", "bump")


def read_tool_requirements(tools: dict[str, Any]) -> tuple[str, ...]:
    """The requirements of tests in pyproject.toml's ``[tool]`` table, those of the first source that has any.

    Poetry's constraints are not those of PEP 508: its requirements come without a version.
    """
    for source in (_hatch, _pdm, _poetry, _uv):
        found = dict.fromkeys(text for text in source(tools) if _is_for_tests(text))
        if found:
            return tuple(found)
    return ()


def _hatch(tools: dict[str, Any]) -> Iterator[str]:
    environments = _table(_table(tools, "hatch"), "envs")
    for name in _HATCH:
        environment = _table(environments, name)
        for key in ("dependencies", "extra-dependencies"):
            yield from _texts(environment.get(key))


def _pdm(tools: dict[str, Any]) -> Iterator[str]:
    groups = _table(_table(tools, "pdm"), "dev-dependencies")
    for name in _GROUPS:
        yield from _texts(groups.get(name))


def _poetry(tools: dict[str, Any]) -> Iterator[str]:
    poetry = _table(tools, "poetry")
    tables = [_table(poetry, "dev-dependencies")]
    tables += [_table(_table(_table(poetry, "group"), name), "dependencies") for name in _GROUPS]
    for table in tables:
        for name, wanted in table.items():
            plain = isinstance(wanted, str) or (isinstance(wanted, dict) and "version" in wanted)
            if name.lower() != "python" and plain:
                yield name


def _uv(tools: dict[str, Any]) -> Iterator[str]:
    yield from _texts(_table(tools, "uv").get("dev-dependencies"))


def _is_for_tests(text: str) -> bool:
    try:
        name = canonicalize_name(Requirement(text).name, validate=True)
    except (InvalidRequirement, InvalidName):
        return False
    return name not in _NOT_FOR_TESTS and not name.startswith(_DOCUMENTATION)


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
