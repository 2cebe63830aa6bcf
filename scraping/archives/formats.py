"""The formats of archives: how each is called, recognised and read."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scraping.archives.apps import read_apps, read_taco
from scraping.archives.code_contests import read_code_contests
from scraping.archives.competitive_companion import read_competitive_companion
from scraping.archives.doctest_repository import read_doctest_repository
from scraping.archives.doocs import read_doocs
from scraping.archives.exercism import read_exercism
from scraping.archives.google_archive import read_google_archive
from scraping.archives.kattis_package import read_kattis_packages
from scraping.archives.leetcode_dataset import read_leetcode_dataset
from scraping.archives.leetcode_graphql import question_of, read_leetcode_graphql
from scraping.archives.livecodebench import read_livecodebench
from scraping.archives.oj_api import read_oj_api
from scraping.archives.open_r1_codeforces import read_open_r1_codeforces
from scraping.archives.reading import ArchiveFolder, UnusableProblem
from scraping.archives.tables import columns, is_table
from scraping.archives.unpacking import is_packed, unpacked
from scraping.archives.warc_pages import read_warc
from scraping.problem import Problem, ProblemRejection
from tasks.files import BadFile

_MAX_FILES_LOOKED_AT = 300_000
_MAX_DOCUMENTS_LOOKED_AT = 20
_EXPLICIT = re.compile(r"([a-z][a-z0-9-]+):(.*)", re.DOTALL)


class UnknownArchive(ValueError):
    """A path is no archive that is known; the message says which formats there are."""


@dataclass(frozen=True)
class ArchiveFormat:
    """A format: ``read`` streams the problems of a path, which ``content`` describes in a line."""

    name: str
    content: str
    read: Callable[[Path], Iterator[Problem | ProblemRejection]]


_ALL = (
    ArchiveFormat("kattis", "problem packages of Kattis or the ICPC (problem.yaml)", read_kattis_packages),
    ArchiveFormat("google", "google/coding-competitions-archive, or a part of it", read_google_archive),
    ArchiveFormat("exercism", "exercism/python (exercises/practice), or JSON lines of it", read_exercism),
    ArchiveFormat("doctest", "a Python repository with doctests, or JSON lines", read_doctest_repository),
    ArchiveFormat("doocs", "doocs/leetcode, or a part of it (README_EN.md, Solution.py)", read_doocs),
    ArchiveFormat("competitive-companion", "JSON of Competitive Companion", read_competitive_companion),
    ArchiveFormat("oj-api", "JSON of `oj-api get-problem`", read_oj_api),
    ArchiveFormat("warc", "WARC files of pages that site adapters know", read_warc),
    ArchiveFormat("leetcode-graphql", "answers of LeetCode's GraphQL interface", read_leetcode_graphql),
    ArchiveFormat("leetcode-dataset", "newfacade/LeetCodeDataset", read_leetcode_dataset),
    ArchiveFormat("code-contests", "deepmind/code_contests", read_code_contests),
    ArchiveFormat("apps", "codeparrot/apps", read_apps),
    ArchiveFormat("taco", "BAAI/TACO", read_taco),
    ArchiveFormat("open-r1-codeforces", "open-r1/codeforces", read_open_r1_codeforces),
    ArchiveFormat("livecodebench", "livecodebench/code_generation_lite", read_livecodebench),
)
FORMATS: dict[str, ArchiveFormat] = {known.name: known for known in _ALL}

_BY_COLUMNS = (  # the first whose columns are all there
    ("code-contests", {"description", "public_tests", "private_tests", "generated_tests"}),
    ("open-r1-codeforces", {"contest_id", "input_format", "official_tests"}),
    ("livecodebench", {"question_content", "public_test_cases", "private_test_cases"}),
    ("leetcode-dataset", {"task_id", "entry_point", "completion", "test"}),
    ("taco", {"question", "input_output", "raw_tags"}),
    ("apps", {"question", "input_output", "solutions"}),
    ("exercism", {"stub", "tests", "reference_solution"}),
    ("doctest", {"path", "functions", "source"}),
    ("leetcode-graphql", {"metaData", "content"}),
    ("leetcode-graphql", {"data"}),
)


def archive_of(text: str) -> tuple[ArchiveFormat | None, Path]:
    """What ``FORMAT:PATH`` or ``PATH`` names; the format is None where it is to be recognised.

    Raises `UnknownArchive` for a format that there is not, unless a path is called so.
    """
    explicit = _EXPLICIT.fullmatch(text)
    if explicit is not None and explicit[1] in FORMATS:
        return FORMATS[explicit[1]], Path(explicit[2])
    if explicit is not None and not Path(text).exists():
        raise UnknownArchive(f"{text}: there is no format {explicit[1]!r}; {known_formats()}")
    return None, Path(text)


def known_formats() -> str:
    """The formats with their descriptions, as messages list them."""
    return "known formats:\n" + "\n".join(f"  {known.name}: {known.content}" for known in _ALL)


def recognise(path: Path) -> ArchiveFormat:
    """The format of a file or folder, by what is in it; raises `UnknownArchive` and `tasks.files.BadFile`."""
    if not path.exists():
        raise UnknownArchive(f"{path}: there is no such file or folder")
    if is_packed(path):
        with unpacked(path) as folder:
            name = _of_folder(folder)
    else:
        name = _of_folder(path) if path.is_dir() else _of_file(path)
    if name is None:
        raise UnknownArchive(
            f"{path}: this is no archive that is known; name its format, as in kattis:{path}, if it is one. "
            f"{known_formats()}"
        )
    return FORMATS[name]


def read_archive(
    path: Path, archive_format: ArchiveFormat | None = None
) -> Iterator[Problem | ProblemRejection]:
    """Stream the problems of an archive, which may be packed.

    Raises `UnknownArchive`, and `tasks.files.BadFile` where the archive as a whole cannot be read; what
    is wrong with single problems becomes a rejection. Nothing is read before the first use.
    """
    if not path.exists():
        raise UnknownArchive(f"{path}: there is no such file or folder")
    if is_packed(path):
        with unpacked(path) as folder:
            for found in read_archive(folder, archive_format):
                yield _in_archive(found, folder, path)
        return
    yield from (archive_format or recognise(path)).read(path)


def _in_archive(found: Problem | ProblemRejection, folder: Path, archive: Path) -> Problem | ProblemRejection:
    """A rejection tells where in the archive, not where that was unpacked."""
    if isinstance(found, Problem):
        return found
    return replace(found, where=found.where.replace(str(folder), str(archive)))


def _of_file(path: Path) -> str | None:
    name = path.name.lower()
    if name.endswith((".warc", ".warc.gz")):
        return "warc"
    if is_table(path):
        return _of_columns(columns(path))
    if ".json" in name:
        return _of_json(path)
    return None


def _of_columns(found: set[str]) -> str | None:
    return next((name for name, needed in _BY_COLUMNS if needed <= found), None)


def _of_json(path: Path) -> str | None:
    try:
        content = json.loads(ArchiveFolder(path.parent).read_text(path))
    except (UnusableProblem, ValueError, RecursionError) as error:
        raise BadFile(f"{path}: no JSON document ({error})") from error
    if question_of(content):
        return "leetcode-graphql"
    if isinstance(content, dict) and "status" in content and "messages" in content:
        return "oj-api"
    item: Any = content.get("result", content) if isinstance(content, dict) else content
    if isinstance(item, list):
        item = item[0] if item else None
    return (
        "competitive-companion"
        if isinstance(item, dict) and {"url", "tests", "name"} <= item.keys()
        else None
    )


def _of_folder(path: Path) -> str | None:
    """The format by the first telling file, in the order of how telling they are."""
    if (path / "exercises" / "practice").is_dir():
        return "exercism"
    folder = ArchiveFolder(path)
    first: dict[str, Path] = {}
    documents: list[Path] = []
    for file in itertools.islice(folder.files(path), _MAX_FILES_LOOKED_AT):
        kind = _kind(file)
        if kind is not None:
            first.setdefault(kind, file)
        if kind == "json" and len(documents) < _MAX_DOCUMENTS_LOOKED_AT:
            documents.append(file)
        if kind == "package":
            break
    if "package" in first:
        return "google" if _is_google(folder, first["package"]) else "kattis"
    for kind in ("doocs", "warc", "doctest"):
        if kind in first and not (kind == "doctest" and {"table", "json"} & first.keys()):
            return kind
    for file in ([first["table"]] if "table" in first else []) + documents:
        with contextlib.suppress(BadFile):
            name = _of_file(file)
            if name is not None:
                return name
    return "doctest" if "doctest" in first else None


def _kind(file: Path) -> str | None:
    name = file.name
    if name == "problem.yaml":
        return "package"
    if name == "README_EN.md" and re.match(r"\d+\.|LCR|LCP|面试", file.parent.name):
        return "doocs"
    if name.endswith((".warc", ".warc.gz")):
        return "warc"
    if is_table(file):
        return "table"
    if re.search(r"\.json(?:\.\w+)?$", name):
        return "json"
    return "doctest" if name.endswith(".py") else None


def _is_google(folder: ArchiveFolder, settings: Path) -> bool:
    """Whether a package is one that Google converted: HTML statement, and Google as author."""
    statement = settings.parent / "problem_statement" / "problem.html"
    return statement.is_file() and "author: Google" in (folder.text_if_any(settings) or "")
