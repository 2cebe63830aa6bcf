"""What a project says of itself: name, version, Python, licence, and what its tests require."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from sandbox.endings import printable
from tracing.python_versions import short_version
from tracing.tool_requirements import read_tool_requirements

_TEST_EXTRAS = ("test", "tests", "testing", "dev")
_REQUIREMENT_FILES = (
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements_test.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "tests/requirements.txt",
    "test/requirements.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "dev.requirements.txt",
    "requirements/dev.txt",
)
_LICENSE_FILES = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")
_MAX_BYTES = 2**20
_COPYRIGHT = re.compile(r"^\W{0,3}(copyright\s+(?:\(c\)|©|\d{4}).{3,200})$", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,98}")
_CLASSIFIERS = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
}


@dataclass(frozen=True)
class ProjectMetadata:
    """Facts read from a project's files. ``license`` is an SPDX expression where one is declared.

    ``tool_requirements`` are those of its tests in the tables of Hatch, PDM, Poetry and uv;
    ``classified_pythons`` the versions that its classifiers name.
    """

    name: str | None
    version: str | None
    requires_python: str | None
    license: str | None
    copyright: str | None
    test_extras: tuple[str, ...]
    test_groups: tuple[str, ...]
    requirement_files: tuple[str, ...]
    tool_requirements: tuple[str, ...]
    dependencies: tuple[str, ...]
    classified_pythons: tuple[str, ...]
    uses_tox: bool

    def allows_python(self, version: str) -> bool:
        """Whether the project admits a Python version; an unreadable requirement admits all."""
        try:
            return SpecifierSet(self.requires_python or "").contains(version, prereleases=True)
        except InvalidSpecifier:
            return True


def read_metadata(folder: Path, installed: Path | None = None) -> ProjectMetadata:
    """Read a project's own declarations, and those of its installed distribution where given."""
    pyproject = _read_toml(folder / "pyproject.toml", folder)
    project = _table(pyproject, "project")
    headers = HeaderParser().parsestr(read_small_file(folder / "PKG-INFO", folder))
    distribution = HeaderParser().parsestr(_installed_metadata(installed))
    extras = set(_table(project, "optional-dependencies"))
    extras |= {*headers.get_all("Provides-Extra", ()), *distribution.get_all("Provides-Extra", ())}
    groups = _table(pyproject, "dependency-groups")

    def first(header: str, key: str) -> str | None:
        for value in (distribution[header], headers[header], project.get(key)):
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    license_name = _license(first("License-Expression", "license"))
    for source in (distribution, headers):
        license_name = license_name or _license(source["License"])
        license_name = license_name or _license_of_classifiers(source.get_all("Classifier", ()))
    return ProjectMetadata(
        name=_matching(_NAME, first("Name", "name")),
        version=_matching(_VERSION, first("Version", "version")),
        requires_python=first("Requires-Python", "requires-python"),
        license=license_name or _license_of_classifiers(project.get("classifiers", ())),
        copyright=_copyright(folder),
        test_extras=tuple(extra for extra in _TEST_EXTRAS if extra in extras)[:1],
        test_groups=tuple(group for group in _TEST_EXTRAS if group in groups)[:1],
        requirement_files=tuple(file for file in _REQUIREMENT_FILES if (folder / file).is_file())[:1],
        tool_requirements=read_tool_requirements(_table(pyproject, "tool")),
        dependencies=tuple(
            text
            for text in headers.get_all("Requires-Dist", None) or project.get("dependencies") or ()
            if isinstance(text, str) and "extra ==" not in text
        ),
        classified_pythons=_pythons(
            [*distribution.get_all("Classifier", ()), *headers.get_all("Classifier", ())]
            or project.get("classifiers", ())
        ),
        uses_tox=_uses_tox(folder, pyproject),
    )


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    """A declaration that is what it should be: it comes into task ids, requirements and terminals."""
    return text if text and pattern.fullmatch(text) else None


def _pythons(classifiers: Any) -> tuple[str, ...]:
    prefix = "Programming Language :: Python :: "
    texts = [text for text in classifiers if isinstance(text, str)] if isinstance(classifiers, list) else []
    found = [text.removeprefix(prefix).strip() for text in texts if text.startswith(prefix)]
    return tuple(version for version in found if short_version(version) == version)


def _uses_tox(folder: Path, pyproject: dict[str, Any]) -> bool:
    if (folder / "tox.ini").is_file() or (folder / "tox.toml").is_file():
        return True
    return "tox" in _table(pyproject, "tool") or "[tox:tox]" in read_small_file(folder / "setup.cfg", folder)


def _installed_metadata(site_packages: Path | None) -> str:
    """METADATA of the distribution that was installed from the project's folder."""
    if site_packages is None:
        return ""
    for record in site_packages.glob("*.dist-info/direct_url.json"):
        if "file:///project" in read_small_file(record, site_packages):
            return read_small_file(record.parent / "METADATA", site_packages)
    return ""


def _license(name: str | None) -> str | None:
    if not name:
        return None
    try:
        return canonicalize_license_expression(name.strip())
    except InvalidLicenseExpression:
        return _CLASSIFIERS.get(name.strip())


def _license_of_classifiers(classifiers: Any) -> str | None:
    for classifier in classifiers if isinstance(classifiers, (list, tuple)) else ():
        if isinstance(classifier, str) and classifier.startswith("License ::"):
            found = _CLASSIFIERS.get(classifier.rpartition(" :: ")[2])
            if found:
                return found
    return None


def _copyright(folder: Path) -> str | None:
    for pattern in _LICENSE_FILES:
        for file in sorted(folder.glob(pattern)):
            match = _COPYRIGHT.search(read_small_file(file, folder))
            if match:
                return printable(" ".join(match.group(1).split()))
    return None


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _read_toml(file: Path, folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_small_file(file, folder))
    except (ValueError, RecursionError):
        return {}


def read_small_file(file: Path, folder: Path) -> str:
    """A small regular file's text, or nothing. Links below the folder may lead anywhere: none is followed."""
    real = Path(os.path.realpath(folder)) / file.relative_to(folder)
    try:
        if os.path.realpath(real) != str(real) or not real.is_file() or real.stat().st_size > _MAX_BYTES:
            return ""
        return real.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # unreadable, or no name that a file can have
        return ""
