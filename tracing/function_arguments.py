"""Functions that tests pass as arguments: their source travels along as a helper of the task's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tasks.python_source import TASK_MODULE, NotRenderable, SourceRenderer, indented
from tasks.record import TestCase
from tasks.value_encoding import to_text
from tracing.callable_source import FunctionSource, source_of_function
from tracing.dependencies import Definition, NotExtractable
from tracing.project_modules import ProjectModules

_NAME = "passed_function"


class FunctionSources:
    """The sources of the functions that a task's recorded arguments hold.

    ``localise`` gives an encoded value, such as one that a function encloses, with its names as they
    are in the task; it raises `NotExtractable` for names that cannot travel. ``needed`` collects the
    definitions of the project that the sources name, ``text`` the helpers.
    """

    def __init__(self, modules: ProjectModules, localise: Callable[[Any], Any]) -> None:
        self._modules = modules
        self._localise = localise
        self._names: dict[str, str] = {}
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
            return {"$ref": f"{TASK_MODULE}:{self._helper(tree['$function'])}"}
        return {key: self.carry(item) for key, item in tree.items()}

    def _helper(self, function: Any) -> str:
        key = to_text(function)
        if key not in self._names:
            try:
                file, line, column = function["file"], function["line"], function["column"]
                source = source_of_function(self._modules, file, line, column, function["name"])
                enclosed = {
                    name: self._localise(self.carry(function["enclosed"][name])) for name in source.closure
                }
            except (KeyError, TypeError) as error:
                raise NotExtractable("source_not_found", str(error)) from error
            name = f"{_NAME}_{len(self._names) + 1}"
            self.text += _definition(name, source, enclosed)
            self.needed.update({(found.module.name, found.name): found for found in source.definitions})
            self._names[key] = name
        return self._names[key]


def holds_functions(case: TestCase) -> bool:
    """Whether functions without a name are among a case's arguments."""
    return '"$function"' in to_text([case.arguments, case.keyword_arguments])


def _definition(name: str, source: FunctionSource, enclosed: dict[str, Any]) -> str:
    """The statements that bind a name to the function, made where its variables have their values."""
    if source.is_lambda and not enclosed and not source.preamble:
        return f"{name} = {source.text}\n"
    renderer = SourceRenderer()
    try:
        variables = "".join(f"{variable} = {renderer.render(tree)}\n" for variable, tree in enclosed.items())
    except NotRenderable as error:
        raise NotExtractable("encloses_a_value_without_expression", str(error)) from error
    imports = "".join(f"import {module}\n" for module in sorted(renderer.imports))
    result = f"return {source.text}\n" if source.is_lambda else f"{source.text}\nreturn {source.name}\n"
    body = indented(f"{source.preamble}{imports}{variables}{result}")
    return f"def make_{name}():\n{body}\n{name} = make_{name}()\n"
