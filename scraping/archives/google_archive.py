"""google/coding-competitions-archive: Code Jam, Kick Start and others, with official tests and checkers.

The packages are "a best-effort conversion to problemtools format": statements are HTML, and custom judges
do not follow the format's protocol; they get the paths of input, output and answer as arguments, and many
are Python 2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.kattis_package import output_validators, packages, validator_arguments
from scraping.archives.kattis_settings import PackageSettings, default_checker, read_settings
from scraping.archives.kattis_statement import read_statement
from scraping.archives.kattis_tests import PackageTests, read_tests
from scraping.archives.licences import rights_of_license
from scraping.archives.programs import parses_as_python3, read_program
from scraping.archives.python2_source import to_python3
from scraping.archives.reading import (
    MAX_YAML_BYTES,
    ArchiveFolder,
    UnusableProblem,
    problem_or_rejection,
    yaml_mapping,
)
from scraping.problem import AnswerChecker, Problem, ProblemRejection, Source
from scraping.statements.sections import split_sections
from tasks.record import OutputChecker

_COMPETITIONS = ("codejam", "kickstart", "codejam_to_io", "farewell", "distributed_codejam", "hashcode")
_REPOSITORY = "https://github.com/google/coding-competitions-archive"
_LICENSE = "Apache-2.0"  # of the repository, declared by its owner for all of it


def read_google_archive(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of a checkout, or of a part of it.

    Identifiers are ``google:`` and the path in the repository. There are no solutions. Judges in Python 2 are
    translated; what cannot be is a rejection.
    """
    folder = ArchiveFolder(path)
    for package in packages(folder):
        name = _name(package)
        yield problem_or_rejection(
            f"google:{name}",
            str(package),
            partial(_read, folder, package, name),
        )


def _name(package: Path) -> str:
    """The path in the repository, as far as the folders above the package tell."""
    parts = package.resolve().parts
    start = max((index for index, part in enumerate(parts) if part in _COMPETITIONS), default=len(parts) - 1)
    return "/".join(parts[start:])


def _read(folder: ArchiveFolder, package: Path, name: str) -> Problem:
    settings = read_settings(_settings_file(folder, package / "problem.yaml"))
    statement = read_statement(folder, package, settings)
    tests = read_tests(folder, package, answers=not settings.interactive)
    if not tests.tests and not settings.interactive:
        raise UnusableProblem("no_tests", stage="tests")
    contest, _, index = name.rpartition("/")
    return Problem(
        problem_id=f"google:{name}",
        title=statement.title,
        source=Source(
            "google", "google_archive", f"{_REPOSITORY}/tree/main/{name}", contest or None, index, name
        ),
        rights=replace(
            rights_of_license(_LICENSE, "Google LLC"), terms_url=f"{_REPOSITORY}/blob/main/LICENSE"
        ),
        mode=settings.mode,
        statement_html=statement.html,
        statement_markdown=statement.markdown,
        sections=split_sections(statement.markdown),
        limits=settings.limits,
        tests=tests.tests,
        checker=AnswerChecker("pending")
        if settings.interactive
        else _checker(folder, package, settings, tests),
        published_at=next((part for part in contest.split("/") if part.isdigit()), None),
    )


def _settings_file(folder: ArchiveFolder, path: Path) -> dict[str, Any]:
    """``problem.yaml``, whose names are written without the quotes that a colon in them needs."""
    text = folder.read_text(path, MAX_YAML_BYTES)
    text = re.sub(r"^(name|source): ([^'\"\n].*)$", _quoted, text, flags=re.MULTILINE)
    return yaml_mapping(text, folder.name(path))


def _quoted(line: re.Match[str]) -> str:
    return f"{line[1]}: {json.dumps(line[2], ensure_ascii=False)}"


def _checker(
    folder: ArchiveFolder, package: Path, settings: PackageSettings, tests: PackageTests
) -> AnswerChecker:
    if not settings.custom_validator:
        return default_checker(validator_arguments(settings, tests), "problem.yaml: output_validator_flags")
    programs = output_validators(package)
    if len(programs) != 1:
        reason = "several_output_validators" if programs else "missing_output_validator"
        raise UnusableProblem(reason, ", ".join(program.name for program in programs), stage="checker")
    language, files = read_program(folder, programs[0])
    evidence = [folder.name(programs[0])]
    if language in ("python2", "python3"):
        files, translated = _as_python3(files)
        language = "python3"
        evidence += [f"translated from Python 2: {name}" for name in translated]
    return AnswerChecker(
        "program", program=OutputChecker(language, files, next(iter(files)), "google"), evidence=evidence
    )


def _as_python3(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The files in Python 3, and the names of those that were not."""
    old = [name for name, text in files.items() if not name.endswith(".py3") and _is_python2(text)]
    return {name: to_python3(text, name) if name in old else text for name, text in files.items()}, old


def _is_python2(text: str) -> bool:
    """Whether a judge is Python 2: some are by nothing but a name that Python 3 has not."""
    if not parses_as_python3(text):
        return True
    return any(word in text for word in ("file(sys.argv", "print >>", "xrange(", "raw_input(", "iteritems("))
