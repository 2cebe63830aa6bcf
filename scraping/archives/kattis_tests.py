"""The test data of a problem package: samples and secret tests, and what their groups say of validators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scraping.archives.kattis_settings import arguments_of
from scraping.archives.reading import (
    MAX_PROBLEM_BYTES,
    MAX_TEST_BYTES,
    ArchiveFolder,
    UnusableProblem,
)
from scraping.problem import ProblemTest

_GROUP_FILES = ("test_group.yaml", "testdata.yaml")
_INPUT_KEYS = ("input_validator_args", "input_validator_flags")
_OUTPUT_KEYS = ("output_validator_args", "output_validator_flags")


@dataclass(frozen=True)
class PackageTests:
    """The tests, and the distinct arguments that their groups give to validators.

    ``dropped`` counts by reason the tests that are damaged, or too large to be read.
    """

    tests: list[ProblemTest] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    output_arguments: list[list[str]] = field(default_factory=list)
    input_arguments: list[list[str]] = field(default_factory=list)


def read_tests(folder: ArchiveFolder, package: Path, *, answers: bool = True) -> PackageTests:
    """Read ``data/sample`` and ``data/secret``; raises `UnusableProblem` for kinds that have no place here.

    ``answers``: whether every test needs a ``.ans`` file, as it does unless the problem is interactive.
    """
    tests: list[ProblemTest] = []
    output_arguments: list[list[str]] = []
    input_arguments: list[list[str]] = []
    dropped: Counter[str] = Counter()
    left = MAX_PROBLEM_BYTES
    kinds: tuple[tuple[Literal["example", "secret"], str], ...] = (
        ("example", "sample"),
        ("secret", "secret"),
    )
    root_settings = _group_settings(folder, package / "data")
    for kind, name in kinds:
        for path, settings in _cases(folder, package / "data" / name, root_settings):
            settings = _case_settings(folder, path, settings)
            try:
                test = _read_test(folder, package, path, kind, answers=answers)
            except UnusableProblem as error:
                if error.reason == "link_out_of_archive":
                    raise
                dropped["too_large" if error.reason == "file_too_large" else error.reason] += 1
                continue
            size = len(test.input) + len(test.output or "")
            if size > left:
                dropped["too_large"] += 1
                continue
            left -= size
            tests.append(test)
            output = _arguments(settings, _OUTPUT_KEYS)
            if output is not None and output not in output_arguments:
                output_arguments.append(output)
            if kind == "secret" and (given := _arguments(settings, _INPUT_KEYS)) not in (
                None,
                *input_arguments,
            ):
                input_arguments.append(given or [])
    return PackageTests(tests, dict(dropped), output_arguments, input_arguments)


def _cases(
    folder: ArchiveFolder, group: Path, inherited: dict[str, Any]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The ``.in`` files of a group and of those in it, each with the settings that hold for it."""
    if not group.is_dir():
        return
    settings = inherited | _group_settings(folder, group)
    for path in sorted(group.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            if path.name.endswith(".files"):
                raise UnusableProblem("tests_with_files", folder.name(path), stage="tests")
            yield from _cases(folder, path, settings)
        elif path.name.endswith(".in"):
            yield path, settings
        elif path.suffix == ".ans" and not path.with_suffix(".in").is_file():
            yield path.with_suffix(".in"), settings


def _group_settings(folder: ArchiveFolder, group: Path) -> dict[str, Any]:
    return next(
        (folder.read_yaml(group / name) for name in _GROUP_FILES if (group / name).is_file()),
        {},
    )


def _case_settings(folder: ArchiveFolder, path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """What holds for one test: its own ``.yaml`` prevails."""
    own = path.with_suffix(".yaml")
    if own.is_file():
        settings = settings | folder.read_yaml(own)
    if settings.get("args"):
        raise UnusableProblem("program_arguments", folder.name(path), stage="tests")
    return settings


def _arguments(settings: dict[str, Any], keys: tuple[str, ...]) -> list[str] | None:
    given = next((settings[key] for key in keys if settings.get(key) is not None), None)
    if isinstance(given, dict):  # arguments by validator; the legacy form names one and its flags
        given = given.get("flags") or next(iter(given.values()), None)
    return None if given is None else arguments_of(given)


def _read_test(
    folder: ArchiveFolder, package: Path, path: Path, kind: Literal["example", "secret"], *, answers: bool
) -> ProblemTest:
    name = str(path.relative_to(package / "data").with_suffix(""))
    answer = path.with_suffix(".ans")
    if not answer.is_file() and kind == "example" and path.with_suffix(".out").is_file():
        answer = path.with_suffix(".out")
    output: str | None = None
    if not path.is_file():
        raise UnusableProblem("missing_input", name)
    if answer.is_file():
        output = folder.read_text(folder.followed(answer, package), MAX_TEST_BYTES)
    elif answers:
        raise UnusableProblem("missing_answer", name)
    text = folder.read_text(folder.followed(path, package), MAX_TEST_BYTES)
    return ProblemTest(kind, name, text, output)
