"""Which files of a project are its tests and tools, and not the code that they exercise."""

from __future__ import annotations

FILE_NAMES = frozenset({"test.py", "tests.py", "conftest.py", "setup.py", "noxfile.py", "toxfile.py"})
FILE_PREFIXES = ("test_",)
FILE_SUFFIXES = ("_test.py", "_tests.py")
FOLDER_NAMES = frozenset({"test", "tests", "docs", "doc", "examples", "benchmark", "benchmarks"})


def is_test_path(path: str) -> bool:
    """Whether a path, relative to the project or to site-packages, is test code.

    The tracer applies the same lists, which it is given in its configuration.
    """
    *folders, name = path.split("/")
    if name in FILE_NAMES or name.startswith(FILE_PREFIXES) or name.endswith(FILE_SUFFIXES):
        return True
    return not FOLDER_NAMES.isdisjoint(folder.lower() for folder in folders)
