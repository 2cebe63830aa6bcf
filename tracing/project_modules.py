"""The modules of a project, found by name or by recorded path, and parsed without running them."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any

from tasks.syntax_trees import parse_module
from tracing.live_branches import live_statements, statements_with_branch_of, typing_only_imports
from tracing.name_analysis import names_bound
from tracing.scopes import Occurrence, global_occurrences

SOURCE_ROOT = "/project"
"""Where a project's files lie inside the sandbox."""

_NAME = re.compile(r"[\w.-]+")
_MAX_FILE_BYTES = 2**20  # Chen et al. 2021, §3.1
_IMPORT_ROOTS = ("", "src", "lib")
_TEST_ROOTS = ("tests", "test")  # pytest imports test modules by their bare names


@dataclass(frozen=True, eq=False)
class Module:
    """A parsed module: dotted name, path within the project, text and syntax tree.

    ``occurrences`` are the places in each top-level statement where a name of the module stands;
    ``bindings`` tells for each name that the module binds the positions of the statements that do.
    ``typing_imports`` are those under ``if TYPE_CHECKING:``, which are not among the statements;
    ``dead_names`` are bound in branches that never run. ``known`` keeps what was found out about
    statements, so that it is found out once.
    """

    name: str
    path: str
    text: str
    tree: ast.Module
    is_package: bool
    occurrences: tuple[list[Occurrence], ...]
    bindings: dict[str, tuple[int, ...]]
    typing_imports: tuple[ast.Import | ast.ImportFrom, ...] = ()
    dead_names: frozenset[str] = frozenset()
    known: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def postpones_annotations(self) -> bool:
        """Whether the module has ``from __future__ import annotations``."""
        return "annotations" in self.bindings and any(
            isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in self.tree.body
        )

    @cached_property
    def imports(self) -> list[tuple[int, list[str]]]:
        """The positions of statements that import when executed, with what may be module names."""
        found = []
        for position, statement in enumerate(self.tree.body):
            names = [
                name
                for node in _executed(statement)
                if isinstance(node, (ast.Import, ast.ImportFrom))
                for name in self._names_imported(node)
            ]
            if names:
                found.append((position, names))
        return found

    def parents(self, position: int) -> dict[ast.AST, ast.AST]:
        """The node around each node of a top-level statement."""
        if ("parents", position) not in self.known:
            statement = self.tree.body[position]
            self.known["parents", position] = {
                child: node for node in ast.walk(statement) for child in ast.iter_child_nodes(node)
            }
        parents: dict[ast.AST, ast.AST] = self.known["parents", position]
        return parents

    def source_of(self, node: ast.ImportFrom) -> str:
        """The dotted name of the module that ``from ... import`` imports from."""
        return _source_of(self.package, node)

    def _names_imported(self, node: ast.Import | ast.ImportFrom) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        source = self.source_of(node)
        return [source, *(f"{source}.{alias.name}" for alias in node.names)]


class ProjectModules:
    """Looks modules up in a project's files, and parses each once.

    Nothing is imported. Links that lead out of the project are not followed.
    """

    def __init__(self, root: Path, installed: Path | None = None, version: tuple[int, ...] = ()) -> None:
        self._version = version or sys.version_info[:3]
        self._root = root.resolve()
        self._installed = installed.resolve() if installed else None
        self._by_name: dict[str, Module | None] = {}
        self._by_file: dict[tuple[Path, str], Module | None] = {}
        self.left_out: dict[bool, frozenset[ast.AST]] = {}
        """Optional parts of functions that cannot travel, by whether other packages are allowed."""

    def by_name(self, name: str) -> Module | None:
        """The project's module of a dotted name, or None."""
        if name not in self._by_name:
            self._by_name[name] = self._find(name)
        return self._by_name[name]

    def by_recorded_path(self, path: str) -> Module | None:
        """The module that a path inside the sandbox belongs to, be it the installed copy or not."""
        _, installed, relative = path.rpartition("/site-packages/")
        if installed:
            return self.by_name(_dotted(relative))
        if not path.startswith(SOURCE_ROOT + "/"):
            return None
        inside = PurePosixPath(path[len(SOURCE_ROOT) + 1 :])
        if inside.is_absolute() or ".." in inside.parts:
            return None
        file = self._root / inside
        top = file.parent
        while _is_file(top / "__init__.py") and top != self._root:
            top = top.parent
        if not file.is_relative_to(top):
            return None
        name = _dotted(str(file.relative_to(top)))
        if not _NAME.fullmatch(name):
            return None
        module = self.by_name(name)
        if module is not None and self._root / module.path == file:
            return module
        return self._load(file, name)

    def top_level_names(self) -> frozenset[str]:
        """The names under which the project's packages and modules are imported."""
        names = set()
        for import_root in _IMPORT_ROOTS:
            folder = self._root / import_root
            if _is_own(folder) and not (import_root and (folder / "__init__.py").exists()):
                for entry in folder.iterdir():
                    if _is_own(entry) and _is_file(entry / "__init__.py"):
                        names.add(entry.name)
                    elif entry.suffix == ".py":
                        names.add(entry.stem)
        names = {name for name in names if name.isidentifier()}
        return frozenset(names - {"setup", "conftest", "noxfile", "tests", "test", "docs", "toxfile"})

    def with_branch_of(self, module: Module, node: ast.AST) -> Module:
        """The module with the branches taken in which ``node`` stands, since that was executed."""
        body = list(statements_with_branch_of(module.tree.body, node))
        if body == module.tree.body:
            return module
        tree = ast.Module(body, module.tree.type_ignores)
        occurrences = tuple(map(global_occurrences, body))
        changed = replace(
            module, tree=tree, occurrences=occurrences, bindings=_bindings(occurrences), known={}
        )
        self._by_name.update({key: changed for key, known in self._by_name.items() if known is module})
        self._by_file.update({key: changed for key, known in self._by_file.items() if known is module})
        return changed

    def _import_works(self, package: str, node: ast.Import | ast.ImportFrom) -> bool | None:
        """Whether an import worked in the project's environment; None if that cannot be told."""
        if isinstance(node, ast.Import):
            known = [self._exists(alias.name) for alias in node.names]
            return False if False in known else None if None in known else True
        name = _source_of(package, node)
        exists = self._exists(name)
        # what a module of others holds is not known
        return exists if self._file_of(name) or not exists else None

    def _exists(self, name: str) -> bool | None:
        if self._file_of(name):
            return True
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            return True if self._version[:2] == sys.version_info[:2] else None
        if top in self.top_level_names():
            return False  # what is compiled cannot travel: as if it were not there
        installed = self._installed and any(self._installed.glob(f"{top}*"))
        return None if installed or not self._installed else False

    def _find(self, name: str) -> Module | None:
        file = self._file_of(name)
        return self._load(file, name) if file else None

    def _file_of(self, name: str) -> Path | None:
        if not name or not all(part.isidentifier() for part in name.split(".")):
            return None
        relative = Path(*name.split("."))
        folders = [self._root / import_root for import_root in (*_IMPORT_ROOTS, *_TEST_ROOTS)]
        if name.partition(".")[0] in self.top_level_names() and self._installed:
            folders.append(self._installed)
        for folder in folders:
            for file in (folder / relative / "__init__.py", folder / relative.with_suffix(".py")):
                if _is_file(file):
                    return file
        return None

    def _load(self, file: Path, name: str) -> Module | None:
        key = (file, name)
        if key not in self._by_file:
            self._by_file[key] = self._parse(file, name)
        return self._by_file[key]

    def _parse(self, file: Path, name: str) -> Module | None:
        text = self._read(file)
        if text is None:
            return None
        try:
            tree = parse_module(text)
            typing_imports = tuple(typing_only_imports(tree.body))
            everything = {bound for node in tree.body for bound in names_bound(global_occurrences(node))}
            package = name if file.name == "__init__.py" else name.rpartition(".")[0]
            works = partial(self._import_works, package)
            tree.body = list(live_statements(tree.body, self._version, works))
            occurrences = tuple(map(global_occurrences, tree.body))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        base = self._root if file.is_relative_to(self._root) else self._installed
        relative = str(file.relative_to(base)) if base else str(file)
        is_package = file.name == "__init__.py"
        bindings = _bindings(occurrences)
        dead = frozenset(everything - bindings.keys())
        return Module(name, relative, text, tree, is_package, occurrences, bindings, typing_imports, dead)

    def _read(self, file: Path) -> str | None:
        try:
            real = Path(os.path.realpath(file))
            inside = any(base and real.is_relative_to(base) for base in (self._root, self._installed))
            if not inside or not real.is_file() or real.stat().st_size > _MAX_FILE_BYTES:
                return None
            with real.open(encoding="utf-8-sig", newline=None) as stream:
                return stream.read()
        except (OSError, ValueError):  # unreadable, or no name that a file can have
            return None


def _source_of(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module and package else node.module or package


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """A statement and what is executed along with it: not the bodies of functions."""
    yield node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        for child in ast.iter_child_nodes(node):
            yield from _executed(child)


def _bindings(occurrences: tuple[list[Occurrence], ...]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for position, places in enumerate(occurrences):
        for name in names_bound(places):
            found.setdefault(name, []).append(position)
    found.pop("*", None)
    return {name: tuple(positions) for name, positions in found.items()}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the name is too long, or there are no rights to look
        return False


def _is_own(folder: Path) -> bool:
    """Whether it is a folder itself, and no link, which may lead out of the project."""
    return folder.is_dir() and not folder.is_symlink()


def _dotted(relative: str) -> str:
    parts = relative.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)
