"""Functions that tests pass as arguments: their source travels along as a helper of the task's tests."""

from __future__ import annotations

from typing import Any

from tasks.record import TestCase
from tasks.value_encoding import to_text
from tracing.dependencies import Definition, NotExtractable
from tracing.project_modules import ProjectModules


class FunctionSources:
    """The sources of the functions that a task's recorded arguments hold."""

    def __init__(self, modules: ProjectModules) -> None:
        self._modules = modules
        self.needed: dict[tuple[str, str], Definition] = {}
        self.text = ""

    def carry(self, tree: Any) -> Any:
        """Encoded arguments with references to helpers in the place of functions.

        Raises `NotExtractable` for functions whose source cannot travel.
        """
        if isinstance(tree, list):
            return [self.carry(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if len(tree) == 1 and "$function" in tree:
            raise NotExtractable("passes_functions")
        return {key: self.carry(item) for key, item in tree.items()}


def holds_functions(case: TestCase) -> bool:
    """Whether functions without a name are among a case's arguments."""
    return '"$function"' in to_text([case.arguments, case.keyword_arguments])
