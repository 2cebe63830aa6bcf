"""Reading what an archive holds, which nobody vouches for: bounded, and nothing outside its folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from scraping.problem import Problem, ProblemRejection

MAX_TEXT_BYTES = 4 * 2**20
"""Of a statement, a program or a file of settings."""
MAX_TEST_BYTES = 32 * 2**20
"""Of one side of one test."""
MAX_PROBLEM_BYTES = 256 * 2**20
"""Of all tests of a problem."""

MAX_TESTS = 20_000
"""Of one kind, in a table: each is looked for in the statement."""
MAX_YAML_BYTES = 256 * 2**10
MAX_YAML_NODES = 50_000
"""Of a file of settings; nodes count once for each place at which an alias repeats them."""

_LONGEST_LINK = 4096
_MOST_LINKS = 8
_UNREAD_FOLDERS = frozenset({".git", "__MACOSX", "__pycache__", ".hg", ".svn", "node_modules"})


class UnusableProblem(ValueError):
    """A problem that cannot be taken; ``reason`` and ``stage`` as in `ProblemRejection`."""

    def __init__(self, reason: str, detail: str = "", *, stage: str = "read") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.stage = stage


def problem_or_rejection(
    problem_id: str, where: str, build: Callable[[], Problem]
) -> Problem | ProblemRejection:
    """The problem that ``build`` makes, or why there is none: damage in one never ends an import."""
    (found,) = problems_or_rejection(problem_id, where, lambda: [build()])
    return found


def problems_or_rejection(
    problem_id: str, where: str, build: Callable[[], Iterable[Problem | ProblemRejection]]
) -> list[Problem | ProblemRejection]:
    """All that ``build`` makes, or why there is nothing."""
    try:
        return list(build())
    except UnusableProblem as error:
        return [ProblemRejection(problem_id, where, error.stage, error.reason, error.detail)]
    except Exception as error:  # whatever libraries trip over in a problem of others is the problem's fault
        detail = f"{type(error).__name__}: {error}"[:500]
        return [ProblemRejection(problem_id, where, "read", "malformed", detail)]


def yaml_mapping(text: str, name: str) -> dict[str, Any]:
    """A YAML mapping, empty where the text is; ``name`` is that of the file. Raises `UnusableProblem`."""
    try:
        if len(text) > MAX_YAML_BYTES:
            raise yaml.YAMLError(f"more than {MAX_YAML_BYTES} characters")
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return {}
            _refuse_repetition(node)
            content = loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError) as error:
        place = " ".join(str(error).split())
        raise UnusableProblem("malformed_yaml", f"{name}: {place}"[:500]) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UnusableProblem("malformed_yaml", f"{name}: no mapping")
    return content


def _refuse_repetition(node: yaml.Node) -> None:
    """Raise for a document that aliases make endless, or much larger than it is written."""
    waiting: list[Any] = [node]
    left = MAX_YAML_NODES
    while waiting:
        left -= 1
        if left < 0:
            raise yaml.YAMLError(f"more than {MAX_YAML_NODES} values, those that aliases repeat among them")
        value = waiting.pop().value
        if not isinstance(value, str):
            for entry in value:
                waiting += entry if isinstance(entry, tuple) else (entry,)


@dataclass(frozen=True)
class ArchiveFolder:
    """The folder of an archive. Links are followed only to what lies in it."""

    root: Path

    def exists(self, path: Path) -> bool:
        """Whether there is a regular file, in the archive, that can be read."""
        try:
            return path.is_file() and path.resolve().is_relative_to(self.root.resolve())
        except OSError:
            return False

    def read_bytes(self, path: Path, limit: int = MAX_TEXT_BYTES) -> bytes:
        """The content of a file of at most ``limit`` bytes; raises `UnusableProblem`."""
        if not path.is_file():
            raise UnusableProblem("missing_file", self.name(path))
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise UnusableProblem("link_out_of_archive", self.name(path))
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise UnusableProblem("file_too_large", f"{self.name(path)} has more than {limit} bytes")
        return content

    def read_text(self, path: Path, limit: int = MAX_TEXT_BYTES) -> str:
        """A text file in UTF-8, its lines ended by ``\\n`` alone; raises `UnusableProblem`."""
        try:
            text = self.read_bytes(path, limit).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnusableProblem("not_utf8", f"{self.name(path)}: {error}") from error
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def text_if_any(self, path: Path) -> str | None:
        """As `read_text`; None where the file is missing or is none that is read."""
        try:
            return self.read_text(path)
        except (UnusableProblem, OSError):
            return None

    def followed(self, path: Path, inside: Path) -> Path:
        """The file that a link leads to which came as a text: a line without an end, naming a file.

        Git writes links so where they are not supported. Only what lies ``inside`` a folder and has the
        same suffix is followed; anything else is what it seems to be.
        """
        for _ in range(_MOST_LINKS):
            try:
                if not 0 < path.stat().st_size <= _LONGEST_LINK:
                    return path
                name = path.read_bytes().decode("utf-8")
                target = path.parent / name
                plain = "\n" not in name and "\0" not in name and target.suffix == path.suffix
                if not plain or not target.is_file() or target.resolve() == path.resolve():
                    return path
                if not target.resolve().is_relative_to(inside.resolve()):
                    return path
            except (OSError, ValueError):
                return path
            path = target
        return path

    def read_yaml(self, path: Path) -> dict[str, Any]:
        """A YAML mapping, empty where the file is; raises `UnusableProblem`."""
        return yaml_mapping(self.read_text(path, MAX_YAML_BYTES), self.name(path))

    def files(self, folder: Path, *patterns: str) -> Iterator[Path]:
        """The files below a folder whose names fit one of the patterns, in order; linked folders are left."""
        for place, folders, names in os.walk(folder):
            folders[:] = sorted(set(folders) - _UNREAD_FOLDERS)
            for name in sorted(names):
                if any(fnmatch(name, pattern) for pattern in patterns or ("*",)):
                    yield Path(place, name)

    def name(self, path: Path) -> str:
        """A path as messages give it: from the archive's root on."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
