"""The submissions of a problem package, with the verdicts that its authors claim for them."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from scraping.archives.programs import language_of, read_program
from scraping.archives.reading import MAX_PROBLEM_BYTES, ArchiveFolder, UnusableProblem
from scraping.problem import Solution

_VERDICTS = {"AC": "accepted", "WA": "wrong_answer", "TLE": "time_limit_exceeded", "RTE": "run_time_error"}
_SPELLINGS = {
    "runtime_error": "run_time_error",
    "partial": "partially_accepted",
    "timeout": "time_limit_exceeded",
}


def read_submissions(folder: ArchiveFolder, package: Path, license: str | None) -> list[Solution]:
    """Read ``submissions/``; what is in no known language is left out.

    ``claimed`` is the name of the folder (``accepted``, ``wrong_answer``, ``partially_accepted``,
    ``slow_accepted``…), unless ``submissions.yaml`` says otherwise by ``permitted`` and ``required``.
    """
    root = package / "submissions"
    described = folder.read_yaml(root / "submissions.yaml") if (root / "submissions.yaml").is_file() else {}
    found = []
    left = MAX_PROBLEM_BYTES
    for group in sorted(root.iterdir()) if root.is_dir() else ():
        if not group.is_dir() or group.is_symlink():
            continue
        for path in sorted(group.iterdir()):
            if path.name.startswith(".") or path.is_symlink():
                continue
            name = f"{group.name}/{path.name}"
            try:
                language, files = read_program(folder, path)
            except UnusableProblem:
                continue
            settings = _settings(described, name)
            files = _with_entry(files, settings.get("entrypoint"))
            language = str(settings.get("language") or language)
            files |= _included(folder, package, language, files)
            left -= sum(map(len, files.values()))
            if left < 0:
                raise UnusableProblem("submissions_too_large", f"more than {MAX_PROBLEM_BYTES} bytes")
            claimed = _claimed(settings, _SPELLINGS.get(group.name, group.name))
            found.append(Solution(name, language, files, claimed, license=license))
    return found


def _settings(described: dict[str, Any], name: str) -> dict[str, Any]:
    """What ``submissions.yaml`` says of one submission: all patterns that fit it, later ones prevailing."""
    settings: dict[str, Any] = {}
    for pattern, content in described.items():
        fits = fnmatch(name, str(pattern)) or name.startswith(str(pattern).rstrip("/") + "/")
        if fits and isinstance(content, dict):
            settings |= content
    return settings


def _claimed(settings: dict[str, Any], group: str) -> str:
    """The one verdict that fits the requirements, else the name of the folder."""
    for key in ("required", "permitted"):
        verdicts = settings.get(key)
        if isinstance(verdicts, list) and len(verdicts) == 1:
            return _VERDICTS.get(str(verdicts[0]), group)
    return group


def _with_entry(files: dict[str, str], entry: object) -> dict[str, str]:
    """The files with the named one first, if it is one of them."""
    name = str(entry)
    return {name: files[name], **files} if name in files else files


def _included(folder: ArchiveFolder, package: Path, language: str, own: dict[str, str]) -> dict[str, str]:
    """The files that the package adds to each submission of a language."""
    place = package / "include" / language
    if not place.is_dir():
        place = package / "include" / "default"
    return {
        str(file.relative_to(place)): folder.read_text(file)
        for file in folder.files(place)
        if language_of(file.name) is not None or file.suffix in (".h", ".txt")
    }
