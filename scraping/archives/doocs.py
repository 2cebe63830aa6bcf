"""The layout of doocs/leetcode: ``solution/0000-0099/0001.Two Sum/{README_EN.md,Solution.py}``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scraping.archives.leetcode_examples import (
    assigned_names,
    checker_of_statement,
    example_tests,
    examples_of_html,
    require_plain_values,
)
from scraping.archives.leetcode_solution import signature_of_class
from scraping.archives.licences import license_of_text, rights_of_collection
from scraping.archives.reading import (
    ArchiveFolder,
    UnusableProblem,
    problem_or_rejection,
    yaml_mapping,
)
from scraping.problem import Problem, ProblemRejection, Solution, Source
from scraping.statements.markdown import html_to_markdown, statement_images
from scraping.statements.sections import split_sections

_STATEMENT = "README_EN.md"
_TITLE = re.compile(r"^# \[(?:(?P<number>[^\]]*?)\. )?(?P<title>.+?)\]\((?P<url>[^)]+)\)", re.MULTILINE)
_DESCRIPTION = re.compile(r"<!-- description:start -->(.*?)<!-- description:end -->", re.DOTALL)
_RIGHTS_NOTE = "the licence is the repository's; statements are LeetCode's"


def read_doocs(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The problems of a checkout, or of a part of it, that ask for one function.

    Identifiers are ``leetcode:SLUG``. Design, shell, database and concurrency problems are rejected, and
    those whose arguments are linked nodes.
    """
    folder = ArchiveFolder(path)
    license = _license(folder)
    for statement in folder.files(path, _STATEMENT):
        if not re.match(r"(?:LCR|LCP|\d|面试)", statement.parent.name):
            continue  # overviews and the pages of courses
        name = folder.name(statement.parent)
        yield problem_or_rejection(
            f"leetcode:{_slug_of_folder(statement.parent.name)}",
            str(statement),
            partial(_read, folder, statement, name, license),
        )


def _license(folder: ArchiveFolder) -> str | None:
    """What the repository declares, where its licence file is at hand."""
    for place in (folder.root, *list(folder.root.resolve().parents)[:3]):
        if (place / "LICENSE").is_file() and (place == folder.root or (place / "solution").is_dir()):
            text = ArchiveFolder(place).text_if_any(place / "LICENSE")
            return None if text is None else license_of_text(text)
    return None


def _slug_of_folder(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.partition(".")[2].lower()).strip("-") or name


def _read(folder: ArchiveFolder, path: Path, name: str, license: str | None) -> Problem:
    text = folder.read_text(path)
    facts = _front_matter(text)
    title, description = _TITLE.search(text), _DESCRIPTION.search(text)
    if title is None or description is None:
        raise UnusableProblem("malformed", "no title or no description", stage="statement")
    html = description[1].strip()
    if not html:
        raise UnusableProblem("no_statement", stage="statement")
    sources = {file.name: folder.read_text(file) for file in sorted(path.parent.glob("Solution*.py"))}
    if not sources:
        raise UnusableProblem("no_python_solution", stage="function")
    examples = examples_of_html(html)
    names = assigned_names(examples[0].input) if examples else []
    signature = signature_of_class(next(iter(sources.values())), names=names)
    require_plain_values(signature)
    tests, dropped = example_tests(examples, signature)
    if not tests:
        raise UnusableProblem("no_readable_example", f"{len(examples)} printed; {dropped}", stage="examples")
    markdown = html_to_markdown(html)
    slug = re.search(r"/problems/([\w-]+)", title["url"])
    return Problem(
        problem_id=f"leetcode:{slug[1] if slug else _slug_of_folder(path.parent.name)}",
        title=title["title"],
        source=Source("leetcode", "doocs", title["url"], index=title["number"], file=name),
        rights=rights_of_collection(license, "LeetCode", _RIGHTS_NOTE),
        mode="function",
        statement_html=html,
        statement_markdown=markdown,
        sections=split_sections(markdown),
        signature=signature,
        tests=tests,
        checker=checker_of_statement(markdown, signature.returns),
        solutions=[
            Solution(file, "python3", {file: source}, license=license) for file, source in sources.items()
        ],
        images=statement_images(html, title["url"]),
        tags=[str(tag) for tag in facts.get("tags") or []],
        difficulty=str(facts["difficulty"]) if facts.get("difficulty") else None,
        tests_dropped=dropped,
    )


def _front_matter(text: str) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return yaml_mapping(found[1], "front matter") if found else {}
