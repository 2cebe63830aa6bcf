"""Statements whose result depends on files or on what is installed: they cannot travel.

Environment variables count as not set, as they are wherever tasks are replayed.
"""

from __future__ import annotations

import ast

_READERS = frozenset(
    {
        *("open", "io.open", "os.listdir", "os.scandir", "os.getcwd", "os.uname", "os.getlogin"),
        *("pkgutil.get_data", "get_data", "metadata.version", "importlib.metadata.version", "version"),
        *("get_distribution", "pkg_resources.get_distribution", "pkg_resources.resource_string"),
        *("importlib.resources.files", "resources.files", "files", "socket.gethostname", "platform.node"),
        *("getpass.getuser", "subprocess.check_output", "subprocess.run", "Path.cwd", "Path.home"),
    }
)
_READING_METHODS = frozenset({"read_text", "read_bytes", "iterdir", "glob"})


def environment_read(statement: ast.stmt) -> str | None:
    """What in a statement reads files or metadata when it is executed."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and _reads(node.func):
            return ast.unparse(node)
        todo += ast.iter_child_nodes(node)
    return None


def _reads(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute) and function.attr in _READING_METHODS:
        return True
    return isinstance(function, ast.Name | ast.Attribute) and ast.unparse(function) in _READERS
