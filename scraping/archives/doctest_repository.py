"""Repositories whose functions are documented by doctests: each is a problem with its own solution."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scraping.archives.doctest_cases import doctest_cases
from scraping.archives.licences import copyright_holder, license_of_text, rights_of_license
from scraping.archives.python_signature import parsed, signature_of, top_level_functions
from scraping.archives.reading import ArchiveFolder, UnusableProblem, problem_or_rejection
from scraping.archives.tables import TableRow, read_rows
from scraping.problem import AnswerChecker, Problem, ProblemRejection, ProblemTest, Rights, Solution, Source
from tasks.value_encoding import to_text

MIN_EXAMPLES = 3
_LICENCE_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.md", "COPYING")


def read_doctest_repository(path: Path) -> Iterator[Problem | ProblemRejection]:
    """The documented functions of a repository, or of JSON lines with its files.

    A function counts as a candidate with `MIN_EXAMPLES` doctest examples; as many have to be distinct
    calls of it with literal arguments and results. Identifiers are ``doctest:FILE:FUNCTION``. The
    module's docstring is the statement where the function's has nothing but examples.
    """
    if not path.is_dir():
        for row in read_rows(path):
            file = str(row.content.get("path") or row.number)
            license = row.content.get("license")
            yield from _file_of_row(row, file, rights_of_license(str(license) if license else None))
        return
    folder = ArchiveFolder(path)
    rights = _rights(folder)
    for module in folder.files(path, "*.py"):
        name = folder.name(module)
        try:
            source = folder.read_text(module)
            tree = parsed(source, name)
        except UnusableProblem as error:
            yield ProblemRejection(f"doctest:{name}", str(module), "read", error.reason, error.detail)
            continue
        yield from _functions(tree, source, name, str(module), rights)


def _file_of_row(row: TableRow, file: str, rights: Rights) -> Iterator[Problem | ProblemRejection]:
    try:
        source = row.text("source").replace("\r\n", "\n")
        tree = parsed(source, file)
    except UnusableProblem as error:
        yield ProblemRejection(f"doctest:{file}", row.where, "read", error.reason, error.detail)
        return
    yield from _functions(tree, source, file, row.where, rights)


def _rights(folder: ArchiveFolder) -> Rights:
    for name in _LICENCE_FILES:
        text = folder.text_if_any(folder.root / name)
        if text is not None:
            return rights_of_license(license_of_text(text), copyright_holder(text))
    return Rights()


def _functions(
    tree: ast.Module, source: str, file: str, where: str, rights: Rights
) -> Iterator[Problem | ProblemRejection]:
    """The candidates of a module; those with fewer examples than `MIN_EXAMPLES` are none."""
    for name, function in top_level_functions(tree).items():
        docstring = ast.get_docstring(function)
        if docstring and docstring.count(">>>") >= MIN_EXAMPLES:
            yield problem_or_rejection(
                f"doctest:{file}:{name}",
                f"{where}:{function.lineno}",
                partial(_problem, tree, source, file, function, rights),
            )


def _problem(
    tree: ast.Module,
    source: str,
    file: str,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    rights: Rights,
) -> Problem:
    signature = signature_of(function, "source")
    found = doctest_cases(ast.get_docstring(function) or "", function.name)
    tests = []
    calls = set()
    for example in found.cases:
        call = to_text([example.case.arguments, example.case.keyword_arguments])
        if call not in calls:
            calls.add(call)
            tests.append(ProblemTest("example", input=example.source, output=example.want, case=example.case))
    if len(tests) < MIN_EXAMPLES:
        counts = ", ".join(f"{reason} {count}" for reason, count in sorted(found.dropped.items()))
        raise UnusableProblem("too_few_literal_examples", f"{len(tests)}; {counts}", stage="examples")
    statement = found.text or textwrap.dedent(ast.get_docstring(tree) or "").strip()
    if not statement:
        raise UnusableProblem("no_statement", stage="statement")
    return Problem(
        problem_id=f"doctest:{file}:{function.name}",
        title=function.name.strip("_").replace("_", " ").capitalize(),
        source=Source("doctest", "doctest_repository", index=function.name, file=file),
        rights=rights,
        mode="function",
        statement_markdown=statement,
        signature=signature,
        tests=tests,
        checker=AnswerChecker("exact", case_sensitive=True),
        solutions=[Solution(Path(file).name, "python3", {Path(file).name: source}, license=rights.license)],
        tests_dropped=found.dropped,
    )
