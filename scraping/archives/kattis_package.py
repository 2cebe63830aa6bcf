"""Problem packages of Kattis and the ICPC: legacy, 2023-07-draft and 2025-09.

Source: https://www.kattis.com/problem-package-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scraping.archives.kattis_settings import PackageSettings, default_checker, read_settings
from scraping.archives.kattis_statement import read_statement
from scraping.archives.kattis_submissions import read_submissions
from scraping.archives.kattis_tests import PackageTests, read_tests
from scraping.archives.programs import read_program
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problem_or_rejection
from scraping.problem import (
    AnswerChecker,
    InputValidator,
    Problem,
    ProblemLimits,
    ProblemRejection,
    Source,
)
from scraping.statements.sections import split_sections
from tasks.record import OutputChecker

_SETTINGS = "problem.yaml"


def read_kattis_packages(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of a package, or of all packages in a folder.

    Identifiers are ``package:`` and the path from the folder on. Interactive problems keep that mode and
    may have no answers; multi-pass ones and those whose validator gives points are rejected.
    """
    folder = ArchiveFolder(path)
    for package in packages(folder):
        name = str(package.relative_to(path)) if package != path else path.resolve().name
        yield problem_or_rejection(
            f"package:{name}",
            str(package),
            partial(_read_package, folder, package, name),
        )


def packages(folder: ArchiveFolder) -> Iterator[Path]:
    """The folders that are packages; those inside another one are part of it."""
    last: Path | None = None
    for settings in folder.files(folder.root, _SETTINGS):
        if last is None or not settings.parent.is_relative_to(last):
            last = settings.parent
            yield last


def _read_package(folder: ArchiveFolder, package: Path, name: str) -> Problem:
    settings = read_settings(folder.read_yaml(package / _SETTINGS))
    statement = read_statement(folder, package, settings)
    tests = read_tests(folder, package, answers=settings.mode == "stdio")
    if settings.mode == "stdio" and not tests.tests:
        raise UnusableProblem("no_tests", str(tests.dropped), stage="tests")
    return Problem(
        problem_id=f"package:{name}",
        title=statement.title or package.name,
        source=Source("package", "kattis_package", contest=settings.source, file=name, index=settings.uuid),
        rights=settings.rights,
        mode=settings.mode,
        statement_html=statement.html,
        statement_markdown=statement.markdown,
        sections=split_sections(statement.markdown),
        language=statement.language,
        limits=_limits(folder, package, settings.limits),
        tests=tests.tests,
        checker=_checker(folder, package, settings, tests),
        solutions=read_submissions(folder, package, settings.rights.license),
        input_validators=input_validators(folder, package, tests),
        images=statement.images,
        tags=settings.keywords,
        tests_dropped=tests.dropped,
    )


def _limits(folder: ArchiveFolder, package: Path, declared: ProblemLimits) -> ProblemLimits:
    """The declared limits; the time limit of older packages stands in a file of its own, if anywhere."""
    if declared.time_seconds is None:
        for file, pattern in (
            (".timelimit", r"([\d.]+)"),
            ("domjudge-problem.ini", r"timelimit\s*=\s*'?([\d.]+)"),
        ):
            if folder.exists(package / file):
                found = re.search(pattern, folder.read_text(package / file))
                if found:
                    return ProblemLimits(float(found[1]), declared.memory_bytes)
    return declared


def validator_arguments(settings: PackageSettings, tests: PackageTests) -> list[str]:
    """The output validator's arguments; raises `UnusableProblem` where groups of tests differ in them."""
    if len(tests.output_arguments) > 1:
        given = "; ".join(" ".join(arguments) or "none" for arguments in tests.output_arguments)
        raise UnusableProblem("validator_arguments_differ", given, stage="checker")
    return tests.output_arguments[0] if tests.output_arguments else settings.validator_arguments


def _checker(
    folder: ArchiveFolder, package: Path, settings: PackageSettings, tests: PackageTests
) -> AnswerChecker:
    arguments = validator_arguments(settings, tests)
    programs = output_validators(package)
    if not programs and not settings.custom_validator:
        return default_checker(arguments, f"{_SETTINGS}: validator arguments")
    if not settings.custom_validator and settings.version.startswith("legacy"):
        return default_checker(arguments, f"{_SETTINGS}: validator arguments")
    if len(programs) != 1:
        reason = "several_output_validators" if programs else "missing_output_validator"
        raise UnusableProblem(reason, ", ".join(program.name for program in programs), stage="checker")
    language, files = read_program(folder, programs[0])
    program = OutputChecker(language, files, next(iter(files)), "kattis", arguments)
    return AnswerChecker("program", program=program, evidence=[folder.name(programs[0])])


def output_validators(package: Path) -> list[Path]:
    """The programs that check outputs: of ``output_validator/`` the one, of ``output_validators/`` all."""
    single, several = package / "output_validator", package / "output_validators"
    if single.is_dir():
        inside = [path for path in sorted(single.iterdir()) if not path.name.startswith(".")]
        return inside if len(inside) == 1 else [single]
    return [path for path in (sorted(several.iterdir()) if several.is_dir() else ()) if _is_program(path)]


def _is_program(path: Path) -> bool:
    return not path.name.startswith(".") and path.name != "README.md" and not path.is_symlink()


def input_validators(folder: ArchiveFolder, package: Path, tests: PackageTests) -> list[InputValidator]:
    """The programs that check inputs, once for each list of arguments that groups of tests give them.

    Formats that are no programs (``.ctd``, ``.viva``) are left out.
    """
    found = []
    for place in ("input_validators", "input_format_validators"):
        for path in sorted((package / place).iterdir()) if (package / place).is_dir() else ():
            if not _is_program(path):
                continue
            try:
                language, files = read_program(folder, path)
            except UnusableProblem:
                continue
            for arguments in tests.input_arguments or [[]]:
                found.append(InputValidator(language, files, arguments))
    return found
