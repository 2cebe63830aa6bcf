"""Which files hold code to record: the project's own, not its tests, and libraries where asked for.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the module `typing` would cost each process a millisecond
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

_TOOLS = frozenset(
    (
        *("pytest", "_pytest", "py", "pluggy", "iniconfig", "exceptiongroup", "tomli", "packaging"),
        *("xdist", "execnet", "pytest_cov", "pytest_timeout", "pytest_asyncio", "anyio", "hypothesis"),
        *("_hypothesis_pytestplugin", "_hypothesis_ftz_detector", "coverage", "nose", "nose2", "mock"),
        *("pip", "setuptools", "pkg_resources", "_distutils_hack", "wheel", "build", "pyproject_hooks"),
        *("tox", "nox", "virtualenv", "distlib", "filelock", "platformdirs", "colorlog", "argcomplete"),
        *("_virtualenv", "sitecustomize", "usercustomize", "pygments", "sortedcontainers"),
    )
)
"""Top-level packages that run tests, or are called by what does on every run."""

_OF_FUNCTIONS = 1 | 2  # CO_OPTIMIZED and CO_NEWLOCALS


class Scope:
    """Tells the origin of a file: ``project``, ``library``, or None for code that is not recorded."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._root = configuration["project_root"] + "/"
        self._packages = frozenset(configuration["packages"])
        self._libraries = configuration.get("libraries", False)
        tests = configuration["test_paths"]
        self._test_names = frozenset(tests["names"])
        self._test_prefixes = tuple(tests["prefixes"])
        self._test_suffixes = tuple(tests["suffixes"])
        self._test_folders = frozenset(tests["folders"])
        self._known: dict[str, str | None] = {}

    def origin(self, filename: str) -> str | None:
        """Where a file belongs; each is looked at once."""
        try:
            return self._known[filename]
        except KeyError:
            found = self._known[filename] = self._find_origin(filename)
            return found

    @staticmethod
    def is_function(code: CodeType) -> bool:
        """Whether code is that of a function with a name, and not of a module or a class."""
        return code.co_name[:1] != "<" and code.co_flags & _OF_FUNCTIONS == _OF_FUNCTIONS

    def is_importable(self, filename: str) -> bool:
        """Whether a replay, where the project is installed, can import a file's module by its name."""
        if filename.startswith(self._root):
            return self.origin(filename) == "project"
        return not filename.startswith(("/tmp/", "/var/"))

    def _find_origin(self, filename: str) -> str | None:
        inside, found, path = filename.rpartition("/site-packages/")
        if found:
            if not inside.startswith("/"):
                return None
            top = path.partition("/")[0].partition(".")[0]
            origin = "project" if top in self._packages else "library"
            if origin == "library" and (not self._libraries or top in _TOOLS or top.startswith("pytest_")):
                return None
        elif filename.startswith(self._root):
            path = filename[len(self._root) :]
            origin = "project"
        else:
            return None
        return None if self._is_test(path) else origin

    def _is_test(self, path: str) -> bool:
        *folders, base = path.split("/")
        return (
            base in self._test_names
            or base.startswith(self._test_prefixes)
            or base.endswith(self._test_suffixes)
            or not self._test_folders.isdisjoint(folder.lower() for folder in folders)
        )
