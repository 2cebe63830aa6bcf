"""From traced functions to candidate tasks: extraction, prompts, and test cases that stand alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tasks.python_source import TASK_MODULE
from tasks.record import EncodedValue, Evidence, Expected, Provenance, Rejection, Task, TestCase
from tracing.dependencies import Definition, NotExtractable, is_standard, resolve_reference
from tracing.docstrings import is_documentation, render_docstring, without_examples
from tracing.extraction import StandaloneFunction, extract, find_function
from tracing.function_arguments import FunctionSources, holds_functions
from tracing.installed_function import extract_installed, find_method
from tracing.project_modules import Module, ProjectModules
from tracing.recordings import MAX_CASES, TracedFunction, choose_cases
from tracing.secrets import secret_in, text_in_source

_KINDS = ("function", "method", "staticmethod")
_NAMING_TAGS = ("$enum", "$namedtuple", "$object")


@dataclass(frozen=True)
class Candidate:
    """A traced function as tasks, of which the first that can be proven counts: standing alone before
    needing its project. ``obstacles`` tells why a kind is missing."""

    tasks: list[Task]
    obstacles: list[Rejection]


class CandidateBuilder:
    """Builds the candidate tasks of one project. ``requirements`` install it, where anything can."""

    def __init__(
        self, modules: ProjectModules, label: str, provenance: Provenance, requirements: list[str]
    ) -> None:
        self._modules = modules
        self._label = label
        self._provenance = provenance
        self._requirements = requirements

    def build(self, function: TracedFunction) -> Candidate | Rejection:
        """The candidate tasks of a traced function, or why there is none.

        Sources and recordings are the project's: what trips over them costs that one function.
        """
        try:
            return self._build(function)
        except Exception as error:
            return self._reject(function, "extractable", "not_analysable", type(error).__name__)

    def _build(self, function: TracedFunction) -> Candidate | Rejection:
        stage, reason, detail = _without_input_or_output(function)
        if reason:
            return self._reject(function, stage, reason, detail)
        module = self._modules.by_recorded_path(function.file)
        if module is None:
            return self._reject(function, "extractable", "source_not_found", function.file)
        try:
            if function.kind == "function":
                node = find_function(module, function.name, function.line)
                if not _takes_arguments(node):
                    return self._reject(function, "arguments_and_result", "no_arguments")
                built = [
                    self._build_standalone(function, module, node),
                    self._build_with_project(function, module, node),
                ]
            else:
                node = find_method(module, function.name, function.line)
                built = [self._build_with_project(function, module, node)]
        except NotExtractable as error:
            return self._reject(function, "extractable", error.reason, error.detail)
        tasks = [task for task in built if isinstance(task, Task)]
        obstacles = [obstacle for obstacle in built if isinstance(obstacle, Rejection)]
        return Candidate(tasks, obstacles) if tasks else obstacles[0]

    def _build_standalone(
        self, function: TracedFunction, module: Module, node: ast.FunctionDef
    ) -> Task | Rejection:
        recorded = {text: case for text, case in function.cases.items() if is_encoded(case)}
        if not recorded:
            return self._reject(function, "encodable", "argument:only_pickled")
        needed: dict[tuple[str, str], Definition] = {}
        dropped = dict(function.dropped)
        sources = FunctionSources(self._modules, lambda tree: self._localised(tree, needed))
        usable = []
        for case in choose_cases(recorded):
            try:
                usable.append(self._carried(case, needed, sources))
            except NotExtractable as error:
                dropped[error.reason] = dropped.get(error.reason, 0) + 1
        if not usable:
            return self._reject(function, "encodable", next(iter(dropped)))
        if len(recorded) > MAX_CASES:
            dropped["beyond_the_cap"] = len(recorded) - MAX_CASES
        needed.update(sources.needed)
        try:
            standalone = extract(self._modules, module, node, tuple(needed.values()))
        except NotExtractable as error:
            return self._reject(function, "extractable", error.reason, error.detail)
        helpers = standalone.test_helpers + sources.text
        reason = secret_in(text_in_source(helpers))
        if reason:
            return self._reject(function, "extractable", reason, "in what its tests define")
        task = self._task(function, module, standalone, [self._rename_case(case) for case in usable], dropped)
        return replace(task, test_helpers=helpers)

    def _build_with_project(
        self, function: TracedFunction, module: Module, node: ast.FunctionDef
    ) -> Task | Rejection:
        usable = {
            text: replace(case, arguments=[], keyword_arguments={}) if case.pickled else case
            for text, case in function.cases.items()
            if case.pickled or not holds_functions(case)
        }
        if not usable:
            return self._reject(function, "encodable", "argument:not_picklable")
        try:
            installed = extract_installed(module, node)
        except NotExtractable as error:
            return self._reject(function, "extractable", error.reason, error.detail)
        dropped = dict(function.dropped)
        if len(usable) > MAX_CASES:
            dropped["beyond_the_cap"] = len(usable) - MAX_CASES
        return replace(
            self._task(function, module, installed, choose_cases(usable), dropped),
            environment=self._label,
            replaces=f"{module.name}:{function.name}",
            requirements=self._requirements,
        )

    def _task(
        self,
        function: TracedFunction,
        module: Module,
        extracted: StandaloneFunction,
        cases: list[TestCase],
        dropped: dict[str, int],
    ) -> Task:
        docstring = extracted.text.docstring
        return Task(
            task_id=f"{self._label}/{module.name}.{function.name}",
            prompt=build_prompt(extracted),
            entry_point=extracted.name,
            canonical_solution=extracted.text.body,
            test_helpers=extracted.test_helpers,
            tests=cases,
            provenance=replace(
                self._provenance,
                file=module.path,
                line_start=extracted.line_start,
                line_end=extracted.line_end,
            ),
            original_docstring=_storable(docstring),
            evidence=Evidence(
                documented=is_documentation(without_examples(docstring or ""), function.name),
                cases_recorded=len(cases) + sum(dropped.values()),
                cases_dropped=dropped,
            ),
        )

    def _reject(self, function: TracedFunction, stage: str, reason: str, detail: str = "") -> Rejection:
        module = self._modules.by_recorded_path(function.file)
        name = f"{module.name}.{function.name}" if module else function.name
        file = module.path if module else function.file
        return Rejection(self._label, name, file, function.line, stage, reason, detail)

    def _carried(
        self, case: TestCase, needed: dict[tuple[str, str], Definition], sources: FunctionSources
    ) -> TestCase:
        """A case without its pickle, whose values name nothing but what can travel along.

        Raises `NotExtractable`. Adds what its values name to ``needed``.
        """
        carried = replace(case, arguments=sources.carry(case.arguments), pickled=None)
        carried = replace(carried, keyword_arguments=sources.carry(case.keyword_arguments))
        expected = carried.expected
        self._require(
            [carried.arguments, carried.keyword_arguments, expected.value, expected.arguments_after], needed
        )
        return carried

    def _require(self, tree: Any, needed: dict[tuple[str, str], Definition]) -> None:
        """Add the definitions that an encoded value names; raises `NotExtractable` for foreign ones."""
        found: dict[tuple[str, str], Definition] = {}
        for name in _names_in(tree):
            module = name.partition(":")[0]
            if module != TASK_MODULE and not is_standard(module):
                definition = resolve_reference(self._modules, name)
                if definition is None:
                    raise NotExtractable("names_foreign_objects", name)
                found[definition.module.name, definition.name] = definition
        needed.update(found)

    def _localised(self, tree: Any, needed: dict[tuple[str, str], Definition]) -> Any:
        self._require(tree, needed)
        return self._rename(tree)

    def _rename_case(self, case: TestCase) -> TestCase:
        exception = case.expected.exception
        expected: Expected = replace(
            case.expected,
            # a class of the project has another name in the task; the first replay gives it
            exception=exception if exception and is_standard(exception.partition(":")[0]) else None,
            value=self._rename(case.expected.value),
            arguments_after=self._rename(case.expected.arguments_after),
        )
        return replace(
            case,
            arguments=self._rename(case.arguments),
            keyword_arguments=self._rename(case.keyword_arguments),
            expected=expected,
        )

    def _rename(self, tree: EncodedValue) -> Any:
        """Names of the project become names of the task's own module."""
        if isinstance(tree, list):
            return [self._rename(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if len(tree) == 1:
            ((tag, body),) = tree.items()
            if tag == "$ref":
                return {tag: self._own_name(body)}
            if tag in _NAMING_TAGS:
                return {tag: [self._own_name(body[0]), self._rename(body[1])]}
            if tag == "$call":
                return {tag: [body[0], self._rename(body[1]), self._rename(body[2])]}
        return {key: self._rename(item) for key, item in tree.items()}

    def _own_name(self, name: str) -> str:
        if name.startswith(f"{TASK_MODULE}:") or is_standard(name.partition(":")[0]):
            return name
        definition = resolve_reference(self._modules, name)
        qualified = name.partition(":")[2]
        rest = qualified.partition(".")[2]
        own = definition.name if definition else qualified
        return f"{TASK_MODULE}:{own}.{rest}" if rest else f"{TASK_MODULE}:{own}"


def build_prompt(function: StandaloneFunction) -> str:
    """Imports and helpers, signature and docstring, in the layout of HumanEval's prompts."""
    header = f"{function.header}\n\n" if function.header else ""
    docstring = without_examples(function.text.docstring or "")
    rendered = render_docstring(docstring, function.text.indent) if docstring else ""
    return f"{header}{function.text.signature}{rendered}"


def _storable(text: str | None) -> str | None:
    """A text without the lone surrogates that escapes in a source can make, and no file can hold."""
    return text.encode("utf-8", "backslashreplace").decode() if text else text


def _without_input_or_output(function: TracedFunction) -> tuple[str, str, str]:
    """Stage, reason and detail of why a function's calls make no tests; empty if they do."""
    is_method = function.kind != "function"
    not_recorded = is_method and not function.cases and not function.losses
    # of methods with special names, each has to do what Python expects of it
    if function.kind not in _KINDS or not_recorded or (is_method and function.name.endswith("__")):
        return "arguments_and_result", f"is_a_{function.kind}", ""
    cases = list(function.cases.values())
    if any(map(_says_something, cases)):
        return "", "", ""
    if function.losses:
        loss = function.losses[0]
        return "encodable", f"{loss.part}:{loss.reason}", loss.detail
    if function.dropped:
        return "encodable", next(iter(function.dropped)), ""
    if not cases:
        return "arguments_and_result", "no_finished_call", ""
    only_raises = all(case.expected.kind == "raised" for case in cases)
    return "arguments_and_result", "only_raises" if only_raises else "no_result", ""


def _takes_arguments(node: ast.FunctionDef) -> bool:
    """Whether a function has parameters, even if every call left them at their defaults."""
    arguments = node.args
    named = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    return bool(named or arguments.vararg or arguments.kwarg)


def is_encoded(case: TestCase) -> bool:
    """Whether a case has its arguments outside of a pickle too, or none at all."""
    return bool(case.arguments or case.keyword_arguments) or case.pickled is None


def _says_something(case: TestCase) -> bool:
    expected = case.expected
    if expected.kind == "raised":
        return False
    if expected.source == "pending":
        return True
    return expected.value is not None or expected.arguments_after is not None


def _names_in(value: Any) -> Iterator[str]:
    """The names ``module:qualified.name`` in an encoded value, or in several."""
    todo: list[Any] = [value]
    while todo:
        tree = todo.pop()
        if isinstance(tree, list):
            todo += tree
        elif isinstance(tree, dict):
            if len(tree) == 1:
                ((tag, body),) = tree.items()
                if tag == "$ref":
                    yield body
                elif tag in _NAMING_TAGS:
                    yield body[0]
            todo += tree.values()
