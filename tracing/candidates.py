"""From traced functions to candidate tasks: extraction, prompts, and test cases that stand alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tasks.python_source import TASK_MODULE
from tasks.record import EncodedValue, Evidence, Expected, Provenance, Rejection, Task, TestCase
from tracing.dependencies import Definition, NotExtractable, is_standard, resolve_reference
from tracing.docstrings import is_documentation, render_docstring, without_examples
from tracing.extraction import StandaloneFunction, extract, find_function
from tracing.project_modules import ProjectModules
from tracing.recordings import TracedFunction, choose_cases

_NAMING_TAGS = ("$enum", "$namedtuple", "$object")


class CandidateBuilder:
    """Builds the candidate tasks of one project."""

    def __init__(self, modules: ProjectModules, label: str, provenance: Provenance) -> None:
        self._modules = modules
        self._label = label
        self._provenance = provenance

    def build(self, function: TracedFunction) -> Task | Rejection:
        """The candidate task of a traced function, or why there is none."""
        stage, reason, detail = _without_input_or_output(function)
        if reason:
            return self._reject(function, stage, reason, detail)
        module = self._modules.by_recorded_path(function.file)
        if module is None:
            return self._reject(function, "extractable", "source_not_found", function.file)
        cases = choose_cases(function)
        if len(cases) < len(function.cases):
            function.dropped["beyond_the_cap"] = len(function.cases) - len(cases)
        needed: dict[tuple[str, str], Definition] = {}
        usable = [case for case in cases if self._collect_names(function, case, needed)]
        if not usable:
            return self._reject(function, "encodable", "names_foreign_objects")
        try:
            node = find_function(module, function.name, function.line)
            standalone = extract(self._modules, module, node, tuple(needed.values()))
        except NotExtractable as error:
            return self._reject(function, "extractable", error.reason, error.detail)
        docstring = standalone.text.docstring
        return Task(
            task_id=f"{self._label}/{module.name}.{function.name}",
            prompt=build_prompt(standalone),
            entry_point=function.name,
            canonical_solution=standalone.text.body,
            test_helpers=standalone.test_helpers,
            tests=[self._rename_case(case) for case in usable],
            provenance=replace(
                self._provenance,
                file=module.path,
                line_start=standalone.line_start,
                line_end=standalone.line_end,
            ),
            original_docstring=docstring,
            evidence=Evidence(
                documented=is_documentation(without_examples(docstring or ""), function.name),
                cases_recorded=len(usable) + sum(function.dropped.values()),
                cases_dropped=dict(function.dropped),
            ),
        )

    def _reject(self, function: TracedFunction, stage: str, reason: str, detail: str = "") -> Rejection:
        module = self._modules.by_recorded_path(function.file)
        name = f"{module.name}.{function.name}" if module else function.name
        file = module.path if module else function.file
        return Rejection(self._label, name, file, function.line, stage, reason, detail)

    def _collect_names(
        self, function: TracedFunction, case: TestCase, needed: dict[tuple[str, str], Definition]
    ) -> bool:
        """Find the definitions that a case's values name; False if one is not the project's."""
        found: dict[tuple[str, str], Definition] = {}
        for name in _names_in(case):
            if not is_standard(name.partition(":")[0]):
                definition = resolve_reference(self._modules, name)
                if definition is None:
                    function.drop("names_foreign_objects")
                    return False
                found[definition.module.name, definition.name] = definition
        needed.update(found)
        return True

    def _rename_case(self, case: TestCase) -> TestCase:
        expected: Expected = replace(
            case.expected,
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
        return {key: self._rename(item) for key, item in tree.items()}

    def _own_name(self, name: str) -> str:
        if is_standard(name.partition(":")[0]):
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


def _without_input_or_output(function: TracedFunction) -> tuple[str, str, str]:
    """Stage, reason and detail of why a function's calls make no tests; empty if they do."""
    if function.kind != "function":
        return "arguments_and_result", f"is_a_{function.kind}", ""
    cases = list(function.cases.values())
    if cases and not any(case.arguments or case.keyword_arguments for case in cases):
        return "arguments_and_result", "no_arguments", ""
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


def _says_something(case: TestCase) -> bool:
    expected = case.expected
    if expected.kind == "raised":
        return False
    return expected.value is not None or expected.arguments_after is not None


def _names_in(case: TestCase) -> Iterator[str]:
    todo: list[Any] = [
        case.arguments,
        case.keyword_arguments,
        case.expected.value,
        case.expected.arguments_after,
    ]
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
