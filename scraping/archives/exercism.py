"""Practice exercises of Exercism's Python track: a checkout of the track, or records made of it.

The tests are the track's own unit tests, read statically: they are what ``canonical-data.json`` of the
problem specifications becomes in Python, with the argument order and the exceptions that the reference
has. Where the specification is at hand, it gives the cases their descriptions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.licences import license_of_text, rights_of_license
from scraping.archives.python_signature import parsed, signature_of, top_level_functions
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problems_or_rejection
from scraping.archives.tables import TableRow, read_rows
from scraping.archives.unittest_cases import FoundTest, unittest_cases
from scraping.problem import AnswerChecker, Problem, ProblemRejection, ProblemTest, Solution, Source
from scraping.statements.sections import split_sections
from tasks.files import BadFile

_DOCUMENTS = ("introduction.md", "instructions.md", "instructions.append.md")


@dataclass(frozen=True)
class _Exercise:
    slug: str
    where: str
    statement: str
    stub: str
    module: str
    tests: str
    solution: str
    license: str | None
    canonical: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    difficulty: str | None = None
    tags: list[str] = field(default_factory=list)


def read_exercism(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of a checkout of the track, or of JSON lines with its exercises.

    An exercise of several functions gives a problem for each that has tests, named
    ``exercism:python/SLUG#FUNCTION``. Exercises whose tests need instances, helpers or values that cannot
    be written out are rejected.
    """
    if path.is_dir():
        yield from _checkout(path)
        return
    for row in read_rows(path):
        slug = str(row.content.get("id", "")).removeprefix("exercism/python/") or str(row.number)
        yield from _problems(slug, row.where, partial(_exercise_of_row, row))


def _problems(slug: str, where: str, load: Callable[[], _Exercise]) -> Iterator[Problem | ProblemRejection]:
    yield from problems_or_rejection(f"exercism:python/{slug}", where, lambda: _functions(load()))


def _checkout(root: Path) -> Iterator[Problem | ProblemRejection]:
    folder = ArchiveFolder(root)
    track = _track(folder)
    licence = folder.text_if_any(root / "LICENSE")
    license = license_of_text(licence) if licence is not None else None
    for exercise in sorted((root / "exercises" / "practice").iterdir()):
        if exercise.is_dir() and not exercise.is_symlink():
            facts = track.get(exercise.name, {})
            yield from _problems(
                exercise.name,
                str(exercise),
                partial(_exercise_of_folder, folder, exercise, facts, license),
            )


def _track(folder: ArchiveFolder) -> dict[str, dict[str, Any]]:
    """What the track's ``config.json`` says of each practice exercise."""
    file = folder.root / "config.json"
    text = folder.text_if_any(file)
    if text is None:
        return {}
    try:
        practice = json.loads(text)["exercises"]["practice"]
        return {str(exercise.get("slug")): exercise for exercise in practice}
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise BadFile(f"{file}: no settings of a track ({what}); get it anew") from error


def _exercise_of_folder(
    folder: ArchiveFolder, exercise: Path, facts: dict[str, Any], license: str | None
) -> _Exercise:
    config = json.loads(folder.read_text(exercise / ".meta" / "config.json"))
    files = config["files"]
    if len(files["solution"]) != 1 or len(files["test"]) != 1:
        raise UnusableProblem("several_files", ", ".join([*files["solution"], *files["test"]]))
    documents = [exercise / ".docs" / name for name in _DOCUMENTS]
    canonical = (
        folder.root.parent / "problem-specifications" / "exercises" / exercise.name / "canonical-data.json"
    )
    specification = ArchiveFolder(canonical.parents[2])
    return _Exercise(
        slug=exercise.name,
        where=folder.name(exercise),
        statement="\n\n".join(
            folder.read_text(document).strip() for document in documents if folder.exists(document)
        ),
        stub=folder.read_text(exercise / files["solution"][0]),
        module=Path(files["solution"][0]).stem,
        tests=folder.read_text(exercise / files["test"][0]),
        solution=folder.read_text(exercise / files["example"][0]),
        license=license,
        canonical=json.loads(specification.read_text(canonical)) if specification.exists(canonical) else {},
        title=str(facts.get("name", "")),
        difficulty=str(facts["difficulty"]) if facts.get("difficulty") is not None else None,
        tags=[str(tag) for tag in facts.get("topics") or []],
    )


def _exercise_of_row(row: TableRow) -> _Exercise:
    slug = row.text("id").removeprefix("exercism/python/")
    return _Exercise(
        slug=slug,
        where=row.where,
        statement=row.text("statement_markdown").strip(),
        stub=row.text("stub"),
        module=Path(row.text("solution_path")).stem,
        tests=row.text("tests"),
        solution=row.text("reference_solution"),
        license=row.content.get("license"),
        canonical=row.content.get("canonical_data") or {},
    )


def _functions(exercise: _Exercise) -> Iterator[Problem]:
    """A problem for each function that has tests; raises `UnusableProblem` where none has."""
    found = unittest_cases(parsed(exercise.tests, "tests"), exercise.module)
    stub = top_level_functions(parsed(exercise.stub, "stub"))
    tested = {test.function: stub[test.function] for test in found.tests if test.function in stub}
    if not tested:
        reason = "class_tested" if not stub else "no_literal_tests"
        raise UnusableProblem(reason, json.dumps(found.dropped), stage="tests")
    descriptions = _descriptions(exercise.canonical)
    for name, definition in tested.items():
        tests = [test for test in found.tests if test.function == name]
        yield Problem(
            problem_id=f"exercism:python/{exercise.slug}" + (f"#{name}" if len(tested) > 1 else ""),
            title=exercise.title or exercise.slug.replace("-", " ").title(),
            source=Source(
                "exercism",
                "exercism",
                f"https://exercism.org/tracks/python/exercises/{exercise.slug}",
                index=name,
                file=exercise.where,
            ),
            rights=rights_of_license(exercise.license, "Exercism" if exercise.license else None),
            mode="function",
            statement_markdown=exercise.statement,
            sections=split_sections(exercise.statement),
            signature=signature_of(definition, "snippet"),
            tests=[_problem_test(test, descriptions) for test in tests],
            checker=AnswerChecker("exact", case_sensitive=True),
            solutions=[
                Solution("example.py", "python3", {"example.py": exercise.solution}, license=exercise.license)
            ],
            difficulty=exercise.difficulty,
            tags=exercise.tags,
            tests_dropped=found.dropped,
        )


def _problem_test(test: FoundTest, descriptions: dict[str, str]) -> ProblemTest:
    explanation = descriptions.get(test.name.removeprefix("test_").strip("_"), "")
    return ProblemTest("secret", test.name, case=test.case, explanation=explanation)


def _descriptions(canonical: dict[str, Any]) -> dict[str, str]:
    """The cases' descriptions by the method names that the track makes of them."""
    found: dict[str, str] = {}
    waiting: list[dict[str, Any]] = list(canonical.get("cases", []))
    while waiting:
        case = waiting.pop()
        waiting += case.get("cases", [])
        description = str(case.get("description", ""))
        found[re.sub(r"\W+", "_", description.lower()).strip("_")] = description
    return found
