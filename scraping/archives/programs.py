"""Programs that lie in archives: their languages, and which of several files is the one to start."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from scraping.archives.reading import MAX_TEXT_BYTES, ArchiveFolder, UnusableProblem
from tasks.syntax_trees import parse_module

_LANGUAGES = {
    ".py": "python3", ".py3": "python3", ".py2": "python2", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp",
    ".c++": "cpp", ".C": "cpp", ".c": "c", ".java": "java", ".kt": "kotlin", ".cs": "csharp", ".go": "go",
    ".rs": "rust", ".js": "javascript", ".ts": "typescript", ".rb": "ruby", ".hs": "haskell", ".pas":
    "pascal", ".ml": "ocaml", ".scala": "scala", ".php": "php", ".swift": "swift", ".pl": "perl", ".sh":
    "shell", ".d": "d", ".jl": "julia", ".lua": "lua", ".lisp": "lisp", ".nim": "nim", ".adb": "ada",
    ".f90": "fortran",
}  # fmt: skip
_HEADERS = frozenset({".h", ".hpp", ".hh", ".hxx"})
_MAIN = {
    "cpp": r"\bmain\s*\(",
    "c": r"\bmain\s*\(",
    "java": r"\bstatic\s+(?:public\s+)?void\s+main\b",
    "go": r"\bfunc\s+main\s*\(",
    "rust": r"\bfn\s+main\s*\(",
    "kotlin": r"\bfun\s+main\s*\(",
    "csharp": r"\bstatic\s+(?:async\s+)?\w+\s+Main\s*\(",
}
_ENTRY_NAMES = ("main", "__main__", "validate", "validator", "checker", "sol", "solution")


def language_of(name: str, text: str = "") -> str | None:
    """The language of a file by its ending, None where it is no program's.

    A ``.py`` file that is no Python 3 but has Python 2's statements is ``python2``.
    """
    suffix = Path(name).suffix
    language = _LANGUAGES.get(suffix) or _LANGUAGES.get(suffix.lower())
    if language == "python3" and text and not parses_as_python3(text):
        return "python2"
    return language


def parses_as_python3(text: str) -> bool:
    """Whether a text is a Python 3 program as far as its syntax tells."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def read_program(folder: ArchiveFolder, path: Path) -> tuple[str, dict[str, str]]:
    """Language and files of the program that is a file or a whole folder; the first file is the one to start.

    Raises `UnusableProblem` where it has no known language, more than one, or brings its own build script.
    """
    if not path.is_dir():
        text = folder.read_text(path)
        language = language_of(path.name, text)
        if language is None:
            raise UnusableProblem("unknown_language", folder.name(path))
        return language, {path.name: text}
    files: dict[str, str] = {}
    left = MAX_TEXT_BYTES
    for file in folder.files(path):
        if file.name in ("build", "run"):
            raise UnusableProblem("own_build_script", folder.name(file))
        if language_of(file.name) is None and file.suffix.lower() not in _HEADERS:
            continue
        text = folder.read_text(file, left)
        left -= len(text.encode())
        files[str(file.relative_to(path))] = text
    languages = {language_of(name, text) for name, text in files.items()} - {None}
    if languages == {"c", "cpp"}:
        languages = {"cpp"}
    if len(languages) != 1:
        reason = "several_languages" if languages else "unknown_language"
        raise UnusableProblem(reason, f"{folder.name(path)}: {', '.join(sorted(map(str, languages)))}")
    language = str(languages.pop())
    entry = _entry(language, files, path.name)
    return language, {entry: files.pop(entry), **files}


def _entry(language: str, files: dict[str, str], folder_name: str) -> str:
    candidates = [name for name in files if language_of(name) is not None]
    if len(candidates) > 1 and language in _MAIN:
        started = [name for name in candidates if re.search(_MAIN[language], files[name])]
        candidates = started or candidates
    named = [name for name in candidates if Path(name).stem.lower() in (*_ENTRY_NAMES, folder_name.lower())]
    return (named or candidates)[0]
