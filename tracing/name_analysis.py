"""What a statement of a module binds, and whether it can change what other statements bound."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from tracing.scopes import Occurrence

BUILTIN_NAMES = frozenset(dir(builtins))


def names_bound(occurrences: Iterable[Occurrence]) -> list[str]:
    """Names that executing a module-level statement binds, in compound statements too."""
    return list(
        dict.fromkeys(
            found.name
            for found in occurrences
            if not (found.is_read or found.deferred or found.through)
            and not isinstance(found.node, ast.Global)
            and not isinstance(getattr(found.node, "ctx", None), ast.Del)
        )
    )


def writes_globals(node: ast.AST) -> bool:
    """Whether a function declares a global name, which it then can rebind."""
    return any(isinstance(inner, ast.Global) for inner in ast.walk(node))
