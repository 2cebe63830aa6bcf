"""Files that list projects: one to a line, or a table with a column for each option of theirs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tracing.project_spec import BadProject, parse_project

_COLUMNS = ("project", "python", "test_command")


@dataclass(frozen=True)
class ProjectRequest:
    """A project to trace, as `parse_project` reads it, with its own Python and test command, if any."""

    project: str
    python: str | None = None
    test_command: str | None = None


def read_projects_file(file: Path) -> list[ProjectRequest]:
    """The projects that a file lists; raises `BadProject` with the file, the line and what is wrong.

    Each line holds a project, or nothing, or a comment after ``#``. A file whose first line of content names
    columns, parted by commas or tabs, is a table of them: ``project``, ``python``, ``test_command``. Folders
    are relative to the file's.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadProject(f"{file} cannot be read: {said}") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if not _is_blank(line)]
    if not lines:
        raise BadProject(f"{file} lists no project")
    header = _header(lines[0][1])
    rows = _read_table(file, lines, header) if header else _read_lines(lines)
    found: dict[str, tuple[int, ProjectRequest]] = {}
    for number, request in rows:
        try:
            project = str(parse_project(_from_folder(request.project, file.parent)))
        except BadProject as error:
            raise BadProject(f"{file}:{number}: {error}") from error
        request = replace(request, project=project)
        first, known = found.setdefault(project, (number, request))
        if known != request:
            raise BadProject(f"{file}:{number}: {project} is in line {first} already, with other options")
    return [request for _, request in found.values()]


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _header(line: str) -> str | None:
    """The separator of a table whose header the line is; None if it is none."""
    first = line.strip()
    if first == _COLUMNS[0]:
        return ","
    marks = (mark for mark in "\t," if mark in first)
    return next((mark for mark in marks if first.partition(mark)[0].strip() == _COLUMNS[0]), None)


def _read_lines(lines: list[tuple[int, str]]) -> Iterator[tuple[int, ProjectRequest]]:
    for number, line in lines:
        # a # within a word may belong to an address
        yield number, ProjectRequest(line.partition(" #")[0].strip())


def _read_table(
    file: Path, lines: list[tuple[int, str]], separator: str
) -> Iterator[tuple[int, ProjectRequest]]:
    columns = [name.strip() for name in lines[0][1].split(separator)]
    unknown = [name for name in columns if name not in _COLUMNS]
    if unknown or len(set(columns)) != len(columns):
        raise BadProject(
            f"{file}:{lines[0][0]}: {unknown[0] if unknown else 'a name twice'!r} is no column of a projects "
            f"file; those are {', '.join(_COLUMNS)}"
        )
    for number, line in lines[1:]:
        try:
            (cells,) = csv.reader([line], delimiter=separator, strict=True)
        except (csv.Error, ValueError) as error:
            raise BadProject(f"{file}:{number}: {error}; a quoted cell ends in its line") from error
        if len(cells) > len(columns):
            raise BadProject(f"{file}:{number}: {len(cells)} cells, but {len(columns)} columns; quote commas")
        values = {name: cell.strip() or None for name, cell in zip(columns, cells, strict=False)}
        project = values.get("project")
        if project is None:
            raise BadProject(f"{file}:{number}: the column project is empty")
        yield number, ProjectRequest(project, values.get("python"), values.get("test_command"))


def _from_folder(project: str, folder: Path) -> str:
    if project.startswith(("pypi:", "git+")):
        return project
    path = Path(project).expanduser()
    return str(path if path.is_absolute() else folder / path) if path.parts else project
